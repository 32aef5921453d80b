"""What coded samples say of themselves."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.prepare import coded
from courtcast.prepare.coded import Unreadable


def sample(*units: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in units)


IDR = b"\x65\x88\x80\x10"
P_SLICE = b"\x41\x9a\x10\x00"  # first_mb 0, slice_type 5
I_SLICE = b"\x41\x88\x80\x10"  # first_mb 0, slice_type 7
SPS, PPS, AUD = b"\x67\x64\x00\x0d\xac", b"\x68\xee\x3c", b"\x09\xf0"
RECOVERY = b"\x06\x06\x01\xc4\x80"
OTHER_SEI = b"\x06\x05\x02\x06\x06\x80"  # user data that looks like a recovery point inside
LONG_SEI = b"\x06\xff\x05\x00\x06\x01\xc4\x80"  # payload type 260, then a recovery point


@pytest.mark.parametrize(
    ("units", "flagged", "key", "shown", "is_open"),
    [
        ((AUD, SPS, PPS, IDR), True, True, True, False),
        ((AUD, SPS, PPS, IDR), False, True, True, False),
        ((RECOVERY, IDR), True, True, True, False),
        ((P_SLICE,), False, False, True, False),
        ((P_SLICE,), True, False, True, False),  # no table of sync samples: all are called keyframes
        ((I_SLICE,), False, False, True, False),  # an intra picture that nobody calls a point of entry
        ((I_SLICE,), True, False, True, True),
        ((RECOVERY, I_SLICE), False, False, True, True),
        ((RECOVERY, P_SLICE), False, False, True, True),
        ((OTHER_SEI, P_SLICE), False, False, True, False),
        ((LONG_SEI, P_SLICE), False, False, True, True),
        ((AUD,), False, False, False, False),
    ],
)
def test_h264(units: tuple[bytes, ...], flagged: bool, key: bool, shown: bool, is_open: bool) -> None:
    found = coded.h264_unit(sample(*units), 4, flagged)
    assert (found.key, found.shown, found.open) == (key, shown, is_open)
    assert found.told == (is_open and not (flagged and not coded.h264_unit(sample(*units), 4, False).open))


def test_length_sizes() -> None:
    assert coded.h264_unit(b"\0\4" + IDR, 2, False).key
    assert coded.h264_unit(b"\4" + IDR, 1, False).key
    with pytest.raises(Unreadable):
        coded.h264_unit(b"\0\0\0\xff" + IDR, 4, False)


@given(
    st.lists(
        st.binary(min_size=1, max_size=40).map(lambda b: b"\x41" + b.replace(b"\0", b"\1")), min_size=1, max_size=6
    )
)
def test_start_codes_become_lengths(units: list[bytes]) -> None:
    for code in (b"\0\0\1", b"\0\0\0\1"):
        data = b"".join(code + unit for unit in units)
        assert coded.is_annexb(data)
        assert [bytes(u) for u in coded.nal_units(coded.with_lengths(data), 4)] == units


def test_parameter_sets_become_a_record() -> None:
    record = coded.avc_config(b"\0\0\0\1" + SPS + b"\0\0\1" + PPS)
    assert record[:6] == b"\1\x64\x00\x0d\xff\xe1"
    assert coded.avc_config(record) == record
    with pytest.raises(Unreadable):
        coded.avc_config(b"")


@pytest.mark.parametrize(
    ("first", "key"),
    [(0x82, True), (0x86, False), (0x88, False), (0xB2, False), (0xB0, True), (0xA2, True), (0xA6, False)],
)
def test_vp9(first: int, key: bool) -> None:
    """Frame marker, profile, show_existing_frame, frame_type."""
    assert coded.vp9_unit(bytes((first, 0x49, 0x83, 0x42))).key == key


def test_vp9_needs_its_marker() -> None:
    for bad in (b"", b"\x00\x01", b"\xff"):
        with pytest.raises(Unreadable):
            coded.vp9_unit(bad)


def obu(kind: int, payload: bytes) -> bytes:
    return bytes((kind << 3 | 2, len(payload))) + payload


@pytest.mark.parametrize(
    ("units", "key", "shown"),
    [
        ([obu(2, b""), obu(1, b"\0\0\0"), obu(6, b"\x10\0")], True, True),
        ([obu(6, b"\x30\0")], False, True),
        ([obu(6, b"\x00\0"), obu(6, b"\x30\0")], False, True),  # a hidden key frame first
        ([obu(3, b"\x80")], False, True),  # show_existing_frame
        ([obu(6, b"\x20\0")], False, False),
        ([obu(1, b"\x08"), obu(6, b"\0")], True, True),  # reduced_still_picture_header
    ],
)
def test_av1(units: list[bytes], key: bool, shown: bool) -> None:
    found = coded.av1_unit(b"".join(units))
    assert (found.key, found.shown) == (key, shown)


@given(st.binary(max_size=60))
def test_anything_is_read_or_refused(data: bytes) -> None:
    for look in (lambda d: coded.h264_unit(d, 4, True), coded.vp9_unit, coded.av1_unit):
        try:
            look(data)
        except Unreadable:
            continue


def test_names() -> None:
    assert coded.codec_string(b"....avcC\1\x64\x00\x1f") == "avc1.64001f"
    assert coded.codec_string(b"..av1C\x81\x08\x0c\x00") == "av01.0.08M.08"
    assert coded.codec_string(b"..av1C\x81\x4d\x4c\x00") == "av01.2.13M.10"
    assert coded.codec_string(b"vpcC\1\0\0\0\2\x14\xa2\2\2\x09\0\0") == "vp09.02.20.10.01.02.02.09.00"
    assert coded.codec_string(b"dOps") == "opus"
    with pytest.raises(Unreadable):
        coded.codec_string(b"hvcC")
