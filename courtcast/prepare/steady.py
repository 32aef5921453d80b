"""One clock for a recording whose own jumps, or says nothing. Runs in the child; pure but for the packets.

Recorders start their clock anew, streams are cut together, counters of 33 bits run over. What is shown has one time
that goes on:

- a jump back, and one forward by more than `FAR`, say nothing about how much time lies between: the parts are joined,
  the second begins where the first ends, and both times are told of;
- a shorter jump forward is time in which nothing was recorded: it is kept, and told of where somebody would notice it;
- a packet without a time, or with the time of the one before, follows that one at the recording's own rate.

Each track is moved as a whole from its jump on, all by the same, so that sound and picture stay together: what comes
behind a jump waits a moment until the other tracks have come to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from courtcast.prepare.kinds import ISO

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

FAR: Final = Fraction(600)
"""Seconds. A camera that records where something moves is silent for longer, but then the file says so by other means;
a clock that was set goes further."""
BACK: Final = Fraction(1, 2)
"""Seconds. Pictures that are shown in another order than decoded go back by less, and by no more than `_REORDERED`."""
GAP: Final = Fraction(3)
"""Seconds without a picture that are told of."""
_REORDERED = 16
"""Pictures."""
_HELD = 300
"""Packets that wait at a jump until all tracks have come to it: some seconds of a recording."""
_TOGETHER = Fraction(2)
"""Seconds by which sound and picture lie apart in a file, at most: within that two jumps are one."""
_STUCK = 3
"""Packets with the same time in a row after which it is taken for none. Fewer belong together."""
_USUAL = Fraction(1, 25)


class Jump(NamedTuple):
    """Two times of the recording's own clock that follow each other. Seconds."""

    at: Fraction
    """On the clock that goes on."""
    before: Fraction
    after: Fraction


@dataclass
class _Track:
    video: bool
    base: Fraction
    step: Fraction
    """Seconds between two packets, where they do not say."""
    offset: Fraction
    last: Fraction
    """Decoding time of the last packet, on the clock that goes on."""
    raw: Fraction
    """The same on the recording's own."""
    end: Fraction
    """Until when what came so far is shown."""
    stood: Fraction = Fraction(0)
    """Seconds by which it has been moved on because its clock stood still, until that has caught up."""
    stands: bool = False
    """It does just now."""
    same: list[Packet] = field(default_factory=list)
    """With the time of the one before: more of them will say whether they belong together or the clock stands still."""


