"""The room check: what is found, in which words, and that nothing is passed over."""

from __future__ import annotations

import re
import string
from math import inf, nan
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core.checks import (
    KINDS,
    MEASURED,
    ORDER,
    RESERVE,
    Facts,
    FileFacts,
    Line,
    ScreenFacts,
    check,
    looked_at,
    sum_up,
)

H264, AAC, HEVC = 'video/mp4; codecs="avc1.640028"', 'audio/mp4; codecs="mp4a.40.2"', 'video/mp4; codecs="hvc1.1.6.L93"'
LINE = Line(seconds=MEASURED, rate_kbit=40_000, loss=0.001, jitter=0.004)
JURY = ScreenFacts(name="Jury", age=0.2, plays=frozenset({H264, AAC}), line=LINE, clock=0.001)
JUDGE = msgspec.structs.replace(JURY, name="Judge")
FILE = FileFacts(ref="JM/1", tracks=(H264, AAC), rate_kbit=8_000, size=3 * 10**9)
WELL = Facts(screens=(JURY, JUDGE), files=(FILE,), free=100 * 10**9, wall_off=0.4, sound="Jury")


def screen(**change: Any) -> Facts:
    return msgspec.structs.replace(WELL, screens=(msgspec.structs.replace(JURY, **change), JUDGE))


def line(**change: Any) -> Facts:
    return screen(line=msgspec.structs.replace(LINE, **change))


def file(**change: Any) -> Facts:
    return msgspec.structs.replace(WELL, files=(msgspec.structs.replace(FILE, **change),))


def room(**change: Any) -> Facts:
    return msgspec.structs.replace(WELL, **change)


CASES: list[tuple[Facts, str, str, str]] = [
    (room(screens=()), "no-screen", "", "No screen is paired."),
    (screen(paired=False), "screen-not-paired", "Jury", "Jury was found and is not paired."),
    (screen(age=None), "screen-silent", "Jury", "Jury does not answer."),
    (screen(age=6.0), "screen-silent", "Jury", "Jury does not answer."),
    (screen(age=nan), "screen-silent", "Jury", "Jury does not answer."),
    (screen(problem="Its memory is full."), "screen-problem", "Jury", "Jury says: Its memory is full."),
    (screen(plays=frozenset({AAC})), "screen-cannot-play", "Jury", "Jury cannot play JM/1."),
    (file(tracks=(HEVC,)), "screen-cannot-play", "Jury", "Jury cannot play JM/1."),
    (screen(plays=None), "screen-not-asked", "Jury", "Jury has not said what it can play."),
    (screen(line=None), "line-not-measured", "Jury", "The line to Jury was not measured."),
    (line(rate_kbit=nan), "line-not-measured", "Jury", "The line to Jury was not measured."),
    (line(seconds=3), "line-measured-shortly", "Jury", "The line to Jury was measured for 3 s only."),
    (line(rate_kbit=9_100), "line-slow", "Jury", "The line to Jury carries 9.1 Mb/s; JM/1 needs 9.2 Mb/s."),
    (line(loss=0.05), "line-lossy", "Jury", "The line to Jury loses 5 % of what is sent."),
    (line(jitter=0.1), "line-uneven", "Jury", "The line to Jury is uneven by 100 ms."),
    (line(relayed=True), "line-relayed", "Jury", "The network lets no UDP through to Jury; it is sent over TCP."),
    (screen(room=10**9), "screen-disk-short", "Jury", "Jury has room for 1.0 GB of the day's 3.0 GB."),
    (screen(room=10**9, day=(0, 2 * 10**9)), "screen-disk-short", "Jury", "Jury has room for 1.0 GB of the day's 2.0 GB."),
    (screen(clock=0.035), "clock-doubtful", "Jury", "The clock of Jury is known to 35 ms only."),
    (screen(clock=None), "clock-unknown", "Jury", "The clock of Jury is not known yet."),
    (screen(clock=inf), "clock-unknown", "Jury", "The clock of Jury is not known yet."),
    (room(wall_off=-7300.0), "wall-wrong", "", "This machine's time is 2.0 h slow."),
    (room(wall_off=95.0), "wall-wrong", "", "This machine's time is 2 min fast."),
    (room(wall_off=None), "wall-unknown", "", "This machine's time was not compared with another's."),
    (room(wall_off=nan), "wall-unknown", "", "This machine's time was not compared with another's."),
    (room(sound=None), "no-sound", "", "No screen is the room's sound."),
    (room(free=10**9, files=(msgspec.structs.replace(FILE, missing=3 * 10**9),)), "disk-short", "",
     "The disk has 1.0 GB left; 3.0 GB are still to come."),
    (room(free=RESERVE - 1), "disk-tight", "", "The disk will have 2.0 GB left."),
    (room(free=None), "disk-unknown", "", "How much room the disk has is not known."),
    (room(files=()), "order-empty", "", "The running order is empty."),
    (file(problem="The link has expired."), "file-problem", "JM/1", "JM/1 cannot be shown: The link has expired."),
    (file(tracks=()), "file-not-prepared", "JM/1", "Nothing of JM/1 is prepared yet."),
    (file(safe_in=None), "file-never-safe", "JM/1", "JM/1 would stop before its end, whenever it is started."),
    (file(safe_in=inf), "file-never-safe", "JM/1", "JM/1 would stop before its end, whenever it is started."),
    (file(foreseen=False), "file-safe-unknown", "JM/1", "Whether JM/1 plays to its end is not known yet."),
    (file(safe_in=600.0), "file-safe-later", "JM/1", "JM/1 is safe to play in 10 min."),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "type_", "about", "says"), CASES, ids=[f"{c[1]}: {c[3]}" for c in CASES])
