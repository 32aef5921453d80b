"""When the pictures of a file are shown, as its packets say, and where its sound lies. Runs in the child.

Of the picture nothing is decoded. Sound that is going to be converted, by a decoder that forgets (see `decoders`), is
decoded to count its samples; then any part of it can be made next.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import av
import msgspec

from courtcast.prepare import kinds, messages, plan, probe, steady
from courtcast.prepare.dating import BARE
from courtcast.prepare.entries import Entries
from courtcast.prepare.lane import Ticks
from courtcast.prepare.listening import Listening
from courtcast.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from av.container import InputContainer
    from av.stream import Stream

    from courtcast.prepare.lane import Packet

_NOTHING = messages.Scanned(timescale=1, pictures=0, keyframes=0, last=0)


def scan(
    file: kinds.Readable,
    length: int | None,
    emit: messages.Emit,
    *,
    name: str = "",
    plays: frozenset[str] = plan.CHROMIUM,
    heard: int | None = None,
) -> None:
    """plays: see `plan.make`; heard: number of the sound that goes with it. Raises Refused, MemoryError, and what the
    file's `read` raises."""
    kind = kinds.sniff(file, length, name)
    opened = probe.open_file(file, kind, seeking=False)
    with opened.container as container:
        planned = plan.make(opened.streams, plan.Look(), plays, heard=heard)
        chosen = [container.streams[one.stream.number] for one in planned.choices]
        if not isinstance(chosen[0], av.VideoStream):
            raise Refused("file-damaged")
        if kind.demuxer in BARE:
            emit(_NOTHING)
            return
        packets, sound = _packets(container, chosen), None
        if planned.sound is not None and not planned.sound.unchanged:
            sound = Listening.of(container.streams[planned.sound.stream.number])
            packets = packets if sound is None else sound.through(packets)
        clock = None
        if steady.needed(kind.demuxer, bare=False):
            clock = steady.Steady(chosen, steady.runs_over(kind.demuxer or container.format.name))
            packets = clock.through(packets)
        found = _times(chosen[0], packets if sound is None else sound.unmoved(packets))
        if found is None or (clock is not None and (clock.joined or clock.undated)):
            emit(_NOTHING)  # what is sought there lies where only a reading from the beginning would find it
        else:
            said, times = found
            emit(msgspec.structs.replace(said, sounds=None if sound is None else sound.sounds), times)


def _packets(container: InputContainer, streams: list[Stream]) -> Iterator[Packet]:
    """A file that was cut short is shown up to there."""
    try:
        for packet in container.demux(streams):
            if packet.size:
                yield packet
    except (av.error.InvalidDataError, av.error.EOFError):
        return


def _times(stream: av.VideoStream, packets: Iterable[Packet]) -> tuple[messages.Scanned, bytes] | None:
    """None where a picture has none."""
    ticks, entries = Ticks(stream), Entries(stream)
    keys: list[int] = []
    durations: list[tuple[int, int]] = []
    for packet in packets:
        if packet.stream_index != stream.index or packet.is_discard:
            continue
        if packet.pts is None:
            return None
        at = ticks(packet.pts)
        durations.append((at, ticks(packet.duration or 0)))
        if entries.look(packet) is not None:
            keys.append(at)
    times = [*sorted(at for at, _ in durations), *sorted(keys)]
    said = messages.Scanned(
        timescale=ticks.timescale,
        pictures=len(durations),
        keyframes=len(keys),
        last=max(durations)[1] if durations else 0,
    )
    return said, struct.pack(f">{len(times)}q", *times)
