"""Subtitles as text: in the file, through the real child, and as a file of their own."""

from __future__ import annotations

import random
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from courtcast.prepare import cues, sidecar
from courtcast.problems import Refused
from courtcast.wire.api import ChangeExhibit
from courtcast.wire.screen import Cue
from tests.prepare.media import Recipe, make
from tests.prepare.watch import watching
from tests.stand_ins.evidence_server import serving

SRT = """1
00:00:01,000 --> 00:00:02,500
Who is <i>there</i>?
{\\an8}It is me.

2
00:00:03.0 --> 00:00:04,25 X1:40 X2:600
Open the door

"""
VTT = """WEBVTT - made by hand

STYLE
::cue { color: red }

NOTE nobody reads this

00:01.000 --> 00:02.500 line:0 align:left
<v Officer Roe>Who is <c.yellow>there</c> &amp; why?

intro
1:00:03.000 --> 1:00:04.250
Later
"""


def subtitled(path: Path, kind: str, events: list[tuple[float, float, str]], start: Fraction = Fraction(0)) -> Path:
    """A recording with subtitles in it, written by the library's own encoder for this kind."""
    plain = make(path.with_name(f"plain-{path.stem}.mp4"), Recipe(frames=120, audio=None, video_start=start))
    head = (
        "[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n"
        "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    )
    with av.open(str(plain)) as source, av.open(str(path), "w") as out:
        video = out.add_stream_from_template(source.streams.video[0])
        texts: Any = out.add_stream(kind)
        texts.metadata["language"] = "eng"
        texts.codec_context.subtitle_header = head.encode()
        texts.time_base = texts.codec_context.time_base = Fraction(1, 1000)
        packets = [packet for packet in source.demux(video=0) if packet.size]
        for packet in packets:
            packet.stream = video
        for number, (begin, end, text) in enumerate(events):
            length = int((end - begin) * 1000)
            event = f"{number},0,Default,,0,0,0,,{text}".encode()
            packet = texts.codec_context.encode_subtitle(
                av.subtitles.subtitle.SubtitleSet.create(event, 0, length, int(begin * 1_000_000))
            )
            packet.stream, packet.time_base = texts, Fraction(1, 1000)
            packet.pts = packet.dts = int(begin * 1000)
            packet.duration = length
            packets.append(packet)
        out.mux(sorted(packets, key=lambda packet: packet.dts * packet.time_base))
    return path


@pytest.mark.parametrize(
    ("kind", "name"), [("srt", "a.mkv"), ("ass", "b.mkv"), ("webvtt", "c.mkv"), ("mov_text", "d.mp4")]
)
async def test_subtitles_in_a_recording(tmp_path: Path, kind: str, name: str) -> None:
    events = [(1.0, 2.5, "Who is {\\i1}there{\\i0}?\\NIt is me."), (3.0, 3.5, "Grüße 😀")]
    data = subtitled(tmp_path / name, kind, events).read_bytes()
    async with serving({name: data}) as server, watching(tmp_path / "data") as watch:
        added = await watch.add(server.url(name))
        ready = await watch.until(added.id, lambda exhibit: exhibit.state == "ready")
        (one,) = ready.subtitles
        assert (one.language, one.cues, one.added, one.chosen) == ("eng", 2, False, False)
        found = watch.intake.cues(one.id)
        assert found is not None
        assert [(round(c.start, 3), round(c.end, 3), c.text) for c in found] == [
            (1.0, 2.5, "Who is there?\nIt is me."), (3.0, 3.5, "Grüße 😀")
        ]  # fmt: skip
    async with watching(tmp_path / "data") as watch:
        again = await watch.over(added.id)
        assert again.subtitles == ready.subtitles
        chosen = await watch.intake.change(added.id, ChangeExhibit(subtitles=one.id))
        assert chosen.subtitles[0].chosen
        assert (await watch.intake.change(added.id, ChangeExhibit(title="x"))).subtitles[0].chosen
        assert not (await watch.intake.change(added.id, ChangeExhibit(subtitles=None))).subtitles[0].chosen
        with pytest.raises(Refused, match="subtitles-unknown"):
            await watch.intake.change(added.id, ChangeExhibit(subtitles="0" * 16))


async def test_styled_subtitles_of_a_real_file(tmp_path: Path, shared_media: Path) -> None:
    name = "ass_subtitles.mkv"
    data = (shared_media / "video" / name).read_bytes()
    async with serving({name: data}) as server, watching(tmp_path) as watch:
        ready = await watch.until((await watch.add(server.url(name))).id, lambda one: one.state in ("ready", "failed"))
        assert ready.subtitles
        found = watch.intake.cues(ready.subtitles[0].id)
        assert found
        assert all(cue.text and cue.end > cue.start >= 0 for cue in found)
        assert not any("{" in cue.text or "\\N" in cue.text for cue in found)


async def test_times_count_from_the_first_picture(tmp_path: Path) -> None:
    data = subtitled(tmp_path / "late.mkv", "srt", [(6.0, 7.0, "late")], start=Fraction(5)).read_bytes()
    async with serving({"late.mkv": data}) as server, watching(tmp_path / "data") as watch:
        ready = await watch.over((await watch.add(server.url("late.mkv"))).id)
        assert watch.intake.cues(ready.subtitles[0].id) == [Cue(1.0, 2.0, "late")]


async def test_subtitles_that_are_added_stay_and_go(tmp_path: Path, clips: dict[str, bytes]) -> None:
    async with serving(clips) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("one.mp4"))
        with_it = await watch.intake.add_subtitles(added.id, SRT.encode(), title="Transcript\n", language="en")
        (one,) = with_it.subtitles
        assert (one.title, one.language, one.cues, one.added, one.chosen) == ("Transcript", "en", 2, True, False)
        await watch.intake.add_subtitles(added.id, SRT.encode(), title="Transcript")
        await watch.intake.change(added.id, ChangeExhibit(subtitles=one.id))
        await watch.over(added.id)
        assert [(s.id, s.chosen) for s in watch.intake.get(added.id).subtitles] == [(one.id, True)]
    async with watching(tmp_path) as watch:
        assert [(s.id, s.chosen) for s in (await watch.over(added.id)).subtitles] == [(one.id, True)]
        assert (await watch.intake.remove_subtitles(added.id, one.id)).subtitles == []
        assert watch.intake.cues(one.id) is None
        with pytest.raises(Refused, match="subtitles-unknown"):
            await watch.intake.remove_subtitles(added.id, one.id)


