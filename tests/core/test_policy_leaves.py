"""What goes to a screen of photographs and documents, in which order."""

from __future__ import annotations

from fractions import Fraction

from courtcast.core.manifest import Manifest
from courtcast.core.need import Need
from courtcast.core.policy import Known, SendFragment, SendInit, View, lacking, next_send, sends
from courtcast.wire.media import LEAVES, Row, Track

PAGES, PART = "00000000000000aa", "00000000000000bb"


def leaves(rendition: str, count: int) -> Manifest:
    track = Track(
        index=0, kind="video", mime=LEAVES, timescale=1, init_sha256="", init_bytes=0, first=0, width=9, height=9
    )
    made = Manifest("e", rendition, Fraction(0), [track])
    made.add(Row(0, n, n, 1, 1000, True, f"{n}", [n]) for n in range(count))
    made.finish(Fraction(count))
    return made


def order(view: View) -> list[tuple[str, int]]:
    """Fragments, until there is nothing more to send."""
    found = []
    for _ in range(200):
        send = next_send(view)
        if send is None:
            return found
        assert not isinstance(send, SendInit), "leaves have none"
        view.known.add(send, complete=True)
        if isinstance(send, SendFragment):
            found.append((send.rendition, send.index))
    raise AssertionError("without end")


def test_the_leaf_that_is_up_then_those_behind_it_in_order() -> None:
    view = View(Need(leaves(PAGES, 6), 2.000001, 6.0), None, False, Known())
    assert [index for _, index in order(view)] == [2, 3, 4, 5, 0, 1]


def test_a_part_comes_right_after_its_leaf() -> None:
    view = View(
        Need(leaves(PAGES, 4), 1.000001, 4.0), Need(leaves("00000000000000cc", 2), 0.0), False, Known(),
        detail=Need(leaves(PART, 1), 0.0),
    )  # fmt: skip
    assert order(view)[:4] == [(PAGES, 1), (PART, 0), (PAGES, 2), (PAGES, 3)]


def test_the_leaf_itself_is_all_that_is_lacking() -> None:
    pages = leaves(PAGES, 4)
    assert lacking(Need(pages, 2.0, 2.0), Known(), sound=False) == 1000
    known = Known()
    for send in sends(View(Need(pages, 2.0, 4.0), None, False, known)):
        known.add(send)
        if isinstance(send, SendFragment):
            break
    assert lacking(Need(pages, 2.0, 2.0), known, sound=False) == 0
