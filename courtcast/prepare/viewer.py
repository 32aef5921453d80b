"""Single pictures of a source, asked of a child that keeps the source open."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import NamedTuple, Self

from courtcast.core.manifest import Manifest
from courtcast.prepare import messages
from courtcast.prepare.boxes import Bytes
from courtcast.prepare.cage.ends import refused
from courtcast.prepare.cage.keeper import Cage, Child
from courtcast.prepare.leaves.frame import Part
from courtcast.prepare.source import Held, Lying, Source, answer
from courtcast.prepare.store import Store, fragment_name, init_name
from courtcast.problems import Refused
from courtcast.wire.media import Row, Track

UNREAD = 1.5
"""Seconds that a still waits for bytes it would like; it then tries to do without them."""
AGAIN = 10.0
"""Seconds after which it is tried again whether the end of the file is there."""
OPEN = 2
"""Sources kept open: what is shown and what is cued. Each is a process of some 60 MB."""


Ask = messages.Shot | messages.Leaf


class Original(NamedTuple):
    """What pictures are decoded from: the file itself, whatever was sent to the screens of it."""

    source: Source
    manifest: Manifest
    name: str = ""
    """Of the file, for kinds that nothing else tells."""
    converted: bool = False
    """The rendition's keyframes are not the file's."""
    fields: bool = False
    """Of each picture two fields were joined for the screens."""
    own: bool = False
    """It is a piece of the rendition itself, whose ticks are MSE's."""
    password: str | None = None
    """Of a document that is locked."""


async def drawn(store: Store, manifest: Manifest, frame: int) -> Original:
    """The same for a picture that is in no file but was drawn: the rendition's own fragments around that frame.

    Raises Refused (outside-exhibit, still-not-yet).
    """
    track, rows = _picture(manifest, frame)
    time = manifest.timeline.time_of(frame)
    data = await store.get(init_name(manifest.rendition, track))
    for index in manifest.gop(track.index, time):
        data += await store.get(fragment_name(manifest.rendition, rows[index]))
    return Original(Held(data), manifest, own=True)


class Viewer:
    """Stills of a few sources, each kept open by a child of its own until others are wanted more."""

    def __init__(self, cage: Cage) -> None:
        self._cage = cage
        self._open: dict[str, _Open] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for rendition in list(self._open):
            await self.forget(rendition)

    async def png(self, original: Original, frame: int, width: int | None = None) -> bytes:
        """PNG of exactly that counted frame, or of that leaf.

        Raises Refused: outside-exhibit, still-not-yet, file-damaged, parser-….
        """
        return (await self._answer(original, _shot(original, frame, width)))[1]

    async def part(self, original: Original, number: int, part: Part) -> tuple[messages.Image, bytes]:
        """A part of a leaf, sharper than the leaf itself, as screens are sent it; no bytes where it could not be.

        Raises Refused: outside-exhibit, still-not-yet, parser-….
        """
        _picture(original.manifest, number)
        return await self._answer(original, messages.Leaf(number=number, part=part))

    async def _answer(self, original: Original, shot: Ask) -> tuple[messages.Image, bytes]:
        """One at a time for each source."""
        manifest = original.manifest
        if original.own:
            once = _Open(self._cage)
            try:
                return await once.picture(original, shot)
            finally:
                await once.close()
        opened = self._open.pop(manifest.rendition, None) or _Open(self._cage)
        self._open[manifest.rendition] = opened
        while len(self._open) > OPEN:
            await self.forget(next(iter(self._open)))
        async with opened.lock:
            try:
                return await opened.picture(original, shot)
            except BaseException:
                await opened.close()
                raise

    async def forget(self, rendition: str) -> None:
        """Close the source, as when its exhibit is deleted."""
        opened = self._open.pop(rendition, None)
        if opened is not None:
            async with opened.lock:
                await opened.close()


class _Unread(Exception):
    """The child wanted bytes that are not there."""


class _Open:
    """A source that a child holds open."""

    def __init__(self, cage: Cage) -> None:
        self._cage = cage
        self.lock = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._child: Child | None = None
        self._linear = False
        """The child reads from the beginning each time, since the file's end was not there."""
        self._since = 0.0

    async def picture(self, original: Original, shot: Ask) -> tuple[messages.Image, bytes]:
        """Raises Refused."""
        now = asyncio.get_running_loop().time()
        if self._linear and now - self._since > AGAIN:
            await self.close()
        try:
            if not self._linear:
                return await self._ask(original, shot, linear=False)
        except _Unread:
            await self.close()
        self._since = now if not self._linear else self._since
        self._linear = True
        try:
            return await self._ask(original, shot, linear=True)
        except _Unread:
            raise Refused("still-not-yet") from None

    async def _ask(self, original: Original, shot: Ask, *, linear: bool) -> tuple[messages.Image, bytes]:
        source, do = original.source, "look" if original.manifest.leaves else "stills"
        if self._child is None or self._child.process.returncode is not None:
            await self._stack.aclose()
            work = messages.Work(
                do=do, length=source.length, linear=linear, name=original.name, password=original.password
            )
            self._child = await self._stack.enter_async_context(self._cage.child(work))
            await self._reply(self._child, source)
        self._child.assign(self._cage.limits(do), source.length)
        await self._child.send(shot)
        return await self._reply(self._child, source)

    async def _reply(self, child: Child, source: Source) -> tuple[messages.Image, bytes]:
        """Give bytes until the child has something to say. Raises Refused, `_Unread`."""
        while True:
            message, data = await child.receive()
            match message:
                case messages.Read():
                    await child.send(*await self._bytes(source, message))
                case messages.Ready():
                    return messages.Image(), b""
                case messages.Image():
                    return message, bytes(data)
                case messages.Failed(problem="unread"):
                    raise _Unread
                case messages.Failed():
                    raise refused(message)
                case _:
                    raise Refused("parser-crashed")

    async def _bytes(self, source: Source, message: messages.Read) -> tuple[messages.Data, Bytes | Lying]:
        try:
            async with asyncio.timeout(UNREAD):
                return messages.Data(), await answer(source, message)
        except TimeoutError:
            return messages.Data(there=False), b""

    async def close(self) -> None:
        """End the child. It is started again when another still is wanted."""
        self._child, self._linear = None, False
        await self._stack.aclose()
        self._stack = AsyncExitStack()


def _picture(manifest: Manifest, frame: int) -> tuple[Track, Sequence[Row]]:
    """Raises Refused (outside-exhibit) where there is no such frame."""
    if manifest.video is None or not 0 <= frame < len(manifest.timeline):
        raise Refused("outside-exhibit", duration=f"{manifest.prepared:.3f} s")
    return manifest.tracks[manifest.video], manifest.rows(manifest.video)


def _shot(original: Original, frame: int, width: int | None) -> Ask:
    """Raises Refused (outside-exhibit)."""
    manifest = original.manifest
    track, rows = _picture(manifest, frame)
    if manifest.leaves:
        return messages.Leaf(number=frame, width=width)
    if original.own:
        # By its place: with pictures out of order the library has another idea of a piece's times than browsers have.
        start = rows[manifest.keyframe_before(track.index, manifest.timeline.time_of(frame)) or 0].start
        return messages.Shot(at=0, key=None, width=width, nth=frame - bisect_left(manifest.timeline.pts, start))
    at = manifest.timeline.pts[frame] - track.shift
    if original.converted:
        return messages.Shot(at=at, key=None, width=width, fields=original.fields)
    index = manifest.keyframe_before(track.index, manifest.timeline.time_of(frame))
    return messages.Shot(at=at, key=rows[index or 0].start - track.shift, width=width)
