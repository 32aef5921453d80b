"""The parent's side of the cage: starts children, keeps one warm, minds them, and says how they ended.

A child asks for bytes of its file and gets them; it has nothing else. Time counts only while it is the child's turn:
a network that is slow is no fault of the file's. How a child can end badly is told apart: it said what is wrong with
the file, it ran out of memory, it ran out of time, it crashed.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

import msgspec

import courtcast
from courtcast.prepare import messages
from courtcast.prepare.boxes import Bytes
from courtcast.prepare.cage import pipes
from courtcast.prepare.cage.allowance import Allowance
from courtcast.prepare.cage.ends import ended
from courtcast.prepare.cage.kinds import KINDS, MEDIA, Kind
from courtcast.prepare.cage.pipes import Pipes
from courtcast.prepare.cage.scratch import MOST_FILES, Scratch, used
from courtcast.prepare.messages import Limits
from courtcast.prepare.source import Filling, Lying
from courtcast.problems import Refused

T = TypeVar("T")
F = TypeVar("F", bound=Filling)
Reading = Callable[[messages.FromChild, int], Awaitable[T]]
"""How so many bytes behind a message are read."""

_log = logging.getLogger(__name__)

_ENDING: Final = 5.0
"""Seconds a child has to go after it was told to."""
_LAST_WORDS: Final = 4096
"""Bytes of what it wrote as errors that are kept."""
_WORDS: Final = 1 << 20
"""Bytes of errors after which nobody listens any more: a child that goes on about them stands still."""
_TURN: Final = 8
"""Messages after which all else in this process has a turn: what lies in the pipe already is read without waiting."""
_LARGE: Final = 256 * 1024
"""Bytes from which data are worth a file of their own."""
_LOOK: Final = 0.25
"""Seconds between looks at a private folder."""
_ENVIRONMENT: Final = (
    "PATH",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "PYTHONHOME",
    "LANG",
)
_MEMORY: Final = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(64 << 20)}
"""For glibc: it keeps what is freed, up to here, where otherwise it would give back each large picture and have the
kernel clear memory for the next. These are the largest numbers that it comes to by itself."""


class Child:
    """One process. Made by `Cage.child`, which also ends it."""

    def __init__(self, process: asyncio.subprocess.Process, pipes: Pipes) -> None:
        self.process = process
        self.held: messages.Caged | None = None
        """What of the cage this machine has; None before the child has said it."""
        assert process.stderr is not None
        self._pipes = pipes
        self._stderr = process.stderr
        self._limits = Limits()
        self._allowance = Allowance(self._limits, None)
        self._wanted = self._asked = self._messages = 0
        self._over: Refused | None = None
        self._words = b""
        self._listening = asyncio.get_running_loop().create_task(self._listen(), name="last words")

    @property
    def roomy(self) -> bool:
        """It can be given `messages.AT_ONCE` bytes while it is at work on something else."""
        return self._pipes.roomy

    def assign(self, limits: Limits, length: int | None) -> None:
        """Another piece of work, for which it may use all of that anew."""
        self._limits = limits
        self._allowance = Allowance(limits, length)

    async def send(self, message: messages.ToChild, data: Bytes | Lying = b"") -> None:
        """Raises Refused where the child has ended, or takes nothing any more, and what a source raises."""
        if isinstance(message, messages.Data):
            # A block counts in any case: whoever asks at the end of the file for ever comes to an end.
            self._allowance.gave(self._wanted + len(data), self._asked - max(len(data), messages.BLOCK))
        try:
            async with asyncio.timeout(self._limits.silence):
                await self._pipes.write(messages.head(message, len(data)), data)
        except TimeoutError:
            raise self._out_of_time(self._limits.silence) from None
        except (EOFError, ConnectionError):
            raise await self._ended() from None

    async def receive(self, silence: float | None = None) -> tuple[messages.FromChild, Bytes]:
        """The next message; by default `silence` is what its kind of job may have.

        Raises Refused where none comes in time, or none will, or the child wants more than it may have.
        """
        return await self._next(silence, lambda _, n: self._pipes.read(n))

    async def receive_into(self, begin: Callable[[], Awaitable[F | None]]) -> tuple[messages.FromChild, Bytes | F]:
        """The same, but that much data of it go into a file that is begun for them, where that can be and they are all
        that goes into it.

        Raises Refused, also what the file raises.
        """

        async def read(message: messages.FromChild, n: int) -> Bytes | F:
            whole = not (isinstance(message, messages.Piece) and message.taken)
            file = await begin() if n >= _LARGE and whole else None
            if file is None:
                return await self._pipes.read(n)
            try:
                await self._pipes.into(file, n)
            except BaseException:
                file.drop()
                raise
            return file

        return await self._next(None, read)

    async def _next(self, silence: float | None, read: Reading[T]) -> tuple[messages.FromChild, T]:
        while True:
            self._messages += 1
            if self._messages % _TURN == 0:
                await asyncio.sleep(0)
            message, data = await self._message(self._limits.silence if silence is None else silence, read)
            if isinstance(message, messages.Read):
                self._allowance.read(message.n)
                self._wanted, self._asked = message.offset, message.n
            if isinstance(message, messages.Piece) and message.taken:
                self._allowance.sent(sum(taken.n for taken in message.taken))
            if not isinstance(message, messages.Caged):
                return message, data
            self.held = self.held or message

    async def _message(self, silence: float, read: Reading[T]) -> tuple[messages.FromChild, T]:
        clock = asyncio.get_running_loop().time
        began = clock()
        patience = min(silence, self._allowance.left)
        try:
            async with asyncio.timeout(patience):
                text, data = messages.lengths(await self._pipes.read(messages.LENGTHS))
                self._allowance.sent(text + data)
                message = messages.decode_from_child(await self._pipes.read(text))
                behind = await read(message, data)
        except TimeoutError:
            raise self._out_of_time(patience) from None
        except (EOFError, ConnectionError):
            raise await self._ended() from None
        except (ValueError, msgspec.MsgspecError):
            # A child that was taken over says whatever it likes; it is believed no further.
            raise Refused("parser-crashed") from None
        self._allowance.worked(clock() - began)
        return message, behind

    def _out_of_time(self, seconds: float) -> Refused:
        return self._over or Refused("parser-out-of-time", seconds=max(round(seconds), 1))

    async def _ended(self) -> Refused:
        """What became of it. Nobody here has killed it yet, but who says so in `_over`."""
        await self._gone()
        if self._over is not None:
            return self._over
        problem = ended(self.process.returncode, self._words, self._allowance.used)
        _log.warning(
            "A reader of files ended with %s (%s). Its last words: %r",
            self.process.returncode, problem.type, self._words[-500:],
        )  # fmt: skip
        return problem

    async def _listen(self) -> None:
        heard = 0
        while heard < _WORDS and (words := await self._stderr.read(_LAST_WORDS)):
            heard += len(words)
            self._words = (self._words + words)[-_LAST_WORDS:]

    async def mind(self, folder: Path) -> None:
        """End it when its private folder holds more than it may. Until cancelled."""
        while True:
            await asyncio.sleep(_LOOK)
            size, files = await asyncio.to_thread(used, folder)
            if size > self._limits.scratch or files > MOST_FILES:
                self._over = Refused("parser-out-of-memory")
                with suppress(ProcessLookupError):
                    self.process.kill()
                return

    async def end(self) -> None:
        """However it is doing. Whoever still waits for a word of it is not told that it ended by itself."""
        self._over = self._over or Refused("parser-crashed")
        with suppress(ProcessLookupError):
            self.process.kill()
        try:
            await self._gone()
        finally:
            self._pipes.close()
            self._listening.cancel()

    async def _gone(self) -> None:
        """Waits for its end, but not for ever. It may not come before what is left in its pipes was read."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_ENDING):
                await self._pipes.drain()
                await asyncio.wait([self._listening])
                with suppress(RuntimeError):  # somebody else reads, and comes to the end
                    while await self._stderr.read(1 << 16):
                        pass
                await self.process.wait()


