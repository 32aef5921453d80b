"""What a decoder gives does not depend on more than is said: begun anywhere, it gives what it would have given."""

from __future__ import annotations

import io
import math
import random
from array import array
from fractions import Fraction
from typing import Any

import av
import pytest

from courtcast.prepare.decoders import Decoding, known

SECONDS = 6
CODECS = {
    "AC-3": ("ac3", "matroska", 44_100, {}),
    "E-AC-3": ("eac3", "matroska", 48_000, {}),
    "MP2": ("mp2", "mpegts", 44_100, {}),
    "MP3 with bits lent far back": ("libmp3lame", "mp3", 44_100, {"bit_rate": 32_000}),
    "MP3 of 8 kHz": ("libmp3lame", "mp3", 8000, {"bit_rate": 8000}),
    "MP3 of many bits": ("libmp3lame", "mp3", 44_100, {"bit_rate": 320_000}),
    "PCM of 24 bits": ("pcm_s24le", "wav", 44_100, {}),
    "G.711": ("pcm_alaw", "wav", 8000, {}),
    "ADPCM of Microsoft": ("adpcm_ms", "wav", 44_100, {}),
    "ADPCM of the IMA": ("adpcm_ima_wav", "wav", 44_100, {}),
    "ALAC": ("alac", "ipod", 44_100, {}),
    "FLAC": ("flac", "flac", 44_100, {}),
}


def sound(codec: str, container: str, rate: int, options: dict[str, Any]) -> bytes:
    """Tone and noise, coming and going."""
    dice, sink = random.Random(codec), io.BytesIO()
    with av.open(sink, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate)
        stream.layout = "mono"
        for name, value in options.items():
            setattr(stream.codec_context, name, value)
        shaper = av.AudioResampler(format=stream.format.name, layout="mono", rate=rate)
        for at in range(0, rate * SECONDS - 1152, 1152):
            values = (
                0.3 * math.sin(n * 2764 / rate) + 0.2 * dice.uniform(-1, 1) * math.sin(n / rate)
                for n in range(at, at + 1152)
            )
            frame = av.AudioFrame(format="fltp", layout="mono", samples=1152)
            frame.planes[0].update(array("f", values).tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            for shaped in shaper.resample(frame):
                out.mux(stream.encode(shaped))
        out.mux(stream.encode(None))
    return sink.getvalue()


def decoded(data: bytes, first: int) -> list[bytes]:
    """What each packet from there on gives."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        decoding, given = Decoding(stream), []
        for number, packet in enumerate(packet for packet in container.demux(stream) if packet.size):
            if number >= first:
                parts = [
                    bytes(plane)[: frame.samples * frame.format.bytes]
                    for frame, _ in decoding.frames(packet)
                    for plane in frame.planes
                ]
                given.append(b"".join(parts))
    return given


@pytest.mark.parametrize("kind", CODECS)
def test_a_decoder_remembers_no_more_than_is_said(kind: str) -> None:
    codec, *_ = CODECS[kind]
    how = known(codec.removeprefix("lib").replace("mp3lame", "mp3"))
    assert how is not None
    data = sound(*CODECS[kind])
    whole = decoded(data, 0)
    for first in {len(whole) // 7, len(whole) // 3}:
        assert first + how.memory < len(whole)
        assert decoded(data, first)[how.memory :] == whole[first + how.memory :]


@pytest.mark.parametrize("codec", ["aac", "adpcm_g722", "amr_nb", "nellymoser", "wmav2", "unheard of"])
def test_who_may_remember_everything_is_heard_from_the_beginning(codec: str) -> None:
    assert known(codec) is None
