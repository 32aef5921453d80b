"""Recordings whose sound comes apart, from their list to pictures: the whole way in, with everything real."""

from __future__ import annotations

import hashlib
import io
from fractions import Fraction
from pathlib import Path

import av
import pytest

from courtcast.core.manifest import Manifest
from courtcast.evidence.came import Came
from tests.prepare.media import Recipe
from tests.prepare.watch import Watch, kept, spools, watching
from tests.stand_ins import streams
from tests.stand_ins.evidence_server import serving

OFFSET = Fraction(1, 200)
"""Seconds by which picture and sound may be moved against one another."""


def between(manifest: Manifest | None) -> Fraction:
    """From the first picture to the first sound."""
    assert manifest is not None
    first = {track.kind: Fraction(track.first, track.timescale) for track in manifest.tracks}
    return first["audio"] - first["video"]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return streams.source(
        tmp_path_factory.mktemp("streams"), Recipe(frames=240, noise=True, audio_start=Fraction(1, 5))
    )


async def alone(watch: Watch, file: Path) -> tuple[Fraction, int | None]:
    """The same recording as one file: from picture to sound, and its frames."""
    async with serving({"one.mp4": file.read_bytes()}) as server:
        added = await watch.add(server.url("one.mp4"))
        ready = await watch.over(added.id)
        return between(watch.intake.manifest(added.id)), ready.frames


@pytest.mark.parametrize(
    ("options", "name"),
    [(streams.FRAGMENTS, "master.m3u8"), (streams.PACKETS, "master.m3u8"), (streams.DASH, "list.mpd")],
    ids=["fragments", "packets", "dash"],
)
async def test_picture_and_sound_from_two_lists_are_one_recording(
    tmp_path: Path, file: Path, options: dict[str, str], name: str
) -> None:
    async with serving(streams.packaged(file, options)) as server, watching(tmp_path) as watch:
        offset, frames = await alone(watch, file)
        added = await watch.add(server.url(name, sig="secret"))
        ready = await watch.over(added.id)
        assert (ready.state, ready.problem, ready.frames, ready.notes) == ("ready", None, frames, [])
        assert ready.audio is not None
        assert all(one.done == "unchanged" for one in ready.treatments)
        assert abs(between(watch.intake.manifest(added.id)) - offset) <= OFFSET
        assert await watch.intake.still(added.id, frame=200)
        assert "its sound apart" in ready.found
        assert "coded units unchanged" in ready.found
        written = tmp_path / "evidence" / added.id / "1.pieces"
        assert hashlib.sha256(written.read_bytes()).hexdigest() in ready.found
        assert "secret" not in written.read_text()
        seen = await watch.intake.ask_link(added.id)
        assert (seen.answer.problem, seen.answer.changed) == (None, False)
        await watch.intake.delete(added.id)


async def test_sound_that_comes_as_bare_frames(tmp_path: Path, file: Path) -> None:
    files = streams.packaged(file, streams.PACKETS)
    with av.open(io.BytesIO(files["list-00.ts"])) as one:
        ahead = min(packet.pts * packet.time_base for packet in one.demux(video=0) if packet.pts is not None)
    pieces = streams.packed(file, [Fraction(n) for n in range(8)], ahead)
    lines = [line for n in range(len(pieces)) for line in ("#EXTINF:1.0,", f"{n}.aac")]
    heard = "\n".join(["#EXTM3U", "#EXT-X-TARGETDURATION:1", *lines, "#EXT-X-ENDLIST"]).encode()
    files |= {f"{n}.aac": piece for n, piece in enumerate(pieces)} | {"list-1.m3u8": heard}
    async with serving(files) as server, watching(tmp_path) as watch:
        offset, frames = await alone(watch, file)
        added = await watch.add(server.url("master.m3u8"))
        ready = await watch.over(added.id)
        assert (ready.state, ready.problem, ready.frames, ready.notes) == ("ready", None, frames, [])
        assert abs(between(watch.intake.manifest(added.id)) - offset) <= OFFSET


async def test_another_process_goes_on_with_it(tmp_path: Path, file: Path) -> None:
    files = streams.packaged(file, streams.FRAGMENTS)
    size = sum(len(data) for name, data in files.items() if name.endswith(".m4s"))
    async with serving(files) as server, watching(tmp_path / "whole") as watch:
        whole = await watch.over((await watch.add(server.url("master.m3u8"))).id)
    async with serving(files, rate=size / 3) as server:
        async with watching(tmp_path / "cut") as watch:
            added = await watch.add(server.url("master.m3u8"))
            early = await watch.until(added.id, lambda exhibit: exhibit.bytes_fetched > size / 2)
            assert early.prepared > 0, "it can be shown while the rest is coming"
        before = Came(tmp_path / "cut" / "evidence" / added.id / "1.pieces")
        await before.load()
        sent, server.rate = server.sent, None
        async with watching(tmp_path / "cut") as watch:
            ready = await watch.over(added.id)
            assert (ready.state, ready.frames, ready.sha256) == ("ready", 240, whole.sha256)
            assert server.sent - sent < size - before.put + (32 << 10), "the piece in hand, and what all of them share"
            assert (await kept(watch, added.id)).file == 1
            assert spools(tmp_path / "cut", added.id) == ["1.pieces", "1.spool"]
