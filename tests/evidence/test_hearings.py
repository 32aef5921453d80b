"""Hearings with a running order each, against plain lists; clips as exact as they were written."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courtcast.core import clip
from courtcast.evidence.clips import MOST, Cut, named
from courtcast.evidence.database import Database
from courtcast.evidence.library import Change, Entry, Library
from courtcast.evidence.links import Link
from courtcast.problems import Refused
from courtcast.wire.library import AddHearing, CameraClock, ChangeHearing, ClipRange

RANGES = clip.ranges([ClipRange(start=1.2, stop=2.3, silent=True), ClipRange(start=0.1, stop=0.3)], None)


def entry(id_: str, hearing: str = "", ref: str = "") -> Entry:
    return Entry(id=id_, ref=ref, title=id_, link=Link(f"https://h.example/{id_}"), added=1.0, hearing=hearing)


async def test_a_hearing_keeps_what_it_is_given_and_one_is_open(tmp_path: Path) -> None:
    async with Database(tmp_path / "db") as db:
        hearings = Library(db).hearings
        (first,) = await hearings.list()
        made = await hearings.add(AddHearing(" R v \n Martin ", "Leeds", "2026-12-01", "two\nlines "), came="ab" * 32)
        assert (made.case, made.court, made.day, made.note) == ("R v Martin", "Leeds", "2026-12-01", "two\nlines")
        assert (made.open, made.exhibits, made.came) == (False, 0, "ab" * 32)
        sooner = await hearings.add(AddHearing(day="2026-11-30"))
        assert [one.id for one in await hearings.list()] == [first.id, sooner.id, made.id]
        changed = await hearings.change(made.id, ChangeHearing(court="Bradford", day=""))
        assert (changed.case, changed.court, changed.day) == ("R v Martin", "Bradford", "")
        assert (await hearings.open(sooner.id)).open
        assert [(one.id, one.open) for one in await hearings.list()] == [
            (sooner.id, True), (first.id, False), (made.id, False),
        ]  # fmt: skip
        with pytest.raises(Refused, match="hearing-open"):
            await hearings.remove(sooner.id)
        await hearings.remove(made.id)
        for call in (
            hearings.remove("x"),
            hearings.open("x"),
            hearings.change("x", ChangeHearing()),
            Library(db).add(entry("a", "x")),
        ):
            with pytest.raises(Refused, match="hearing-unknown"):
                await call
        assert (await hearings.list())[0].id == sooner.id


@pytest.mark.parametrize("day", ["1 December", "2026-13-01", "20261201", "2026-W49-2", "2026-12-1"])
async def test_a_day_is_a_day(tmp_path: Path, day: str) -> None:
    async with Database(tmp_path / "db") as db:
        with pytest.raises(Refused, match="malformed"):
            await Library(db).hearings.add(AddHearing(day=day))


async def test_numbers_that_are_free_count_for_each_hearing(tmp_path: Path) -> None:
    async with Database(tmp_path / "db") as db:
        library = Library(db)
        other = (await library.hearings.add(AddHearing())).id
        refs = [
            (await library.add(entry(id_, hearing))).ref for id_, hearing in zip("abc", ("", other, ""), strict=True)
        ]
        assert refs == ["1", "1", "2"]
        with pytest.raises(Refused, match="hearing-not-empty"):
            await library.hearings.remove(other)


async def test_what_is_said_of_an_exhibit_is_kept_to_the_digit(tmp_path: Path) -> None:
    clock = CameraClock(error=-3601.25, declared="by the operator")
    async with Database(tmp_path / "db") as db:
        library = Library(db)
        await library.add(entry("a"))
        said = Change(evidential=False, source="Police", received=1793900000.123456, remark="r\ns", camera_clock=clock)
        await library.change("a", said)
        await library.clips.add("a", Cut(id="c", name="The door", ranges=RANGES, agreed="by both"))
    async with Database(tmp_path / "db") as db:
        library = Library(db)
        found = await library.get("a")
        assert (found.evidential, found.source, found.received, found.remark) == (
            False,
            "Police",
            1793900000.123456,
            "r\ns",
        )
        assert found.camera_clock == clock
        (cut,) = found.clips
        assert cut == Cut(id="c", name="The door", ranges=RANGES, agreed="by both")
        assert (cut.ranges[0].start, cut.ranges[1].stop) == (Fraction(6, 5), Fraction(3, 10))
        bare = await library.change("a", Change(received=None, camera_clock=None, source=""))
        assert (bare.received, bare.camera_clock, bare.source, bare.remark) == (None, None, "", "r\ns")


async def test_clips_keep_their_order_and_their_names(tmp_path: Path) -> None:
    async with Database(tmp_path / "db") as db:
        library = Library(db)
        await library.add(entry("a"))
        await library.add(entry("b"))
        for id_, of in (("1", "a"), ("2", "a"), ("3", "b"), ("4", "a")):
            await library.clips.add(of, Cut(id=id_, name=f"n{id_}", ranges=RANGES))
        with pytest.raises(Refused, match="clip-name-taken"):
            await library.clips.add("a", Cut(id="5", name="n1", ranges=RANGES))
        with pytest.raises(Refused, match="clip-name-taken"):
            await library.clips.change("a", Cut(id="1", name="n2", ranges=RANGES))
        with pytest.raises(Refused, match="clip-unknown"):
            await library.clips.change("b", Cut(id="1", name="n9", ranges=RANGES))
        await library.clips.add("b", Cut(id="5", name="n1", ranges=RANGES))
        await library.clips.change("a", Cut(id="1", name="new", ranges=RANGES[:1]))
        await library.clips.remove("a", "2")
        with pytest.raises(Refused, match="clip-unknown"):
            await library.clips.remove("a", "2")
        found = {one.id: [(cut.id, cut.name, len(cut.ranges)) for cut in one.clips] for one in await library.list()}
        assert found == {"a": [("1", "new", 1), ("4", "n4", 2)], "b": [("3", "n3", 2), ("5", "n1", 2)]}


async def test_there_are_not_too_many_clips(tmp_path: Path) -> None:
    async with Database(tmp_path / "db") as db:
        library = Library(db)
        cuts = tuple(Cut(id=str(n), name=str(n), ranges=RANGES[:1]) for n in range(MOST))
        await library.add(Entry(**{**{f: getattr(entry("a"), f) for f in Entry.__struct_fields__}, "clips": cuts}))
        with pytest.raises(Refused, match="clips-too-many"):
            await library.clips.add("a", Cut(id="x", name="x", ranges=RANGES))


@pytest.mark.parametrize("name", ["", " \u200b\n", "x" * 201])
def test_a_clip_has_a_name(name: str) -> None:
    with pytest.raises(Refused, match="clip-name"):
        named(name)


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["add", "move", "delete", "elsewhere", "open"]),
        st.integers(0, 9),
        st.integers(-1, 6),
        st.integers(0, 2),
    ),
    max_size=20,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
async def test_each_running_order_is_a_list(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int, int, int]]
) -> None:
    async with Database(tmp_path_factory.mktemp("hearings") / "db") as db:
        library = Library(db)
        hearings = [(await library.hearings.list())[0].id]
        hearings += [(await library.hearings.add(AddHearing(day=f"2026-12-0{n}"))).id for n in (1, 2)]
        model: dict[str, list[str]] = {id_: [] for id_ in hearings}
        opened = hearings[0]
        for number, (what, which, where, there) in enumerate(actions):
            everything = [(h, e) for h in hearings for e in model[h]]
            if what == "open":
                opened = hearings[there]
                await library.hearings.open(opened)
            elif what == "add":
                model[opened if there == 2 else hearings[there]].append(f"e{number}")
                await library.add(entry(f"e{number}", "" if there == 2 else hearings[there]))
            elif everything:
                of, id_ = everything[which % len(everything)]
                if what == "elsewhere" and of != hearings[there]:
                    model[of].remove(id_)
                    model[hearings[there]].append(id_)
                    await library.change(id_, Change(hearing=hearings[there]))
                elif what == "move":
                    model[of].remove(id_)
                    model[of].insert(max(0, where), id_)
                    await library.change(id_, Change(position=where))
                elif what == "delete":
                    model[of].remove(id_)
                    await library.delete(id_, remains=b"")
            for hearing in hearings:
                assert [one.id for one in await library.list(hearing)] == model[hearing]
        listed = await library.hearings.list()
        assert [one.exhibits for one in listed] == [len(model[one.id]) for one in listed]
        assert [one.id for one in await library.list()] == [e for one in listed for e in model[one.id]]
        assert listed[0].id == opened
