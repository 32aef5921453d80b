"""The near host: the presenter, or what stands in its place. Run by the bench; `bench.channel.program` says how it is
spoken to.

    python -m bench.rivals.near WAY ADDRESS MEDIA DATA        # MEDIA: the folder of what `clip` made
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from bench.net.network import ROOT
from bench.rivals import clip
from bench.rivals.cells import HLS, OURS, RTP, SAFE, VIDEO
from bench.rivals.mirror import Mirror
from bench.rivals.spent import spent
from courtcast.demo.programs import Api, Program, StepFailed, failed, run
from courtcast.wire.api import Exhibit, Screen

PORT = 8480
HLS_PROGRAM = ROOT / "node_modules/hls.js/dist/hls.min.js"
HERE = Path(__file__).parent
LINE = 1 << 20
FOUND = 30.0
"""Seconds for a screen to answer."""
UNSAFE = 90.0
"""Seconds that are waited for a clip to become safe, at most."""
POLL = 0.1
LATE = 2.0
"""Seconds that the first screen which shows it waits for the others."""
LOOK = 0.02


async def serve(stack: AsyncExitStack, address: str, folder: Path, algorithm: str = "cubic") -> str:
    """A plain web server for the peers' page and the files, until the stack is closed. Returns its address.
    `algorithm`: the kernel's congestion control, by name."""

    async def get(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        places = {"hls.js": HLS_PROGRAM, "page.html": HERE / "page.html", "page.js": HERE / "page.js"}
        file = places.get(name, folder / name)
        return web.FileResponse(file) if file.is_file() else web.Response(status=404)

    app = web.Application()
    app.router.add_get(r"/{name:[\w.-]+}", get)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    listening = socket.create_server((address, PORT))
    # what is accepted inherits it
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, algorithm.encode())
    await web.SockSite(runner, listening).start()
    return f"http://{address}:{PORT}"


class Side(Protocol):
    """One way of bringing the clip to the screens. Moments are ms of the wall clock."""

    async def ready(self) -> dict[str, Any]: ...

    async def play(self) -> dict[str, Any]: ...

    async def seek(self, to: float) -> float: ...

    async def said(self) -> dict[str, Any]: ...

    async def ask(self, asked: dict[str, Any]) -> Any: ...


class Served:
    """<video> and hls.js: a server, and nothing else. They are told at the screen."""

    def __init__(self, stack: AsyncExitStack, address: str, folder: Path, algorithm: str = "cubic") -> None:
        self._stack, self._address, self._folder, self._algorithm = stack, address, folder, algorithm

    async def ready(self) -> dict[str, Any]:
        url = await serve(self._stack, self._address, self._folder, self._algorithm)
        return {"page": f"{url}/page.html", VIDEO: f"{url}/{clip.NAME}", HLS: f"{url}/{clip.PLAYLIST}"}

    async def play(self) -> dict[str, Any]:
        raise NotImplementedError("at the screen")

    async def seek(self, to: float) -> float:
        raise NotImplementedError("at the screen")

    async def said(self) -> dict[str, Any]:
        return {}

    async def ask(self, asked: dict[str, Any]) -> Any:
        raise ValueError(f"not known: {asked}")


class Mirrored(Served):
    """The mirror; its connections are made before the clip is asked for, as a mirror's are."""

    def __init__(self, stack: AsyncExitStack, address: str, folder: Path) -> None:
        super().__init__(stack, address, folder)
        self._mirror = Mirror(folder / clip.NAME)
        stack.push_async_callback(self._mirror.close)

    async def play(self) -> dict[str, Any]:
        at = time.time() * 1e3
        await self._mirror.play()
        return {"at": at, "playing": at}

    async def seek(self, to: float) -> float:
        at = time.time() * 1e3
        await self._mirror.play(to)
        return at

    async def ask(self, asked: dict[str, Any]) -> Any:
        match asked:
            case {"do": "offer"}:
                return await self._mirror.offer()
            case {"do": "accept", "number": number, "sdp": sdp}:
                return await self._mirror.accept(number, sdp)
        return await super().ask(asked)


