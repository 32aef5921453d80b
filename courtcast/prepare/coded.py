"""What stands in coded samples: which begin anew, which give a picture, what they are called. Pure.

A keyframe is a picture from which decoding can begin whatever came before: IDR in H.264, a key frame in VP9, a shown
key frame in AV1. What a container flags as one is not enough: Chromium fails for good when it seeks to another random
access point of an open-GOP H.264 file.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from courtcast.prepare import clusters
from courtcast.prepare.boxes import Bytes


class Unit(NamedTuple):
    """What one coded sample of the picture is."""

    key: bool
    """Decoding can begin here."""
    shown: bool
    """It gives a picture."""
    open: bool = False
    """A point of entry whose following pictures may depend on earlier ones."""
    told: bool = False
    """… and it says so itself (recovery point), whatever the container has."""


class Unreadable(ValueError):
    """The coded data is not what the codec's rules say."""


# --- H.264 (ITU-T H.264) ---------------------------------------------------------------------------------------------

_NAL_SLICE, _NAL_IDR, _NAL_SEI = 1, 5, 6
_SEI_RECOVERY_POINT = 6
_INTRA_SLICES = frozenset((2, 4, 7, 9))


def nal_units(sample: Bytes, length_size: int) -> Iterator[memoryview]:
    """NAL units of a sample with length prefixes (ISO/IEC 14496-15 §5.3). Raises Unreadable where they do not fit."""
    view = memoryview(sample)
    at = 0
    while at + length_size <= len(view):
        size = int.from_bytes(view[at : at + length_size], "big")
        at += length_size
        if at + size > len(view):
            raise Unreadable("a NAL unit reaches beyond its sample")
        if size:
            yield view[at : at + size]
        at += size


def annexb_units(data: bytes) -> Iterator[bytes]:
    """NAL units between start codes (H.264 annex B); zero bytes behind a unit belong to the next start code."""
    at = data.find(b"\0\0\1")
    while at >= 0:
        start = at + 3
        at = data.find(b"\0\0\1", start)
        unit = (data[start:] if at < 0 else data[start:at]).rstrip(b"\0")
        if unit:
            yield unit


def is_annexb(data: bytes) -> bool:
    """Start codes, not a configuration record (which begins with 1)."""
    return data.startswith((b"\0\0\0\1", b"\0\0\1"))


def with_lengths(data: bytes) -> bytes:
    """Start codes become lengths of four bytes."""
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in annexb_units(data))


def avc_config(extradata: bytes) -> bytes:
    """An AVCDecoderConfigurationRecord out of itself, or out of parameter sets with start codes. Raises Unreadable."""
    if extradata[:1] == b"\1" and len(extradata) >= 7:
        return extradata
    sps = [unit for unit in annexb_units(extradata) if unit[0] & 31 == 7]
    pps = [unit for unit in annexb_units(extradata) if unit[0] & 31 == 8]
    if not sps or not pps or len(sps[0]) < 4:
        raise Unreadable("no parameter sets")
    record = bytes((1, sps[0][1], sps[0][2], sps[0][3], 0xFF, 0xE0 | len(sps)))
    record += b"".join(struct.pack(">H", len(unit)) + unit for unit in sps)
    record += bytes((len(pps),)) + b"".join(struct.pack(">H", len(unit)) + unit for unit in pps)
    return record


def h264_unit(sample: Bytes, length_size: int, flagged: bool) -> Unit:
    """One sample of H.264; `flagged` says that the container calls it a point of entry."""
    idr = picture = recovery = intra = False
    for unit in nal_units(sample, length_size):
        kind = unit[0] & 31
        if kind == _NAL_IDR:
            idr = picture = True
            break
        if kind == _NAL_SEI:
            recovery = recovery or _recovery_point(bytes(unit))
        elif kind in (_NAL_SLICE, 2):
            picture = True
            intra = _slice_type(bytes(unit[1:12])) in _INTRA_SLICES
            break
    entry = not idr and picture
    return Unit(key=idr, shown=picture, open=entry and (recovery or (flagged and intra)), told=entry and recovery)


