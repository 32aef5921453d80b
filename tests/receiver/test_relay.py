"""Who may see the page, and who gets its answers. Real relay, ports that write down what they are told."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from courtcast.wire.link import Answer, Attached, Bye, Card, Idle, LinkHello, Offer, PageChanged, PageFault
from receiver.relay import GRACE, MAX_SDP, UNPROVEN, Presenter, Relay
from receiver.store import Pin


class Ear:
    """A port that keeps what is said into it."""

    def __init__(self) -> None:
        self.heard: list[msgspec.Struct] = []
        self.closed: int | None = None
        self.pieces: list[bytes] = []
        self.dropped: list[int] = []

    def send_piece(self, path: int, piece: bytes) -> None:
        self.pieces.append(piece)

    def drop_pieces(self, path: int) -> None:
        self.dropped.append(path)

    def send(self, message: msgspec.Struct) -> None:
        self.heard.append(message)

    def close(self, code: int = 1000) -> None:
        self.closed = code

    @property
    def last(self) -> msgspec.Struct:
        return self.heard[-1]


class Room:
    """A relay with a hand on its clock."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, Callable[[], None]]] = []
        self.forgotten: list[str] = []
        self.holders: list[Pin | None] = []
        self.relay = Relay(
            Card(id="0123456789abcdef", name="Jury", zone="jury"),
            addresses=lambda: ["10.0.0.7"],
            later=lambda seconds, call: self.waiting.append((seconds, call)),
            forget=self.forgotten.append,
            on_holder=self.holders.append,
        )

    def presenter(self, name: str, reached: str = "10.0.0.7") -> tuple[Presenter, Ear]:
        ear = Ear()
        presenter = Presenter(Pin(fingerprint=name, certificate=b"", name=name, since=0.0), ear, reached)
        self.relay.presenter_arrived(presenter)
        return presenter, ear

    def page(self) -> Ear:
        ear = Ear()
        self.relay.page_arrived(ear)
        return ear

    def later(self, after: float = GRACE) -> None:
        """All that was to be done after so many seconds is done."""
        due = [call for seconds, call in self.waiting if seconds == after]
        self.waiting = [(seconds, call) for seconds, call in self.waiting if seconds != after]
        for call in due:
            call()


def hello(ear: Ear) -> LinkHello:
    first = ear.heard[0]
    assert isinstance(first, LinkHello)
    return first


def test_a_presenter_hears_of_the_page_that_is_there_and_of_each_change() -> None:
    room = Room()
    _, ear = room.presenter("A")
    assert hello(ear).page == 0
    page = room.page()
    number = room.relay.page
    assert number
    assert ear.last == PageChanged(number)
    room.relay.page_gone(page)
    assert ear.last == PageChanged(0)
    room.page()
    assert ear.last == PageChanged(room.relay.page)
    assert room.relay.page > number


def test_a_newer_page_replaces_the_older_and_its_going_is_no_matter() -> None:
    room = Room()
    old, new = room.page(), room.page()
    assert old.closed == 4001
    number = room.relay.page
    room.relay.page_gone(old)
    assert room.relay.page == number
    assert new.closed is None


def test_an_answer_of_an_older_page_or_to_an_older_offer_goes_nowhere() -> None:
    room = Room()
    a, ear = room.presenter("A")
    old = room.page()
    room.relay.presenter_said(a, Offer(room.relay.page, "sdp"))
    new = room.page()
    said = len(ear.heard)
    room.relay.page_said(old, Answer(room.relay.page, "late"))
    room.relay.page_said(new, Answer(room.relay.page - 1, "late"))
    room.relay.page_said(new, Answer(room.relay.page, "x" * (MAX_SDP + 1)))
    assert len(ear.heard) == said
    room.relay.page_said(new, Answer(room.relay.page, "v=0\r\n", 3))
    assert ear.last == Answer(room.relay.page, "v=0\r\n", 3), "with the number of the offer"


def test_offers_for_a_page_that_is_gone_go_nowhere() -> None:
    room = Room()
    a, _ = room.presenter("A")
    page = room.page()
    room.relay.presenter_said(a, Offer(room.relay.page - 1, "late"))
    room.relay.presenter_said(a, Offer(room.relay.page, "x" * (MAX_SDP + 1)))
    assert page.heard == []


