"""The contact sheet of a rendition: made once, in a caged child at idle priority, and kept beside its fragments.

What is looked at is the rendition itself. Its manifest says where each keyframe lies, so nothing is searched for and
nothing between is decoded; its sound is a track by itself, so hours of it are heard without reading a picture. And it
is the same for every kind of file. What can be said without decoding (keyframes, gaps, silence) the manifest says.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from math import ceil
from typing import Final

import msgspec

from courtcast.core.manifest import Manifest
from courtcast.prepare import boxes, cluster_heads, clusters, messages, outline
from courtcast.prepare.cage.ends import refused
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.glimpse import RATE, WINDOW
from courtcast.prepare.outline import HIGH, WIDE, Loudness
from courtcast.prepare.store import Store, fragment_name, init_name
from courtcast.problems import Refused
from courtcast.wire.sheet import Sheet, Strip, Wave

VERSION: Final = 2
"""Of what a sheet says: raise it when another would be made of the same rendition."""
LOOK: Final = 1.0
"""Seconds between looks whether it is quiet again."""
HEARD_MOST: Final = 4 * 3600.0
"""Seconds of sound that are decoded: of longer recordings a fragment every now and then is, evenly."""
_BACK: Final = 1 << 20
"""Bytes behind which a joined file can be read again."""


class _Kept(msgspec.Struct, kw_only=True):
    version: int
    sheet: Sheet


class Joined:
    """Pieces one behind the other, as a source that is read forwards; each is fetched when it is wanted."""

    length = None

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces
        self._data = bytearray()
        self._start = 0
        """Where `_data` lies."""

    async def read(self, offset: int, n: int) -> bytes:
        """Short only at the end. Raises Refused where that is long gone."""
        if offset < self._start:
            raise Refused("parser-crashed")
        while self._start + len(self._data) < offset + n and (piece := await anext(self._pieces, None)) is not None:
            self._data += piece
        old = offset - self._start - _BACK
        if old > _BACK:
            del self._data[:old]
            self._start += old
        at = offset - self._start
        return bytes(self._data[at : at + n])


async def make(
    store: Store, manifest: Manifest, *, drawn: bool = False, quiet: Callable[[], bool] = lambda: True
) -> Sheet:
    """Makes it, and keeps it. Only while it is quiet.

    manifest: complete, of a recording; drawn: its picture is none of the recording's own

    Raises Refused: what reading the rendition says, parser-…
    """
    duration = float(manifest.duration or 0)
    sheet = _listed(manifest, duration, drawn=drawn)
    if manifest.video is not None and not drawn:
        sheet = await _with_pictures(store, manifest, sheet, quiet)
    sound = next((track.index for track in manifest.tracks if track.kind == "audio"), None)
    if sound is not None and duration > 0:
        sheet = await _with_sound(store, manifest, sound, sheet, quiet)
    await store.put(_name(manifest.rendition), msgspec.json.encode(_Kept(version=VERSION, sheet=sheet)))
    return sheet


async def load(store: Store, rendition: str) -> Sheet | None:
    """None where there is none of this version."""
    try:
        kept = msgspec.json.decode(await store.get(_name(rendition)), type=_Kept)
    except (KeyError, msgspec.MsgspecError):
        return None
    return kept.sheet if kept.version == VERSION else None


async def load_strip(store: Store, rendition: str) -> bytes:
    """The strip's JPEG. Raises KeyError where there is none."""
    return await store.get(_strip_name(rendition))


def _name(rendition: str) -> str:
    return f"{rendition}/sheet.json"


def _strip_name(rendition: str) -> str:
    return f"{rendition}/strip.jpg"


def _listed(manifest: Manifest, duration: float, *, drawn: bool) -> Sheet:
    """What the manifest alone says."""
    if manifest.video is None:
        return Sheet(duration=duration, unrecorded=_unrecorded(manifest))
    timeline = manifest.timeline
    frames = [] if drawn else [float(timeline.time_of(n)) for n in range(len(timeline))]
    return Sheet(
        duration=duration,
        keyframes=outline.thinned([at for _, at in _keyframes(manifest)]),
        gaps=outline.gaps(frames),
        unrecorded=_unrecorded(manifest),
    )