class Steady:
    """streams: those whose packets are minded; others (text) are moved as these are. over: seconds after which the
    recording's own clock begins anew by itself, where it does; the library counts on"""

    def __init__(self, streams: Iterable[Any], over: Fraction | None = None) -> None:
        self._over = over
        self._streams = {stream.index: stream for stream in streams}
        self._tracks: dict[int, _Track] = {}
        self._offsets = [Fraction(0)]
        self._held: list[Packet] = []
        """Of tracks whose clock has jumped: by how much they move is decided once all have."""
        self.joined: list[Jump] = []
        """Jumps that were taken out."""
        self.gaps: list[Jump] = []
        """Jumps of the picture that were kept, and can be noticed."""
        self.undated = 0
        """Pictures that had no time of their own."""

    def through(self, packets: Iterable[Packet]) -> Iterator[Packet]:
        """The same packets, each track's in its order, with times that go on."""
        for packet in packets:
            if packet.stream_index not in self._streams:
                self._follow(packet)
                yield packet
            else:
                yield from self._take(packet)
        for track in self._tracks.values():
            yield from self._flush(track)
        yield from self._settle()

    def _take(self, packet: Packet) -> Iterator[Packet]:
        track, own = self._tracks.get(packet.stream_index), _own(packet)
        if track is not None and own is not None and own * track.base == track.raw and not self._behind(packet):
            track.same.append(packet)
            if track.stands or len(track.same) >= _STUCK:
                track.stands = True
                yield from self._flush(track)
            return
        if track is not None:
            yield from self._flush(track)
            track.stands = False
        if self._behind(packet) or (track is not None and own is not None and self._jumps(track, own * track.base)):
            self._held.append(packet)
            if self._decided():
                yield from self._settle()
            return
        self._date(packet)
        yield packet

    def _flush(self, track: _Track) -> Iterator[Packet]:
        same, track.same = track.same, []
        for packet in same:
            self._date(packet)
            yield packet

    # a jump: what comes behind it waits until it is known of all tracks

    def _behind(self, packet: Packet) -> bool:
        return any(held.stream_index == packet.stream_index for held in self._held)

    def _decided(self) -> bool:
        counts = Counter(held.stream_index for held in self._held)
        return len(self._held) >= _HELD or all(counts[index] >= _REORDERED for index in self._tracks)

    def _settle(self) -> Iterator[Packet]:
        held, self._held = self._held, []
        starts = self._starts(held)
        if starts and not any(self._fits(starts, offset) for offset in self._offsets):
            # Each track begins where it ended or later, all moved by the same: that keeps sound and picture together.
            offset = max(self._tracks[index].end - shown for index, (_, shown) in starts.items())
            self._offsets.append(offset)
            index = min(starts, key=lambda one: not self._tracks[one].video)
            self._join(self._tracks[index], starts[index][1], offset)
        for packet in held:
            self._date(packet)
            yield packet

    def _join(self, track: _Track, shown: Fraction, offset: Fraction) -> None:
        before = track.end - track.offset - track.stood
        over = self._over
        self.joined.append(Jump(shown + offset, before % over if over else before, shown % over if over else shown))

    def _starts(self, held: Iterable[Packet]) -> dict[int, tuple[Fraction, Fraction]]:
        """Of each track behind its jump: the first decoding time, and when the earliest of the next few is shown."""
        starts: dict[int, tuple[Fraction, Fraction]] = {}
        seen: Counter[int] = Counter()
        for packet in held:
            track, own = self._tracks[packet.stream_index], _own(packet)
            if own is None:
                continue
            seen[packet.stream_index] += 1
            raw = own * track.base
            shown = packet.pts * track.base if packet.pts is not None else raw
            first = starts.setdefault(packet.stream_index, (raw, shown))
            if seen[packet.stream_index] <= _REORDERED and abs(raw - first[0]) <= _TOGETHER:
                starts[packet.stream_index] = (first[0], min(first[1], shown))
        return starts

    def _fits(self, starts: dict[int, tuple[Fraction, Fraction]], offset: Fraction) -> bool:
        """Whether the clock has gone back to where it was before, but for a moment."""
        return all(0 <= shown + offset - self._tracks[index].end <= _TOGETHER for index, (_, shown) in starts.items())

    # each packet

    def _date(self, packet: Packet) -> None:
        track, own = self._tracks.get(packet.stream_index), _own(packet)
        if track is None:
            if own is not None:
                self._tracks[packet.stream_index] = self._begin(packet, own)
            return
        if own is None:
            self.undated += track.video
            packet.dts = round((track.last + track.step) / track.base)
            self._note(packet, track, track.last + track.step)
            return
        raw = own * track.base
        if track.stands:
            self.undated += track.video
            track.stood += track.step
        else:
            if track.stood and raw != track.raw and raw + track.offset >= track.last:
                track.stood = Fraction(0)
            self._mind(track, raw, packet)
        track.raw = raw
        self._move(packet, track, raw + track.offset + track.stood)

    def _begin(self, packet: Packet, own: int) -> _Track:
        stream = self._streams[packet.stream_index]
        base = stream.time_base or Fraction(1, 1000)
        raw = own * base
        rate = getattr(stream, "average_rate", None) or getattr(stream, "guessed_rate", None)
        step = packet.duration * base if packet.duration else 1 / rate if rate else _USUAL
        reached = max((track.end for track in self._tracks.values()), default=raw)
        offset = self._nearest(raw, reached)
        track = _Track(stream.type == "video", base, step, offset, raw + offset, raw, raw + offset)
        self._move(packet, track, raw + offset)
        return track

    def _nearest(self, raw: Fraction, reached: Fraction) -> Fraction:
        return min(self._offsets, key=lambda one: abs(raw + one - reached))

    def _jumps(self, track: _Track, raw: Fraction) -> bool:
        time = raw + track.offset + track.stood
        # Sound may be away for longer, as long as there is a picture.
        beyond = time - max(other.last for other in self._tracks.values())
        return time - track.last < -max(BACK, _REORDERED * track.step) or beyond > FAR

    def _mind(self, track: _Track, raw: Fraction, packet: Packet) -> None:
        """Whether the clock has jumped since this track's last packet, and what to do about it."""
        step = packet.duration * track.base if packet.duration else track.step
        if self._jumps(track, raw):
            shown = packet.pts * track.base if packet.pts is not None else raw
            known = [one for one in self._offsets if one != track.offset]
            near = [one for one in known if 0 <= shown + one - track.end <= _TOGETHER]
            if near:
                track.offset = min(near, key=lambda one: shown + one - track.end)
            else:
                offset = max(other.end for other in self._tracks.values()) - shown
                self._offsets.append(offset)
                self._join(track, shown, offset)
                track.offset = offset
            track.stood = Fraction(0)
            return
        ahead = raw + track.offset + track.stood - track.last
        if track.video and ahead > GAP and ahead > 5 * step:
            self.gaps.append(Jump(track.last, track.raw, raw))

    def _follow(self, packet: Packet) -> None:
        """Text goes with what lies around it."""
        if packet.pts is None or len(self._offsets) == 1:
            return
        base = packet.time_base or Fraction(1, 1000)
        reached = max(track.last for track in self._tracks.values())
        _shift(packet, round(self._nearest(packet.pts * base, reached) / base))

    def _move(self, packet: Packet, track: _Track, time: Fraction) -> None:
        _shift(packet, round((track.offset + track.stood) / track.base))
        self._note(packet, track, time)

    @staticmethod
    def _note(packet: Packet, track: _Track, time: Fraction) -> None:
        length = packet.duration * track.base if packet.duration else track.step
        shown = packet.pts * track.base if packet.pts is not None else time
        track.last = time
        track.end = max(track.end, shown + length)


def runs_over(demuxer: str | None) -> Fraction | None:
    """Seconds after which the clock of such a recording begins anew (33 bits of 90 kHz, ISO/IEC 13818-1 §2.4.3.7)."""
    return Fraction(1 << 33, 90_000) if demuxer in ("mpegts", "mpeg") else None


def needed(demuxer: str | None, *, bare: bool) -> bool:
    """Times of kinds that are written with an index follow from it, and bare streams have none at all."""
    return demuxer != ISO and not bare


def _own(packet: Packet) -> int | None:
    return packet.dts if packet.dts is not None else packet.pts


def _shift(packet: Packet, ticks: int) -> None:
    if ticks:
        packet.pts = None if packet.pts is None else packet.pts + ticks
        packet.dts = None if packet.dts is None else packet.dts + ticks
