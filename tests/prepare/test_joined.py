"""Several files that are one recording play as one: each picture once, in order, at its time; and it is said."""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from courtcast.prepare.store import load_manifest
from courtcast.problems import Refused
from courtcast.wire.api import AddExhibit, Exhibit
from tests.prepare.media import Recipe, make, number_of
from tests.prepare.watch import Watch, watching
from tests.stand_ins.evidence_server import serving

CLIP = Recipe(frames=45, width=160, height=120)


def split(folder: Path, ending: str, counts: Sequence[int], recipe: Recipe = CLIP) -> dict[str, bytes]:
    """One recording in several files: its pictures are numbered on, its sound begins anew with each."""
    files: dict[str, bytes] = {}
    first = 0
    for part, count in enumerate(counts, 1):
        name = f"GX0{part}0012.{ending}"
        files[name] = make(folder / name, replace(recipe, frames=count, first=first)).read_bytes()
        first += count
    return files


async def ready(watch: Watch, base: str, names: Sequence[str]) -> list[Exhibit]:
    added = [await watch.add(base + name, ref=f"JM/{n}") for n, name in enumerate(names, 1)]
    found = [await watch.over(one.id) for one in added]
    assert [one.problem for one in found] == [None] * len(found)
    return found


async def join(watch: Watch, parts: Sequence[Exhibit]) -> Exhibit:
    added = await watch.intake.add(AddExhibit(join=[part.id for part in parts], ref="JM/9"))
    return await watch.over(added.id)


async def numbers(watch: Watch, exhibit: Exhibit, frames: Sequence[int]) -> list[int]:
    found = []
    for frame in frames:
        png = await watch.intake.still(exhibit.id, frame=frame)
        with av.open(io.BytesIO(png)) as source:
            grey = next(source.decode(video=0)).reformat(format="gray")
        found.append(number_of(bytes(grey.planes[0]), grey.width, grey.height, grey.planes[0].line_size))
    return found


async def pictures(watch: Watch, exhibit: Exhibit) -> list[int]:
    """The numbers of all pictures in the rendition's own fragments, as they are shown."""
    manifest = watch.intake.manifest(exhibit.id)
    assert manifest is not None
    track = manifest.tracks[manifest.video or 0]
    store = watch.intake._house.store
    data = await store.get(f"{manifest.rendition}/{track.init_sha256}")
    for row in manifest.rows(track.index):
        data += await store.get(f"{manifest.rendition}/{row.sha256}")
    found = []
    with av.open(io.BytesIO(data)) as source:
        for frame in source.decode(video=0):
            grey = frame.reformat(format="gray")
            found.append(number_of(bytes(grey.planes[0]), grey.width, grey.height, grey.planes[0].line_size))
    return found


@pytest.mark.parametrize(
    ("ending", "recipe"),
    [
        ("mp4", CLIP),
        ("ts", CLIP),
        ("mkv", CLIP),
        ("avi", replace(CLIP, codec="mpeg4", audio="pcm_s16le", b_frames=0, timescale=30)),
        ("264", replace(CLIP, audio=None)),
    ],
)
async def test_parts_play_as_one(tmp_path: Path, ending: str, recipe: Recipe) -> None:
    counts = (45, 45, 30)
    files = split(tmp_path, ending, counts, recipe)
    async with serving(files) as server, watching(tmp_path / "data") as watch:
        parts = await ready(watch, server.url(""), list(files))
        whole = await join(watch, parts)
        assert (whole.state, whole.problem) == ("ready", None)
        total = sum(part.frames or 0 for part in parts)
        assert whole.frames == total
        assert await pictures(watch, whole) == list(range(total))
        edges = [0, 44, 45, 89, 90, total - 1]
        assert await numbers(watch, whole, edges) == edges
        manifest = watch.intake.manifest(whole.id)
        assert manifest is not None
        times = [manifest.timeline.time_of(n) for n in range(total)]
        assert all(0 < other - one < Fraction(1, 10) for one, other in pairwise(times))
        # Behind a seam it begins where its part says, and within it each picture lies where it lies alone.
        for part, listed, first in zip(parts, whole.parts, (0, 45, 90), strict=True):
            alone = watch.intake.manifest(part.id)
            assert alone is not None
            assert listed.start == pytest.approx(float(times[first] - alone.timeline.time_of(0)), abs=0.001)
            for n in range(part.frames or 0):
                own = alone.timeline.time_of(n) - alone.timeline.time_of(0)
                assert times[first + n] - times[first] == own
        assert [(one.id, one.sha256, one.frames) for one in whole.parts] == [
            (part.id, part.sha256, part.frames) for part in parts
        ]
        assert (whole.sha256, whole.url, whole.notes[0].type) == (None, None, "joined")
        assert "JM/1, JM/2, JM/3" in whole.notes[0].detail
        assert [chapter.title.split()[0] for chapter in whole.chapters] == ["JM/1", "JM/2", "JM/3"]