def test_each_thing_is_found_and_said(facts: Facts, type_: str, about: str, says: str) -> None:
    found = check(facts)
    first = next(finding for finding in found if finding.type == type_)
    assert (first.says, first.about, first.severity) == (says, about, KINDS[type_].severity)
    # And nothing else for this reason, but where it is true of both screens.
    assert {finding.type for finding in found} == {type_}


def test_every_kind_has_a_case() -> None:
    assert {case[1] for case in CASES} == set(KINDS)


def test_a_room_that_is_well() -> None:
    assert check(WELL) == []
    assert sum_up([]) == "The room is ready."


def test_the_gravest_comes_first_and_is_summed_up() -> None:
    facts = room(
        screens=(msgspec.structs.replace(JURY, line=None), msgspec.structs.replace(JUDGE, age=None)), wall_off=None
    )
    found = check(facts)
    assert [finding.type for finding in found] == ["screen-silent", "line-not-measured", "wall-unknown"]
    assert sum_up(found) == "1 thing stands in the way of the hearing."
    assert sum_up(found[1:]) == "1 thing has to be looked at before the hearing."
    assert sum_up(found[2:]) == "The room is ready."
    assert sum_up([*found, found[0]]) == "2 things stand in the way of the hearing."


def test_several_files_are_named_together_and_the_hungriest_needs_most() -> None:
    files = tuple(
        FileFacts(ref=f"JM/{n}", tracks=(HEVC if n < 4 else H264,), rate_kbit=rate)
        for n, rate in ((1, 5e3), (2, 50e3), (3, None), (4, 9e3))
    )
    found = {finding.type: finding.says for finding in check(room(files=files)) if finding.about == "Jury"}
    assert found["screen-cannot-play"] == "Jury cannot play JM/1, JM/2 and JM/3."
    assert found["line-slow"] == "The line to Jury carries 40.0 Mb/s; JM/2 needs 57.5 Mb/s."


def test_what_cannot_be_shown_needs_no_room_on_the_disk() -> None:
    gone = msgspec.structs.replace(FILE, problem="It is gone.", missing=10**15)
    assert [finding.type for finding in check(room(files=(gone,)))] == ["file-problem"]


