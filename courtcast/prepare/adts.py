"""AAC as it lies in streams: each frame with its own header, the configuration nowhere else. Runs in the child.

An MP4 has the configuration once, so each frame's header is taken off (it is no part of the coded unit) and its content
goes into the init segment: written by an encoder of the same kind, which has the same configuration.
"""

from __future__ import annotations

import io
from fractions import Fraction

import av

from courtcast.prepare import boxes, coded
from courtcast.problems import Refused

_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 7: "7.1"}


class Adts:
    """first: the first frame of the track. Raises Refused (file-damaged, format-not-yet)."""

    def __init__(self, first: bytes, timescale: int) -> None:
        try:
            header = coded.adts(first)
        except coded.Unreadable:
            raise Refused("file-damaged") from None
        if not header.low_complexity or header.channels not in _LAYOUTS:
            raise Refused("format-not-yet", what="AAC sound of a rare profile")
        sink = io.BytesIO()
        self._out = av.open(sink, "w", format="mp4", options=dict(boxes.MUXING))
        stream = self._out.add_stream("aac", rate=header.rate)
        assert isinstance(stream, av.AudioStream)
        stream.codec_context.layout = _LAYOUTS[header.channels]
        stream.codec_context.time_base = Fraction(1, header.rate)
        self._out.start_encoding()
        self.context = stream.codec_context
        """It has the configuration, as a file with an index would."""
        self.init_segment = boxes.init_segment(sink.getvalue(), timescale)

    @staticmethod
    def bare(frame: bytes) -> bytes:
        """The coded unit. Raises Refused (file-damaged)."""
        try:
            return frame[coded.adts(frame).length :]
        except coded.Unreadable:
            raise Refused("file-damaged") from None