def _unrecorded(manifest: Manifest) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for track in manifest.tracks:
        for row in manifest.rows(track.index):
            for start, end in row.added:
                at, until = float(manifest.media_time(track.index, start)), float(manifest.media_time(track.index, end))
                if found and at - found[-1][1] < 0.1:
                    found[-1] = (found[-1][0], until)
                else:
                    found.append((max(0.0, at), until))
    return outline.longest(found)


def _keyframes(manifest: Manifest) -> Iterator[tuple[int, float]]:
    """Fragments that begin with a keyframe that is to be seen: their number, and its time.

    What lies outside of the edit list is no part of the evidence, and does not turn up here either.
    """
    assert manifest.video is not None
    for row in manifest.rows(manifest.video):
        if row.keyframe and row.pts and row.pts[0] == row.start:
            yield row.index, float(manifest.media_time(manifest.video, row.start))


async def _with_pictures(store: Store, manifest: Manifest, sheet: Sheet, quiet: Callable[[], bool]) -> Sheet:
    """With the strip, and what is to be seen on it."""
    track = manifest.tracks[manifest.video or 0]
    there = list(_keyframes(manifest))
    chosen = [there[n] for n in outline.spread([at for _, at in there], sheet.duration)]
    if not chosen:
        return sheet

    async def pieces() -> AsyncIterator[bytes]:
        yield await store.get(init_name(manifest.rendition, track))
        for number, _ in chosen:
            data = await store.get(fragment_name(manifest.rendition, manifest.rows(track.index)[number]))
            if track.mime == clusters.MIME:
                yield cluster_heads.head(data)
            else:
                yield b"".join(boxes.fragment(number + 1, [boxes.samples_of(memoryview(data))[0]]))

    times: list[float] = []
    pictures: list[bytes] = []
    strip: Strip | None = None
    waiting = iter(chosen)
    async for message, data in _told(Joined(pieces()), quiet):
        match message:
            case messages.Glimpse():
                _, at = next(waiting, (0, -1.0))
                if at < 0 or len(data) not in (0, WIDE * HIGH):
                    raise Refused("parser-crashed")
                if data:
                    times.append(round(at, 3))
                    pictures.append(data)
            case messages.Strip():
                strip = Strip(width=message.width, height=message.height, columns=message.columns, times=times)
                await store.put(_strip_name(manifest.rendition), data)
            case _:
                raise Refused("parser-crashed")
    return msgspec.structs.replace(
        sheet,
        strip=strip,
        scenes=outline.scenes(pictures, times),
        black=outline.black(pictures, times),
        frozen=outline.frozen(pictures, times),
    )


async def _with_sound(store: Store, manifest: Manifest, number: int, sheet: Sheet, quiet: Callable[[], bool]) -> Sheet:
    """With its loudness."""
    track = manifest.tracks[number]
    every = max(1, ceil(sheet.duration / HEARD_MOST))

    async def pieces() -> AsyncIterator[bytes]:
        yield await store.get(init_name(manifest.rendition, track))
        for row in manifest.rows(number)[::every]:
            yield await store.get(fragment_name(manifest.rendition, row))

    loudness = Loudness(sheet.duration, WINDOW / RATE)
    async for message, data in _told(Joined(pieces()), quiet):
        match message:
            case messages.Heard(at=at, count=count) if len(data) == 2 * count:
                loudness.put(at - float(manifest.origin), struct.unpack(f">{count}H", data), WINDOW / RATE)
            case _:
                raise Refused("parser-crashed")
    if not loudness.heard:
        return sheet
    wave = Wave(peaks=loudness.peaks(), whole=every == 1)
    return msgspec.structs.replace(sheet, wave=wave, silent=loudness.silent() if every == 1 else [])


async def _told(source: Joined, quiet: Callable[[], bool]) -> AsyncIterator[tuple[messages.FromChild, bytes]]:
    """What a child says of a joined file, up to its end. Raises Refused."""
    await _until(quiet)
    async with Cage(warm=False) as cage, cage.child(messages.Work(do="sheet", length=None)) as child:
        while True:
            message, data = await child.receive()
            match message:
                case messages.Read():
                    await _until(quiet)
                    await child.send(messages.Data(), await source.read(message.offset, message.n))
                case messages.Finished():
                    return
                case messages.Failed():
                    raise refused(message)
                case _:
                    yield message, bytes(data)


async def _until(quiet: Callable[[], bool]) -> None:
    while not quiet():  # noqa: ASYNC110 (a second more or less is no matter here)
        await asyncio.sleep(LOOK)
