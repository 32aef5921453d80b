"""One screen's host: a Chromium, and for ours the receiver beside it. Run by the bench on its far host;
`bench.channel.program` says how it is spoken to.

    python -m bench.rivals.far ADDRESS FOLDER
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

from bench.net.network import ROOT
from bench.rivals.cells import HLS, VIDEO
from bench.rivals.spent import spent
from receiver.cli import DEFAULT_PORT
from tests.stand import CHROMIUM, FLAGS, SIZE

PROBE = Path(__file__).parents[1] / "probe.js"
STOP = 10.0


class Far:
    """What runs on this host."""

    def __init__(self, stack: ExitStack, address: str, folder: Path) -> None:
        self._stack, self._address, self._folder = stack, address, folder
        self._page: Page
        self._driver = stack.enter_context(sync_playwright())

    def screen(self) -> dict[str, str]:
        """The receiver: where its page is, and what a presenter has to know."""
        data, log = self._folder / "receiver", self._stack.enter_context((self._folder / "receiver.log").open("w"))
        command = [
            sys.executable, "-m", "receiver.cli", "run", "--data", str(data), "--name", "Jury", "--zone", "jury",
            "--interface", self._address, "--no-kiosk",
        ]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT)
        self._stack.callback(_end, process)
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("screen:").strip()
        code = [sys.executable, "-m", "receiver.cli", "code", "--data", str(data)]
        shown = subprocess.run(code, capture_output=True, text=True, check=True, timeout=STOP, cwd=ROOT)
        return {"page": url, "code": shown.stdout.strip(), "address": f"{self._address}:{DEFAULT_PORT}"}

    def open(self, url: str) -> str:
        where = urlsplit(url)
        # what reads the picture's pixels cheaply is given to secure pages only, as ours is by its loopback address
        secure = f"--unsafely-treat-insecure-origin-as-secure={where.scheme}://{where.netloc}"
        browser = self._driver.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, secure])
        self._stack.callback(browser.close)
        self._page = browser.new_page(viewport={"width": SIZE["width"], "height": SIZE["height"]})
        self._page.goto(url)
        self._page.evaluate(PROBE.read_text())
        self._page.evaluate("() => window.bench.follow()")
        return browser.version

    def obey(self, asked: dict[str, Any]) -> Any:
        match asked:
            case {"do": "screen"}:
                return self.screen()
            case {"do": "open", "url": url}:
                return self.open(url)
            case {"do": "answer", "sdp": sdp}:
                return self._page.evaluate("(sdp) => far.answer(sdp)", sdp)
            case {"do": "play", "way": way, "url": url} if way in (VIDEO, HLS):
                at = time.time() * 1e3
                self._page.evaluate("([way, url]) => far[way](url)", [way, url])
                return {"at": at, "playing": at}
            case {"do": "seek", "to": to}:
                at = time.time() * 1e3
                self._page.evaluate("(to) => far.seek(to)", to)
                return at
            case {"do": "log", "since": since}:
                return self._page.evaluate("(since) => window.bench.log.filter(([at]) => at >= since)", since)
            case {"do": "last"}:
                return self._page.evaluate("() => window.bench.log.at(-1)?.[1] ?? null")
            case {"do": "said"}:
                return self._page.evaluate("() => window.courtcast?.snapshot() ?? far.said()")
            case {"do": "evaluate", "script": script}:
                return self._page.evaluate(script)
            case {"do": "spent"}:
                return spent(itself=False)
        raise ValueError(f"not known: {asked}")


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def main(address: str, folder: Path) -> None:
    with ExitStack() as stack:
        far = Far(stack, address, folder)
        for line in sys.stdin:
            print(json.dumps(far.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