class Presented:
    """The presenter, by its commands and its API, as anyone would use it; the link leads to a server on its host."""

    def __init__(self, stack: AsyncExitStack, address: str, folder: Path, data: Path, *, wait: bool) -> None:
        """`wait`: it is played when that is safe."""
        self._stack, self._address, self._folder, self._wait = stack, address, folder, wait
        self._data = data / "presenter"
        self._ids: list[str] = []
        self._exhibit = ""
        self._link = ""
        self._api: Api

    async def ready(self) -> dict[str, Any]:
        self._link = f"{await serve(self._stack, '127.0.0.1', self._folder)}/{clip.NAME}"
        program = Program(
            "courtcast.cli", "serve", "--data", self._data, "--port", "0", "--allow-network", "127.0.0.0/8",
            "--interface", self._address, says="remote:",
        )  # fmt: skip
        presenter = await self._stack.enter_async_context(program)
        token = await run("courtcast.cli", "token", "--data", self._data, "--role", "clerk")
        where = urlsplit(presenter.answer)
        self._api = await self._stack.enter_async_context(Api(f"{where.scheme}://{where.netloc}", token))
        return {}

    async def prepare(self) -> None:
        """Gives the link, and waits until all of it is fetched and prepared."""
        await self._add(lambda now: now.state == "ready")

    async def play(self) -> dict[str, Any]:
        at = time.time() * 1e3
        if not self._exhibit:
            await self._add(lambda now: now.showable)
        await self._api.room("cue", exhibit=self._exhibit)
        await self._api.room("show")
        if not self._wait:
            await self._seen()
            await self._api.room("play", anyway=True)
            return {"at": at, "playing": time.time() * 1e3}
        told: list[tuple[float, float | None]] = []

        def safe(now: Exhibit) -> bool:
            if not told or now.safe_at != told[-1][1]:
                told.append((time.time(), now.safe_at))
            return now.safe

        await self._api.until("that it is safe", self._now, safe, UNSAFE, POLL)
        await self._api.room("play")
        return {"at": at, "playing": time.time() * 1e3, "told": told}

    async def seek(self, to: float) -> float:
        at = time.time() * 1e3
        await self._api.room("seek", to=to)
        return at

    async def said(self) -> dict[str, Any]:
        """What the presenter knows of its screens."""
        return {"screens": [msgspec.to_builtins(screen) for screen in await self._api.screens()]}

    async def ask(self, asked: dict[str, Any]) -> Any:
        match asked:
            case {"do": "prepare"}:
                return await self.prepare()
            case {"do": "pair", "address": address, "code": code}:
                screen = msgspec.json.decode(await self._api.call("POST", "/screens", address=address), type=Screen)
                await self._api.call("POST", f"/screens/{screen.id}/pair", code=code)
                self._ids.append(screen.id)
                if len(self._ids) == 1:  # as at the peers, one hears it
                    await self._api.call("PATCH", f"/screens/{screen.id}", sound=True)
                await self._api.until("the screen to answer", self._api.screens, self._online, FOUND)
                return screen.id
        raise ValueError(f"not known: {asked}")

    async def _seen(self) -> None:
        """As a person does it: looks whether it is up, and plays it then. For one screen that is late nobody waits."""
        loop = asyncio.get_running_loop()
        begun, first = loop.time(), None
        while loop.time() < begun + FOUND:
            screens = [screen for screen in await self._api.screens() if screen.id in self._ids]
            up = sum(bool(screen.report and screen.report.frame is not None) for screen in screens)
            first = loop.time() if up and first is None else first
            if up == len(screens) or (first is not None and loop.time() > first + LATE):
                return
            await asyncio.sleep(LOOK)

    async def _add(self, enough: Callable[[Exhibit], bool]) -> None:
        self._exhibit = (await self._api.add(url=self._link, ref="B/1", title="bench")).id

        def there(now: Exhibit) -> bool:
            failed(now)
            return enough(now)

        await self._api.until("its fragments", self._now, there, FOUND)

    async def _now(self) -> Exhibit:
        return await self._api.exhibit(self._exhibit)

    def _online(self, screens: list[Screen]) -> bool:
        return all(screen.online for screen in screens if screen.id in self._ids)


def made(way: str, stack: AsyncExitStack, address: str, folder: Path, data: Path) -> Side:
    if way in (OURS, SAFE):
        return Presented(stack, address, folder, data, wait=way == SAFE)
    if way == RTP:
        return Mirrored(stack, address, folder)
    return Served(stack, address, folder, way.partition("-")[2] or "cubic")


async def obey(side: Side, asked: dict[str, Any]) -> Any:
    match asked:
        case {"do": "ready"}:
            return await side.ready()
        case {"do": "play"}:
            return await side.play()
        case {"do": "seek", "to": to}:
            return await side.seek(to)
        case {"do": "spent"}:
            # where a presenter runs, this process is no more than who asks it
            return await asyncio.to_thread(spent, itself=not isinstance(side, Presented))
        case {"do": "said"}:
            return await side.said()
    return await side.ask(asked)


async def main(way: str, address: str, folder: Path, data: Path) -> None:
    reader = asyncio.StreamReader(LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with AsyncExitStack() as stack:
        side = made(way, stack, address, folder, data)
        while line := await reader.readline():
            try:
                answer = await obey(side, json.loads(line))
            except (StepFailed, OSError, ValueError, TimeoutError) as error:
                answer = {"failed": repr(error)}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])))
