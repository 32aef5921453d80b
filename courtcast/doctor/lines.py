"""What a section of `courtcast doctor` gives: lines, each with a mark, a sentence, and what to do about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Literal, NamedTuple

Mark = Literal["good", "plain", "note", "look", "stop"]
"""All is well · what was seen · good to know · to be looked at · stands in the way: then the command ends with 1."""


class Line(NamedTuple):
    """One thing that was found out."""

    mark: Mark
    says: str
    do: str = ""


class Section(NamedTuple):
    """Lines of one subject, printed as they come. Where it has no title there is no heading."""

    title: str
    lines: Callable[[], AsyncIterator[Line]]
