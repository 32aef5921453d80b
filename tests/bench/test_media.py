"""The media report and what is seen, in their short forms: a few small files, a few moments."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from bench.media import numbered, page, report, seen
from bench.media.measure import Heard, Measured, _moved
from bench.media.row import Row, judge
from bench.media.run import Outcome
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.job import Probe
from courtcast.problems import Refused
from courtcast.wire.api import Treatment
from tests.prepare.media import Recipe, make
from tests.prepare.mse import Player, player

SMALL = (
    "audio/pluck-alaw.aifc",
    "corrupt/karma_truncated_no_moov.mp4",
    "video/interlaced_sar_ac3.mp4",
    "video/v_SoccerJuggling_g23_c01.avi",
)
CONVERTED = Probe(container="avi", video=None, audio=None, treatments=[Treatment(part="picture", done="converted")])
GOOD = Measured(packets=12, decoded=12, listed=12, late=0.2, offset=1.0, likeness=[0.995] * 12)


async def test_a_few_files_come_out_as_they_should(shared_media: Path) -> None:
    rows = []
    async with Cage() as cage:
        for name in SMALL:
            rows.append(await report.look_at(shared_media / name, name, cage))
    assert [row.verdict for row in rows] == ["shows", "says file-no-index", "shows", "shows"]
    interlaced = rows[2].measured
    assert interlaced is not None
    assert interlaced.decoded == interlaced.listed
    assert len(interlaced.likeness) >= 12
    assert min(interlaced.likeness) >= 0.99
    text = report.summary(rows)
    assert "4 files: 3 show, 1 say why not (1 × file-no-index), 0 faults, 0 crashes." in text
    assert "interlaced_sar_ac3.mp4" in page.html("media", "all", rows)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"listed": 11}, "11 frames listed, 12 decoded"),
        ({"late": 1.5}, "1.5 ms from its time"),
        ({"late": None}, "no times"),
        ({"offset": 6.0}, "6.0 ms apart"),
        ({"likeness": [0.98] * 12}, "SSIM 0.9800"),
        ({"likeness": [0.999] * 5}, "5 pictures compared"),
    ],
)
def test_what_is_a_fault(change: dict[str, object], words: str) -> None:
    measured = Measured(**{**{name: getattr(GOOD, name) for name in GOOD.__struct_fields__}, **change})  # type: ignore[arg-type]
    row = judge("x", Outcome(CONVERTED), measured)
    assert words in row.verdict
    assert bool(row.faults) == bool(words)


@pytest.mark.parametrize(
    ("problem", "decoded", "verdict"),
    [
        ("file-damaged", 0, "says file-damaged"),
        ("file-damaged", 3, "FAULT: file-damaged, and FFmpeg decodes 3 pictures"),
        ("parser-crashed", 0, "FAULT: parser-crashed"),
    ],
)
def test_a_file_that_is_refused(problem: str, decoded: int, verdict: str) -> None:
    row: Row = judge("x", Outcome(problem=Refused(problem).problem()), Measured(decoded=decoded))
    assert row.verdict.startswith(verdict)
    assert row.crashed == problem.startswith("parser")


def test_sound_that_moved_is_measured() -> None:
    theirs = [Heard(Fraction(n, 50), 0) for n in range(10)]
    ours = [one._replace(at=one.at + 2 + (Fraction(7, 1000) if n == 4 else 0)) for n, one in enumerate(theirs)]
    assert _moved(theirs, ours, Fraction(2), exact=True) == pytest.approx(7)
    decoded = [Heard(Fraction(n, 50), 160) for n in range(10)]
    units = [Heard(2 + Fraction(n, 20), 400) for n in range(4)]
    assert _moved(decoded, units, Fraction(2), exact=False) == pytest.approx(0)
    assert _moved(decoded, units, Fraction(1999, 1000), exact=False) == pytest.approx(1)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Player]:
    with player() as opened:
        yield opened


@pytest.mark.browser
@pytest.mark.parametrize(
    "name",
    ["trimmed in the middle of a GOP", "VP8 with hidden pictures", "VP8, picture late", "turned by 90°", "4:4:4"],
)
def test_the_number_at_random_moments(tmp_path: Path, chromium: Player, name: str) -> None:
    result = seen.look_at_numbered(chromium, numbered.made(tmp_path, name), 5, random.Random(7))
    assert [moment.said for moment in result.moments if not moment.right] == []


@pytest.mark.browser
@pytest.mark.parametrize("name", ["bear-vp9-odd-dimensions.webm", "tears_of_steel.webm", "testWMV_WMV2.wmv"])
def test_the_frame_of_a_real_one(shared_media: Path, chromium: Player, name: str) -> None:
    result = seen.look_at_real(chromium, shared_media / "video" / name, 4, random.Random(7))
    assert [moment.said for moment in result.moments if moment.right is False] == []
    assert result.looked


@pytest.mark.browser
def test_another_picture_is_found_out(tmp_path: Path, chromium: Player) -> None:
    """The looking itself: with numbers that are off by one everything is wrong."""
    path = make(tmp_path / "plain.mp4", Recipe(audio=None, frames=30))
    result = seen.look_at_numbered(chromium, numbered.Numbered("plain", path, first=1), 3, random.Random(7))
    assert not any(moment.right for moment in result.moments)


LEAVES = ("image/example.heic", "image/landscape_6.jpg", "image/testTIFF_multipage.tif", "pdf/pdflatex-4-pages.pdf")


async def test_leaves_look_as_others_draw_them(shared_media: Path) -> None:
    rows = []
    async with Cage(warm=False) as cage:
        for name in LEAVES:
            rows.append(await report.look_at(shared_media / name, name, cage))
    assert [row.verdict for row in rows] == ["shows"] * 4
    assert [(row.measured.decoded, row.measured.listed) for row in rows if row.measured] == [
        (2, 2),
        (1, 1),
        (2, 2),
        (4, 4),
    ]
    assert "2 leaves / 2 ours" in page.table(rows)
    assert "leaves of photographs and documents" in page.figures(rows)


def test_leaves_that_are_not_all_there() -> None:
    found = Measured(decoded=3, listed=2, likeness=[1.0, 0.9], leaves=True)
    assert (
        "2 frames listed, 3 decoded; 2 pictures compared of at least 3; SSIM 0.9000"
        in judge("x", Outcome(CONVERTED), found).verdict
    )
