"""DATA and SACK in bytes, against aiortc's own reading and writing of them."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from aiortc.rtcsctptransport import Chunk, DataChunk, SackChunk, parse_packet, serialize_packet
from google_crc32c import value
from hypothesis import given
from hypothesis import strategies as st

from courtcast.deliver.sctp.wire import BEGIN, END, data_chunk, read_sack, sack_of, sound, widen

tsns = st.integers(0, 2**32 - 1)


@given(st.binary(min_size=1, max_size=1160), tsns, st.integers(0, 65535), st.integers(0, 65535))
def test_data_is_what_aiortc_writes(data: bytes, tsn: int, stream: int, sequence: int) -> None:
    theirs = DataChunk(flags=BEGIN | END)
    theirs.tsn, theirs.stream_id, theirs.stream_seq, theirs.protocol = tsn, stream, sequence, 53
    theirs.user_data = data
    assert data_chunk(BEGIN | END, tsn + 3 * 2**32, stream, sequence, 53, data) == bytes(theirs)


@st.composite
def gap_lists(draw: st.DrawFn) -> list[tuple[int, int]]:
    at, gaps = 0, []
    for skip, length in draw(st.lists(st.tuples(st.integers(2, 900), st.integers(0, 900)), max_size=30)):
        gaps.append((at + skip, at + skip + length))
        at += skip + length
    return gaps


@given(tsns, st.integers(0, 2**32 - 1), gap_lists(), st.lists(tsns, max_size=20), st.integers(0, 5))
def test_a_sack_is_read_as_aiortc_wrote_it(
    cumulative: int, window: int, gaps: list[tuple[int, int]], duplicates: list[int], laps: int
) -> None:
    sack = SackChunk()
    sack.cumulative_tsn, sack.advertised_rwnd, sack.gaps, sack.duplicates = cumulative, window, gaps, duplicates
    body = sack_of(serialize_packet(5000, 5000, 7, sack))
    assert body is not None
    near = laps * 2**32 + cumulative
    read = read_sack(body, near)
    assert read is not None
    assert (read.cumulative, read.window, read.duplicates) == (near, window, len(duplicates))
    assert [(first - near, last - near) for first, last in read.gaps] == gaps


@given(st.binary(max_size=200))
def test_noise_is_no_sack_or_a_sound_one(noise: bytes) -> None:
    sack_of(noise)
    read = read_sack(noise, 2**40)
    if read is not None:
        edge = read.cumulative
        for first, last in read.gaps:
            assert edge + 2 <= first <= last
            edge = last


@pytest.mark.parametrize(
    "gaps",
    [[(1, 4)], [(5, 4)], [(2, 4), (4, 6)], [(2, 4), (5, 6)], [(7, 9), (2, 4)], [(0, 0)], [(2, 3)] * 100],
)
def test_gap_blocks_that_no_stack_would_send(gaps: list[tuple[int, int]]) -> None:
    sack = SackChunk()
    sack.cumulative_tsn, sack.gaps = 10, gaps
    assert read_sack(bytes(sack)[4:], 10) is None


def test_thousands_of_gap_blocks_are_not_read() -> None:
    sack = SackChunk()
    sack.cumulative_tsn, sack.gaps = 10, [(2 * n, 2 * n) for n in range(1, 5000)]
    assert read_sack(bytes(sack)[4:], 10) is None


def test_a_packet_with_something_else_in_it_is_not_ours() -> None:
    sack, data = SackChunk(), DataChunk()
    sack.cumulative_tsn = 1
    data.user_data = b"x"
    packet = serialize_packet(5000, 5000, 7, sack)
    assert sack_of(packet + bytes(data)) is None
    assert sack_of(packet[:12]) is None
    assert sack_of(packet[:-1]) is None
    assert sack_of(packet + packet[12:]) is not None, "two of them: the last counts"
    assert len(parse_packet(packet)[3]) == 1


@given(st.integers(0, 2**40), st.integers(-(2**31), 2**31 - 1))
def test_widened_numbers_stay_near(near: int, away: int) -> None:
    assert widen((near + away) & 0xFFFFFFFF, near) == near + away


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=60)), max_size=5))
def test_what_is_sound_is_read_to_its_end(chunks: list[tuple[int, bytes]]) -> None:
    """aiortc's reader comes to an end over everything that is let through to it."""
    packet = bytes(12)
    for kind, body in chunks:
        chunk = Chunk(body=body)
        chunk.type = kind
        packet += bytes(chunk)
    packet = packet[:8] + value(packet[:8] + bytes(4) + packet[12:]).to_bytes(4, "little") + packet[12:]
    if sound(packet):
        with suppress(ValueError, struct.error):
            parse_packet(packet)


@pytest.mark.parametrize("kind", [4, 5, 6, 9, 130])
def test_a_parameter_without_length_is_not_sound(kind: int) -> None:
    chunk = Chunk(body=b"\0\1\0\0")
    chunk.type = kind
    assert not sound(bytes(12) + bytes(chunk))
    chunk.body = b"\0\1\0\4"
    assert sound(bytes(12) + bytes(chunk))