class Cage:
    """Where children come from. One is kept started and waiting: starting takes longer than reading a file's head.

    `limits` hold for every kind of job where given. `kinds` are what jobs there are; `scratch` is where private folders
    are made, by default where the system has temporary ones.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        warm: bool = True,
        kinds: Mapping[str, Kind] = KINDS,
        scratch: Path | None = None,
    ) -> None:
        self._limits = limits
        self._kinds = kinds
        self._warm = warm
        self._spare: asyncio.Task[Child] | None = None
        self._children: set[Child] = set()
        self._scratch = Scratch(scratch)

    async def __aenter__(self) -> Self:
        if self._warm:
            self._begin()
        await asyncio.to_thread(self._scratch.sweep)
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
        await asyncio.to_thread(self._scratch.close)

    def limits(self, do: str) -> Limits:
        """Of that kind of job, here."""
        return self._limits or self._kinds[do].limits

    async def holds(self) -> messages.Caged:
        """What of the cage this machine has. Raises Refused."""
        async with self.child(messages.Work(do=next(iter(self._kinds)), length=0)) as child:
            await child.receive()
            if child.held is None:
                raise Refused("parser-crashed")
            return child.held

    @asynccontextmanager
    async def child(self, work: messages.Work) -> AsyncIterator[Child]:
        """A process at work on this; it ends with the block, whatever happens in it. Raises Refused."""
        limits = self.limits(work.do)
        program = self._kinds[work.do].program
        child = await (self._take() if program == MEDIA else self._start(program))
        self._children.add(child)
        minding: asyncio.Task[None] | None = None
        folder: Path | None = None
        try:
            if self._warm:
                self._begin()
            child.assign(limits, work.length)
            if limits.scratch:
                folder = await self._folder()
                minding = asyncio.get_running_loop().create_task(child.mind(folder), name="private folder")
            await child.send(msgspec.structs.replace(work, bounds=_bounds(limits, work.memory, folder)))
            yield child
        finally:
            self._children.discard(child)
            if minding is not None:
                minding.cancel()
            await asyncio.shield(self._clear(child, folder))

    async def _folder(self) -> Path:
        """Raises Refused (internal) where there can be none."""
        try:
            return await asyncio.to_thread(self._scratch.make)
        except OSError as error:
            raise Refused("internal") from error

    async def _clear(self, child: Child, folder: Path | None) -> None:
        await child.end()
        if folder is not None:
            await asyncio.to_thread(self._scratch.remove, folder)

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
            self._spare = asyncio.get_running_loop().create_task(self._start(MEDIA), name="spare reader")
        return self._spare

    async def _start(self, program: str) -> Child:
        """Raises Refused (internal) where the system starts no more processes."""
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        root = str(Path(courtcast.__file__).resolve().parent.parent)
        environment |= _MEMORY
        environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([root, *filter(None, sys.path)]))
        # Processor time that every child costs. Packages were looked for already (-S); of two libraries for types the
        # quicker will do.
        begin = f"import sys; sys.modules['typing_extensions'] = None; from {program} import main; main()"
        try:
            return Child(*await pipes.start(sys.executable, "-P", "-S", "-c", begin, env=environment))
        except OSError as error:
            raise Refused("internal") from error


def _bounds(limits: Limits, memory: int | None, folder: Path | None) -> messages.Bounds:
    return messages.Bounds(
        memory=min(limits.memory, memory or limits.memory),
        cpu=math.ceil(limits.longest) * (os.cpu_count() or 1),
        threads=limits.threads,
        scratch=limits.scratch,
        idle=limits.idle,
        folder=None if folder is None else str(folder),
    )
