"""What files say of themselves, through the real caged child, and never more than is asked."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest

from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.inspection import opened
from courtcast.prepare.store import FolderStore
from courtcast.problems import Refused
from courtcast.wire.inspection import ALL_TAGS_MOST, STREAMS_MOST, TAGS_MOST, VALUE_MOST, Opened
from tests.prepare.media import Recipe, make
from tests.prepare.sources import Local

HASH = "ab" * 32


@pytest.fixture
async def cage() -> AsyncIterator[Cage]:
    async with Cage() as made:
        yield made


async def facts(path: Path, cage: Cage, folder: Path) -> Opened:
    return await opened(
        Local(path), FolderStore(folder / "store"), sha256=HASH, rendition="0a", name=path.name, cage=cage
    )


async def test_a_camera_with_a_timecode(shared_media: Path, cage: Cage, tmp_path: Path) -> None:
    said = await facts(shared_media / "video" / "gopro_karma_timecode.mp4", cage, tmp_path)
    assert (said.container, said.streams_total, len(said.streams)) == ("mov", 5, 5)
    video = said.streams[0]
    assert (video.width, video.height, video.codec, video.profile, video.level) == (854, 480, "h264", "Main", 31)
    assert (video.fields, video.rotation, video.colour, video.full_range) == ("progressive", 0, (1, 1, 1), True)
    assert [stream.sent for stream in said.streams] == [True, True, False, False, False]
    assert ("timecode", "19:26:48:04") in [(tag.name, tag.value) for tag in video.tags]


@pytest.mark.parametrize(
    ("name", "rotation", "colour", "fields"),
    [
        ("video/iphone_hevc10_editlist.mp4", 90, (9, 18, 9), "progressive"),
        ("video/pixel7_rot180.mp4", 180, None, "progressive"),
        ("video/interlaced_sar_ac3.mp4", 0, None, "interlaced"),
    ],
)
async def test_pictures_of_telephones_and_discs(
    shared_media: Path, cage: Cage, tmp_path: Path, name: str, rotation: int,
    colour: tuple[int, int, int] | None, fields: str,
) -> None:  # fmt: skip
    said = await facts(shared_media / name, cage, tmp_path)
    video = next(stream for stream in said.streams if stream.sent and stream.kind == "video")
    assert (video.rotation, video.fields) == (rotation, fields)
    assert colour is None or video.colour == colour


async def test_cover_art_is_no_picture_that_is_sent(shared_media: Path, cage: Cage, tmp_path: Path) -> None:
    said = await facts(shared_media / "audio" / "bear_with_picture.flac", cage, tmp_path)
    assert [(stream.kind, stream.sent) for stream in said.streams] == [("audio", True), ("video", False)]
    assert said.streams[1].dispositions == ["attached_pic"]


async def test_one_that_is_damaged_says_what_it_can(shared_media: Path, cage: Cage, tmp_path: Path) -> None:
    said = await facts(shared_media / "corrupt" / "sample_mdat_too_long.mp4", cage, tmp_path)
    assert said.streams
    with pytest.raises(Refused) as refused:
        await facts(shared_media / "corrupt" / "karma_truncated_no_moov.mp4", cage, tmp_path / "other")
    assert refused.value.type == "file-no-index"


async def test_more_streams_and_tags_than_anybody_reads(cage: Cage, tmp_path: Path) -> None:
    path = tmp_path / "many.mkv"
    with av.open(str(path), "w") as out:
        out.metadata.update({f"KEY{n}": "x" * 3000 for n in range(600)})
        streams = [out.add_stream("pcm_s16le", rate=8000) for _ in range(80)]
        for stream in streams:
            stream.metadata.update({f"TAG{n}": "\N{RIGHT-TO-LEFT OVERRIDE}<b>" for n in range(30)})
            frame = av.AudioFrame(format="s16", layout=stream.layout.name, samples=160)
            frame.planes[0].update(bytes(frame.planes[0].buffer_size))
            frame.sample_rate, frame.pts = 8000, 0
            out.mux(stream.encode(frame))
    said = await facts(path, cage, tmp_path)
    assert (said.streams_total, len(said.streams)) == (80, STREAMS_MOST)
    listed = [*said.tags, *(tag for stream in said.streams for tag in stream.tags)]
    assert len(said.tags) == TAGS_MOST
    assert len(listed) <= ALL_TAGS_MOST
    assert said.tags_total > 600 > len(listed)
    assert max(len(tag.value) for tag in listed) == VALUE_MOST


async def test_it_is_read_once_for_each_file(cage: Cage, tmp_path: Path) -> None:
    source = Local(make(tmp_path / "made.mp4", Recipe(frames=30)))
    store = FolderStore(tmp_path / "store")
    first = await opened(source, store, sha256=HASH, rendition="0a", name="made.mp4", cage=cage)
    reads = len(source.reads)
    assert await opened(source, store, sha256=HASH, rendition="0a", name="made.mp4", cage=cage) == first
    assert len(source.reads) == reads
    await opened(source, store, sha256="cd" * 32, rendition="0a", name="made.mp4", cage=cage)
    assert len(source.reads) > reads, "another file"


async def test_what_is_no_recording(cage: Cage, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(io.BytesIO(b"Dear all, " * 500).getvalue())
    with pytest.raises(Refused) as refused:
        await facts(path, cage, tmp_path)
    assert refused.value.type == "file-not-media"
