"""The chain: what makes the record one that nobody can edit quietly. Pure: no clock, no files.

    {"entry":{"at":…,"kind":…,"n":0,"prev":"00…","what":{…}},"hash":"a1…"}
    {"entry":{"at":…,"kind":…,"n":1,"prev":"a1…","what":{…}},"hash":"b2…"}
    {"entry":{"at":…,"kind":"checkpoint","n":2,"prev":"b2…","what":{"key":…}},"hash":"c3…","signature":…}
    {"closing":{"at":…,"count":3,"head":"c3…","key":…},"signature":…}

Rules
-----
- Each line is the canonical JSON of RFC 8785, so there is one way to write it and `verify` compares bytes. In it are
  objects, lists, strings and whole numbers of at most 53 bits; nothing else.
- `hash` is the SHA-256 of the entry's own canonical JSON, `prev` the hash of the entry before it, `n` counts from 0.
- An entry `started` names the key in force from there on; it is the first of all, and there is one for each start.
- A checkpoint is an entry whose line is signed by the key in force: nobody without the key can have changed anything
  before it. A record as it is written has one now and then.
- The closing checkpoint is no entry. It is made when a record is exported and stands at its end, and a record without
  it is one whose end was cut off. It is kept nowhere else: what was cut off at an earlier export has no such end.

What is proven: whoever holds no key can neither change, insert, take out, repeat nor move anything, nor cut off the end
of an exported record. What is not: the holder of the key can write another from beginning to end (docs/record.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeGuard

import msgspec
import rfc8785

from courtcast.core.signing import KEY_DIGITS, SIGNATURE_DIGITS, Signer, is_signed

Value: TypeAlias = "int | str | Sequence[Value] | Mapping[str, Value]"
What: TypeAlias = "Mapping[str, Value]"

NOTHING: Final = "0" * 64
"""`prev` of the first entry."""
STARTED: Final = "started"
CHECKPOINT: Final = "checkpoint"
MOST_NUMBER: Final = 2**53 - 1
"""What every reader of JSON gets right (RFC 7493 §2.2)."""
MOST_LINE: Final = 1 << 16
"""Bytes of a line, its end included."""
DEEPEST: Final = 6
"""Objects and lists within each other."""
LABELS: Final = {CHECKPOINT: b"courtcast checkpoint 1\n", "closing": b"courtcast closing 1\n"}
"""Stand before what is signed, so that one kind of signature cannot pass for the other."""

Fault = Literal[
    "empty", "too-long", "no-end-of-line", "not-canonical", "not-an-entry", "hash", "number", "link", "no-start",
    "not-signed", "other-key", "signature", "after-the-end", "cut", "count", "head", "key-asked", "head-asked",
]  # fmt: skip
"""What `verify` finds; `courtcast.audit` has the words."""


class Entry(NamedTuple):
    """One entry as it stands in the record."""

    n: int
    at: int
    """Unix time, microseconds."""
    kind: str
    what: Mapping[str, Value]


class Link(NamedTuple):
    """The end of a chain: all that has to be known to go on."""

    entries: int = 0
    head: str = NOTHING


class Sound(NamedTuple):
    """The record holds."""

    entries: int
    head: str
    key: str
    """That signed its end."""
    former: tuple[str, ...]
    """Keys that were in force before it."""
    since: int
    """Unix time of the first entry, microseconds."""
    closed: int
    """… and of the export."""
    asked_at: int | None
    """Number of the entry whose hash was asked for."""


class Broken(NamedTuple):
    """The record does not hold."""

    line: int
    """Number of the first bad line in the file, from 1; the one after the last where something is missing there."""
    fault: Fault
    signed: int
    """Number of entries from the first on that are signed for: what was changed comes after them."""


class _ReadEntry(msgspec.Struct, frozen=True):
    n: int
    at: int
    kind: str
    what: dict[str, Any]


class _Read(msgspec.Struct, frozen=True):
    entry: _ReadEntry
    hash: str


class Malformed(ValueError):
    """What should be written down has no place in the record."""


def canonical(value: Value, deepest: int = DEEPEST) -> bytes:
    """RFC 8785. Raises Malformed for anything but objects, lists, strings and whole numbers."""
    _check(value, deepest)
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise Malformed(str(error)) from error


def digest(data: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def write(after: Link, *, at: int, kind: str, what: What) -> tuple[bytes, Link]:
    """The next line, its end included, and the chain's new end. Raises Malformed."""
    if not kind or kind == CHECKPOINT:
        raise Malformed("not a kind of entry")
    return _line(after, at, kind, what, None)


