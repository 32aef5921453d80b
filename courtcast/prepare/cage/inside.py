"""The child's side of the cage: it waits for one job, confines itself, does the job, and ends.

A program of `kinds` loads what its jobs need and calls `serve`. Its jobs get the file as a `Remote`, and the way to the
parent with it; there is no other way to the world.
"""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import BinaryIO

from courtcast.prepare import messages
from courtcast.prepare.boxes import Bytes
from courtcast.prepare.cage.confine import OUT_OF_MEMORY, confine, prepare
from courtcast.problems import Refused

_BLOCK = messages.BLOCK
_BLOCKS = 192
"""Blocks of the file that are kept: sound and picture that lie far apart are read in turns, a little of each."""
_MOST = 16
"""Blocks asked for at a time at most, where the file is read through. The parent gives what is there already, and waits
for one block only, so that nothing waits for more than it needs."""
_FAR = 1 << 62
"""Where the end is taken to be while it is not known; reading says where it really is."""


class Unread(OSError):
    """The parent says that these bytes will not come."""


class Remote:
    """The file, as the demuxer wants one; its bytes come from the parent, in whole blocks."""

    def __init__(self, stdin: BinaryIO, stdout: BinaryIO, length: int | None) -> None:
        self._stdin = stdin
        self._stdout = stdout
        self.length = length
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._next = self._count = 0
        """The block behind those that came last, and how many these were."""
        self.on_send: Callable[[], None] = lambda: None
        """A chance to throw away what piles up meanwhile."""

    def read(self, n: int = -1) -> bytes:
        """Up to n bytes from where it stands, no more than what one block holds; none at the end. Raises Unread."""
        if n < 0:
            n = _BLOCK
        number, inside = divmod(self._at, _BLOCK)
        if self.length is not None and self._at >= self.length:
            return b""
        data = self._block(number)[inside : inside + n]  # itself, where all of it is wanted
        self._at += len(data)
        return data

    def _block(self, number: int) -> bytes:
        if (kept := self._blocks.get(number)) is not None:
            self._blocks.move_to_end(number)
            return kept
        self.send(messages.Read(number * _BLOCK, self._wanted(number)))
        message, length = messages.receive(self._stdin)
        if not isinstance(message, messages.Data) or not message.there:
            raise Unread("not there")
        self._count = max(1, -(-length // _BLOCK))
        self._next = number + self._count
        for n in range(self._count):
            self._blocks[number + n] = self._stdin.read(min(_BLOCK, length - n * _BLOCK))
            self._blocks.move_to_end(number + n)
        while len(self._blocks) > _BLOCKS:
            self._blocks.popitem(last=False)
        return self._blocks[number]

    def _wanted(self, number: int) -> int:
        """How many bytes to ask for, from a block on: of a file that is read through twice as many as came last."""
        if self.length is None:
            return _BLOCK
        count = min(2 * self._count, _MOST) if number == self._next else 1
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


Job = Callable[[Remote, messages.Work], None]
"""Does it, and may raise Refused (it is what is wrong with the file), MemoryError, and what the remote raises."""


def serve(rehearse: Callable[[], None], jobs: Mapping[str, Job]) -> None:
    """One job, then the end.

    `rehearse` goes once through what a job does: whatever a library loads late is loaded before files are closed. It
    leaves no thread behind: on older kernels Landlock holds those only that are begun later.
    """
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    try:
        rehearse()
        prepared = prepare()
        work, _ = messages.receive(stdin)
        assert isinstance(work, messages.Work)
        assert work.bounds is not None
        remote = Remote(stdin, stdout, work.length)
        remote.send(confine(work.bounds, prepared))
        try:
            jobs[work.do](remote, work)
        except Refused as refused:
            fields = {name: str(value) for name, value in refused.fields.items()}
            remote.send(messages.Failed(problem=refused.type, fields=fields))
        except Unread:
            remote.send(messages.Failed(problem="unread"))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except (EOFError, BrokenPipeError):
        pass
    # Whatever a library would still do to tidy up is not worth waiting for.
    os._exit(0)