def _recovery_point(sei: bytes) -> bool:
    """Whether a SEI NAL unit holds a recovery point message (§7.3.2.3, D.1.8)."""
    at = 1
    while at + 2 <= len(sei) and sei[at] != 0x80:
        kind = size = 0
        while at < len(sei) and sei[at] == 255:
            kind, at = kind + 255, at + 1
        if at >= len(sei):
            break
        kind, at = kind + sei[at], at + 1
        while at < len(sei) and sei[at] == 255:
            size, at = size + 255, at + 1
        if at >= len(sei):
            break
        size, at = size + sei[at], at + 1
        if kind == _SEI_RECOVERY_POINT:
            return True
        at += size
    return False


def _slice_type(head: bytes) -> int:
    """slice_type: the second exp-Golomb number of a slice header (§7.3.3). -1 where it is not there."""
    bits = "".join(f"{byte:08b}" for byte in head.replace(b"\0\0\3", b"\0\0"))
    value = -1
    for _ in range(2):
        zeros = len(bits) - len(bits.lstrip("0"))
        if 2 * zeros + 1 > len(bits):
            return -1
        value = int(bits[zeros : 2 * zeros + 1], 2) - 1
        bits = bits[2 * zeros + 1 :]
    return value


# --- VP9 (bitstream specification, §6.2) -----------------------------------------------------------------------------


def vp9_unit(sample: Bytes) -> Unit:
    """One sample of VP9: its first frame says whether it begins anew. Hidden frames have been joined to shown ones."""
    if not sample or sample[0] >> 6 != 2:
        raise Unreadable("no frame marker")
    first = sample[0]
    profile = (first >> 5 & 1) | (first >> 4 & 1) << 1
    shift = 2 if profile == 3 else 3
    if first >> shift & 1:  # show_existing_frame
        return Unit(key=False, shown=True)
    return Unit(key=not first >> (shift - 1) & 1, shown=True)


# --- VP8 (RFC 6386, §9.1) --------------------------------------------------------------------------------------------


def vp8_unit(sample: Bytes) -> Unit:
    """One frame of VP8; those that are only decoded for others are frames of their own."""
    if len(sample) < 3 or (not sample[0] & 1 and sample[3:6] != b"\x9d\x01\x2a"):
        raise Unreadable("no frame header")
    return Unit(key=not sample[0] & 1, shown=bool(sample[0] >> 4 & 1))


# --- AV1 (bitstream specification, §5.3 to §5.9) ---------------------------------------------------------------------

_OBU_SEQUENCE, _OBU_FRAME_HEADER, _OBU_FRAME = 1, 3, 6


def obus(sample: Bytes) -> Iterator[tuple[int, Bytes]]:
    """(type, payload) of each OBU in a sample; the last may lack its size. Raises Unreadable."""
    at = 0
    while at < len(sample):
        first = sample[at]
        at += 1 + (first >> 2 & 1)
        size = len(sample) - at
        if first >> 1 & 1:
            size, at = _leb128(sample, at)
        if first >> 7 or size < 0 or at + size > len(sample):
            raise Unreadable("an OBU reaches beyond its sample")
        yield first >> 3 & 15, sample[at : at + size]
        at += size


def without_delimiters(unit: bytes) -> bytes:
    """A temporal unit as an MP4 holds it: without its temporal delimiter (AV1 in ISOBMFF §2.4)."""
    return unit[2:] if unit[:2] == b"\x12\0" else unit


def _leb128(data: Bytes, at: int) -> tuple[int, int]:
    value = 0
    for n in range(8):
        if at + n >= len(data):
            break
        value |= (data[at + n] & 127) << 7 * n
        if not data[at + n] >> 7:
            return value, at + n + 1
    raise Unreadable("no end of a number")


def av1_unit(sample: Bytes) -> Unit:
    """One temporal unit of AV1. A key frame that is hidden and shown later is no place to begin."""
    shown = key = False
    first = True
    for kind, payload in obus(sample):
        if kind == _OBU_SEQUENCE and len(payload) and payload[0] >> 3 & 1:
            return Unit(key=True, shown=True)  # reduced_still_picture_header: only key frames
        if kind not in (_OBU_FRAME, _OBU_FRAME_HEADER) or not payload:
            continue
        existing, frame_type, show = payload[0] >> 7, payload[0] >> 5 & 3, payload[0] >> 4 & 1
        if existing:
            shown = True
        else:
            key = key or (first and frame_type == 0 and bool(show))
            shown = shown or bool(show)
        first = False
    return Unit(key=key, shown=shown)


