"""Serves the sample evidence as a thin line would: one link, a steady rate, ranges as file hosts have them."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from aiohttp import web

SLICE_SECONDS = 0.01


class ThinLine:
    """A server on loopback whose answers together carry `rate` bits per second, each `delay` seconds away."""

    def __init__(self, file: Path, *, rate: float = 20e6, delay: float = 0.006) -> None:
        self._file = file
        self._bytes_per_second = rate / 8
        self._delay = delay
        self._free_at = 0.0
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> ThinLine:
        app = web.Application()
        app.router.add_get(f"/{self._file.name}", self._get)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/{self._file.name}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _get(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self._delay)
        size = self._file.stat().st_size
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        first, last = (int(match[1]), int(match[2] or size - 1)) if match else (0, size - 1)
        last = min(last, size - 1)
        headers = {"Accept-Ranges": "bytes", "Content-Type": "video/mp4", "ETag": f'"{size}"'}
        if first > last:
            return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
        if match:
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        answer = web.StreamResponse(status=206 if match else 200, headers=headers)
        answer.content_length = last - first + 1
        await answer.prepare(request)
        loop = asyncio.get_running_loop()
        with self._file.open("rb") as source:
            source.seek(first)
            left = last - first + 1
            while left:
                piece = source.read(min(left, max(1024, int(self._bytes_per_second * SLICE_SECONDS))))
                # one line for all answers: each piece takes its turn on it
                self._free_at = max(self._free_at, loop.time()) + len(piece) / self._bytes_per_second
                await asyncio.sleep(max(0.0, self._free_at - loop.time()))
                try:
                    await answer.write(piece)
                except ConnectionResetError:  # the other side has what it wanted
                    break
                left -= len(piece)
        return answer
