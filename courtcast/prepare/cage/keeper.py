"""The parent's side of the cage: starts children, keeps one warm, minds them, and says how they ended.

A child asks for bytes of its file and gets them; it has nothing else. Time counts only while it is the child's turn:
a network that is slow is no fault of the file's. How a child can end badly is told apart: it said what is wrong with
the file, it ran out of memory, it made no progress, it crashed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

import courtcast
from courtcast.prepare import messages
from courtcast.prepare.cage.confine import OUT_OF_MEMORY
from courtcast.prepare.messages import Limits
from courtcast.problems import TABLE, Refused

_ENDING = 5.0
"""Seconds a child has to go after it was told to."""
_SPARE_BYTES = 64 << 20
"""Bytes that may be read, or sent, beyond what the file's length gives reason for."""
_ENVIRONMENT = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "LANG")


class Child:
    """One process. Made by `Cage.child`, which also ends it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin = process.stdin
        self._stdout = process.stdout

    async def send(self, message: messages.ToChild, data: bytes = b"") -> None:
        """Raises Refused where the child has ended."""
        try:
            self._stdin.write(messages.pack(message, data))
            await self._stdin.drain()
        except (ConnectionError, RuntimeError):
            raise await self._ended() from None

    async def receive(self, silence: float) -> tuple[messages.FromChild, bytes]:
        """The next message. Raises Refused where none comes within so many seconds, or none will."""
        try:
            async with asyncio.timeout(silence):
                head = await self._stdout.readexactly(messages.LENGTHS)
                text, data = messages.lengths(head)
                message = messages.decode_from_child(await self._stdout.readexactly(text))
                return message, await self._stdout.readexactly(data)
        except TimeoutError:
            raise Refused("parser-out-of-time", seconds=int(silence)) from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise await self._ended() from None
        except (ValueError, msgspec.MsgspecError):
            # A child that was taken over says whatever it likes; it is believed no further.
            raise Refused("parser-crashed") from None

    async def _ended(self) -> Refused:
        with suppress(TimeoutError):
            async with asyncio.timeout(_ENDING):
                await self.process.wait()
        return Refused("parser-out-of-memory" if self.process.returncode == OUT_OF_MEMORY else "parser-crashed")

    async def end(self) -> None:
        """However it is doing."""
        with suppress(ProcessLookupError):
            self.process.kill()
        self._stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_ENDING):
                await self.process.wait()


class Cage:
    """Where children come from. One is kept started and waiting: starting takes longer than reading a file's head."""

    def __init__(self, limits: Limits | None = None, *, warm: bool = True) -> None:
        self.limits = limits or Limits()
        self._warm = warm
        self._spare: asyncio.Task[Child] | None = None
        self._children: set[Child] = set()

    async def __aenter__(self) -> Self:
        if self._warm:
            self._begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._warm = False
        if self._spare is not None:
            with suppress(Refused):
                self._children.add(await self._spare)
            self._spare = None
        for child in list(self._children):
            await child.end()
        self._children.clear()

    @asynccontextmanager
    async def child(self, work: messages.Work) -> AsyncIterator[Child]:
        """A process at work on this; it ends with the block, whatever happens in it. Raises Refused."""
        child = await self._take()
        self._children.add(child)
        try:
            if self._warm:
                self._begin()
            await child.send(work)
            yield child
        finally:
            self._children.discard(child)
            await asyncio.shield(child.end())

    async def _take(self) -> Child:
        """The spare, or a new one. Whoever is cancelled while it starts leaves it to the next."""
        while True:
            waiting = self._begin()
            try:
                child = await asyncio.shield(waiting)
            except Refused:
                self._spare = None
                raise
            if self._spare is not waiting:
                continue  # another was quicker
            self._spare = None
            if child.process.returncode is None:
                return child
            # It was lost while it waited; that is nobody's file's fault.
            await child.end()

    def _begin(self) -> asyncio.Task[Child]:
        if self._spare is None:
            self._spare = asyncio.get_running_loop().create_task(self._start(), name="spare reader")
        return self._spare

    async def _start(self) -> Child:
        """Raises Refused (internal) where the system starts no more processes."""
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        root = str(Path(courtcast.__file__).resolve().parent.parent)
        environment["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "courtcast.prepare.child",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment,
                limit=1 << 20,
            )
        except OSError as error:
            raise Refused("internal") from error
        return Child(process)


class Allowance:
    """How much a child may read and send, by the length of its file. Guards against going in circles.

    Where the length is not known, a file is as long as what was given of it so far.
    """

    def __init__(self, limits: Limits, length: int | None) -> None:
        self._limits = limits
        self._known = length is not None
        self._length = length or 0
        self._read = self._sent = 0

    def read(self, n: int) -> None:
        """The child asks for so much. Raises Refused (parser-out-of-time)."""
        self._read += n
        if self._read > self._length * self._limits.reading + _SPARE_BYTES:
            raise Refused("parser-out-of-time", seconds=int(self._limits.silence))

    def gave(self, end: int) -> None:
        """It got bytes up to there."""
        if not self._known:
            self._length = max(self._length, end)

    def sent(self, n: int) -> None:
        """Raises Refused (file-damaged): a file does not become much more than it is."""
        self._sent += n
        if self._sent > self._length * 2 + _SPARE_BYTES:
            raise Refused("file-damaged")


def refused(failed: messages.Failed) -> Refused:
    """What a child said of its file, as a problem."""
    if failed.problem == "memory":
        return Refused("parser-out-of-memory")
    if failed.problem in TABLE:
        with suppress(KeyError):
            return Refused(failed.problem, **failed.fields)
    return Refused("parser-crashed")
