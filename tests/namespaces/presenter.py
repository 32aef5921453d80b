"""The presenter's end on the near machine: real screens, told what to do line by line, saying what became of it.

    python -m tests.namespaces.presenter FOLDER

Lines in: `find`, `add ADDRESS`, `pair ID CODE`, `stage ID REVISION`. Each is answered with one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from courtcast.core.identity import Identity
from courtcast.deliver.screens import Screens
from courtcast.evidence.database import Database
from courtcast.prepare.store import FolderStore
from courtcast.problems import Refused
from courtcast.wire.screen import Stage

FIND = 15.0
CONNECT = 40.0
"""Seconds: a generous bound, the time it took is in the answer."""


async def main(folder: Path) -> None:
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()
    async with (
        Database(folder / "courtcast.db") as db,
        Screens(
            identity=Identity.make("presenter"),
            name="Court 3",
            db=db,
            clock=time.monotonic,
            renditions=lambda _: None,
            store=FolderStore(folder),
            on_change=lambda _: changed.set(),
        ) as screens,
    ):

        async def until(condition: object, seconds: float) -> None:
            assert callable(condition)
            async with asyncio.timeout(seconds):
                while not condition():
                    changed.clear()
                    await changed.wait()

        async def obey(verb: str, *rest: str) -> dict[str, object]:
            begun = time.monotonic()
            if verb == "find":
                await until(screens.screens, FIND)
                seen = screens.screens()[0]
            elif verb == "add":
                seen = await screens.add(rest[0])
            elif verb == "pair":
                seen = await screens.pair(*rest)
            else:
                known, revision = rest[0], int(rest[1])
                screens.set_stages({known: Stage(revision=revision)})
                await until(lambda: (r := screens.get(known).report) is not None and r.revision == revision, CONNECT)
                seen = screens.get(known)
            took = time.monotonic() - begun
            return {"id": seen.id, "address": seen.address, "online": seen.online, "path": seen.path, "took": took}

        while line := (await loop.run_in_executor(None, sys.stdin.readline)).split():
            try:
                answer = await obey(*line)
            except Refused as refused:
                answer = {"problem": refused.type}
            except TimeoutError:
                answer = {"problem": "nothing in time"}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