def test_a_file_of_subtitles() -> None:
    read = sidecar.read(SRT.encode())
    assert read.cues == [Cue(1.0, 2.5, "Who is there?\nIt is me."), Cue(3.0, 4.25, "Open the door")]
    assert read.note == ""
    read = sidecar.read(VTT.encode())
    assert read.cues == [Cue(1.0, 2.5, "Officer Roe: Who is there & why?"), Cue(3603.0, 3604.25, "Later")]
    assert sidecar.read(SRT.replace("\n", "\r\n").encode()).cues == sidecar.read(SRT.encode()).cues


@pytest.mark.parametrize(
    ("charset", "said"), [("utf-8-sig", False), ("utf-16", False), ("utf-8", False), ("cp1252", True)]
)
def test_its_alphabet(charset: str, said: bool) -> None:
    read = sidecar.read("1\n00:00:01,000 --> 00:00:02,000\nDéjà vu — “là”\n".encode(charset))
    assert read.cues[0].text == "Déjà vu — “là”"
    assert ("Windows-1252" in read.note) == said


def test_what_is_no_subtitles_is_refused() -> None:
    for data in (b"", b"\0\1\2\3" * 100, b"just a letter\n\nwith lines", b"00:00:05,000 --> 00:00:04,000\nbackwards"):
        with pytest.raises(Refused, match="subtitles-unreadable"):
            sidecar.read(data)
    with pytest.raises(Refused, match="subtitles-too-large"):
        sidecar.read(b"x" * (sidecar.MOST + 1))


def test_there_is_an_end_to_it() -> None:
    rows = [Cue(n, n + 1, "word " * 100) for n in range(20_000)]
    read = cues.of(rows)
    assert read is not None
    assert len(read.cues) < cues.MOST_CUES
    assert all(len(cue.text) <= cues.MOST_TEXT for cue in read.cues)
    assert "It is longer than what is shown" in read.note


def test_noise_is_read_in_no_time() -> None:
    rng = random.Random(7)
    bits = ["-->", "00:00:01,000", "\n", "<v ", ">", "<", "{\\", "}", "a", " ", "&", "WEBVTT", "\r"]
    for _ in range(50):
        text = "".join(rng.choice(bits) for _ in range(20_000))
        with suppress(Refused):
            assert sidecar.read(text.encode()).cues


def test_the_bounds_hold_on_this_side_of_the_pipe() -> None:
    said = cues.Cues(id="f" * 16, cues=[Cue(-1.0, 1.0, "a\0b\n\n" * 500)], title="x\ny" * 500)
    kept = cues.checked(said)
    assert kept.id != said.id
    assert kept.cues[0].start == 0.0
    assert "\0" not in kept.cues[0].text
    assert len(kept.title) == 100
    assert cues.checked(cues.Cues(id="e" * 16, cues=[])).id == cues.EMPTY
