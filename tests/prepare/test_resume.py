"""A conversion goes on where it was left: what comes out is what one run would have given, to the byte."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from courtcast.core.manifest import Manifest
from courtcast.prepare import messages, parts, picture_lane
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.job import prepare
from courtcast.prepare.recording import Recording
from courtcast.prepare.store import FolderStore, fragment_name
from tests.prepare.media import Recipe, make, number_of
from tests.prepare.sources import Local
from tests.prepare.watch import watching
from tests.stand_ins.evidence_server import serving

Said = list[tuple[messages.FromChild, bytes]]

LONG = Recipe(width=160, height=120, frames=210, gop=25, rate=44_100)
KINDS = {
    "MPEG-4 in AVI": ("avi", "mpeg4", {"audio": "mp2", "timescale": 30}),
    "MPEG-4 with pictures reordered": ("mkv", "mpeg4", {"audio": "mp2", "timescale": 1000, "video_options": {"bf": "2"}}),
    "WMV": ("asf", "wmv2", {"audio": "mp2", "timescale": 1000}),
    "MPEG-2": ("mpg", "mpeg2video", {"audio": "mp2", "timescale": 30, "video_options": {"bf": "2"}}),
    "MPEG-2 of two fields": ("mpg", "mpeg2video", {
        "audio": "mp2", "timescale": 30, "video_options": {"flags": "+ildct+ilme", "top": "1"}}),
    "keyframes only, unevenly": ("mkv", "ffv1", {
        "audio": "pcm_s16le", "timescale": 1000, "gop": 1, "pts": [n * 33 + (n * n) % 29 for n in range(210)]}),
    "10 bits": ("mp4", "libx265", {"pix_fmt": "yuv420p10le", "b_frames": 0, "audio": "ac3", "frames": 150}),
    "sound that stays as it is": ("mkv", "mpeg4", {"audio": "aac", "timescale": 1000}),
}  # fmt: skip


def clip(folder: Path, kind: tuple[str, str, dict[str, Any]]) -> Path:
    extension, codec, other = kind
    changes: dict[str, Any] = {"codec": codec, **other}
    return make(folder / f"made.{extension}", Recipe(**{**vars(LONG), **changes}))


def run(path: Path, made: messages.Made | None = None, order: messages.Order | None = None) -> Said:
    said: Said = []
    with path.open("rb") as file:
        emit = lambda message, *data: said.append((message, b"".join(data)))  # noqa: E731
        Recording(file, path.stat().st_size, emit, name=path.name, made=made, order=order).run()
    return said


def pieces(said: Said) -> list[tuple[messages.Piece, bytes]]:
    return [(message, data) for message, data in said if isinstance(message, messages.Piece)]


def leavings(said: Said) -> Iterator[messages.Made]:
    """What is there each time a stretch begins."""
    fragments, frames = [0, 0], 0
    for piece, _ in pieces(said):
        if piece.entry is not None:
            yield messages.Made(entry=piece.entry, frames=frames, fragments=list(fragments))
        fragments[piece.track] += 1
        frames += len(piece.pts)


@pytest.mark.parametrize("kind", KINDS)
def test_the_rest_is_the_same_to_the_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(picture_lane, "STRETCH", 2)
    path = clip(tmp_path, KINDS[kind])
    whole = run(path)
    left = list(leavings(whole))
    assert left
    for made in left:
        rest = run(path, made)
        for track in (0, 1):
            wanted = [
                (piece, data) for piece, data in pieces(whole)
                if piece.track == track and piece.index >= made.fragments[track]
            ]  # fmt: skip
            assert [one for one in pieces(rest) if one[0].track == track] == wanted
        for kept in (messages.Begin, messages.Looked, messages.Done):
            assert [one for one in rest if isinstance(one[0], kept)] == [
                one for one in whole if isinstance(one[0], kept)
            ]


class Killed(Exception):
    pass


async def convert(
    path: Path, store: FolderStore, *, cage: Cage, until: int | None = None
) -> tuple[Manifest, list[int]]:
    """The manifest, and its pictures' fragments after each word of it. Killed after `until` of these."""
    counts: list[int] = []

    def rows(message: Any) -> None:
        counts.append(message.counts[0])
        if until is not None and message.counts[0] >= until:
            raise Killed

    manifest = await prepare(
        Local(path), exhibit="e", rendition="00000000000000a1", store=store, on_rows=rows,
        on_probe=lambda probe: None, cage=cage, name=path.name,
    )  # fmt: skip
    return manifest, counts