def checkpoint(after: Link, signer: Signer, *, at: int) -> tuple[bytes, Link]:
    """The line that signs for all before it."""
    return _line(after, at, CHECKPOINT, {"key": signer.key}, signer)


def closing(after: Link, signer: Signer, *, at: int) -> bytes:
    """The last line of an export."""
    said: What = {"at": at, "count": after.entries, "head": after.head, "key": signer.key}
    signature = signer.sign(LABELS["closing"] + canonical(said))
    return canonical({"closing": said, "signature": signature}) + b"\n"


def hash_of(line: bytes) -> str:
    """The hash that a line gives itself. Raises Malformed where it is no entry."""
    try:
        return msgspec.json.decode(line, type=_Read).hash
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Malformed("not an entry") from error


def read(line: bytes) -> Entry:
    """What a line says, without checking it. Raises Malformed where it is no entry."""
    try:
        entry = msgspec.json.decode(line, type=_Read).entry
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Malformed("not an entry") from error
    return Entry(entry.n, entry.at, entry.kind, entry.what)


def verify(lines: Iterable[bytes], *, key: str | None = None, head: str | None = None) -> Sound | Broken:
    """Checks an exported record from its first byte to its last.

    lines: as they are in the file, each with its end
    key: the public key that has to have signed its end
    head: the hash of an entry that has to be in it, as it was printed: what was cut off or changed since is found

    Without `key` it is only certain that *somebody's* key signed it; the answer says whose.
    """
    reader = Verifier(head)
    for line in lines:
        fault = reader.take(line)
        if fault is not None:
            return Broken(reader.line, fault, reader.signed)
    return reader.end(key)


class Verifier:
    """One pass over a record, line by line."""

    def __init__(self, head: str | None = None) -> None:
        self.line = 0
        """Lines taken so far."""
        self.signed = 0
        """Entries that a good checkpoint signs for."""
        self._link = Link()
        self._keys: list[str] = []
        """That were in force; the last one is."""
        self._since = 0
        self._closed: int | None = None
        self._asked = head
        self._asked_at: int | None = None

    def take(self, line: bytes) -> Fault | None:
        """The next line; what is wrong with it."""
        self.line += 1
        if self._closed is not None:
            return "after-the-end"
        found = _parsed(line)
        if isinstance(found, str):
            return found
        if "closing" in found:
            return self._close(found)
        return self._entry(found)

    def end(self, key: str | None) -> Sound | Broken:
        """There are no more lines."""
        if self._closed is None:
            return Broken(self.line + 1, "cut", self.signed)
        if key is not None and key != self._keys[-1]:
            return Broken(self.line, "key-asked", 0)
        if self._asked is not None and self._asked_at is None:
            return Broken(self.line + 1, "head-asked", self.signed)
        former = tuple(dict.fromkeys(one for one in self._keys if one != self._keys[-1]))
        return Sound(
            self._link.entries, self._link.head, self._keys[-1], former, self._since, self._closed, self._asked_at
        )

    def _entry(self, found: Mapping[str, object]) -> Fault | None:
        entry = found.get("entry")
        if not _is_entry(entry):
            return "not-an-entry"
        said = canonical(entry)
        if found.get("hash") != digest(said):
            return "hash"
        if entry["n"] != self._link.entries:
            return "number"
        if entry["prev"] != self._link.head:
            return "link"
        kind, what = entry["kind"], entry["what"]
        if kind == STARTED:
            if not _is_hex(what.get("key"), KEY_DIGITS):
                return "not-an-entry"
            self._keys.append(what["key"])
        if not self._keys:
            return "no-start"
        fault = self._signature(found, said, what) if kind == CHECKPOINT else None
        if fault is None and set(found) != {"entry", "hash"} | ({"signature"} if kind == CHECKPOINT else set()):
            fault = "not-an-entry"
        if fault is not None:
            return fault
        self._link = Link(self._link.entries + 1, digest(said))
        self._since = self._since or entry["at"]
        if kind == CHECKPOINT:
            self.signed = self._link.entries
        if self._link.head == self._asked:
            self._asked_at = entry["n"]
        return None

    def _signature(self, found: Mapping[str, object], said: bytes, what: Mapping[str, object]) -> Fault | None:
        signature = found.get("signature")
        if not isinstance(signature, str) or not _is_hex(signature, SIGNATURE_DIGITS):
            return "not-signed"
        if what != {"key": self._keys[-1]}:
            return "other-key"
        return None if is_signed(self._keys[-1], signature, LABELS[CHECKPOINT] + said) else "signature"

    def _close(self, found: Mapping[str, object]) -> Fault | None:
        said, signature = found["closing"], found.get("signature")
        if set(found) != {"closing", "signature"} or not isinstance(said, Mapping):
            return "not-an-entry"
        if set(said) != {"at", "count", "head", "key"} or not isinstance(said["at"], int):
            return "not-an-entry"
        if not self._keys:
            return "no-start"
        if said["key"] != self._keys[-1]:
            return "other-key"
        if not isinstance(signature, str) or not _is_hex(signature, SIGNATURE_DIGITS):
            return "not-signed"
        if not is_signed(self._keys[-1], signature, LABELS["closing"] + canonical(said)):
            return "signature"
        if said["count"] != self._link.entries:
            return "count"
        if said["head"] != self._link.head:
            return "head"
        self._closed = said["at"]
        self.signed = self._link.entries
        return None


