"""Several files as one recording: behind the last packet of one come those of the next, on the first one's clock.

Cameras and recorders begin a new file every few minutes. What is behind a seam goes through the same lanes as what lies
before it, so it has to be coded the same way, down to the parameter sets: a stream of fragments has one beginning only.
Nothing is shown twice and nothing is left out. The next file begins where the picture before it ends; where its sound
goes on for longer than `LAP`, where that ends. Runs in the child.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain
from math import ceil
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

import av

from courtcast.prepare import kinds, messages, plan, probe, steady
from courtcast.prepare.dating import BARE, Dating
from courtcast.prepare.first import First
from courtcast.prepare.texts import Texts
from courtcast.problems import Refused

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

LAP: Final = Fraction(1, 100)
"""Seconds. Sound comes in units, and a file's last one may reach a little beyond its last picture; it is less than one
unit of any codec that screens are sent."""
_USUAL = Fraction(1, 25)


class Window:
    """A part of a file, as a file."""

    def __init__(self, file: kinds.Readable, start: int, length: int) -> None:
        self._file = file
        self._start = start
        self._length = length
        self._at = 0

    def read(self, n: int = -1) -> bytes:
        """Up to n bytes; none at the end."""
        left = self._length - self._at
        if left <= 0:
            return b""
        self._file.seek(self._start + self._at)
        data = self._file.read(left if n < 0 else min(n, left))
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As files have it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._length}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True


def windows(file: kinds.Readable, parts: Iterable[messages.Part]) -> list[Window]:
    """One for each, in a file that is all of them one after the other."""
    found, at = [], 0
    for part in parts:
        found.append(Window(file, at, part.length))
        at += part.length
    return found


class _Form(NamedTuple):
    """What has to be the same on both sides of a seam."""

    codec: tuple[str, str]
    form: tuple[Any, ...]
    base: Fraction | None
    parameters: bytes


class Following:
    """The files behind the first.

    parts: of all of them; files: of those behind the first; heard: number of the sound that was chosen
    """

    def __init__(self, parts: Sequence[messages.Part], files: Sequence[kinds.Readable], heard: int | None) -> None:
        self._first, *rest = parts
        self._parts = list(zip(rest, files, strict=True))
        self._heard = heard
        self._streams: list[Any] = []
        self._texts: list[Any] = []
        self._forms: list[_Form] = []
        self._ends: dict[int, Fraction] = {}
        """Of each of the first file's streams: until when it goes, in seconds of its clock."""
        self.starts: list[Fraction] = []
        """Where each file behind the first begins, in seconds of the first one's clock."""

    def like(self, streams: Sequence[Any], texts: Sequence[Any], described: Sequence[plan.Stream]) -> None:
        """The first file's streams, before anything of it was decoded: the picture's first."""
        self._streams, self._texts = list(streams), list(texts)
        self._forms = [_form(stream, described) for stream in streams]

    def after(self, packets: Iterable[Packet], first: First | None) -> Iterator[Packet]:
        """The first file's packets, and then the others' as if they were its own. `first`: the look at its picture.

        Raises Refused (not-joinable, and what a file says that cannot be read).
        """
        yield from self._watched(packets, self._first)
        for part, file in self._parts:
            yield from self._part(part, file, first)

    def _part(self, part: messages.Part, file: kinds.Readable, first: First | None) -> Iterator[Packet]:
        kind = kinds.sniff(file, part.length, part.name)
        opened = probe.open_file(file, kind, seeking=False)
        with opened.container as container:
            chosen = [stream for stream in plan.choose(opened.streams, self._heard) if stream is not None]
            streams: list[Any] = [container.streams[stream.number] for stream in chosen]
            self._compare(part, streams, opened.streams)
            texts = Texts(container).streams
            if len(texts) != len(self._texts):
                texts = []
            packets = _demuxed(container, [*streams, *texts])
            bare = kind.demuxer in BARE
            if steady.needed(kind.demuxer, bare=bare):
                packets = steady.Steady(streams).through(packets)
            if first is not None:
                if bare:
                    packets = Dating(streams[0]).through(packets)
                look = First(streams[0], threads=1)
                packets = chain(look.through(packets), packets)
                if (look.rotation, look.look) != (first.rotation, first.look):
                    _refuse(part, "its pictures are turned, or interlaced, in another way")
            theirs = [*self._streams, *(self._texts if texts else [])]
            own = {stream.index: one for stream, one in zip((*streams, *texts), theirs, strict=True)}
            moved = self._moved(packets, own, streams, Fraction(*part.zero))
            yield from self._watched(moved, part)

    def _compare(self, part: messages.Part, streams: Sequence[Any], described: Sequence[plan.Stream]) -> None:
        forms = [_form(stream, described) for stream in streams]
        if [stream.type for stream in streams] != [stream.type for stream in self._streams]:
            _refuse(part, "it does not have both picture and sound as the others do")
        for stream, one, other in zip(streams, forms, self._forms, strict=True):
            what = "picture" if stream.type == "video" else "sound"
            if one.codec != other.codec:
                _refuse(part, f"its {what} is coded in another way")
            if one.form != other.form:
                _refuse(part, f"its {what} has another size or form")
            if one.base != other.base or one.parameters != other.parameters:
                _refuse(part, f"its {what} was made with other settings")

    def _moved(
        self, packets: Iterable[Packet], own: dict[int, Any], streams: Sequence[Any], zero: Fraction
    ) -> Iterator[Packet]:
        """On the first file's clock, without what is not to be seen or heard of this one. zero: its media time 0."""
        # To whole ticks of the picture, so that no picture's time is rounded; of sound half a tick is nothing.
        base = streams[0].time_base
        ahead = ceil((self._end() - zero) / base) * base
        self.starts.append(zero + ahead)
        start = zero + ahead
        begun: set[int] = set()
        for packet in packets:
            stream = own[packet.stream_index]
            ticks = round(ahead / stream.time_base)
            packet.pts = None if packet.pts is None else packet.pts + ticks
            packet.dts = None if packet.dts is None else packet.dts + ticks
            packet.stream = stream
            if stream.index not in begun:
                if stream.type != "subtitle" and _before(packet, stream, start):
                    continue
                begun.add(stream.index)
            yield packet

    def _end(self) -> Fraction:
        """Where the next file begins."""
        ends = [self._ends[stream.index] for stream in self._streams if stream.index in self._ends]
        if not ends:
            raise Refused("file-damaged")
        return ends[0] if max(ends) - ends[0] <= LAP else max(ends)

    def _watched(self, packets: Iterable[Packet], part: messages.Part) -> Iterator[Packet]:
        """Notes how far each stream goes. What an edit list hides in between would have to lie on other pictures."""
        known = {stream.index: stream for stream in self._streams}
        heard = False
        for packet in packets:
            stream = known.get(packet.stream_index)
            if stream is not None:
                if packet.is_discard and stream.type == "video":
                    _refuse(part, "it was trimmed with an edit list")
                if packet.is_discard and heard:
                    continue  # sound behind the end
                heard = heard or stream.type == "audio"
                at = _time(packet)
                if at is not None:
                    length = packet.duration * stream.time_base if packet.duration else _step(stream)
                    end = at * stream.time_base + length
                    self._ends[stream.index] = max(self._ends.get(stream.index, end), end)
            yield packet


