"""Which decoder a sound that is converted is given to, and for how long that one remembers. Runs in the child.

The sound of one place can be made without all that lies before it if what a decoder gives depends on its last few
packets only. Many remember more: noise from a generator that runs on (AAC; AC-3 if not told otherwise), the remainder
of every rounding so far (MPEG layers 1 and 2 in whole numbers), filters and predictors that never quite forget (AMR,
G.722, Nellymoser). Whoever is not listed here is heard from the beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

import av

from courtcast.prepare.frames import frames_of

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet


class Decoder(NamedTuple):
    """How a codec is decoded."""

    memory: int
    """Packets before one that have a say in what it gives."""
    name: str = ""
    """Of the library's decoder, where another is taken than the stream's own. It needs no more than the packets."""
    options: dict[str, str] = {}  # noqa: RUF012 (nobody changes it)
    narrow: bool = False
    """What it gives is kept with 16 bits."""


_NOTHING: Final = Decoder(0)
_CONSISTENT: Final = {"cons_noisegen": "1"}
"""The noise of a frame follows from the frame. A decoder that is emptied for a seek forgets that it was told so."""
_KNOWN: Final[dict[str, Decoder]] = {
    **dict.fromkeys(
        (
            "pcm_s16le", "pcm_s16be", "pcm_u8", "pcm_s8", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be",
            "pcm_f32le", "pcm_mulaw", "pcm_alaw", "adpcm_ms", "adpcm_ima_wav", "adpcm_swf", "alac", "flac",
        ),
        _NOTHING,
    ),
    # Half of a frame overlaps with the one before.
    "ac3": Decoder(2, "ac3", _CONSISTENT),
    "eac3": Decoder(2, "eac3", _CONSISTENT),
    "mp1": Decoder(2, "mp1float", narrow=True),
    "mp2": Decoder(2, "mp2float", narrow=True),
    # Bits of a frame may lie in those before, up to 255 or 511 bytes back; the smallest frames have 11 bytes for them.
    "mp3": Decoder(48),
}  # fmt: skip


def known(codec: str) -> Decoder | None:
    """By the library's name of the codec; None where it may remember everything."""
    return _KNOWN.get(codec)


class Decoding:
    """Of one stream, from its beginning or from anywhere."""

    def __init__(self, stream: av.AudioStream) -> None:
        self.how = known(stream.codec_context.codec.canonical_name)
        self._context, self._own = stream.codec_context, False
        self._base = stream.time_base or Fraction(1, stream.codec_context.sample_rate)
        if self.how is not None and self.how.name:
            other = av.CodecContext.create(self.how.name, "r")
            assert isinstance(other, av.AudioCodecContext)
            other.options = self.how.options
            self._context, self._own = other, True

    def frames(self, packet: Packet | None) -> Iterator[tuple[av.AudioFrame, int | None]]:
        """Those that have samples, and where the file says that they lie, in samples (see `frames_of`)."""
        left_out = 0 if packet is None or not self._own else _left_out(packet)
        for frame in frames_of(self._context, packet):
            if not frame.samples:
                continue
            said = None if frame.pts is None else round(frame.pts * (frame.time_base or self._base) * frame.sample_rate)
            yield frame, None if said is None else said + left_out
            left_out = 0


def _left_out(packet: Packet) -> int:
    """Samples at its beginning that a decoder gives nothing of, as the file wishes. One that was not made with the
    stream leaves them out, too, but does not mind when the others come then."""
    for side in packet.iter_sidedata():
        if side.data_type == "skip_samples":
            return int.from_bytes(bytes(side)[:4], "little")
    return 0
