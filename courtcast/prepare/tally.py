"""Whether the manifest's frames are the pictures that decoding gives: looked at once, when an exhibit is complete.

Frames are numbered by what stands in the manifest, which comes from coded units (see `recording`). Where decoding gives
other pictures, numbers and single steps may be off; the exhibit then says so. It is not failed for it: every picture
that is shown is the recording's own, at its own time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import Final

import msgspec

from courtcast.core.manifest import Manifest
from courtcast.prepare import messages
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.source import Source
from courtcast.problems import Refused
from courtcast.wire.api import Problem

LOOK: Final = 1.0
"""Seconds between looks whether it is quiet again."""
MOST: Final = 20_000_000
"""Pictures; four days at 60 a second."""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What came out of it."""

    frames: int | None
    """Pictures decoded; None where the decoder did not get through."""
    first: int | None = None
    """Number of the first frame that is another one, or none; None where all are the same."""

    def note(self, listed: int) -> Problem | None:
        """What has to be said of an exhibit whose manifest lists so many frames."""
        if self.frames is None:
            return Refused("frames-unconfirmed", listed=listed).problem()
        if self.first is not None:
            return Refused("frames-differ", listed=listed, decoded=self.frames, first=self.first).problem()
        return None


async def count(
    source: Source,
    manifest: Manifest,
    quiet: Callable[[], bool] = lambda: True,
    *,
    name: str = "",
    heard: int | None = None,
) -> Tally:
    """Decode all of a source that is there, in a caged child at idle priority, and only while it is quiet.

    heard: number of the sound that was chosen, since its clock counts as well

    A child that cannot get through is an answer as well. Raises Refused: whatever the source raised.
    """
    shown: list[int] = []
    async with (
        Cage(warm=False) as cage,
        cage.child(messages.Work(do="decode", length=source.length, name=name, heard=heard)) as child,
    ):
        answer: bytes | None = None
        while True:
            try:
                if answer is not None:
                    await child.send(messages.Data(), answer)
                message, _ = await child.receive()
            except Refused:
                return Tally(frames=None)
            answer = None
            match message:
                case messages.Read():
                    while not quiet():  # noqa: ASYNC110 (a second more or less is no matter here)
                        await asyncio.sleep(LOOK)
                    answer = await source.read(message.offset, min(message.n, messages.BLOCK))
                case messages.Shown() if len(shown) <= MOST:
                    shown += message.pts
                    if message.last:
                        return compare(shown, own_times(manifest))
                case _:
                    return Tally(frames=None)


def own_times(manifest: Manifest) -> list[int]:
    """When the manifest's frames are shown, in the file's ticks."""
    shift = 0 if manifest.video is None else manifest.tracks[manifest.video].shift
    return [at - shift for at in manifest.timeline.pts]


def compare(shown: Iterable[int], listed: Sequence[int]) -> Tally:
    """When pictures are shown, and the list of them; both in the file's ticks. Pure."""
    times = sorted(shown)
    both = zip_longest(times, listed)
    return Tally(frames=len(times), first=next((n for n, (one, other) in enumerate(both) if one != other), None))
