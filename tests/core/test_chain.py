"""The chain: what was written verifies, and whatever was done to it does not."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courtcast.core import chain
from courtcast.core.chain import Broken, Link, Malformed, Sound, verify
from courtcast.core.identity import Identity
from courtcast.core.signing import Signer, grouped, is_signed, read_digits
from tests.core.tampering import OTHER, WAYS, lines_of

SIGNER = Signer.make()
NUMBERS = st.integers(-chain.MOST_NUMBER, chain.MOST_NUMBER)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES: Any = st.recursive(
    NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
WHAT = st.dictionaries(TEXTS, VALUES, max_size=4)


def written(whats: list[tuple[str, dict[str, Any]]], *, signed_every: int = 7) -> list[bytes]:
    """A record of these, with its end."""
    line, link = chain.write(Link(), at=1_000, kind="started", what={"key": SIGNER.key, "version": "1"})
    lines = [line]
    for kind, what in whats:
        line, link = chain.write(link, at=1_000 + link.entries, kind=kind, what=what)
        lines.append(line)
        if link.entries % signed_every == 0:
            line, link = chain.checkpoint(link, SIGNER, at=1_000 + link.entries)
            lines.append(line)
    return [*lines, chain.closing(link, SIGNER, at=9_999)]


def hearing() -> list[bytes]:
    """A record with some of everything in it."""
    random = Random(7)
    whats: list[tuple[str, dict[str, Any]]] = []
    for n in range(34):
        what = {
            "exhibit": f"{n:016x}",
            "ref": "JM/1",
            "title": "Überwachung 監視カメラ 😀",
            "frame": n * 30,
            "zones": ["jury"],
        }
        whats.append((random.choice(["cued", "put-up", "shown", "blanked"]), what))
        if n == 20:
            whats.append(("started", {"key": SIGNER.key, "version": "2"}))
    return written(whats)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=8).filter(lambda kind: kind not in ("started", "checkpoint")), WHAT),
        max_size=12,
    )
)
def test_what_was_written_verifies(whats: list[tuple[str, dict[str, Any]]]) -> None:
    surrogates = any("\ud800" <= one <= "\udfff" for kind, _ in whats for one in kind)
    if surrogates:
        return
    lines = written(whats, signed_every=3)
    found = verify(lines)
    assert isinstance(found, Sound)
    assert (found.entries, found.key, found.closed) == (len(lines) - 1, SIGNER.key, 9_999)
    assert verify(lines, key=SIGNER.key, head=found.head) == found._replace(asked_at=found.entries - 1)
    again = [chain.read(line) for line in lines[:-1]]
    assert [entry.n for entry in again] == list(range(len(again)))
    assert [dict(e.what) for e in again if e.kind not in ("started", "checkpoint")] == [what for _, what in whats]


def test_the_form_is_that_of_rfc_8785() -> None:
    """Sorted by UTF-16 code units, no white space, the shortest escapes: from the RFC's own section 3.2.3."""
    value = {"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
             "\U0001f600": "Emoji: Grinning Face", "\u0080": "Control", "ö": "Latin Small Letter O With Diaeresis"}  # fmt: skip
    names = list(json.loads(chain.canonical(value)))
    assert names == ["\r", "1", "\u0080", "ö", "\u20ac", "\U0001f600", "\ufb33"]
    assert chain.canonical({"b": [1, -2, {"a": 'x"\n'}], "a": 0}) == b'{"a":0,"b":[1,-2,{"a":"x\\"\\n"}]}'


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        True,
        None,
        {"a": None},
        [False],
        2**53,
        -(2**53),
        "\ud800",
        {1: "a"},
        b"x",
        {"a": [[[[[[1]]]]]]},
        {"a": 0.0},
    ],
)
def test_anything_else_has_no_place(value: Any) -> None:
    with pytest.raises(Malformed):
        chain.write(Link(), at=0, kind="cued", what={"x": value})


def test_an_entry_that_is_too_long_has_no_place() -> None:
    with pytest.raises(Malformed):
        chain.write(Link(), at=0, kind="cued", what={"x": "ä" * chain.MOST_LINE})