def test_what_was_measured_is_said_too() -> None:
    able = msgspec.structs.replace(JURY, answers_in=0.004, display=(1920, 1080), room=8 * 10**9, day=(10**9, 3 * 10**9))
    jury, judge, exhibit, machine = looked_at(room(screens=(able, msgspec.structs.replace(JUDGE, age=None))))
    assert (jury.what, jury.name, judge.says) == ("screen", "Jury", ["does not answer"])
    assert jury.says == [
        "answers in 4 ms",
        "display of 1920 × 1080",
        "its line carries 40.0 Mb/s, measured for 10 s",
        "0.1 % of what is sent is lost",
        "4 ms of jitter",
        "its clock is known to 1 ms",
        "may use 8.0 GB of its disk",
        "holds 1.0 GB of the day's 3.0 GB already",
        "plays all that is prepared",
        "the room's sound",
    ]
    assert (exhibit.what, exhibit.name, exhibit.says) == (
        "exhibit",
        "JM/1",
        ["8.0 Mb/s on average", "safe from the first moment"],
    )
    assert machine.says == ["100.0 GB free on its disk", "its time is right"]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_words(kind: Any) -> None:
    """Whole sentences that say what is and what to do, blame nobody and hide nothing."""
    assert kind.says.endswith((".", "{why}"))
    assert kind.do.endswith(".")
    assert not re.search(r"\b(error|invalid|please|sorry|oops|failed|null)\b", f"{kind.says} {kind.do}", re.IGNORECASE)
    named = {field for text in (kind.says, kind.do) for _, field, _, _ in string.Formatter().parse(text) if field}
    assert named <= {
        "name",
        "why",
        "refs",
        "seconds",
        "rate",
        "need",
        "loss",
        "jitter",
        "doubt",
        "off",
        "free",
        "left",
        "wait",
    }


numbers = st.floats() | st.integers(-(10**6), 10**12).map(float)
lines = st.builds(Line, seconds=numbers, rate_kbit=numbers, loss=numbers, jitter=numbers, relayed=st.booleans())
some_screens = st.builds(
    ScreenFacts,
    name=st.sampled_from(["Jury", "Judge", "{left}"]),
    paired=st.booleans(),
    age=st.none() | numbers,
    plays=st.none() | st.frozensets(st.sampled_from([H264, AAC])),
    line=st.none() | lines,
    clock=st.none() | numbers,
    problem=st.none() | st.just("{odd}"),
    answers_in=st.none() | numbers,
    display=st.tuples(st.integers(0, 8192), st.integers(0, 8192)),
    room=st.none() | st.integers(0, 10**15),
    day=st.none() | st.tuples(st.integers(0, 10**15), st.integers(0, 10**15)),
)
some_files = st.builds(
    FileFacts,
    ref=st.sampled_from(["JM/1", "{0}"]),
    tracks=st.lists(st.sampled_from([H264, AAC, HEVC]), max_size=2).map(tuple),
    rate_kbit=st.none() | numbers,
    problem=st.none() | st.just("Why."),
    safe_in=st.none() | numbers,
    foreseen=st.booleans(),
    size=st.integers(0, 10**15),
    missing=st.integers(0, 10**15),
)


@given(
    screens=st.lists(some_screens, max_size=3).map(tuple),
    files=st.lists(some_files, max_size=3).map(tuple),
    free=st.none() | st.integers(0, 10**15),
    wall=st.none() | numbers,
)
def test_whatever_a_screen_says_it_is_never_passed_over(
    screens: tuple[ScreenFacts, ...], files: tuple[FileFacts, ...], free: int | None, wall: float | None
) -> None:
    facts = Facts(screens=screens, files=files, free=free, wall_off=wall)
    found = check(facts)
    assert {one.name for one in looked_at(facts)} >= {one.name for one in screens} | {one.ref for one in files}
    assert all(said for one in looked_at(facts) for said in one.says)
    assert [ORDER.index(one.severity) for one in found] == sorted(ORDER.index(one.severity) for one in found)
    for one in screens:
        about = {finding.type for finding in found if finding.about == one.name}
        if not one.paired:
            assert "screen-not-paired" in about
        elif one.age is None or not one.age <= 5:
            assert "screen-silent" in about
        elif one.line is None or not one.line.rate_kbit > 0:
            assert about & {"line-not-measured", "line-slow"} or not any((file.rate_kbit or 0) > 0 for file in files)
    for file in files:
        about = {finding.type for finding in found if finding.about == file.ref}
        if file.problem is None and file.tracks and (file.safe_in is None or not file.safe_in <= 60):
            assert about & {"file-never-safe", "file-safe-later", "file-safe-unknown"}
