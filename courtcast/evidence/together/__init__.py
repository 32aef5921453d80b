"""Tracks that were fetched apart, as one file: picture and sound of a recording that is served in pieces.

Nothing is decoded and no coded unit is touched: of fragmented MP4 only the numbers of tracks change, of MPEG-TS those
of streams, and what says where bytes lie, which they no longer do there, is left out. What cannot be done so is
refused. So the file that comes out plays anywhere, also for somebody who is given it later.

A piece goes through on its own, whatever came before it: fetching goes on with any of them in another process. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

from courtcast.evidence.together import mp4, packed, ts
from courtcast.problems import Refused


class Through(Protocol):
    """One piece on its way into the file."""

    def push(self, data: bytes) -> bytes:
        """What comes out for it. Raises Refused (`link-is-stream`, `link-protected`)."""

    def end(self) -> bytes:
        """All of the piece was pushed: what is left of it. Raises Refused."""


class Together(Protocol):
    """What the pieces of one recording go through."""

    @property
    def header(self) -> bytes:
        """What the file begins with."""

    def piece(self, track: int, later: Fraction) -> Through:
        """track: its number among the heads; later: seconds by which all times in it are moved. Raises Refused."""

    def same(self, track: int, head: bytes) -> bool:
        """What is behind that head can follow what is behind the first one."""


def begin(heads: Sequence[bytes]) -> Together:
    """heads: the beginning of each track, the picture's first: what all its pieces share, or of the first of them

    Raises Refused (`link-is-stream`, `link-protected`).
    """
    if all(mp4.looks_like(head) for head in heads):
        return mp4.Mp4(heads)
    if len(heads) == 2 and ts.looks_like(heads[0]) and ts.looks_like(heads[1]):
        return ts.Ts(*heads)
    if len(heads) == 2 and ts.looks_like(heads[0]) and packed.looks_like(heads[1]):
        return packed.Packed(*heads)
    raise Refused("link-is-stream")