@pytest.fixture(scope="module")
def half_a_minute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("half")
    return make(
        folder / "made.mkv",
        Recipe(
            codec="mpeg4", audio="aac", rate=44_100, timescale=1000, width=160, height=120, fps=Fraction(25), frames=800
        ),
    )


async def test_a_process_that_ended_in_the_middle(tmp_path: Path, half_a_minute: Path) -> None:
    async with Cage() as cage:
        straight, _ = await convert(half_a_minute, FolderStore(tmp_path / "straight"), cage=cage)
        store = FolderStore(tmp_path / "store")
        with pytest.raises(Killed):
            await convert(half_a_minute, store, cage=cage, until=80)
        there = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")}
        manifest, counts = await convert(half_a_minute, store, cage=cage)
    assert counts[0] >= 60, "what was made of it is there before its child is"
    assert manifest.rows_message() == straight.rows_message()
    for row in manifest.rows(0)[:60]:
        path = store.folder / fragment_name(manifest.rendition, row)
        assert path.stat().st_mtime_ns == there[path], "and is not made again"
    assert await parts.left(store, manifest.rendition) is None, "a rendition that is finished has no parts"
    assert list(numbers(manifest, store)) == list(range(800))


def numbers(manifest: Manifest, store: FolderStore) -> Iterator[int]:
    """What each picture says of itself."""
    track = manifest.tracks[0]
    data = [(store.folder / f"{manifest.rendition}/{track.init_sha256}").read_bytes()]
    data += [(store.folder / fragment_name(manifest.rendition, row)).read_bytes() for row in manifest.rows(0)]
    with av.open(io.BytesIO(b"".join(data))) as container:
        for frame in container.decode(video=0):
            luma = frame.planes[0]
            yield number_of(bytes(luma), frame.width, frame.height, luma.line_size)


async def test_what_is_damaged_is_made_again(tmp_path: Path, half_a_minute: Path) -> None:
    store = FolderStore(tmp_path / "store")
    async with Cage() as cage:
        with pytest.raises(Killed):
            await convert(half_a_minute, store, cage=cage, until=80)
        found = await parts.left(store, "00000000000000a1")
        assert found is not None
        second = found.manifest.rows(0)[45]
        path = store.folder / fragment_name("00000000000000a1", second)
        path.write_bytes(bytes(path.stat().st_size))
        shorter = await parts.left(store, "00000000000000a1")
        assert shorter is not None
        assert 0 < shorter.manifest.counts[0] <= 45
        manifest, counts = await convert(half_a_minute, store, cage=cage)
    assert counts[0] == shorter.manifest.counts[0]
    assert manifest.frames == 800


async def test_another_plan_begins_anew(tmp_path: Path, half_a_minute: Path) -> None:
    """Screens that play less than those it was begun for."""
    store = FolderStore(tmp_path / "store")
    async with Cage() as cage:
        with pytest.raises(Killed):
            await convert(half_a_minute, store, cage=cage, until=80)
        with pytest.raises(parts.Stale):
            await prepare(
                Local(half_a_minute), exhibit="e", rendition="00000000000000a1", store=store, on_rows=lambda rows: None,
                on_probe=lambda probe: None, cage=cage, name=half_a_minute.name,
                plays=frozenset(('video/mp4; codecs="avc1.640034"', 'audio/mp4; codecs="flac"')),
            )  # fmt: skip


async def test_stopped_and_begun_again_is_one_manifest(tmp_path: Path, half_a_minute: Path) -> None:
    """As when a link is exchanged while it is converted."""
    store = FolderStore(tmp_path / "store")
    async with Cage() as cage:
        task = asyncio.create_task(convert(half_a_minute, store, cage=cage))
        while await parts.left(store, "00000000000000a1") is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task])
        manifest, counts = await convert(half_a_minute, store, cage=cage)
    assert counts[0] > 0
    assert manifest.frames == 800


async def test_what_was_made_is_there_when_the_presenter_starts_again(tmp_path: Path, half_a_minute: Path) -> None:
    async with serving({"made.mkv": half_a_minute.read_bytes()}) as server:
        async with watching(tmp_path / "data") as watch:
            added = await watch.add(server.url("made.mkv"))
            await watch.until(added.id, lambda exhibit: exhibit.prepared > 22)
        async with watching(tmp_path / "data") as watch:
            again = await watch.until(added.id, lambda exhibit: exhibit.prepared > 0)
            assert again.prepared > 20
            ready = await watch.over(added.id)
            assert (ready.state, ready.frames) == ("ready", 800)
