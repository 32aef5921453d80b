"""Recordings of every awkward kind, made here, and what their boxes say once they are re-wrapped."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import msgspec
import pytest

from courtcast.prepare import boxes, line
from courtcast.prepare.plan import Needed
from courtcast.problems import Refused
from tests.prepare.media import OPEN_GOPS, Recipe, make, with_edits
from tests.prepare.prepared import Prepared, prepared
from tests.prepare.units import added_units, difference, source_units, stored_units

UNEVEN = [
    0,
    3000,
    6003,
    20_000,
    21_500,
    24_500,
    70_000,
    71_000,
    74_000,
    77_000,
    80_000,
    95_000,
    96_500,
    99_500,
    140_000,
]
PYRAMID = {"x264-params": "scenecut=0:b-pyramid=normal:b-adapt=0:bframes=4"}

KINDS: dict[str, tuple[str, Recipe]] = {
    "b-frames": ("mp4", Recipe()),
    "b-frames in MKV": ("mkv", Recipe()),
    "MOV": ("mov", Recipe()),
    "b-pyramid": ("mp4", Recipe(b_frames=4, video_options=PYRAMID)),
    "b-pyramid in MKV": ("mkv", Recipe(b_frames=4, video_options=PYRAMID)),
    "fragmented": ("mp4", Recipe(container={"movflags": "frag_keyframe+empty_moov+default_base_moof"})),
    "fragmented, delayed": ("mp4", Recipe(container={"movflags": "frag_keyframe+delay_moov"})),
    "index first": ("mp4", Recipe(container={"movflags": "faststart"})),
    "variable rate": ("mp4", Recipe(pts=UNEVEN, frames=len(UNEVEN))),
    "variable rate in MKV": ("mkv", Recipe(pts=UNEVEN, frames=len(UNEVEN))),
    "variable rate, no b-frames": ("mp4", Recipe(pts=UNEVEN, frames=len(UNEVEN), b_frames=0)),
    "keyframes only": ("mp4", Recipe(gop=1, b_frames=0)),
    "one a second": ("mp4", Recipe(fps=Fraction(1), frames=9, gop=4)),
    "one every five seconds": ("mkv", Recipe(fps=Fraction(1, 5), frames=5, gop=2, b_frames=0, audio=None)),
    "long GOP": ("mp4", Recipe(frames=400, gop=400)),
    "NTSC": ("mp4", Recipe(fps=Fraction(30_000, 1001), timescale=30_000)),
    "silent": ("mp4", Recipe(audio=None)),
    "picture late": ("mp4", Recipe(video_start=Fraction(3, 2))),
    "picture late in MKV": ("mkv", Recipe(video_start=Fraction(3, 2))),
    "picture a little late": ("mp4", Recipe(video_start=Fraction(1, 15))),
    "sound late": ("mp4", Recipe(audio_start=Fraction(3, 2))),
    "sound late in MKV": ("mkv", Recipe(audio_start=Fraction(3, 2))),
    "sound a little late": ("mp4", Recipe(audio_start=Fraction(1, 30))),
    "VP9 in WebM": ("webm", Recipe(codec="libvpx-vp9", audio="libopus")),
    "VP9 with hidden frames": (
        "webm",
        Recipe(
            codec="libvpx-vp9",
            audio=None,
            video_options={"auto-alt-ref": "1", "lag-in-frames": "12", "deadline": "good", "cpu-used": "5"},
        ),
    ),
    "VP9 in MP4": ("mp4", Recipe(codec="libvpx-vp9", audio="libopus")),
    "AV1 and FLAC": ("mp4", Recipe(codec="libsvtav1", audio="flac")),
    "AV1 in MKV": ("mkv", Recipe(codec="libsvtav1", audio="flac")),
    "AV1 in WebM": ("webm", Recipe(codec="libsvtav1", audio="libopus")),
}
SILENCE_ADDED = {
    "sound late",
    "sound late in MKV",
    "picture late",
    "picture late in MKV",
    "variable rate",
    "variable rate in MKV",
    "variable rate, no b-frames",
}
"""The sound begins more than a second late, or ends more than a second before the picture."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kinds")


def recording(folder: Path, kind: str) -> Path:
    extension, recipe = KINDS[kind]
    path = folder / f"{kind.replace(' ', '-')}.{extension}"
    return path if path.exists() else make(path, recipe)


def presented(path: Path) -> tuple[list[Fraction], Fraction]:
    """When the decoder shows each picture, in seconds of the file's time, and where its media time begins."""
    with av.open(str(path)) as container:
        times = [f.pts * f.time_base for f in container.decode(video=0) if f.pts is not None]
        start = Fraction(container.start_time or 0, av.time_base)
    return times, start


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind(folder: Path, kind: str) -> None:
    path = recording(folder, kind)
    made = prepared(path)
    manifest = made.manifest
    times, start = presented(path)

    # Frames are what the decoder gives, at the times it gives, from the exhibit's start (known to the microsecond).
    ours = [manifest.timeline.time_of(n) for n in range(manifest.frames)]
    assert len(ours) == len(times)
    offset = times[0] - ours[0]
    assert abs(offset - start) <= Fraction(1, 1000)
    assert [t - offset for t in times] == ours

    assert difference(source_units(path), stored_units(made)) is None
    assert any(added_units(made).values()) == (manifest.added > 0) == (kind in SILENCE_ADDED)
    for track in manifest.tracks:
        check_fragments(made, track.index)
    assert manifest.complete
    assert manifest.duration is not None
    assert manifest.duration >= ours[-1]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_whether_its_length_is_known_or_not(folder: Path, kind: str) -> None:
    path = recording(folder, kind)
    known, unknown = prepared(path), prepared(path, length_known=False)
    assert unknown.manifest.rows_message() == known.manifest.rows_message()
    assert (unknown.inits, unknown.fragments) == (known.inits, known.fragments)


