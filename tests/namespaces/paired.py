"""Pairs a screen into a presenter's data folder, and ends: python -m tests.namespaces.paired FOLDER ADDRESS CODE"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from courtcast.app import database, load_identity
from courtcast.deliver.screens import Screens
from courtcast.evidence.database import Database
from courtcast.prepare.store import FolderStore


async def main(folder: Path, address: str, code: str) -> None:
    async with (
        Database(database(folder)) as db,
        Screens(
            identity=load_identity(folder, "courtcast"), name="Court 3", db=db, clock=time.monotonic,
            renditions=lambda _: None, store=FolderStore(folder / "renditions"),
        ) as screens,
    ):  # fmt: skip
        found = await screens.add(address)
        await screens.pair(found.id, code)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
