"""The child's file: bytes that it asks its parent for.

In larger and larger pieces where they are there already, block by block where they are not, and the next piece while
it works on the one before.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import BinaryIO

from courtcast.prepare import messages
from courtcast.prepare.boxes import Bytes

_BLOCK = messages.BLOCK
_BLOCKS = 192
"""Blocks of the file that are kept: sound and picture that lie far apart are read in turns, a little of each."""
_AHEAD = 4
"""Blocks that came at a time, as many as were asked for, from which the next ones are asked for before they are needed:
what is behind them is there as well."""
_FAR = 1 << 62
"""Where the end is taken to be while it is not known; reading says where it really is."""


class Unread(OSError):
    """The parent says that these bytes will not come."""


class _Lately:
    """What came lately, in the pieces that it came in."""

    def __init__(self) -> None:
        self._pieces: OrderedDict[int, bytes] = OrderedDict()
        """By their first block; last those that were wanted last."""
        self._first: dict[int, int] = {}
        """Of each block: the first one of the piece that it is in."""

    def at(self, number: int) -> tuple[int, bytes] | None:
        """The piece that has a block: where it lies in the file, and its bytes."""
        first = self._first.get(number)
        if first is None:
            return None
        self._pieces.move_to_end(first)
        return first * _BLOCK, self._pieces[first]

    def keep(self, first: int, count: int, data: bytes) -> None:
        """One of so many blocks."""
        if first in self._pieces:
            self._forget(first)
        self._pieces[first] = data
        self._first.update(dict.fromkeys(range(first, first + count), first))
        while len(self._first) > _BLOCKS and len(self._pieces) > 1:
            self._forget(next(iter(self._pieces)))

    def _forget(self, first: int) -> None:
        count = max(1, -(-len(self._pieces.pop(first)) // _BLOCK))
        for number in range(first, first + count):
            if self._first.get(number) == first:
                del self._first[number]


class Remote:
    """The file, as the demuxer wants one; its bytes come from the parent, in whole blocks."""

    def __init__(self, stdin: BinaryIO, stdout: BinaryIO, length: int | None) -> None:
        self._stdin = stdin
        self._stdout = stdout
        self.length = length
        self._at = 0
        self._lately = _Lately()
        self._next = self._count = 0
        """The block behind those that came last, and how many these were."""
        self._full = False
        """These were many, and as many as were asked for."""
        self._asked: messages.Read | None = None
        """What is on its way."""
        self.ahead = False
        """It is read through: ask for what is likely to come next while it works on what came. Its parent has to say
        nothing but what it is asked for."""
        self.on_send: Callable[[], None] = lambda: None
        """A chance to throw away what piles up meanwhile."""

    def read(self, n: int = -1) -> bytes:
        """Up to n bytes from where it stands, no more than came at a time; none at the end. Raises Unread."""
        if self.length is not None and self._at >= self.length:
            return b""
        start, piece = self._piece(self._at // _BLOCK)
        inside = self._at - start
        data = piece[inside : inside + (_BLOCK if n < 0 else n)]  # itself, where all of it is wanted
        self._at += len(data)
        return data

    def lies(self, at: int, data: Bytes) -> bool:
        """Whether exactly these bytes lie there, as far as it was read lately."""
        done = 0
        while done < len(data):
            start, piece = self._lately.at((at + done) // _BLOCK) or (0, b"")
            inside = at + done - start
            n = min(len(data) - done, len(piece) - inside)
            if n <= 0 or not piece.startswith(data[done : done + n], inside):
                return False
            done += n
        return True

    def _piece(self, number: int) -> tuple[int, bytes]:
        """What came with that block, and where it lies."""
        found = self._lately.at(number)
        if found is None and self._asked is not None:
            self._take()
            found = self._lately.at(number)
        if found is None:
            self._ask(number, self._wanted(number))
            self._take()
            found = self._lately.at(number)
            assert found is not None
        if self.ahead and self._asked is None and self._full and self._next * _BLOCK < (self.length or 0):
            self._ask(self._next, self._wanted(self._next), ahead=True)
        return found

    def _ask(self, number: int, n: int, *, ahead: bool = False) -> None:
        self._asked = messages.Read(number * _BLOCK, n, ahead)
        self.send(self._asked)

    def _take(self) -> None:
        """What was asked for, once it is there. Raises Unread."""
        assert self._asked is not None
        asked, self._asked = self._asked, None
        message, length = messages.receive(self._stdin)
        if not isinstance(message, messages.Data) or not message.there:
            raise Unread("not there")
        self._full = length >= max(asked.n, _AHEAD * _BLOCK)
        if asked.ahead and not length:
            return
        number, self._count = asked.offset // _BLOCK, max(1, -(-length // _BLOCK))
        self._next = number + self._count
        self._lately.keep(number, self._count, self._stdin.read(length))

    def settle(self) -> None:
        """Nothing is on its way any more. Raises Unread, EOFError."""
        if self._asked is not None:
            self._take()

    def _wanted(self, number: int) -> int:
        """How many bytes to ask for, from a block on: of a file that is read through twice as many as came last."""
        if self.length is None:
            return _BLOCK
        count = min(2 * self._count, messages.AT_ONCE // _BLOCK) if number == self._next else 1
        return min(max(count, 1) * _BLOCK, max(_BLOCK, self.length - number * _BLOCK))

    def seek(self, offset: int, whence: int = 0) -> int:
        """As files have it."""
        if whence == 1:
            offset += self._at
        elif whence == 2:
            offset += _FAR if self.length is None else self.length
        self._at = max(offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True

    def send(self, message: messages.FromChild, *data: Bytes) -> None:
        """To the parent, with the data behind it, in parts."""
        self.on_send()
        self._stdout.write(messages.head(message, sum(map(len, data))))
        for part in data:
            self._stdout.write(part)
        self._stdout.flush()

    def next(self) -> messages.ToChild:
        """The parent's next message, without what is behind it. Raises EOFError when it has gone."""
        message, length = messages.receive(self._stdin)
        self._stdin.read(length)
        return message
