"""Picture and sound that were fetched apart: put together, each coded unit is what it was, and where it was."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.evidence.together import Together, begin
from courtcast.problems import Refused
from tests.stand_ins import streams

ACCEPTED = Fraction(1, 1000)
"""Seconds. What is asked for is that sound and picture stay where they were to 5 ms; ticks of the two differ."""


class Pieces(NamedTuple):
    """Of picture and of sound, and what each track begins with."""

    heads: tuple[bytes, bytes]
    picture: list[bytes]
    sound: list[bytes]


class Unit(NamedTuple):
    """A coded unit, and when it is presented."""

    at: Fraction
    data: bytes


def _mp4(files: dict[str, bytes]) -> Pieces:
    def named(start: str) -> list[bytes]:
        return [files[name] for name in sorted(files) if name.startswith(start)]

    heads = (files["init-0.mp4"], files["init-1.mp4"])
    return Pieces(heads, [p for p in named("list-0") if b"moof" in p], [p for p in named("list-1") if b"moof" in p])


def _ts(files: dict[str, bytes]) -> Pieces:
    picture, sound = (
        [files[name] for name in sorted(files) if name.startswith(start) and name.endswith(".ts")]
        for start in ("list-0", "list-1")
    )
    return Pieces((picture[0], sound[0]), picture, sound)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return streams.source(tmp_path_factory.mktemp("together"))


@pytest.fixture(scope="module")
def fragments(file: Path) -> Pieces:
    return _mp4(streams.packaged(file, streams.FRAGMENTS))


@pytest.fixture(scope="module")
def packets(file: Path) -> Pieces:
    return _ts(streams.packaged(file, streams.PACKETS))


@pytest.fixture(scope="module")
def packed(file: Path, packets: Pieces) -> Pieces:
    ahead = units(b"".join(packets.picture))["video"][0].at - units(file.read_bytes())["video"][0].at
    pieces = streams.packed(file, [Fraction(n) for n in range(5)], ahead)
    return Pieces((packets.picture[0], pieces[0]), packets.picture, pieces)


def units(data: bytes) -> dict[str, list[Unit]]:
    """Of each track, in its order."""
    found: dict[str, list[Unit]] = {}
    with av.open(io.BytesIO(data)) as one:
        for packet in one.demux():
            if packet.pts is not None and packet.size and packet.time_base is not None:
                found.setdefault(packet.stream.type, []).append(Unit(packet.pts * packet.time_base, bytes(packet)))
    return found


def put(together: Together, pieces: Pieces, cut: Callable[[bytes], Sequence[bytes]] = lambda data: [data]) -> bytes:
    out = [together.header]
    for n in range(max(len(pieces.picture), len(pieces.sound))):
        for track, one in ((1, pieces.sound), (0, pieces.picture)):
            if n < len(one):
                through = together.piece(track, Fraction(0))
                out += [through.push(data) for data in cut(one[n])]
                out.append(through.end())
    return b"".join(out)


def whole(pieces: Pieces, kind: str) -> dict[str, list[Unit]]:
    """As it is where the tracks stay apart."""
    head = pieces.heads if kind == "fragments" else (b"", b"")
    return {
        "video": units(head[0] + b"".join(pieces.picture))["video"],
        "audio": units(head[1] + b"".join(pieces.sound))["audio"],
    }


@pytest.mark.parametrize("kind", ["fragments", "packets"])
def test_each_unit_is_what_it_was_and_where_it_was(kind: str, request: pytest.FixtureRequest) -> None:
    pieces: Pieces = request.getfixturevalue(kind)
    apart, together = whole(pieces, kind), units(put(begin(pieces.heads), pieces))
    for track in ("video", "audio"):
        assert [unit.data for unit in together[track]] == [unit.data for unit in apart[track]]
        moved = {round(one.at - other.at, 6) for one, other in zip(together[track], apart[track], strict=True)}
        assert max(moved) - min(moved) <= ACCEPTED
    assert len(together["video"]) == 150
    between = together["audio"][0].at - together["video"][0].at
    assert abs(between - (apart["audio"][0].at - apart["video"][0].at)) <= ACCEPTED


def test_frames_of_sound_are_put_where_their_tags_say(file: Path, packed: Pieces) -> None:
    one, together = units(file.read_bytes()), units(put(begin(packed.heads), packed))
    assert [unit.data[7:] for unit in together["audio"]] == [unit.data for unit in one["audio"]], "without their heads"
    ahead = together["video"][0].at - one["video"][0].at
    for mine, theirs in zip(together["audio"], one["audio"], strict=True):
        assert abs(mine.at - theirs.at - ahead) <= ACCEPTED
    assert len(together["video"]) == len(one["video"])


@pytest.mark.parametrize("kind", ["fragments", "packets", "packed"])
def test_however_the_bytes_come_the_file_is_the_same(kind: str, request: pytest.FixtureRequest) -> None:
    pieces: Pieces = request.getfixturevalue(kind)
    rng = random.Random(5)

    def cut(data: bytes) -> list[bytes]:
        edges = sorted({0, len(data), *(rng.randrange(len(data)) for _ in range(40))})
        return [data[start:end] for start, end in pairwise(edges)]

    assert put(begin(pieces.heads), pieces, cut) == put(begin(pieces.heads), pieces)


def test_times_can_be_moved(fragments: Pieces) -> None:
    together = begin(fragments.heads)
    out = [together.header]
    for track, one in ((1, fragments.sound), (0, fragments.picture)):
        through = together.piece(track, Fraction(3, 2) if track else Fraction(0))
        out += [through.push(b"".join(one)), through.end()]
    moved, still = units(b"".join(out)), units(put(begin(fragments.heads), fragments))
    assert moved["audio"][0].at - still["audio"][0].at == Fraction(3, 2)
    assert moved["video"][0].at == still["video"][0].at


def test_another_movie_timescale(fragments: Pieces) -> None:
    """Of the sound's movie: what an edit list says in its ticks still lasts as long."""
    at = fragments.heads[1].index(b"mvhd") + 4 + 12
    timescale = int.from_bytes(fragments.heads[1][at : at + 4], "big")
    edits = fragments.heads[1].index(b"elst") + 4 + 8
    lasts = int.from_bytes(fragments.heads[1][edits : edits + 4], "big")
    assert lasts, "an empty edit, as the sound begins later"
    head = bytearray(fragments.heads[1])
    head[at : at + 4] = (timescale * 3).to_bytes(4, "big")
    head[edits : edits + 4] = (lasts * 3).to_bytes(4, "big")
    changed = begin((fragments.heads[0], bytes(head)))
    assert units(put(changed, fragments)) == units(put(begin(fragments.heads), fragments))