def test_the_first_bad_line_is_named() -> None:
    lines = hearing()
    whole = b"".join(lines)
    begins = 0
    for number, line in enumerate(lines, 1):
        for at in range(begins, begins + len(line) - 1, 101):
            data = bytearray(whole)
            data[at] ^= 1
            if data[at] == 0x0A:
                continue
            found = verify(lines_of(bytes(data)), key=SIGNER.key)
            assert isinstance(found, Broken)
            assert found.line == number, bytes(data[begins : begins + len(line)])
        begins += len(line)


def test_a_tail_that_was_cut_off_is_named() -> None:
    lines = hearing()
    for end in range(len(lines)):
        assert verify(lines[:end]) == Broken(
            end + 1,
            "cut",
            0 if end < 8 else max(n for n in range(end + 1) if n == 0 or b'"checkpoint"' in lines[n - 1]),
        )


def test_it_says_how_far_it_is_signed_for() -> None:
    lines = hearing()
    del lines[20]
    found = verify(lines)
    assert isinstance(found, Broken)
    assert (found.line, found.fault) == (21, "number")
    assert 0 < found.signed <= 20


def test_the_key_and_the_head_that_were_printed() -> None:
    lines = hearing()
    head = chain.hash_of(lines[12])
    found = verify(lines, key=SIGNER.key, head=head)
    assert isinstance(found, Sound)
    assert found.asked_at == 12
    assert verify(lines, head="0" * 64) == Broken(len(lines) + 1, "head-asked", len(lines) - 1)
    assert verify(lines, key=OTHER.key) == Broken(len(lines), "key-asked", 0)


def test_a_record_that_another_key_wrote_from_beginning_to_end_is_only_told_by_the_key() -> None:
    """What is not proven, and why the key is printed."""
    line, link = chain.write(Link(), at=1, kind="started", what={"key": OTHER.key})
    lines = [line, chain.closing(link, OTHER, at=2)]
    assert isinstance(verify(lines), Sound)
    assert isinstance(verify(lines, key=SIGNER.key), Broken)


def test_a_key_may_be_followed_by_another() -> None:
    """The file with the key was lost: the old entries stay signed, the new ones are by the new key."""
    line, link = chain.write(Link(), at=1, kind="started", what={"key": OTHER.key})
    signed, link = chain.checkpoint(link, OTHER, at=2)
    anew, link = chain.write(link, at=3, kind="started", what={"key": SIGNER.key})
    lines = [line, signed, anew, chain.closing(link, SIGNER, at=4)]
    found = verify(lines, key=SIGNER.key)
    assert isinstance(found, Sound)
    assert (found.key, found.former) == (SIGNER.key, (OTHER.key,))
    assert isinstance(verify(lines, key=OTHER.key), Broken)
    late, _ = chain.checkpoint(link, OTHER, at=5)
    assert verify([*lines[:3], late]) == Broken(4, "other-key", 2)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_tampering_is_found(way: Any) -> None:
    _tamper(way, 20)


@pytest.mark.long
def test_ten_thousand_tamperings_are_found() -> None:
    """Each of them, with the key that was printed: the bar of the record."""
    made = sum(_tamper(way, 10_000 // len(WAYS) + 1, seed=1_000) for way in WAYS)
    assert made >= 10_000


def _tamper(way: Any, times: int, seed: int = 0) -> int:
    lines = hearing()
    whole = b"".join(lines)
    assert isinstance(verify(lines_of(whole), key=SIGNER.key), Sound)
    made = 0
    for n in range(seed, seed + 10 * times):
        data = way(list(lines), Random(f"{way.__name__} {n}"))
        if data == whole:
            continue
        found = verify(lines_of(data), key=SIGNER.key)
        assert isinstance(found, Broken), (way.__name__, n)
        made += 1
        if made == times:
            break
    assert made == times, "it does not change enough"
    return made


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_judged(data: bytes) -> None:
    assert isinstance(verify(lines_of(data)), Broken)


def test_signatures() -> None:
    again = Signer.from_pem(SIGNER.to_pem())
    signature = again.sign(b"x")
    assert is_signed(SIGNER.key, signature, b"x")
    assert not is_signed(SIGNER.key, signature, b"y")
    assert not is_signed(OTHER.key, signature, b"x")
    assert not is_signed("no key", signature, b"x")
    assert not is_signed(SIGNER.key, "00", b"x")
    assert read_digits(grouped(SIGNER.key).upper()) == SIGNER.key
    assert read_digits(SIGNER.key[1:]) is None
    with pytest.raises(ValueError, match="Ed25519"):
        Signer.from_pem(Identity.make("of a screen").to_pem())
