"""Holes in sound are filled in the same way, whether their other end is known at once or only later."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.prepare.boxes import Sample
from courtcast.prepare.filling import MOST, Blank, Filled

RATE = 1000
UNIT = 50


def unit(at: int) -> Sample:
    return Sample(at, at, UNIT, True, True, b"x")


def filled(start: int | None) -> Filled:
    return Filled(Blank(Fraction(UNIT), RATE), start)


@given(end=st.integers(0, 40_000), seen=st.lists(st.integers(0, 40_000)))
def test_it_is_the_same_whenever_it_is_done(end: int, seen: list[int]) -> None:
    at_once = list(filled(0).push([unit(end)]))
    bit_by_bit = filled(0)
    given_ = [sample for until in sorted(seen) if until <= end for sample in bit_by_bit.reach(until)]
    assert [*given_, *bit_by_bit.push([unit(end)])] == at_once
    assert all(sample.added for sample in at_once[:-1])
    starts = [sample.pts for sample in at_once]
    assert starts == sorted(set(starts))
    assert end < 50 or abs(len(at_once) - 1 - end / UNIT) <= 1


def test_what_goes_on_is_left_as_it_is() -> None:
    track = [unit(0), unit(50), unit(140)]
    assert list(filled(None).push(track)) == track


def test_nobody_leaves_out_so_much() -> None:
    for ask in (lambda one: one.reach(MOST * RATE + 1), lambda one: one.finish(MOST * RATE + 1)):
        with pytest.raises(ValueError, match="so much"):
            ask(filled(0))
