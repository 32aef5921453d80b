"""A Chromium that the demonstration drives: opens pages, takes their pictures, reads a frame's number.

Spoken to over the DevTools protocol on loopback, with aiohttp: the few calls needed here are not worth a dependency at
run time (the tests use Playwright).
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
import av

from courtcast.problems import Refused
from courtcast.samples import read_luma

START_SECONDS = 30.0
CALL_SECONDS = 20.0

HEADLESS = ("--headless=new", "--disable-gpu")
FLAGS = (
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-quic",
    "--disable-sync",
    "--disable-extensions",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--autoplay-policy=no-user-gesture-required",
    # everything here is on this one machine: the peers meet on loopback, and no name is asked for on the network
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns,MediaRouter",
    "--remote-debugging-port=0",
)


class Browser:
    """One Chromium process with a profile of its own. Use as an async context manager.

    Given a `window` (address, then left, top, width, height in pixels), it opens that in a window of its own on the
    desktop; without, it is headless and `open` gives pages.
    """

    def __init__(
        self,
        program: Path,
        window: tuple[str, int, int, int, int] | None = None,
        *,
        flags: Sequence[str] = FLAGS,
    ) -> None:
        self._program = program
        self._flags = flags
        self._window = window
        self._profile = Path(tempfile.mkdtemp(prefix="courtcast-browser-"))
        self._process: asyncio.subprocess.Process | None = None
        self._http: aiohttp.ClientSession | None = None
        self._port = 0

    async def __aenter__(self) -> Browser:
        root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        self._process = await asyncio.create_subprocess_exec(
            str(self._program),
            *self._flags,
            *root,
            f"--user-data-dir={self._profile}",
            *self._where(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=os.name == "posix",
        )
        self._http = aiohttp.ClientSession(trust_env=False)
        try:
            async with asyncio.timeout(START_SECONDS):
                self._port = await self._find_port()
        except TimeoutError:
            await self.close()
            raise Refused("no-browser") from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _where(self) -> tuple[str, ...]:
        if self._window is None:
            return (*HEADLESS, "about:blank")
        url, left, top, width, height = self._window
        return (f"--app={url}", f"--window-position={left},{top}", f"--window-size={width},{height}")

    async def _find_port(self) -> int:
        """Chromium writes the port it chose into its profile."""
        file = self._profile / "DevToolsActivePort"
        while True:
            with suppress(OSError, ValueError, IndexError):
                return int(file.read_text().split()[0])
            if self._process is None or self._process.returncode is not None:
                raise Refused("no-browser")
            await asyncio.sleep(0.05)

    async def open(self, url: str, width: int, height: int) -> Page:
        """The browser's page, at that address and of that size in CSS pixels.

        It is the one that the browser began with: a second one would lie behind it, and a page that is not seen
        presents no frames.
        """
        assert self._http is not None
        async with asyncio.timeout(CALL_SECONDS):
            targets = await self.targets()
            socket = await self._http.ws_connect(targets[0]["webSocketDebuggerUrl"], max_msg_size=64 << 20)
        page = Page(socket)
        await page.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        await page.call("Page.enable")
        await page.call("Page.navigate", url=url)
        return page

    async def targets(self) -> list[dict[str, str]]:
        """What DevTools says of each page that is open."""
        async with self._ask("GET", "list") as answer:
            return [target for target in await answer.json() if target["type"] == "page"]

    async def cover(self) -> str:
        """Opens an empty page in front of the one there is; its id."""
        async with self._ask("PUT", "new?about:blank") as answer:
            covering: dict[str, str] = await answer.json()
            return covering["id"]

    async def uncover(self, covering: str) -> None:
        async with self._ask("GET", f"close/{covering}"):
            pass

    def _ask(self, method: str, what: str) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        assert self._http is not None
        return self._http.request(method, f"http://127.0.0.1:{self._port}/json/{what}")

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
        process = self._process
        if process is not None and process.returncode is None:
            _stop(process, force=False)
            try:
                async with asyncio.timeout(5):
                    await process.wait()
            except TimeoutError:
                _stop(process, force=True)
                await process.wait()
        await asyncio.to_thread(shutil.rmtree, self._profile, True)


def _stop(process: asyncio.subprocess.Process, *, force: bool) -> None:
    """Ends the browser with the processes it started; on Windows it ends them itself."""
    with suppress(ProcessLookupError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL if force else signal.SIGTERM)
        elif force:
            process.kill()
        else:
            process.terminate()


class Page:
    """One page of the browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._id = 0
        self._lock = asyncio.Lock()

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One DevTools call and its result. Raises RuntimeError where the browser refuses it."""
        async with self._lock, asyncio.timeout(CALL_SECONDS):
            self._id += 1
            await self._socket.send_str(json.dumps({"id": self._id, "method": method, "params": params}))
            while True:
                message = json.loads(await self._socket.receive_str())
                if message.get("id") != self._id:
                    continue
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error'].get('message')}")
                result: dict[str, Any] = message["result"]
                return result

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited where it is a promise."""
        result = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        return result["result"].get("value")

    async def picture(self) -> bytes:
        """PNG of what the page shows now."""
        shot = await self.call("Page.captureScreenshot", format="png", optimizeForSpeed=True)
        return base64.b64decode(shot["data"])

    async def frame_number(self) -> int | None:
        """The number that stands in the picture now, read from its pixels; None where there is none."""
        return read_png(await self.picture())

    async def is_black(self) -> bool:
        """Every pixel is black."""
        luma, _, _, _ = _grey(await self.picture())
        return max(luma) <= 17


def _grey(png: bytes) -> tuple[bytes, int, int, int]:
    with av.open(io.BytesIO(png), mode="r") as container:
        frame = next(container.decode(container.streams.video[0])).reformat(format="yuv420p")
        return bytes(frame.planes[0]), frame.width, frame.height, frame.planes[0].line_size


def read_png(png: bytes) -> int | None:
    """The frame number in a picture that is filled by the video."""
    luma, width, height, stride = _grey(png)
    return read_luma(luma, width, height, stride)
