"""What the outlook makes of what intake and screens say."""

from __future__ import annotations

import time
from fractions import Fraction

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from courtcast.control.outlook import EDGE, Outlook, held_to
from courtcast.core.rates import Rates
from courtcast.core.room import Cued, Room
from courtcast.wire.media import Row
from tests.stand_ins.house import Shelf, Wall, manifest


@given(
    start=st.floats(0, 10_000),
    length=st.floats(0.01, 8 * 3600),
    part=st.floats(0, 1.5),
)
def test_the_edge_is_found_by_asking_little(start: float, length: float, part: float) -> None:
    end, edge, asked = start + length, start + length * part, 0

    def lacks(until: float) -> bool:
        nonlocal asked
        asked += 1
        return until > edge

    found = held_to(start, end, lacks)
    assert start <= found <= edge + 1e-6
    assert min(edge, end) - found <= EDGE + 1e-6 * end
    assert asked <= 40


class TestOutlook:
    def of(self) -> tuple[Outlook, Shelf, Wall, str]:
        shelf, wall = Shelf(), Wall("jury", "judge")
        wall.light_up()
        exhibit = shelf.put("JM/1", 60)
        return Outlook(shelf, wall), shelf, wall, exhibit.id

    def look(self, outlook: Outlook, now: float = 0.0) -> list[str]:
        return outlook.look(Room(), now=now, touched=())

    def test_says_a_change_once(self) -> None:
        outlook, shelf, wall, id_ = self.of()
        assert self.look(outlook) == [id_]
        assert outlook.seen(shelf.get(id_)).safe
        assert self.look(outlook) == []
        wall.missing = 30_000_000
        assert self.look(outlook) == [id_]
        assert self.look(outlook) == [], "the time wanders by some milliseconds only"
        seen = outlook.seen(shelf.get(id_))
        assert (seen.safe, seen.safe_reason) == (False, "line")
        assert seen.safe_at is not None

    def test_asks_for_more_of_a_line_where_it_can(self) -> None:
        """A line that wavered is trusted less than its one rate."""
        outlook, shelf, _, id_ = self.of()

        class Telling(Wall):
            def rates(self, screen: str, /) -> Rates | None:
                rates = Rates()
                for second in range(60):
                    rates.add(1.0, 1_900_000 if second // 4 % 2 else 100_000)
                return rates

        telling = Telling("jury", "judge")
        telling.light_up()
        telling.missing = 3_000_000
        other, plain = Outlook(shelf, telling), outlook
        plain._screens.missing = 3_000_000  # type: ignore[attr-defined]
        self.look(plain)
        self.look(other)
        sure, unsure = plain.seen(shelf.get(id_)).safe_at, other.seen(shelf.get(id_)).safe_at
        assert sure is not None
        assert unsure is None or unsure > sure

    def test_what_is_longer_than_a_screen_can_hold_is_not_safe_on_a_line_that_feeds_it_too_slowly(self) -> None:
        outlook, shelf, wall, id_ = self.of()
        wall.missing, wall.holds = 6_000_000, 2_000_000
        wall.rate = lambda screen, /: 30_000.0  # type: ignore[method-assign]  # the clip has 100,000 bytes a second
        self.look(outlook)
        assert outlook.seen(shelf.get(id_)).safe_never
        wall.holds = 20_000_000
        self.look(outlook)
        seen = outlook.seen(shelf.get(id_))
        assert (seen.safe_never, seen.safe_at is None) == (False, False)

    def test_watches_the_link_by_what_has_come(self) -> None:
        outlook, shelf, *_ = self.of()
        exhibit = shelf.put("JM/9", 4, complete=False)
        shelf.speed = None
        for second in range(6):
            shelf.kept[exhibit.id] = msgspec.structs.replace(
                shelf.kept[exhibit.id], bytes_fetched=400_000 + second * 1000, bytes_total=4_000_000
            )
            self.look(outlook, now=float(second))
        seen = outlook.seen(shelf.get(exhibit.id))
        assert (seen.safe, seen.safe_reason) == (False, "link")
        assert seen.safe_at is not None or seen.safe_never

    def converting(self, seconds: int = 60) -> tuple[Outlook, Shelf, str, list[Row]]:
        """All of it is fetched; the first four seconds are converted, and the rest is foreseen."""
        outlook, shelf, *_ = self.of()
        id_ = shelf.put("JM/9", 4, complete=False).id
        shelf.kept[id_] = msgspec.structs.replace(shelf.kept[id_], state="preparing", bytes_fetched=800_000)
        whole = list(manifest(id_, seconds).rows(0))
        shelf.manifests[id_].foresee(
            [msgspec.structs.replace(row, sha256="", bytes=0) for row in whole[8:]], Fraction(seconds)
        )
        return outlook, shelf, id_, whole

    def test_what_is_converted_faster_than_it_plays_is_safe_before_its_end_is_there(self) -> None:
        outlook, shelf, id_, rows = self.converting()
        seen = []
        for second in range(6):
            shelf.manifests[id_].add(rows[8 + 8 * (second - 1) : 8 + 8 * second] if second else [])
            self.look(outlook, now=float(second))
            seen.append(outlook.seen(shelf.get(id_)).safe)
        assert (seen[0], seen[-1]) == (False, True), "four seconds each second"

    def test_of_what_is_converted_more_slowly_it_says_from_when_on(self) -> None:
        outlook, shelf, id_, rows = self.converting()
        for second in range(12):
            shelf.manifests[id_].add(rows[8 + second : 9 + second])
            self.look(outlook, now=float(second))
        seen = outlook.seen(shelf.get(id_))
        assert (seen.safe, seen.safe_never, seen.safe_reason) == (False, False, None)
        assert seen.safe_at is not None
        assert 20 < seen.safe_at - time.time() < 600
        assert seen.holds is not None
        assert 9 < seen.holds < 30

    def test_a_gap_ahead_is_not_safe_and_what_is_behind_it_is(self) -> None:
        outlook, shelf, id_, rows = self.converting()
        made = shelf.manifests[id_]
        made.add(rows[100:])
        self.look(outlook)
        seen = outlook.seen(shelf.get(id_))
        assert (seen.safe, seen.safe_at, seen.holds) == (False, None, 4.0)
        behind = Room(cued=Cued(exhibit=id_, rendition=made.rendition, at=Fraction(51)))
        outlook.look(behind, now=1.0, touched=())
        assert outlook.seen(shelf.get(id_)).safe, "from there on all of it is there"
        for second in range(6):
            made.add(rows[8 + second : 9 + second])
            self.look(outlook, now=2.0 + second)
        assert outlook.seen(shelf.get(id_)).safe_at is not None, "when all is there, at the latest"
        made.add(rows)
        self.look(outlook, now=9.0)
        assert outlook.seen(shelf.get(id_)).safe

    def test_forgets_what_is_gone(self) -> None:
        outlook, shelf, _, id_ = self.of()
        self.look(outlook)
        gone = shelf.kept.pop(id_)
        self.look(outlook)
        assert not outlook.seen(gone).safe
