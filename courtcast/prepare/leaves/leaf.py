"""What the child makes of a file of leaves, whichever kind of file it is."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Protocol

from courtcast.prepare.leaves.frame import Part, Size
from courtcast.wire.api import Treatment, VideoInfo

Picture = Any
"""A `pyvips.Image` in memory: 8 bits, sRGB or grey, upright, nothing to see through."""


class Leaf(NamedTuple):
    """One leaf as the screens get it."""

    data: bytes
    """A whole picture file."""


class Leaves(Protocol):
    """An open file."""

    kind: Literal["image", "document"]
    format: str
    """In words."""
    treatment: Treatment
    info: VideoInfo

    @property
    def largest(self) -> Size:
        """Of the leaves, as they are sent."""

    def __len__(self) -> int: ...

    def leaf(self, number: int) -> bytes:
        """As the screens get it. Raises Refused, MemoryError."""

    def part(self, number: int, part: Part) -> Picture | None:
        """As sharp as the file has it, within what a display shows; None where the leaf itself is as sharp."""

    def whole(self, number: int, width: int | None, most: Size) -> Picture:
        """At the file's own size, or as wide as said; no larger than `most`."""