def _demuxed(container: Any, streams: Sequence[Any]) -> Iterator[Packet]:
    """Up to where it is damaged, as of a recording that is alone."""
    try:
        for packet in container.demux(streams):
            if packet.size:
                yield packet
    except (av.error.InvalidDataError, av.error.EOFError):
        return


def _form(stream: Any, described: Sequence[plan.Stream]) -> _Form:
    context = stream.codec_context
    said = next(one for one in described if one.number == stream.index)
    form: tuple[Any, ...]
    if stream.type == "video":
        form = context.width, context.height, said.pix_fmt, stream.sample_aspect_ratio
    else:
        form = context.sample_rate, said.channels
    return _Form((said.codec, said.profile), form, stream.time_base, bytes(context.extradata or b""))


def _time(packet: Packet) -> int | None:
    return packet.pts if packet.pts is not None else packet.dts


def _before(packet: Packet, stream: Any, start: Fraction) -> bool:
    """It is there for the decoder only: sound that ends before the file begins, a picture that begins before it."""
    at = _time(packet)
    lasts = packet.duration or 0 if stream.type == "audio" else Fraction(1, 2)
    return at is not None and (at + lasts) * stream.time_base <= start


def _step(stream: Any) -> Fraction:
    rate = getattr(stream, "average_rate", None)
    return 1 / Fraction(rate) if rate else _USUAL


def _refuse(part: messages.Part, why: str) -> NoReturn:
    raise Refused("not-joinable", why=f"{part.ref} ({part.name}): {why}")
