"""Subtitles inside a recording, as text. Runs in the child."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
from av.container import InputContainer
from av.subtitles.subtitle import AssSubtitle

from courtcast.prepare import cues
from courtcast.prepare.cues import Cues
from courtcast.prepare.probe import said
from courtcast.wire.screen import Cue

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

_TEXT = frozenset(("subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text"))
"""Codecs, as the library names them, whose subtitles are text and not pictures of it."""


class Texts:
    """All such streams of one file. They are never a reason for a recording not to be shown."""

    def __init__(self, container: InputContainer) -> None:
        self.streams = [stream for stream in container.streams.subtitles if _is_text(stream)][: cues.MOST_LISTS]
        self._found: dict[int, list[tuple[Fraction, Fraction, str]]] = {stream.index: [] for stream in self.streams}

    def push(self, packet: Packet) -> None:
        """Take a packet in; of other streams, too."""
        found = self._found.get(packet.stream_index)
        if found is None or packet.pts is None or len(found) > cues.MOST_CUES:
            return
        base = packet.time_base or Fraction(1, 1000)
        start, length = packet.pts * base, (packet.duration or 0) * base
        try:
            decoded: Any = packet.decode()
        except (av.error.FFmpegError, ValueError):
            return
        text = "\n".join(_words(one) for one in decoded if isinstance(one, AssSubtitle))
        if text.strip():
            found.append((start, start + length, text))

    def lists(self, zero: Fraction) -> list[Cues]:
        """What came, in media time. `zero`: where that begins, in the file's own seconds."""
        made = []
        for stream in self.streams:
            rows = [Cue(float(start - zero), float(end - zero), text) for start, end, text in self._found[stream.index]]
            one = cues.of(cues.ended(rows), language=said(stream, "language"), title=said(stream, "title"))
            if one is not None:
                made.append(one)
        return made


def _is_text(stream: Any) -> bool:
    return stream.codec_context is not None and stream.codec_context.name in _TEXT


def _words(subtitle: AssSubtitle) -> str:
    return cues.of_ass(subtitle.ass.decode("utf-8", errors="replace"))
