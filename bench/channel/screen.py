"""The far end: a page in Chromium. Run by the bench on the far host; see `program` for how it is spoken to."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

PAGE = Path(__file__).with_name("page.html")
FLAGS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]
CLOCKS = 5
"""Readings of the page's clock; the one with the shortest way counts."""


def clock_ahead(page: Page) -> float:
    """Milliseconds that the page's clock is ahead of ours."""
    readings = []
    for _ in range(CLOCKS):
        before = time.time()
        there = page.evaluate("() => far.now()")
        after = time.time()
        readings.append((after - before, there - (before + after) * 500))
    return float(min(readings)[1])


def obey(page: Page, asked: dict[str, Any]) -> Any:
    match asked:
        case {"do": "answer", "id": number, "sdp": sdp}:
            return page.evaluate("([id, sdp]) => far.answer(id, sdp)", [number, sdp])
        case {"do": "keep", "id": number}:
            return page.evaluate("(id) => far.keep(id)", number)
        case {"do": "digest", "id": number}:
            return page.evaluate("(id) => far.digest(id)", number)
        case {"do": "begin", "ids": numbers}:
            page.evaluate("(ids) => ids.forEach((id) => far.begin(id))", numbers)
            return clock_ahead(page)
        case {"do": "log", "ids": numbers}:
            return page.evaluate("(ids) => ids.map((id) => far.log(id))", numbers)
        case {"do": "close", "ids": numbers}:
            return page.evaluate("(ids) => ids.forEach((id) => far.close(id))", numbers)
    raise ValueError(f"not known: {asked}")


def main() -> None:
    with sync_playwright() as playwright:
        flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        page = browser.new_page()
        page.goto(PAGE.as_uri())
        print(json.dumps(browser.version), flush=True)
        for line in sys.stdin:
            print(json.dumps(obey(page, json.loads(line))), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
