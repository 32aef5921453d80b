"""A path through a receiver: what passes, what ends it, and that nothing of an ended one is passed on."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.wire.link import (
    PATH_CONTROL_MOST,
    PATH_MOST,
    PATH_PREFIX,
    PIECE_MOST,
    Bye,
    PathClosed,
    PathControl,
    PathOpen,
    PathOpened,
    PathTaken,
    pack_piece,
)
from courtcast.wire.media import KIND_FRAGMENT, PIECE, MediaHeader, pack
from receiver.way import Way
from tests.receiver.test_relay import Ear, Room, held, lets_in


class Ends:
    """A path, and what both sides hear of it."""

    def __init__(self) -> None:
        self.presenter, self.page = Ear(), Ear()
        self.way = Way(5, self.presenter, self.page)


def piece(path: int = 5, size: int = PIECE) -> bytes:
    return pack_piece(path, pack(MediaHeader(KIND_FRAGMENT, 0, "00000000000000aa", 0, 0, size), bytes(size)))


MEDIA = len(piece()) - PATH_PREFIX


def test_everything_of_the_path_passes_both_ways() -> None:
    ends = Ends()
    ends.way.from_page(PathOpened(5))
    ends.way.from_page(PathControl(5, "hello"))
    ends.way.from_presenter(PathTaken(5, 5))
    ends.way.from_presenter(PathControl(5, "stage"))
    ends.way.piece(piece())
    ends.way.from_page(PathTaken(5, MEDIA))
    assert ends.presenter.heard == [PathOpened(5), PathControl(5, "hello"), PathTaken(5, MEDIA)]
    assert ends.page.heard == [PathTaken(5, 5), PathControl(5, "stage")]
    assert ends.page.pieces == [piece()]
    assert not ends.way.ended


def test_what_is_of_another_path_goes_nowhere_and_ends_nothing() -> None:
    ends = Ends()
    for message in (PathControl(4, "late"), PathTaken(4, 10**9), PathClosed(6)):
        ends.way.from_presenter(message)
        ends.way.from_page(message)
    ends.way.from_page(PathOpened(6))
    ends.way.piece(piece(path=4))
    assert (ends.presenter.heard, ends.page.heard, ends.page.pieces) == ([], [], [])
    assert not ends.way.ended


@pytest.mark.parametrize("data", [b"", b"\0\0\0\5", bytes(PATH_PREFIX + 23), bytes(PIECE_MOST + 1)])
def test_a_binary_message_that_is_no_piece_ends_it(data: bytes) -> None:
    ends = Ends()
    ends.way.piece(data)
    assert ends.page.heard == ends.presenter.heard == [PathClosed(5)]
    assert ends.page.pieces == []


def test_more_media_than_may_be_on_its_way_ends_it() -> None:
    ends = Ends()
    for _ in range(PATH_MOST // MEDIA):
        ends.way.piece(piece())
    assert not ends.way.ended
    ends.way.from_page(PathTaken(5, MEDIA))
    ends.way.piece(piece())
    assert not ends.way.ended, "there was room again"
    ends.way.piece(piece())
    assert ends.way.ended
    assert ends.page.dropped == [5], "what waited goes nowhere"


@pytest.mark.parametrize("amount", [-1, MEDIA - 1, 2 * MEDIA + 1])
def test_a_page_that_takes_what_was_not_sent_or_gives_it_back_ends_it(amount: int) -> None:
    ends = Ends()
    ends.way.piece(piece())
    ends.way.from_page(PathTaken(5, MEDIA))
    ends.way.piece(piece())
    ends.way.from_page(PathTaken(5, amount))
    assert ends.way.ended
    assert ends.presenter.heard[-1] == PathClosed(5)


def test_a_presenter_that_takes_what_was_not_said_ends_it() -> None:
    ends = Ends()
    ends.way.from_page(PathControl(5, "abc"))
    ends.way.from_presenter(PathTaken(5, 4))
    assert ends.way.ended


def test_control_longer_than_a_path_takes_ends_it() -> None:
    for side in ("from_presenter", "from_page"):
        ends = Ends()
        getattr(ends.way, side)(PathControl(5, "x" * PATH_CONTROL_MOST))
        assert not ends.way.ended
        getattr(ends.way, side)(PathControl(5, "x" * (PATH_CONTROL_MOST + 1)))
        assert ends.way.ended


MESSAGES = st.one_of(
    st.builds(PathControl, st.just(5), st.text(max_size=3)),
    st.builds(PathTaken, st.just(5), st.integers(-1, 2 * PATH_MOST)),
    st.just(PathClosed(5)),
)


@given(st.lists(st.one_of(st.tuples(st.sampled_from(["presenter", "page"]), MESSAGES), st.just("piece")), max_size=80))
def test_never_more_under_way_than_allowed_and_silence_after_the_end(events: list[object]) -> None:
    ends = Ends()
    taken = 0
    for event in events:
        ended = ends.way.ended
        before = len(ends.presenter.heard), len(ends.page.heard), len(ends.page.pieces)
        if event == "piece":
            ends.way.piece(piece())
        elif isinstance(event, tuple):
            side, message = event
            if side == "page" and isinstance(message, PathTaken) and not ended:
                taken = max(taken, message.amount)
            (ends.way.from_page if side == "page" else ends.way.from_presenter)(message)
        assert len(ends.page.pieces) * MEDIA - taken <= PATH_MOST
        if ended:
            assert before == (len(ends.presenter.heard), len(ends.page.heard), len(ends.page.pieces))


def test_a_path_needs_the_page_as_an_offer_does() -> None:
    room, page, a, ear_a, b, _ = held()
    number = room.relay.page
    room.relay.presenter_said(b, PathOpen(number, 1))
    assert PathOpen(number, 1) not in page.heard, "another has it"
    room.relay.presenter_said(a, PathOpen(number - 1, 1))
    room.relay.presenter_sent(a, piece(1))
    assert page.pieces == []
    room.relay.presenter_said(a, PathOpen(number, 1))
    assert page.heard[-1] == PathOpen(number, 1)
    room.relay.presenter_sent(b, piece(1))
    room.relay.presenter_said(b, PathControl(1, "from aside"))
    assert page.pieces == []
    assert page.heard[-1] == PathOpen(number, 1)
    room.relay.presenter_sent(a, piece(1))
    assert page.pieces == [piece(1)]
    room.relay.page_said(page, PathOpened(1))
    assert ear_a.last == PathOpened(1)


def test_a_newcomer_holds_the_page_by_a_path_too() -> None:
    room = Room()
    page = room.page()
    a, _ = room.presenter("A")
    b, _ = room.presenter("B")
    room.relay.presenter_said(a, PathOpen(room.relay.page, 1))
    assert not lets_in(room, b, page)


def test_what_ends_the_link_or_the_page_ends_the_path() -> None:
    def begun() -> tuple[Room, Ear, Ear]:
        room, page, a, ear_a, *_ = held()
        room.relay.presenter_said(a, PathOpen(room.relay.page, 1))
        ends = {
            "gone": lambda: room.relay.presenter_gone(a),
            "bye": lambda: room.relay.presenter_said(a, Bye("stopping")),
            "again": lambda: room.presenter("A"),
            "revoked": lambda: room.relay.revoke([]),
            "stopped": room.relay.stop,
            "page gone": lambda: room.relay.page_gone(page),
            "page anew": room.page,
        }
        ends[which]()
        return room, page, ear_a

    for which in ("gone", "bye", "again", "revoked", "stopped", "page gone", "page anew"):
        room, page, ear_a = begun()
        assert PathClosed(1) in page.heard, which
        said: list[msgspec.Struct] = list(ear_a.heard)
        room.relay.page_said(page, PathControl(1, "late"))
        assert ear_a.heard == said, which
