"""What has to be said of a file that was read to its end: what is missing of it, how its clock went. In the child."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from courtcast.prepare.messages import Note
from courtcast.prepare.steady import Jump, Steady
from courtcast.prepare.whole import Whole

_SURELY = Fraction(1)
"""Seconds: a length that is said and one that is there differ by less where nothing is missing."""


def notes(
    whole: Whole, steady: Steady | None, zero: Fraction, there: Fraction, said: Fraction | None
) -> Iterator[Note]:
    """zero: media time 0, on the clock that goes on; there, said: seconds that came, and that the file announces"""
    if whole.cut:
        known = said is not None and said > there + _SURELY
        total = f" of {in_words(said)}" if known and said is not None else ""
        short = in_words(there) if there >= 1 else f"{float(there):.1f} s"
        yield Note(type="cut-short", fields={"there": short, "total": total})
    elif whole.no_index:
        yield Note(type="index-rebuilt")
    if steady is None:
        return
    if steady.joined:
        first = steady.joined[0]
        fields = {"before": in_words(first.before), "after": in_words(first.after), "at": in_words(first.at - zero)}
        yield Note(type="clock-jumps", fields={**fields, "more": _more(steady.joined)})
    if steady.gaps:
        first = steady.gaps[0]
        fields = {"seconds": f"{float(first.after - first.before):.0f}", "at": in_words(first.at - zero)}
        yield Note(type="clock-gap", fields={**fields, "more": _more(steady.gaps)})
    if steady.undated:
        yield Note(type="clock-missing", fields={"count": str(steady.undated)})


def in_words(seconds: Fraction) -> str:
    """1:02:03 or 0:12, cut to the second."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _more(jumps: Sequence[Jump]) -> str:
    return "" if len(jumps) == 1 else f", and {len(jumps) - 1} more {'time' if len(jumps) == 2 else 'times'} after that"