def held() -> tuple[Room, Ear, Presenter, Ear, Presenter, Ear]:
    """A has the page, and B was switched on later."""
    room = Room()
    page = room.page()
    a, ear_a = room.presenter("A")
    room.relay.presenter_said(a, Offer(room.relay.page, "a"))
    b, ear_b = room.presenter("B")
    return room, page, a, ear_a, b, ear_b


def lets_in(room: Room, presenter: Presenter, page: Ear) -> bool:
    """Whether an offer of this presenter would reach the page now."""
    offer = Offer(room.relay.page, f"of {presenter.pin.name}, after {len(page.heard)}")
    room.relay.presenter_said(presenter, offer)
    return offer in page.heard


def test_a_newcomer_takes_nothing_and_is_told_who_has_it() -> None:
    room, page, a, ear_a, b, ear_b = held()
    assert (hello(ear_b).page, hello(ear_b).taken) == (0, "A")
    assert not lets_in(room, b, page), "whatever it says"
    assert len(ear_a.heard) == 1, "the holder hears nothing of it"
    room.relay.page_said(page, Answer(room.relay.page, "v=0\r\n"))
    assert isinstance(ear_a.last, Answer)
    assert len(ear_b.heard) == 1
    assert lets_in(room, a, page)


def test_of_two_that_find_a_free_page_the_first_to_offer_has_it() -> None:
    room = Room()
    a, ear_a = room.presenter("A")
    b, ear_b = room.presenter("B")
    page = room.page()
    assert ear_a.last == ear_b.last == PageChanged(room.relay.page)
    assert lets_in(room, b, page)
    assert ear_a.last == PageChanged(0, "B")
    assert not lets_in(room, a, page)


def test_another_page_is_the_holders_too() -> None:
    room, page, a, ear_a, b, ear_b = held()
    room.relay.page_gone(page)
    assert ear_a.last == PageChanged(0)
    again = room.page()
    assert ear_a.last == PageChanged(room.relay.page)
    assert len(ear_b.heard) == 1
    assert not lets_in(room, b, again)
    assert lets_in(room, a, again)


def test_a_link_that_breaks_for_a_moment_keeps_the_page() -> None:
    room, page, a, _, b, ear_b = held()
    room.relay.presenter_gone(a)
    assert not lets_in(room, b, page)
    back, ear_a = room.presenter("A")
    assert (hello(ear_a).page, hello(ear_a).taken) == (room.relay.page, None)
    room.later()
    assert len(ear_b.heard) == 1
    assert not lets_in(room, b, page)
    assert lets_in(room, back, page)


def test_one_that_stays_away_loses_it() -> None:
    room, page, a, _, b, ear_b = held()
    room.relay.presenter_gone(a)
    room.later()
    assert ear_b.last == PageChanged(room.relay.page)
    assert lets_in(room, b, page)
    _, ear_a = room.presenter("A")
    assert (hello(ear_a).page, hello(ear_a).taken) == (0, "B"), "and comes too late"


def test_each_absence_is_counted_from_its_own_beginning() -> None:
    room, page, a, _, b, ear_b = held()
    room.relay.presenter_gone(a)
    first = [(seconds, call) for seconds, call in room.waiting if seconds == GRACE]
    room.waiting = []
    back, _ = room.presenter("A")
    room.relay.presenter_gone(back)
    for _, call in first:
        call()
    assert not lets_in(room, b, page), "the second absence has only begun"
    room.later()
    assert ear_b.last == PageChanged(room.relay.page)


def test_one_that_says_goodbye_loses_it_at_once() -> None:
    room, page, a, ear_a, b, ear_b = held()
    room.relay.presenter_said(a, Bye("stopping"))
    assert ear_b.last == PageChanged(room.relay.page)
    assert ear_a.closed == 1000
    assert room.forgotten == []
    assert not lets_in(room, a, page), "what it says after that is not heard"
    assert lets_in(room, b, page)
    room.relay.presenter_gone(a)
    room.later()
    assert ear_b.last == PageChanged(room.relay.page)


def test_the_goodbye_of_a_newcomer_or_of_a_link_that_was_replaced_frees_nothing() -> None:
    room, page, a, _, b, _ = held()
    room.relay.presenter_said(b, Bye("stopping"))
    _, ear_c = room.presenter("C")
    assert (hello(ear_c).page, hello(ear_c).taken) == (0, "A")
    again, _ = room.presenter("A")
    room.relay.presenter_said(a, Bye("stopping"))
    assert len(ear_c.heard) == 1
    assert lets_in(room, again, page)


