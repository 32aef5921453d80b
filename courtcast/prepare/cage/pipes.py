"""A child's process, and its parent's ends of the pipes to it.

Whole recordings go through them, there and back, so copies count, and so does memory that is new, since the kernel
clears it first: what is large is written from where it lies and read to where it stays. The streams of asyncio collect
it in a buffer that grows, copy it out and move the rest up; only Windows, which waits for its pipes in another way, has
these.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol

from courtcast.prepare.boxes import Bytes
from courtcast.prepare.source import Filling, Lying

if sys.platform == "linux":
    import fcntl

_SIZE: Final = 1 << 20
"""Bytes that a pipe holds, where that can be said: the fewer times each side waits for the other, the better."""
_LARGE: Final = 1 << 20
"""Bytes from which what is read gets memory of its own from the system, a page when it comes: a child that announces
what it does not send gets none."""


class Pipes(Protocol):
    """Standard input and output of a child. One task at a time reads, one writes."""

    roomy: bool
    """What is written takes `messages.AT_ONCE` bytes that nobody has read yet, and the head of their message."""

    async def read(self, n: int) -> Bytes:
        """Exactly so many bytes. Raises EOFError, ConnectionError."""

    async def into(self, file: Filling, n: int) -> None:
        """Exactly so many bytes into a file. Raises EOFError, ConnectionError, and what that raises."""

    async def write(self, *parts: Bytes | Lying) -> None:
        """Returns when the pipe has taken all of them. Raises EOFError, ConnectionError, and what the source raises."""

    async def drain(self) -> None:
        """Reads what is left, to the end, and throws it away."""

    def close(self) -> None:
        """No more of both. Whoever still reads comes to the end."""


async def start(*command: str, env: Mapping[str, str]) -> tuple[Process, Pipes]:
    """Starts a program; what it writes as errors is a stream of its own. Raises OSError."""

    async def begin(stdin: int, stdout: int) -> Process:
        # In a session of its own, so that a Ctrl-C is the presenter's alone, and no terminal is within reach.
        return await asyncio.create_subprocess_exec(
            *command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, env=env, start_new_session=True, limit=_SIZE
        )

    if sys.platform == "win32":
        process = await begin(subprocess.PIPE, subprocess.PIPE)
        return process, _Streams(process)
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    pipes = _Descriptors(ours_in, ours_out)
    try:
        return await begin(theirs_in, theirs_out), pipes
    except BaseException:
        pipes.close()
        raise
    finally:
        os.close(theirs_in)
        os.close(theirs_out)


class _Streams:
    """Those of asyncio."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdout, process.stdin
        self.roomy = False

    async def read(self, n: int) -> Bytes:
        return await self._in.readexactly(n)

    async def into(self, file: Filling, n: int) -> None:
        raise NotImplementedError

    async def write(self, *parts: Bytes | Lying) -> None:
        try:
            for part in parts:
                assert not isinstance(part, Lying)
                self._out.write(part)
            await self._out.drain()
        except RuntimeError as closed:
            raise ConnectionError from closed

    async def drain(self) -> None:
        with suppress(RuntimeError, ConnectionError):  # somebody else reads, and comes to the end
            while await self._in.read(1 << 16):
                pass

    def close(self) -> None:
        self._out.close()


class _Descriptors:
    """Pipes of the system, that the loop waits for. Not on Windows."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._waiting: dict[int, set[asyncio.Future[None]]] = {reading: set(), writing: set()}
        self._closed = False
        self._lent: dict[int, asyncio.Task[int]] = {}
        """Pipes that a thread is at work on."""
        self.roomy = False
        for pipe in self._waiting:
            os.set_blocking(pipe, False)
            if sys.platform == "linux":
                with suppress(OSError):  # the system's limit for one user
                    self.roomy = fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _SIZE) >= _SIZE

    async def read(self, n: int) -> Bytes:
        if n >= _LARGE:
            return await self._into(memoryview(mmap.mmap(-1, n)))
        data = b""
        while len(data) < n:
            data += await self._some(n - len(data))
        return data

    async def _into(self, room: memoryview) -> memoryview:
        left = room
        while left:
            if self._closed:
                raise EOFError
            try:
                got = os.readv(self._reading, [left])
            except BlockingIOError:
                await self._until_readable()
                continue
            if not got:
                raise EOFError
            left = left[got:]
            await asyncio.sleep(0)  # a child that writes as fast as this reads shall not be all there is
        return room

    async def into(self, file: Filling, n: int) -> None:
        while n:
            await self._until_readable()
            if self._closed:
                raise EOFError
            try:
                got = await self._lend(self._reading, file.fill(self._reading, n))
            except BlockingIOError:
                continue
            if not got:
                raise EOFError
            n -= got

    async def _some(self, most: int) -> bytes:
        """At least one byte. Raises EOFError."""
        while not self._closed:
            try:
                data = os.read(self._reading, most)
            except BlockingIOError:
                await self._until_readable()
                continue
            if not data:
                break
            return data
        raise EOFError

    async def write(self, *parts: Bytes | Lying) -> None:
        for part in parts:
            left = part if isinstance(part, Lying) else memoryview(part)
            while len(left):
                if self._closed:
                    raise EOFError
                try:
                    if isinstance(left, Lying):
                        where = left.offset, left.n, self._writing
                        done = left.source.pour_now(*where)
                        done = done or await self._lend(self._writing, left.source.pour(*where))
                        left = Lying(left.source, left.offset + done, left.n - done)
                    else:
                        left = left[os.write(self._writing, left) :]
                except BlockingIOError:
                    await self._until_writable()

    async def _lend(self, pipe: int, work: Coroutine[Any, Any, int]) -> int:
        """What a thread does with a pipe: it is not closed before that is over."""
        self._lent[pipe] = task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(partial(self._back, pipe))
        return await asyncio.shield(task)

    def _back(self, pipe: int, task: asyncio.Task[int]) -> None:
        self._lent.pop(pipe, None)
        if not task.cancelled():
            task.exception()  # whoever was cancelled does not fetch it

    async def drain(self) -> None:
        with suppress(EOFError):
            while True:
                await self._some(1 << 16)
                await asyncio.sleep(0)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._reading)
        loop.remove_writer(self._writing)
        for pipe in self._waiting:
            self._wake(pipe)
            if pipe in self._lent:
                # Its number stays taken as long as a thread may still use it.
                self._lent[pipe].add_done_callback(partial(_close, pipe))
            else:
                os.close(pipe)

    async def _until_readable(self) -> None:
        loop = asyncio.get_running_loop()
        await self._until(self._reading, loop.add_reader, loop.remove_reader)

    async def _until_writable(self) -> None:
        loop = asyncio.get_running_loop()
        await self._until(self._writing, loop.add_writer, loop.remove_writer)

    async def _until(self, pipe: int, begin: Callable[..., None], end: Callable[[int], bool]) -> None:
        """It can be read, or written, or is closed."""
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[pipe].add(ready)
        begin(pipe, self._wake, pipe)
        try:
            await ready
        finally:
            self._waiting[pipe].discard(ready)
            if not self._waiting[pipe] and not self._closed:  # else its number may be another's already
                end(pipe)

    def _wake(self, pipe: int) -> None:
        for ready in self._waiting[pipe]:
            if not ready.done():
                ready.set_result(None)


def _close(pipe: int, _: object) -> None:
    os.close(pipe)