def test_one_track_alone_only_moves(fragments: Pieces) -> None:
    together = begin(fragments.heads[:1])
    through = together.piece(0, Fraction(0))
    data = together.header + through.push(fragments.picture[0]) + through.end()
    assert units(data)["video"] == units(fragments.heads[0] + fragments.picture[0])["video"]
    assert together.same(0, fragments.heads[0])
    assert not together.same(0, fragments.heads[0].replace(b"avcC", b"avcX"))


def test_what_cannot_be_put_together(fragments: Pieces, packets: Pieces, packed: Pieces, file: Path) -> None:
    mp4, ts, adts = fragments.heads, packets.heads, packed.heads
    plain = file.read_bytes()
    for heads in (
        (mp4[0], ts[1]), (ts[0], mp4[1]), (mp4[0], adts[1]), (plain, mp4[1]), (mp4[0], b""), (b"", b""), (b"x" * 400,) * 2,
        (ts[0], ts[0]), (mp4[0][:-1], mp4[1]), (adts[1], adts[1]), (adts[0], adts[1][73:]), (ts[0], ts[1][:188]),
        ts[:1], (mp4[0].replace(b"trak", b"free"), mp4[1]), (mp4[0].replace(b"mvex", b"free"), mp4[1]),
    ):  # fmt: skip
        with pytest.raises(Refused, match="link-is-stream"):
            begin(heads)
    with pytest.raises(Refused, match="link-protected"):
        begin((mp4[0].replace(b"avc1", b"encv"), mp4[1]))