def check_fragments(made: Prepared, track: int) -> None:
    """What has to hold for every track whatever the file."""
    manifest = made.manifest
    timescale = manifest.tracks[track].timescale
    assert boxes.timescale_of(made.inits[track]) == timescale
    assert boxes.find(made.inits[track], b"moov", b"trak", b"edts") is None
    rows = manifest.rows(track)
    samples = made.samples(track)
    assert samples[0].dts >= 0
    assert min(sample.pts for sample in samples) >= 0
    assert rows[0].keyframe
    for earlier, later in pairwise(samples):
        assert later.dts - earlier.dts == earlier.duration > 0
    for row, data in zip(rows, made.fragments[track], strict=True):
        inside = boxes.samples_of(data)
        assert row.start == min(s.pts for s in inside)
        assert row.start + row.duration == max(s.pts + s.duration for s in inside)
        assert row.duration * 2 <= timescale or len(inside) == 1
        assert row.keyframe == inside[0].sync
        assert row.bytes == len(data)
    # No moment is missing, and none is covered twice.
    intervals = sorted((s.pts, s.pts + s.duration) for s in samples)
    for (_, end), (start, _) in pairwise(intervals):
        assert start == end


@pytest.mark.parametrize("kind", ["long GOP", "keyframes only"])
def test_pictures_too_far_apart_say_so(folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page holds whole stretches between keyframes: the longest one it could not hold is known here already."""
    path = recording(folder, kind)
    rows = prepared(path).manifest.rows(0)
    starts = [n for n, row in enumerate(rows) if row.keyframe]
    longest = max(sum(row.bytes for row in rows[a:b]) for a, b in pairwise([*starts, len(rows)]))
    monkeypatch.setattr(line, "GOP_MOST", longest)
    assert prepared(path).manifest.complete
    monkeypatch.setattr(line, "GOP_MOST", longest - 1)
    with pytest.raises(Refused) as refused:
        prepared(path)
    assert refused.value.type == "gop-too-large"


def test_keyframes_only_are_not_a_fragment_each(folder: Path) -> None:
    made = prepared(recording(folder, "keyframes only"))
    assert len(made.manifest.rows(0)) <= 60 / 30 * 4
    assert all(row.keyframe for row in made.manifest.rows(0))


def test_all_keyframes_begin_fragments(folder: Path) -> None:
    made = prepared(recording(folder, "b-frames"))
    assert [row.start for row in made.manifest.rows(0) if row.keyframe] == [1920, 91_920]


def test_late_picture_is_reachable_from_the_start(folder: Path) -> None:
    made = prepared(recording(folder, "picture late"))
    video = made.manifest.tracks[0]
    row = made.manifest.rows(0)[0]
    assert made.manifest.media_time(0, row.start) == 0
    assert made.manifest.media_time(0, video.cover) == Fraction(3, 2) == made.manifest.timeline.time_of(0)
    assert made.manifest.timeline.frame_at(1) is None


def test_a_little_late_picture_stays_where_it_is(folder: Path) -> None:
    made = prepared(recording(folder, "picture a little late"))
    assert made.manifest.tracks[0].cover == 0
    # Empty edits are in the movie's ticks, which may be whole milliseconds.
    assert abs(made.manifest.timeline.time_of(0) - Fraction(1, 15)) < Fraction(1, 1000)


@pytest.mark.parametrize("kind", ["sound late", "sound late in MKV"])
def test_late_sound_is_preceded_by_silence(folder: Path, kind: str) -> None:
    path = recording(folder, kind)
    made = prepared(path)
    added = added_units(made)["audio"]
    assert len(added) == pytest.approx(1.48 * 48_000 / 1024, abs=2)
    assert len(set(added)) == 1
    assert float(made.manifest.added) == pytest.approx(1.48, abs=0.05)
    marked = [span for row in made.manifest.rows(1) for span in row.added]
    assert made.manifest.media_time(1, marked[0][0]) == 0
    assert all(end == start for (_, end), (start, _) in pairwise(marked)), "one stretch, from the start to the sound"
    assert len(made.samples(1)) == len(added) + len(source_units(path)["audio"])


def test_a_unit_that_was_added_and_not_marked_is_found(folder: Path) -> None:
    path = recording(folder, "sound late")
    made = prepared(path)
    unit = made.samples(1)[0].duration
    rows = made.manifest._rows[1]
    (start, end), *rest = rows[0].added
    rows[0] = msgspec.structs.replace(rows[0], added=[(start + unit, end), *rest])
    assert difference(source_units(path), stored_units(made)) is not None
    rows[0] = msgspec.structs.replace(rows[0], added=[(start, end), *rest])
    last = max(n for n, row in enumerate(rows) if row.added)
    *rest, (start, end) = rows[last].added
    rows[last] = msgspec.structs.replace(rows[last], added=[*rest, (start, end + unit)])
    assert difference(source_units(path), stored_units(made)) is not None, "nor may the recording's own be marked"


def test_a_hole_in_the_sound_is_filled_and_marked(folder: Path) -> None:
    """The picture goes on; two stretches of sound with a second of nothing between them."""
    path = make(folder / "hole.mkv", Recipe(frames=120, audio_hole=(Fraction(1), Fraction(2))))
    made = prepared(path)
    assert difference(source_units(path), stored_units(made)) is None
    marked = [span for row in made.manifest.rows(1) for span in row.added]
    start, end = (float(made.manifest.media_time(1, at)) for at in (marked[0][0], marked[-1][1]))
    assert (start, end) == pytest.approx((1.0, 2.0), abs=0.05)
    assert float(made.manifest.added) == pytest.approx(end - start)


def test_trimmed_in_the_middle_of_a_gop(folder: Path) -> None:
    path = folder / "trimmed.mp4"
    # 1.2 s from picture 15 on; the keyframe before lies half a second earlier.
    path.write_bytes(with_edits(recording(folder, "b-frames").read_bytes(), 0, [(1200, 6000 + 45_000)]))
    made = prepared(path)
    assert made.manifest.frames == 36
    assert made.manifest.origin == Fraction(1, 2)
    assert made.manifest.rows(0)[0].start == 0
    assert made.manifest.timeline.time_of(0) == 0
    assert made.manifest.timeline.time_of(35) == Fraction(35, 30)
    assert difference(source_units(path), stored_units(made)) is None
    # What the edit list leaves out at the end is sent, but never up while the exhibit lasts.
    end = made.manifest.origin + made.manifest.duration
    beyond = [s for s in made.samples(0) if Fraction(s.pts, 90_000) >= end]
    assert len(beyond) == 9


def test_a_trimmed_end_holds_its_last_picture(folder: Path) -> None:
    path = folder / "shortened.mp4"
    path.write_bytes(with_edits(recording(folder, "b-frames").read_bytes(), 0, [(700, 6000)]))
    made = prepared(path)
    assert made.manifest.frames == 21
    assert made.manifest.duration == 2  # the sound goes on
    last = next(s for s in made.samples(0) if s.pts == made.manifest.timeline.pts[20])
    assert Fraction(last.pts + last.duration, 90_000) == made.manifest.origin + 2


def test_several_cuts_say_so(folder: Path) -> None:
    path = folder / "cuts.mp4"
    path.write_bytes(with_edits(recording(folder, "b-frames").read_bytes(), 0, [(500, 6000), (700, 126_000)]))
    with pytest.raises(Refused, match="several cuts"):
        prepared(path)


@pytest.mark.parametrize("extension", ["mp4", "mkv", "mov", "ts"])
def test_open_gops_have_to_be_converted(folder: Path, extension: str) -> None:
    path = make(folder / f"open.{extension}", Recipe(frames=90, video_options=OPEN_GOPS))
    with pytest.raises(Needed) as needed:
        prepared(path)
    made = prepared(path, need=needed.value.need)
    assert made.looked.treatments[0].done == "converted"
    assert made.manifest.frames == 90
    assert len([row for row in made.manifest.rows(0) if row.keyframe]) == 3


def test_where_only_the_container_calls_them_entries_they_are_none(folder: Path) -> None:
    path = make(folder / "quiet.mp4", Recipe(frames=90, video_options=OPEN_GOPS))
    path.write_bytes(without_recovery_points(path.read_bytes()))
    made = prepared(path)
    assert made.looked.treatments[0].done == "unchanged"
    assert [row.index for row in made.manifest.rows(0) if row.keyframe] == [0]


def without_recovery_points(data: bytes) -> bytes:
    """They become filler, of the same length."""
    at = data.find(b"\x06\x06\x01")
    found = bytearray(data)
    while at >= 0:
        found[at + 1] = 3  # a filler payload (H.264 annex D.1.4)
        at = data.find(b"\x06\x06\x01", at + 1)
    return bytes(found)


def test_cut_short_plays_up_to_there(folder: Path) -> None:
    whole = recording(folder, "index first").read_bytes()
    path = folder / "cut.mp4"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    made = prepared(path)
    assert 10 < made.manifest.frames < 60


def test_an_edit_list_is_no_edit_list_where_there_is_none(folder: Path) -> None:
    """The helper of these tests itself: giving a track the list it has changes nothing."""
    path = folder / "same.mp4"
    path.write_bytes(with_edits(recording(folder, "b-frames").read_bytes(), 0, [(2000, 6000)]))
    same, was = prepared(path), prepared(recording(folder, "b-frames"))
    assert same.fragments == was.fragments
