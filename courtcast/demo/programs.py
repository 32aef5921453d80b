"""The programs of the demonstration: the real commands, started as children, and the presenter's API."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
import msgspec

from courtcast.wire.api import Exhibit, Problem, RoomState, Screen
from courtcast.wire.library import Hearing

START_SECONDS = 30.0
STOP_SECONDS = 5.0
CALL_SECONDS = 20.0
POLL_SECONDS = 0.02


class StepFailed(Exception):
    """A step of the demonstration did not do what it should; the text says which and why."""


class Program:
    """One of our own commands as a child: waits for the line that it prints when it is ready, and ends it."""

    def __init__(self, module: str, *args: str | Path, says: str, before: Sequence[str] = ()) -> None:
        """before: words in front of the command, which become it (`nsenter`: it runs on another machine)"""
        self._args = [*before, sys.executable, "-m", module, *map(str, args)]
        self._name = module
        self._says = says
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self.answer = ""
        """What stood behind `says`."""

    async def __aenter__(self) -> Program:
        self._process = await asyncio.create_subprocess_exec(
            *self._args,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                self.answer = await self._ready()
        except BaseException:
            await self.close()
            raise
        self._reader = asyncio.create_task(_drain(self._process))
        return self

    async def _ready(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        while line := (await self._process.stdout.readline()).decode(errors="replace").strip():
            if line.startswith(self._says):
                return line[len(self._says) :].strip()
        why = (await self._process.stderr.read()).decode(errors="replace").strip()
        raise StepFailed(why.splitlines()[-1] if why else f"{self._name} ended at once")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def close(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader


async def _drain(process: asyncio.subprocess.Process) -> None:
    """Reads on, so that a full pipe never stops the child. What it says in passing is for its own log."""

    async def one(stream: asyncio.StreamReader | None) -> None:
        while stream is not None and await stream.read(1 << 16):
            pass

    async with asyncio.TaskGroup() as group:
        group.create_task(one(process.stdout))
        group.create_task(one(process.stderr))


async def run(module: str, *args: str | Path) -> str:
    """What a command prints. Raises StepFailed with its own words where it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *map(str, args), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(CALL_SECONDS):
        out, err = await process.communicate()
    if process.returncode:
        raise StepFailed(err.decode(errors="replace").strip() or f"{module} failed")
    return out.decode().strip()


class Api:
    """The presenter's HTTP API, as anyone outside would use it."""

    def __init__(self, base: str, token: str) -> None:
        self._base = base
        self._token = token
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Api:
        self._http = aiohttp.ClientSession(
            trust_env=False,
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.close()

    async def call(self, method: str, path: str, **body: Any) -> bytes:
        """One call. Raises StepFailed with the problem's sentence where it is refused."""
        assert self._http is not None
        data = msgspec.json.encode(body) if method != "GET" else None
        headers = {"Content-Type": "application/json"} if data else {}
        async with self._http.request(method, f"{self._base}/api/v1{path}", data=data, headers=headers) as answer:
            content = await answer.read()
            if answer.status >= 400:
                try:
                    raise StepFailed(msgspec.json.decode(content, type=Problem).detail)
                except msgspec.DecodeError:
                    raise StepFailed(f"{method} {path} was answered with {answer.status}") from None
            return content

    async def exhibits(self) -> list[Exhibit]:
        return msgspec.json.decode(await self.call("GET", "/exhibits"), type=list[Exhibit])

    async def exhibit(self, id_: str) -> Exhibit:
        return msgspec.json.decode(await self.call("GET", f"/exhibits/{id_}"), type=Exhibit)

    async def add(self, **fields: Any) -> Exhibit:
        return msgspec.json.decode(await self.call("POST", "/exhibits", **fields), type=Exhibit)

    async def hearings(self) -> list[Hearing]:
        return msgspec.json.decode(await self.call("GET", "/hearings"), type=list[Hearing])

    async def screens(self) -> list[Screen]:
        return msgspec.json.decode(await self.call("GET", "/screens"), type=list[Screen])

    async def room(self, command: str, **fields: Any) -> RoomState:
        return msgspec.json.decode(await self.call("POST", f"/room/{command}", **fields), type=RoomState)

    async def until(
        self,
        what: str,
        ask: Callable[[], Any],
        enough: Callable[[Any], bool],
        seconds: float,
        every: float = POLL_SECONDS,
    ) -> Any:
        """Asks until it is enough. Raises StepFailed where `seconds` pass before."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            answer = await ask()
            if enough(answer):
                return answer
            if loop.time() > end:
                raise StepFailed(f"{what}: not within {seconds:.0f} s")
            await asyncio.sleep(every)


def failed(exhibit: Exhibit) -> None:
    """Raises StepFailed where the exhibit cannot be shown."""
    if exhibit.state == "failed" and exhibit.problem is not None:
        raise StepFailed(exhibit.problem.detail)