def _line(after: Link, at: int, kind: str, what: What, signer: Signer | None) -> tuple[bytes, Link]:
    entry: What = {"at": at, "kind": kind, "n": after.entries, "prev": after.head, "what": what}
    said = canonical(entry)
    hash_ = digest(said)
    whole: dict[str, Value] = {"entry": entry, "hash": hash_}
    if signer is not None:
        whole["signature"] = signer.sign(LABELS[CHECKPOINT] + said)
    line = canonical(whole) + b"\n"
    if len(line) > MOST_LINE:
        raise Malformed("an entry is too long")
    return line, Link(after.entries + 1, hash_)


def _parsed(line: bytes) -> Mapping[str, Value] | Fault:
    """The object of a line, if its bytes are the only ones that say it."""
    if line in {b"", b"\n"}:
        return "empty"
    if len(line) > MOST_LINE:
        return "too-long"
    if not line.endswith(b"\n"):
        return "no-end-of-line"
    try:
        found = msgspec.json.decode(line[:-1])
        if not isinstance(found, dict) or canonical(found) != line[:-1]:
            return "not-canonical"
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, Malformed):
        return "not-canonical"
    return found


def _is_entry(entry: object) -> TypeGuard[Mapping[str, Any]]:
    return (
        isinstance(entry, Mapping)
        and set(entry) == {"at", "kind", "n", "prev", "what"}
        and isinstance(entry["at"], int)
        and isinstance(entry["n"], int)
        and isinstance(entry["kind"], str)
        and isinstance(entry["prev"], str)
        and isinstance(entry["what"], Mapping)
    )


def _is_hex(text: object, digits: int) -> bool:
    return isinstance(text, str) and len(text) == digits and not set(text) - set("0123456789abcdef")


def _check(value: object, deep: int) -> None:
    match value:
        case bool() | float() | None:
            raise Malformed("only whole numbers and strings")
        case int():
            if not -MOST_NUMBER <= value <= MOST_NUMBER:
                raise Malformed("a number is too large")
        case str():
            pass
        case Mapping() | list() | tuple():
            if deep == 0:
                raise Malformed("too deep")
            inner = value.values() if isinstance(value, Mapping) else value
            if isinstance(value, Mapping) and not all(isinstance(name, str) for name in value):
                raise Malformed("a name is no string")
            for one in inner:
                _check(one, deep - 1)
        case _:
            raise Malformed("only whole numbers and strings")
