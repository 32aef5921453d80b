"""The way that links go: straight, or through a proxy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from courtcast.doctor.lines import Line
from courtcast.evidence.proxy import SYSTEM, Proxy, believing
from courtcast.problems import Refused

ANSWER = 5.0
"""Seconds for the proxy to take a connection."""


async def outside(proxy: str | None, ca: Path | None) -> AsyncIterator[Line]:
    """As the presenter would be started with these; without them, whether this system has a proxy that is not used."""
    if ca is not None:
        try:
            believing(ca)
            yield Line("good", f"Authority for links: {ca}")
        except Refused as problem:
            yield Line("stop", problem.detail)
    try:
        meant = Proxy.of_system() if proxy in {None, SYSTEM} else Proxy.parse(proxy or "")
    except Refused as problem:
        if proxy is not None:
            yield Line("stop", problem.detail)
        return
    if proxy is None:
        yield Line(
            "note",
            f"This system has a proxy set ({meant.shown}), and links do not go through it.",
            "Where they have to, start the presenter with --proxy system.",
        )
        return
    try:
        async with asyncio.timeout(ANSWER):
            _, writer = await asyncio.open_connection(meant.url.host, meant.url.port)
        writer.close()
    except (OSError, UnicodeError, TimeoutError):
        yield Line("stop", Refused("proxy-unreachable", host=meant.shown).detail)
    else:
        yield Line("good", f"Proxy for links: {meant.shown} answers")
