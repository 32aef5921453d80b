"""One track behind its lane: samples get their final times, are cut into fragments, and sent. Runs in the child."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from courtcast.core.spans import Spans
from courtcast.prepare import messages
from courtcast.prepare.boxes import Sample
from courtcast.prepare.cut import Cutter, NotAsLaid, Piece
from courtcast.prepare.filling import Filled
from courtcast.prepare.lane import Lane
from courtcast.prepare.placing import Place
from courtcast.prepare.taken import apart
from courtcast.prepare.timing import Timing
from courtcast.problems import Refused
from courtcast.wire.media import GOP_MOST


class Cuts(Protocol):
    """Takes samples with their final times, gives fragments; see `cut`."""

    def push(self, samples: Iterable[Sample]) -> Iterator[Piece]: ...

    def flush(self) -> Iterator[Piece]: ...


class Line:
    """number: of the track; place: of it in time; known: fragments that need not be sent; index: of the first one;
    filled: fills holes, where it is sound; since: ticks on MSE time before which nothing is cut; starts: where the
    first fragments have to begin, if that was said before
    """

    def __init__(
        self,
        number: int,
        lane: Lane,
        place: Place,
        emit: messages.Emit,
        *,
        known: Spans,
        index: int = 0,
        timing: Timing | None = None,
        cutter: Cuts | None = None,
        filled: Filled | None = None,
        since: int | None = None,
        starts: Sequence[int] = (),
    ) -> None:
        self.lane = lane
        self.index = index
        """Of the fragment that comes next."""
        self.filled = filled
        self._number = number
        self._place = place
        self._emit = emit
        self._known = known
        lead = place.lead if lane.video else None
        self._timing = timing or Timing(shift=place.shift, lead=lead, reordered=lane.video)
        self._cutter: Cuts = cutter or Cutter(lane.timescale)
        self._since = since
        self._begun = index
        self._starts = starts
        self._stretch = 0
        """Bytes of the picture's fragments since the last keyframe."""
        self._entry: messages.Entry | None = None
        """Of the fragment that comes next."""

    def cut(self) -> None:
        """What the lane has ready. Raises Refused, NotAsLaid."""
        self._cut(self._without_holes(self.lane.ready()))

    def reach(self, ticks: int) -> None:
        """No sound comes before that, as the file has it. Raises Refused (file-damaged)."""
        if self.filled is not None:
            try:
                self._cut(self.filled.reach(ticks))
            except ValueError:
                raise Refused("file-damaged") from None

    def silence_up_to(self, ticks: int) -> None:
        """And no sound comes any more. Raises Refused (file-damaged)."""
        if self.filled is not None:
            try:
                self._cut(self.filled.finish(ticks))
            except ValueError:
                raise Refused("file-damaged") from None

    def finish(self, end: int | None = None) -> None:
        """What was pushed is all. end: ticks, as the file has them, until when the last sample is shown, where that
        does not say so itself. Raises Refused, NotAsLaid."""
        self._cut_timed(self._timing.flush(0 if end is None else end + self._place.shift))
        for piece in self._cutter.flush():
            self._send(piece)

    def go_on_from(self, index: int) -> None:
        """What comes next is of a stretch whose first fragment has this number; all before it is known."""
        self._timing, self._cutter = Timing(shift=self._place.shift), Cutter(self.lane.timescale, first=False)
        self.index = index

    def _without_holes(self, samples: Iterable[Sample]) -> Iterable[Sample]:
        if self.filled is None:
            yield from samples
            return
        try:
            yield from self.filled.push(samples)
        except ValueError:
            raise Refused("format-not-yet", what="one whose sound lies far from its picture") from None

    def _cut(self, samples: Iterable[Sample]) -> None:
        self._cut_timed(self._timing.push(samples))

    def _cut_timed(self, samples: Iterable[Sample]) -> None:
        lane, shift = self.lane, self._place.shift
        for sample in samples:
            if self._since is not None and sample.pts < self._since:
                continue
            if lane.entries and (entry := lane.entries.pop(sample.pts - shift, None)) is not None:
                for piece in self._cutter.flush():
                    self._send(piece)
                self._cutter = Cutter(lane.timescale, first=False)
                self._entry = entry
            for piece in self._cutter.push((sample,)):
                self._send(piece)

    def _send(self, piece: Piece) -> None:
        index = self.index
        self.index += 1
        entry, self._entry = self._entry, None
        if index - self._begun < len(self._starts) and piece.start != self._starts[index - self._begun]:
            raise NotAsLaid
        if index in self._known:
            return
        data = self.lane.fragment(index + 1, piece.samples)
        if self.lane.video:
            self._stretch = sum(map(len, data)) + (0 if piece.keyframe else self._stretch)
            if self._stretch > GOP_MOST:
                raise Refused("gop-too-large")
        sent, taken = apart(piece.samples, data)
        self._emit(
            messages.Piece(
                track=self._number,
                index=index,
                start=piece.start,
                duration=piece.duration,
                keyframe=piece.keyframe,
                pts=self._shown(piece) if self.lane.video else [],
                added=piece.added,
                entry=entry,
                taken=taken,
            ),
            *sent,
        )

    def _shown(self, piece: Piece) -> list[int]:
        """When its pictures are."""
        pts, place = piece.pts, self._place
        if pts and place.lead is not None and pts[0] == place.lead:
            pts[0] = place.first  # moved to be reachable; the picture is shown when the file says so
        return pts