def test_after_a_restart_it_is_kept_for_the_one_that_had_it() -> None:
    room = Room()
    a = Pin(fingerprint="A", certificate=b"", name="A", since=0.0)
    room.relay.hold_for(a)
    page = room.page()
    b, ear_b = room.presenter("B")
    assert (hello(ear_b).page, hello(ear_b).taken) == (0, "A")
    back, ear_a = room.presenter("A")
    assert hello(ear_a).page == room.relay.page
    room.later()
    assert not lets_in(room, b, page)
    assert lets_in(room, back, page)


def test_a_holder_that_does_not_come_back_after_a_restart_is_waited_for_as_long() -> None:
    room = Room()
    room.relay.hold_for(Pin(fingerprint="A", certificate=b"", name="A", since=0.0))
    room.page()
    _, ear_b = room.presenter("B")
    room.later()
    assert ear_b.last == PageChanged(room.relay.page)
    assert room.holders == [None]


def test_a_holder_that_shows_nothing_keeps_the_page_only_until_another_wants_it() -> None:
    room, page, a, ear_a, b, ear_b = held()
    assert not lets_in(room, b, page), "it has its time"
    room.later(UNPROVEN)
    assert ear_b.last == PageChanged(room.relay.page)
    assert lets_in(room, a, page), "alone it may try on"
    assert len(ear_a.heard) == 1
    assert lets_in(room, b, page)
    assert ear_a.last == PageChanged(0, "B")
    assert not lets_in(room, a, page)
    room.relay.presenter_said(a, Attached(room.relay.page))
    assert ear_b.last == PageChanged(room.relay.page), "which comes too late"
    room.later(UNPROVEN)
    assert ear_a.last == PageChanged(room.relay.page), "the other has as long for it"


def test_a_holder_whose_channels_open_late_is_doubted_no_more() -> None:
    room, page, a, _, b, ear_b = held()
    room.later(UNPROVEN)
    room.relay.presenter_said(a, Attached(room.relay.page - 1))
    assert ear_b.last == PageChanged(room.relay.page), "of an older page"
    room.relay.presenter_said(a, Attached(room.relay.page))
    assert ear_b.last == PageChanged(0, "A")
    assert not lets_in(room, b, page)


def test_what_is_open_is_proof_for_one_link_and_the_next_one_says_it_anew() -> None:
    room, page, a, _, b, ear_b = held()
    room.relay.presenter_said(a, Attached(room.relay.page))
    room.later(UNPROVEN)
    assert not lets_in(room, b, page)
    room.relay.presenter_gone(a)
    back, _ = room.presenter("A")
    room.relay.presenter_said(back, Attached(room.relay.page))
    room.later(UNPROVEN)
    assert not lets_in(room, b, page)
    room.presenter("A")
    room.later(UNPROVEN)
    assert ear_b.last == PageChanged(room.relay.page), "a program started again, whose channels do not open"
    assert lets_in(room, b, page)


def test_one_that_is_doubted_gains_no_time_by_linking_again() -> None:
    room, page, a, _, b, _ = held()
    room.later(UNPROVEN)
    room.relay.presenter_gone(a)
    room.presenter("A")
    assert lets_in(room, b, page)


def test_each_other_holder_is_told_to_be_kept() -> None:
    room, page, a, _, b, _ = held()
    assert lets_in(room, a, page)
    room.relay.presenter_said(a, Bye("stopping"))
    assert lets_in(room, b, page)
    assert room.holders == [a.pin, None, b.pin]


def test_one_that_unpairs_is_forgotten() -> None:
    room = Room()
    a, _ = room.presenter("A")
    room.relay.presenter_said(a, Bye("revoked"))
    assert room.forgotten == ["A"]


def test_revoking_says_so_closes_and_frees_the_page() -> None:
    room, _, _, ear_a, b, ear_b = held()
    room.relay.revoke([b.pin])
    assert ear_a.last == Bye("revoked")
    assert ear_a.closed == 1000
    assert ear_b.last == PageChanged(room.relay.page)
    assert room.relay.linked == ["B"]


def test_the_card_is_told_once_and_to_each_new_page() -> None:
    room = Room()
    first, card = room.page(), Idle(name="Jury", zone="jury", code="1234 5678")
    room.relay.show_idle(card)
    room.relay.show_idle(card)
    assert first.heard == [card]
    assert room.page().heard == [card]


def test_a_fault_goes_to_the_log(caplog) -> None:
    room = Room()
    room.relay.page_said(room.page(), PageFault("main.js:1", "x is not a function"))
    assert "x is not a function" in caplog.text