def _ends(together: Together, track: int, *data: bytes, later: Fraction = Fraction(0)) -> str:
    try:
        through = together.piece(track, later)
        for one in data:
            through.push(one)
        through.end()
    except Refused as refused:
        return refused.type
    return ""


def test_pieces_that_cannot_be_taken(fragments: Pieces, packets: Pieces, packed: Pieces) -> None:
    mp4, ts, adts = begin(fragments.heads), begin(packets.heads), begin(packed.heads)
    fragment, packet, frames = fragments.sound[1], packets.sound[1], packed.sound[1]
    body = fragment[fragment.index(b"mdat") - 4 :]
    absolute = bytearray(fragment)
    absolute[fragment.index(b"tfhd") + 7] |= 1
    scrambled = bytearray(packet)
    scrambled[188 * 3 + 3] |= 0x80
    assert (_ends(mp4, 1, fragment), _ends(ts, 1, packet), _ends(adts, 1, frames)) == ("", "", "")
    assert _ends(ts, 1, bytes(scrambled)) == "link-protected"
    assert _ends(mp4, 1, fragment.replace(b"trun", b"senc")) == "link-protected"
    for wrong in (
        _ends(mp4, 1, fragment[:-1]), _ends(mp4, 1, b"\0\0\0\7moof"), _ends(mp4, 1, b"\0\0\0\0" + body[4:]),
        _ends(mp4, 1, body), _ends(mp4, 1, bytes(absolute)), _ends(mp4, 1, b"\x7f\0\0\0moof"), _ends(mp4, 1, b"x" * 99),
        _ends(mp4, 0, fragment.replace(b"\0\0\0\1", b"\0\0\0\2")), _ends(mp4, 1, fragments.heads[0]),
        _ends(mp4, 1, fragment, later=Fraction(1 << 60)), _ends(mp4, 1, fragment, later=Fraction(-99)),
        _ends(ts, 0, packets.sound[0]), _ends(ts, 1, packets.picture[0]), _ends(ts, 1, packet[:-1]),
        _ends(ts, 1, packet[1:]), _ends(ts, 0, packets.picture[0], later=Fraction(1)), _ends(adts, 1, b""),
        _ends(adts, 1, frames[:-1]), _ends(adts, 1, frames[73:]), _ends(adts, 1, b"ID3\4\0\0\x7f\x7f\x7f\x7f" + frames),
        _ends(adts, 1, frames[:73] + b"x" * 30), _ends(adts, 1, frames, later=Fraction(1)),
    ):  # fmt: skip
        assert wrong == "link-is-stream"
    assert _ends(mp4, 1, fragments.heads[1] + fragment) == "", "what is at the beginning already"


@given(data=st.data())
def test_whatever_a_server_sends_is_put_together_or_refused(
    fragments: Pieces, packets: Pieces, packed: Pieces, data: st.DataObject
) -> None:
    pieces = data.draw(st.sampled_from([fragments, packets, packed]))

    def hurt(one: bytes) -> bytes:
        changed = bytearray(one[: data.draw(st.integers(0, 1200))])
        for _ in range(data.draw(st.integers(0, 4))):
            if changed:
                changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
        return bytes(changed)

    with suppress(Refused):
        begin((hurt(pieces.heads[0]), hurt(pieces.heads[1])))
    together = begin(pieces.heads)
    track = data.draw(st.integers(0, 1))
    assert _ends(together, track, hurt((pieces.picture, pieces.sound)[track][0])) in (
        "",
        "link-is-stream",
        "link-protected",
    )