def reader(codec: str, extradata: bytes) -> Callable[[Bytes, bool], Unit]:
    """How to look at a sample of this codec, given what the container flags."""
    if codec == "h264":
        length_size = (extradata[4] & 3) + 1
        return lambda sample, flagged: h264_unit(sample, length_size, flagged)
    if codec == "vp8":
        return lambda sample, flagged: vp8_unit(sample)
    if codec == "vp9":
        return lambda sample, flagged: vp9_unit(sample)
    return lambda sample, flagged: av1_unit(sample)


# --- names (RFC 6381 and the codecs' own rules) ----------------------------------------------------------------------


def mime(kind: str, init: bytes) -> str:
    """The type with codecs of an init segment, as `MediaSource.isTypeSupported` wants it. Raises Unreadable."""
    if clusters.is_webm(init):
        return clusters.MIME
    return f'{kind}/mp4; codecs="{codec_string(init)}"'


def codec_string(init: bytes) -> str:
    """From the sample entry's configuration box."""
    at = init.find(b"avcC")
    if at >= 0:
        return f"avc1.{init[at + 5]:02x}{init[at + 6]:02x}{init[at + 7]:02x}"
    at = init.find(b"vpcC")
    if at >= 0:
        profile, level, packed, primaries, transfer, matrix = init[at + 8 : at + 14]
        depth, chroma, wide = packed >> 4, packed >> 1 & 7, packed & 1
        return f"vp09.{profile:02}.{level:02}.{depth:02}.{chroma:02}.{primaries:02}.{transfer:02}.{matrix:02}.{wide:02}"
    at = init.find(b"av1C")
    if at >= 0:
        profile, level = init[at + 5] >> 5, init[at + 5] & 31
        tier, high, twelve = init[at + 6] >> 7, init[at + 6] >> 6 & 1, init[at + 6] >> 5 & 1
        return f"av01.{profile}.{level:02}{'HM'[not tier]}.{12 if twelve else 10 if high else 8:02}"
    at = init.find(b"esds")
    if at >= 0:
        return f"mp4a.40.{_audio_object_type(_decoder_specific(init[at + 4 :]))}"
    for mark, name in ((b"dOps", "opus"), (b"dfLa", "flac")):
        if mark in init:
            return name
    raise Unreadable("no configuration of a known codec")


class Adts(NamedTuple):
    """The header of one frame of AAC in a stream (ISO/IEC 13818-7 §6.2)."""

    length: int
    """Bytes of the header."""
    low_complexity: bool
    rate: int
    channels: int


AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


def adts(frame: bytes) -> Adts:
    """Raises Unreadable where it is none."""
    if len(frame) < 7 or frame[0] != 0xFF or frame[1] & 0xF6 != 0xF0 or frame[2] >> 2 & 15 >= len(AAC_RATES):
        raise Unreadable("no ADTS header")
    channels = (frame[2] & 1) << 2 | frame[3] >> 6
    return Adts(7 if frame[1] & 1 else 9, frame[2] >> 6 == 1, AAC_RATES[frame[2] >> 2 & 15], channels)


def _decoder_specific(esds: bytes) -> bytes:
    """The AudioSpecificConfig of an esds box's content (ISO/IEC 14496-1 §7.2.6): the descriptor with tag 5."""
    at = 4
    while at + 1 < len(esds):
        tag, at = esds[at], at + 1
        size = 0
        while at < len(esds):
            byte, at = esds[at], at + 1
            size = size << 7 | byte & 127
            if not byte >> 7:
                break
        if tag == 5:
            return esds[at : at + size]
        at += {3: 3, 4: 13}.get(tag, size)
    raise Unreadable("no decoder configuration")


def _audio_object_type(config: bytes) -> int:
    """audioObjectType (ISO/IEC 14496-3 §1.6.2.1)."""
    if not config:
        raise Unreadable("empty decoder configuration")
    kind = config[0] >> 3
    if kind == 31 and len(config) > 1:
        kind = 32 + ((config[0] & 7) << 3 | config[1] >> 5)
    return kind
