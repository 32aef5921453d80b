"""Ways to tamper with an exported record, for `test_chain`: each gives another file, by a seeded source of chance."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from courtcast.core import chain
from courtcast.core.chain import CHECKPOINT, LABELS, Link
from courtcast.core.signing import Signer

OTHER = Signer.make()
"""A key that somebody has who holds not ours."""


def lines_of(data: bytes) -> list[bytes]:
    """As reading a file gives them."""
    return list(io.BytesIO(data))


def flip(lines: list[bytes], random: Random) -> bytes:
    data = bytearray(b"".join(lines))
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


def another_byte(lines: list[bytes], random: Random) -> bytes:
    data = bytearray(b"".join(lines))
    at = random.randrange(len(data))
    match random.randrange(3):
        case 0:
            data[at] = (data[at] + random.randrange(1, 256)) % 256
        case 1:
            data.insert(at, random.choice(b' \t\r\n0"\\\x00\xff{}'))
        case _:
            del data[at]
    return bytes(data)


def drop(lines: list[bytes], random: Random) -> bytes:
    at = random.randrange(len(lines))
    end = min(len(lines), at + random.randrange(1, 4))
    return b"".join(lines[:at] + lines[end:])


def repeat(lines: list[bytes], random: Random) -> bytes:
    at = random.randrange(len(lines))
    to = random.randrange(len(lines) + 1)
    return b"".join([*lines[:to], lines[at], *lines[to:]])


def swap(lines: list[bytes], random: Random) -> bytes:
    one, two = random.sample(range(len(lines)), 2)
    lines[one], lines[two] = lines[two], lines[one]
    return b"".join(lines)


def cut(lines: list[bytes], random: Random) -> bytes:
    data = b"".join(lines)
    return data[: random.randrange(len(data))]


def cut_whole_lines(lines: list[bytes], random: Random) -> bytes:
    return b"".join(lines[: random.randrange(len(lines))])


def cut_before_the_closing(lines: list[bytes], random: Random) -> bytes:
    """Entries are gone, the closing is not."""
    return b"".join([*lines[: random.randrange(len(lines) - 1)], lines[-1]])


def trailing(lines: list[bytes], random: Random) -> bytes:
    more = random.choice([b"\n", b" ", b"\r\n", b"\x00", b"{}\n", b"null\n", lines[-1], lines[0], b"\xef\xbb\xbf"])
    return b"".join(lines) + more


def leading(lines: list[bytes], random: Random) -> bytes:
    return random.choice([b"\n", b" ", b"\xef\xbb\xbf", b"{}\n", lines[1]]) + b"".join(lines)


def line_ends(lines: list[bytes], random: Random) -> bytes:
    which = random.randrange(len(lines))
    return b"".join(line[:-1] + b"\r\n" if at == which else line for at, line in enumerate(lines))


def whitespace(lines: list[bytes], random: Random) -> bytes:
    def spaced(line: bytes) -> bytes:
        places = [at for at, byte in enumerate(line) if byte in b",:{}[]"]
        at = random.choice(places) + random.randrange(2)
        return line[:at] + random.choice([b" ", b"\t", b"  "]) + line[at:]

    return _one(lines, random, spaced)


def pretty(lines: list[bytes], random: Random) -> bytes:
    return _one(lines, random, lambda line: json.dumps(json.loads(line), ensure_ascii=False).encode() + b"\n")


def other_order(lines: list[bytes], random: Random) -> bytes:
    def turned(line: bytes) -> bytes:
        found = json.loads(line)
        whole = dict(reversed(found.items()))
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    return _one(lines, random, turned)


def doubled_key(lines: list[bytes], random: Random) -> bytes:
    """The second of two is what most readers take."""

    def doubled(line: bytes) -> bytes:
        places = [at for at, byte in enumerate(line) if byte in b"{"]
        at = random.choice(places) + 1
        name = random.choice([b'"at":1', b'"hash":"00"', b'"what":{}', b'"entry":{}', b'"by":"clerk"', b'"n":0'])
        return line[:at] + name + b"," + line[at:]

    return _one(lines, random, doubled)


def other_spelling(lines: list[bytes], random: Random) -> bytes:
    """The same to a reader of JSON."""
    line = random.randrange(len(lines))
    found = lines[line]
    for old, new in random.sample(
        [(b'"at":', b'"\\u0061t":'), (b'"key"', b'"k\\u0065y"'), (b'"n":', b'"\\u006e":')], 3
    ):
        if old in found:
            lines[line] = found.replace(old, new, 1)
            return b"".join(lines)
    digit = next(at for at, byte in enumerate(found) if byte in b"0123456789")
    lines[line] = found[:digit] + b"\\u00%02x" % found[digit] + found[digit + 1 :]
    return b"".join(lines)


def number_otherwise(lines: list[bytes], random: Random) -> bytes:
    def other(line: bytes) -> bytes:
        at = line.index(b'"at":') + 5
        end = min(line.index(end, at) for end in (b",",))
        return line[:end] + random.choice([b".0", b"e0", b"E+0", b"0"]) + line[end:]

    return _one(lines, random, other)


def hashed_again(lines: list[bytes], random: Random) -> bytes:
    """One entry says something else, and all hashes after it are made to fit; signatures cannot be."""
    return _rewritten(lines, random, None)


def signed_again(lines: list[bytes], random: Random) -> bytes:
    """The same, and signed by another key: checkpoints, closing, and what names the key."""
    return _rewritten(lines, random, OTHER)


def started_anew(lines: list[bytes], random: Random) -> bytes:
    """From some entry on another presenter, with another key, is said to have written it."""
    found = [json.loads(line) for line in lines[:-1]]
    at = random.randrange(1, len(found) + 1)
    when = found[at - 1]["entry"]["at"]
    found.insert(at, {"entry": {"at": when, "kind": "started", "what": {"key": OTHER.key}}})
    return _chained(found, at, OTHER, when)


def other_closing(lines: list[bytes], random: Random) -> bytes:
    """The end of another export, or one that another key signed."""
    found = json.loads(lines[-1])["closing"]
    link = Link(found["count"], found["head"])
    if random.randrange(2):
        return b"".join(lines[:-1]) + chain.closing(link, OTHER, at=found["at"])
    said = {**found, random.choice(["count", "at"]): found["count"] + random.randrange(1, 99)}
    signature = json.loads(lines[-1])["signature"]
    return b"".join(lines[:-1]) + chain.canonical({"closing": said, "signature": signature}) + b"\n"


def signature_of_another(lines: list[bytes], random: Random) -> bytes:
    """A good signature of ours, of something else."""
    signed = [at for at, line in enumerate(lines) if b'"signature"' in line]
    one, two = random.sample(signed, 2)
    found, other = json.loads(lines[one]), json.loads(lines[two])
    lines[one] = chain.canonical({**found, "signature": other["signature"]}) + b"\n"
    return b"".join(lines)


WAYS: Sequence[Callable[[list[bytes], Random], bytes]] = (
    flip, another_byte, drop, repeat, swap, cut, cut_whole_lines, cut_before_the_closing, trailing, leading, line_ends,
    whitespace, pretty, other_order, doubled_key, other_spelling, number_otherwise, hashed_again, signed_again,
    started_anew, other_closing, signature_of_another,
)  # fmt: skip


def _one(lines: list[bytes], random: Random, change: Callable[[bytes], bytes]) -> bytes:
    at = random.randrange(len(lines))
    lines[at] = change(lines[at])
    return b"".join(lines)


def _rewritten(lines: list[bytes], random: Random, signer: Signer | None) -> bytes:
    found = [json.loads(line) for line in lines[:-1]]
    at = random.randrange(len(found))
    while found[at]["entry"]["kind"] == CHECKPOINT:
        at = random.randrange(len(found))
    match random.randrange(3):
        case 0 if at:
            del found[at]
        case 1:
            found.insert(at + 1, {"entry": {**found[at]["entry"], "kind": "cued", "what": {"by": "clerk"}}})
        case _:
            found[at]["entry"]["at"] += random.choice([-1, 1, 60_000_000])
    if signer is not None:
        at = 0
        for one in found:
            if one["entry"]["kind"] == "started":
                one["entry"]["what"]["key"] = signer.key
    closing = json.loads(lines[-1])
    return _chained(found, at, signer, closing["closing"]["at"], closing)


def _chained(
    found: list[dict[str, Any]], since: int, signer: Signer | None, closed: int, closing: dict[str, Any] | None = None
) -> bytes:
    """The lines again; from `since` on with hashes that fit, and signed where there is a key for it."""
    link, out = Link(), []
    for n, one in enumerate(found):
        if n < since:
            out.append(chain.canonical(one) + b"\n")
            link = Link(n + 1, one["hash"])
            continue
        entry = {**one["entry"], "n": n, "prev": link.head}
        if signer is not None and entry["kind"] == CHECKPOINT:
            entry["what"] = {"key": signer.key}
        said = chain.canonical(entry)
        whole = {**one, "entry": entry, "hash": chain.digest(said)}
        if signer is not None and entry["kind"] == CHECKPOINT:
            whole["signature"] = signer.sign(LABELS[CHECKPOINT] + said)
        out.append(chain.canonical(whole) + b"\n")
        link = Link(n + 1, whole["hash"])
    if signer is not None:
        out.append(chain.closing(link, signer, at=closed))
    elif closing is not None:
        closing["closing"].update(count=link.entries, head=link.head)
        out.append(chain.canonical(closing) + b"\n")
    return b"".join(out)
