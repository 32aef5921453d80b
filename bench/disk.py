"""How a browser's own disk is best used: all fragments in one file, a file for each exhibit, or one for each fragment.

`python -m bench.disk` prints a table. Real Chromium, files opened in place from a worker. Written as they come, flushed
after each mebibyte; read back in an order of chance, as seeks do; found again after the browser was started anew.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.async_api import async_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
EXHIBITS, FRAGMENTS = 10, 60
"""Each fragment of the picture has 500 kB, each of the sound 8 kB: half a second at 8 Mb/s and 128 kb/s."""

WORKER = Path(__file__).with_name("disk.js")

ASK = """([what, hash]) => new Promise((resolve, reject) => {
  const worker = new Worker(`/worker.js#${hash}`);
  worker.onmessage = ({ data }) => { worker.terminate(); resolve(data); };
  worker.onerror = (event) => reject(new Error(event.message));
  worker.postMessage(what);
})"""


async def measured() -> dict[str, dict[str, dict[str, float]]]:
    app = web.Application()
    app.router.add_get("/", lambda _: web.Response(text="<!doctype html>", content_type="text/html"))
    app.router.add_get("/worker.js", lambda _: web.Response(text=WORKER.read_text(), content_type="text/javascript"))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    results: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with async_playwright() as playwright:
            for act in ("write", "find", "read"):
                context = await playwright.chromium.launch_persistent_context(
                    Path(folder) / "profile", executable_path="/usr/bin/chromium", args=FLAGS
                )
                page = context.pages[0]
                await page.goto(url)
                for way in ("one", "exhibit", "fragment"):
                    answer: Any = await page.evaluate(ASK, [{"way": way, "act": act}, f"{EXHIBITS},{FRAGMENTS}"])
                    results.setdefault(way, {})[act] = answer
                await context.close()
    await runner.cleanup()
    return results


def table(results: dict[str, dict[str, dict[str, float]]]) -> str:
    size = EXHIBITS * FRAGMENTS * 0.508
    lines = [
        "| | written, flushed each MiB | slowest MiB | index found again | read, and verified (median; 95 %) |",
        "|---|---|---|---|---|",
    ]
    for way, words in (("one", "one file"), ("exhibit", "one a rendition"), ("fragment", "one a fragment")):
        write, find, read = (results[way][act] for act in ("write", "find", "read"))
        lines.append(
            f"| {words} | {size / write['took'] * 1000:.0f} MB/s | {write['slowest']:.0f} ms | {find['took']:.0f} ms "
            f"| {read['read']:.1f} ms, {read['verified']:.1f} ms; {read['verified95']:.1f} ms |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    results = asyncio.run(measured())
    print(json.dumps(results) if "--json" in sys.argv else table(results))
