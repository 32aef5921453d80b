"""A presenter on the near machine that plays a clip, told what to do line by line, saying what became of it.

    python -m tests.namespaces.player FOLDER CLIP

Lines in: `add ADDRESS`, `found` (the first that is), `pair ID CODE`, `play ID SECONDS` (in so many seconds), `state ID`.
Each is answered with one line of JSON. The frame in `state` is read out of the screen's own small picture: the bar code
that is on the display.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import av

from courtcast.core.identity import Identity
from courtcast.deliver.screens import Screens
from courtcast.evidence.database import Database
from courtcast.prepare.store import FolderStore
from courtcast.problems import Refused
from courtcast.samples import read_luma
from courtcast.wire.screen import Anchor, Scene, Stage
from tests.prepare.prepared import prepared, stored

FIND = 15.0


def number_in(jpeg: bytes | None) -> int | None:
    if jpeg is None:
        return None
    with av.open(io.BytesIO(jpeg), format="mjpeg") as picture:
        frame = next(picture.decode(video=0)).reformat(format="gray")
    plane = frame.planes[0]
    return read_luma(memoryview(plane), frame.width, frame.height, plane.line_size)


async def main(folder: Path, file: Path) -> None:
    loop = asyncio.get_running_loop()
    clip = prepared(file)
    manifest = clip.manifest
    store = FolderStore(folder)
    await stored(clip, store)
    begun = 0.0
    async with (
        Database(folder / "courtcast.db") as db,
        Screens(
            identity=Identity.make("presenter"), name="Court 3", db=db, clock=time.monotonic,
            renditions={manifest.rendition: manifest}.get, store=store,
        ) as screens,
    ):  # fmt: skip

        async def obey(verb: str, *rest: str) -> dict[str, Any]:
            nonlocal begun
            if verb == "add":
                return {"id": (await screens.add(rest[0])).id}
            if verb == "found":
                async with asyncio.timeout(FIND):
                    while not screens.screens():  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
                return {"id": screens.screens()[0].id}
            if verb == "pair":
                return {"id": (await screens.pair(*rest)).id}
            if verb == "play":
                begun = time.monotonic() + float(rest[1])
                scene = Scene(
                    exhibit=manifest.exhibit, rendition=manifest.rendition, anchor=Anchor(0.0, begun, 1.0),
                    end=float(manifest.duration or 0),
                )  # fmt: skip
                screens.watch([rest[0]])
                screens.set_stages({rest[0]: Stage(revision=1, shown=scene, blank=False)})
            seen = screens.get(rest[0])
            said = screens._sessions[rest[0]].talk.report
            return {
                "online": seen.online,
                "path": seen.path,
                "which": id(screens._sessions[rest[0]].talk.path),
                "from": screens._sessions[rest[0]].link.source,
                "number": number_in(screens.picture(rest[0])),
                "expected": time.monotonic() - begun,
                "media_time": said and said.media_time,
                "playing": said and said.playing,
                "jumps": said and said.jumps,
                "stalls": said and said.stalls.count,
                "held": said and said.held,
            }

        while line := (await loop.run_in_executor(None, sys.stdin.readline)).split():
            try:
                answer = await obey(*line)
            except Refused as refused:
                answer = {"problem": refused.type}
            except TimeoutError:
                answer = {"problem": "nothing in time"}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
