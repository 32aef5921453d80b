"""An intake with everything around it that is real, and all that it tells; clips big enough for a slow line to show."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import av
import msgspec

from courtcast.evidence.database import Database
from courtcast.evidence.guard import Guard
from courtcast.evidence.library import Library
from courtcast.prepare.intake import Intake
from courtcast.prepare.kept import SPACE, Kept
from courtcast.prepare.store import FolderStore
from courtcast.problems import Refused
from courtcast.wire.api import AddExhibit, Exhibit

HERE = Guard([ip_network("127.0.0.0/8")])


def grainy(path: Path, frames: int) -> bytes:
    """A clip with its index at the end and grain that does not compress: about 2 MB for 8 s, and quick to make."""
    rng = random.Random(frames)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "30", "g": "30"})
        stream.width, stream.height, stream.pix_fmt = 192, 144, "yuv420p"
        for _ in range(frames):
            frame = av.VideoFrame(192, 144, "yuv420p")
            for plane in frame.planes:
                plane.update(rng.randbytes(plane.buffer_size))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path.read_bytes()


class Watch:
    """An intake and everything that it told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.intake: Intake
        self.db: Database
        self.told: list[tuple[float, Exhibit | None]] = []
        self._bell = asyncio.Event()

    def on_change(self, id_: str) -> None:
        try:
            exhibit = self.intake.get(id_)
        except Refused:
            exhibit = None
        self.told.append((asyncio.get_running_loop().time(), exhibit))
        self._bell.set()

    async def until(self, id_: str, so: Callable[[Exhibit], bool], seconds: float = 20.0) -> Exhibit:
        async with asyncio.timeout(seconds):
            while not so(exhibit := self.intake.get(id_)):
                self._bell.clear()
                await self._bell.wait()
        return exhibit

    async def over(self, id_: str) -> Exhibit:
        return await self.until(id_, lambda exhibit: exhibit.state in {"ready", "failed"})

    async def add(self, url: str, **more: str) -> Exhibit:
        return await self.intake.add(AddExhibit(url, **more))  # type: ignore[arg-type]

    def states(self) -> list[str]:
        """As they were told, each once."""
        seen = [exhibit.state for _, exhibit in self.told if exhibit is not None]
        return [state for n, state in enumerate(seen) if n == 0 or seen[n - 1] != state]


@asynccontextmanager
async def watching(folder: Path) -> AsyncIterator[Watch]:
    watch = Watch(folder)
    async with Database(folder / "db") as watch.db:
        watch.intake = Intake(folder, Library(watch.db), HERE, FolderStore(folder / "renditions"), watch.on_change)
        async with watch.intake:
            yield watch


def spools(folder: Path, id_: str) -> list[str]:
    return sorted(path.name for path in (folder / "evidence" / id_).iterdir())


async def kept(watch: Watch, id_: str) -> Kept:
    return msgspec.json.decode(dict(await watch.db.items(SPACE))[id_], type=Kept)