async def test_it_is_there_again_after_a_restart_and_its_parts_stay(tmp_path: Path) -> None:
    files = split(tmp_path, "mp4", (45, 45))
    async with serving(files) as server:
        async with watching(tmp_path / "data") as watch:
            parts = await ready(watch, server.url(""), list(files))
            assert watch.intake.joins() == [[part.id for part in parts]]
            whole = await join(watch, parts)
            before = watch.intake.manifest(whole.id)
            assert watch.intake.joins() == []
            with pytest.raises(Refused, match="exhibit-joined"):
                await watch.intake.delete(parts[0].id)
        async with watching(tmp_path / "data") as watch:
            again = await watch.over(whole.id)
            after = watch.intake.manifest(whole.id)
            assert before is not None
            assert after is not None
            assert (again.state, again.parts, after.rendition) == ("ready", whole.parts, before.rendition)
            assert (await watch.intake.inspection(whole.id)).parts == whole.parts
            copy = await watch.intake.read_again(whole.id, heal=False)
            assert (copy.complete, copy.intact, copy.prepared) == (True, True, True)
            await watch.intake.delete(whole.id)
            await watch.intake.delete(parts[0].id)
            store = watch.intake._house.store
        assert await load_manifest(store, before.rendition) is None


async def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    files = {"a.mp4": make(tmp_path / "a.mp4", CLIP).read_bytes()}
    for name, other in {
        "b.mp4": replace(CLIP, width=176),
        "c.mp4": replace(CLIP, audio=None),
        "d.mp4": replace(CLIP, b_frames=0),
        "e.mkv": CLIP,
    }.items():
        files[name] = make(tmp_path / name, other).read_bytes()
    async with serving(files) as server, watching(tmp_path / "data") as watch:
        first, *others = await ready(watch, server.url(""), list(files))
        said = {}
        for name, other in zip("bcde", others, strict=True):
            whole = await join(watch, [first, other])
            assert whole.problem is not None
            assert (whole.state, whole.problem.type) == ("failed", "not-joinable")
            said[name] = whole.problem.detail
        assert "JM/2 (b.mp4): its picture has another size or form" in said["b"]
        assert "JM/3 (c.mp4): it does not have both picture and sound" in said["c"]
        assert "was made with other settings" in said["d"]
        assert "JM/5 (e.mkv)" in said["e"]
        for wrong in ([first.id], [first.id, first.id]):
            with pytest.raises(Refused, match="malformed"):
                await watch.intake.add(AddExhibit(join=wrong))
        with pytest.raises(Refused, match="exhibit-unknown"):
            await watch.intake.add(AddExhibit(join=[first.id, "none"]))
        with pytest.raises(Refused, match="malformed"):
            await watch.intake.add(AddExhibit(server.url("a.mp4"), join=[first.id, others[0].id]))


def call(seconds: int, pitch: int) -> bytes:
    """A telephone's 8 kHz."""
    sink = io.BytesIO()
    with wave.open(sink, "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(b"".join(struct.pack("<h", (n * pitch) % 20_000) for n in range(8000 * seconds)))
    return sink.getvalue()


async def test_sound_alone(tmp_path: Path) -> None:
    """Nothing of either is lost, and nothing is put in between."""
    files = {"a.wav": call(3, 100), "b.wav": call(2, 77)}
    async with serving(files) as server, watching(tmp_path / "data") as watch:
        parts = await ready(watch, server.url(""), list(files))
        whole = await join(watch, parts)
        assert (whole.state, whole.kind, whole.duration) == ("ready", "audio", 5.0)
        assert [part.start for part in whole.parts] == [0.0, 3.0]
        manifest = watch.intake.manifest(whole.id)
        assert manifest is not None
        data = await watch.intake._house.store.get(f"{manifest.rendition}/{manifest.tracks[1].init_sha256}")
        for row in manifest.rows(1):
            data += await watch.intake._house.store.get(f"{manifest.rendition}/{row.sha256}")
        with av.open(io.BytesIO(data)) as source:
            heard = b"".join(bytes(frame.planes[0])[: 2 * frame.samples] for frame in source.decode(audio=0))
        assert heard == files["a.wav"][44:] + files["b.wav"][44:]
