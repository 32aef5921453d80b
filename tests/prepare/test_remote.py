"""How the child asks for its file: in larger and larger pieces while they lie there, block by block where they do not,
and for the next while it works on the last."""

from __future__ import annotations

import asyncio
import io
import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from courtcast.prepare import messages
from courtcast.prepare.cage.remote import Remote, Unread
from courtcast.prepare.source import answer

BLOCK = 64 * 1024
FILE = random.Random(3).randbytes(60 * BLOCK + 1234)


class Parent(threading.Thread):
    """Answers at the other end of two pipes: with what is there, and a block at least, as `source.answer` does."""

    def __init__(self, asked: int, answers: int) -> None:
        super().__init__(daemon=True)
        self._asked, self._answers = os.fdopen(asked, "rb"), os.fdopen(answers, "wb")
        self.asked: list[tuple[int, int]] = []
        self.held = len(FILE)
        self.none_from = 1 << 30
        self.roomy = True
        self.ahead: list[tuple[int, int]] = []

    def run(self) -> None:
        while head := self._asked.read(messages.LENGTHS):
            text, _ = messages.lengths(head)
            message = messages.decode_from_child(self._asked.read(text))
            assert isinstance(message, messages.Read)
            number, count = message.offset // BLOCK, -(-message.n // BLOCK)
            self.asked.append((number, count))
            there = number < self.none_from
            if message.ahead:
                self.ahead.append((number, count))
            data = asyncio.run(answer(self, message, roomy=self.roomy)) if there else b""
            self._answers.write(messages.pack(messages.Data(there=there), data))
            self._answers.flush()

    @property
    def length(self) -> int:
        return len(FILE)

    async def read(self, offset: int, n: int) -> bytes:
        return FILE[offset : offset + n]

    def held_until(self, offset: int) -> int:
        return max(offset, self.held)


@contextmanager
def remote(length: int | None) -> Iterator[tuple[Any, Parent]]:
    asked, asks = os.pipe()
    answered, answers = os.pipe()
    parent = Parent(asked, answers)
    parent.start()
    with os.fdopen(answered, "rb") as stdin, os.fdopen(asks, "wb") as stdout:
        yield Remote(stdin, stdout, length), parent


def test_what_lies_there_comes_in_larger_pieces() -> None:
    with remote(len(FILE)) as (file, parent):
        assert b"".join(iter(lambda: file.read(50_000), b"")) == FILE
    assert [count for _, count in parent.asked][:5] == [1, 2, 4, 8, 15]
    assert sum(count for _, count in parent.asked) == 61, "nothing behind the end"


def test_what_is_still_on_its_way_is_asked_for_block_by_block() -> None:
    with remote(len(FILE)) as (file, parent):
        parent.held = 7 * BLOCK + 5
        assert b"".join(iter(lambda: file.read(BLOCK), b"")) == FILE
    # Asked for are two each time, and given is the one that is waited for.
    assert [number for number, _ in parent.asked] == [0, 1, 3, *range(7, 61)]


def test_a_leap_asks_for_one_block() -> None:
    with remote(len(FILE)) as (file, parent):
        for _ in range(20):
            file.read(BLOCK)
        file.seek(-1000, io.SEEK_END)
        assert file.read(5000) == FILE[-1000:]
    assert parent.asked[-1] == (60, 1)


@pytest.mark.parametrize("seed", range(4))
def test_wherever_it_is_read_it_is_the_file(seed: int) -> None:
    rng = random.Random(seed)
    with remote(len(FILE)) as (file, _):
        for _ in range(100):
            at = rng.randrange(len(FILE))
            file.seek(at)
            for _ in range(rng.randrange(6)):
                n = rng.randrange(1, 100_000)
                data = file.read(n)
                assert 0 < len(data) <= n or at == len(FILE)
                assert data == FILE[at : at + len(data)]
                at += len(data)


def test_what_is_read_through_is_asked_for_ahead() -> None:
    with remote(len(FILE)) as (file, parent):
        file.ahead = True
        assert b"".join(iter(lambda: file.read(50_000), b"")) == FILE
        file.settle()
    assert parent.asked == [(0, 1), (1, 2), (3, 4), (7, 8), (15, 15), (30, 15), (45, 15), (60, 1)]
    assert parent.ahead == parent.asked[3:], "once as much came as was asked for"


@pytest.mark.parametrize("roomy", [True, False])
def test_what_is_not_there_is_not_waited_for_ahead(roomy: bool) -> None:
    """It comes empty, and the child asks once more when it needs it."""
    with remote(len(FILE)) as (file, parent):
        file.ahead, parent.roomy, parent.held = True, roomy, 15 * BLOCK
        assert b"".join(iter(lambda: file.read(BLOCK), b"")) == FILE
    assert parent.ahead == [(7, 8), (15, 15)]
    assert (parent.asked.count((7, 8)), parent.asked.count((15, 15))) == (1 if roomy else 2, 2)


@pytest.mark.parametrize("seed", range(4))
def test_wherever_it_is_read_it_says_where_bytes_lie(seed: int) -> None:
    rng = random.Random(seed)
    with remote(len(FILE)) as (file, _):
        file.ahead = True
        for _ in range(60):
            at, n = rng.randrange(len(FILE) - BLOCK), rng.randrange(1, BLOCK)
            assert not file.lies(at, FILE[at : at + n] + b"!" * 100), "not these, or not read yet"
            file.seek(at)
            while file.tell() < at + n:
                assert file.read(n)
            data = memoryview(FILE)[at : at + n]
            assert file.lies(at, data)
            assert not file.lies(at + 1, data)
            assert not file.lies(at, bytes(data[:-1]) + bytes([data[-1] ^ 1]))
        file.settle()


def test_where_the_length_is_not_known_nothing_is_asked_for_beyond_a_block() -> None:
    with remote(None) as (file, parent):
        assert b"".join(iter(lambda: file.read(BLOCK), b"")) == FILE
    assert {count for _, count in parent.asked} == {1}


def test_what_will_not_come_is_said() -> None:
    with remote(len(FILE)) as (file, parent):
        parent.none_from = 1
        file.read(BLOCK)
        with pytest.raises(Unread):
            file.read(BLOCK)
