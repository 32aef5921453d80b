"""Asking at a link whether it still leads to what was fetched: a real server that misbehaves in every way, a real spool."""

from __future__ import annotations

import time
from ipaddress import ip_network
from pathlib import Path

import pytest

from courtcast.evidence import look as look_module
from courtcast.evidence.ask import READ
from courtcast.evidence.fetch import fetch
from courtcast.evidence.guard import Guard
from courtcast.evidence.limits import Limits
from courtcast.evidence.links import Link
from courtcast.evidence.look import look
from courtcast.evidence.spool import Spool
from courtcast.evidence.version import Version
from tests.stand_ins.evidence_server import serving

CLIP = bytes(range(256)) * 1200
HERE = Guard([ip_network("127.0.0.0/8")])
QUICK = Limits(connect=1.0, answer=1.0, idle=1.0)


async def test_a_link_that_holds(tmp_path: Path) -> None:
    async with serving({"clip.mp4": CLIP}) as server:
        link = Link(server.url("clip.mp4"))
        versions: list[Version] = []
        async with await Spool.open(tmp_path / "a") as spool:
            await fetch(link, spool, HERE, on_progress=lambda _: None, on_version=versions.append)
            sent = server.sent
            seen = await look(link, HERE, known=versions[0], spool=spool)
        assert (seen.problem, seen.changed) == (None, False)
        assert server.sent - sent <= READ, "only its beginning is asked for"


@pytest.mark.parametrize(
    ("how", "problem", "passing"),
    [
        ({"status": 404}, "link-not-found", False),
        ({"status": 410}, "link-not-found", False),
        ({"status": 403}, "link-refused", False),
        ({"status": 401}, "link-refused", False),
        ({"status": 503}, "link-server", True),
        ({"status": 429}, "link-server", True),
        ({"redirect": "loop"}, "link-redirect-loop", False),
        ({"redirect": "http://10.0.0.1/x"}, "link-forbidden-address", False),
        ({"redirect": "http://169.254.169.254/x"}, "link-forbidden-address", False),
        ({"redirect": "ftp://example/x"}, "link-malformed", False),
        ({"hang": "answer"}, "link-unreachable", True),
        ({"garbage": 1}, "link-server", True),
        ({"redirect": 3}, None, False),
        ({"ranges": "no"}, None, False),
        ({"ranges": "bare"}, None, False),
        ({"ranges": "no", "length": "endless"}, None, False),
        ({"drip": 2000}, None, False),
        ({"etag": "no"}, None, False),
    ],
)
async def test_each_answer(
    how: dict[str, object], problem: str | None, passing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_module, "BEGINNING", 0.5)
    async with serving({"clip.mp4": CLIP}) as server:
        begun = time.monotonic()
        seen = await look(Link(server.url("clip.mp4", **how)), HERE, limits=QUICK, seconds=3.0)
        assert time.monotonic() - begun < 4
        assert (None if seen.problem is None else seen.problem.type, seen.passing) == (problem, passing)


async def test_a_page_in_its_place() -> None:
    async with serving({"gone.html": b"<!doctype html><title>Log in</title>"}) as server:
        seen = await look(Link(server.url("gone.html")), HERE)
    assert seen.problem is not None
    assert seen.problem.type == "link-is-page"


async def test_no_server_and_nowhere_to_go() -> None:
    async with serving({}) as server:
        pass
    seen = await look(Link(server.url("clip.mp4")), HERE, limits=QUICK)
    assert seen.problem is not None
    assert (seen.problem.type, seen.passing) == ("link-unreachable", True)
    seen = await look(Link(server.url("clip.mp4")), Guard())
    assert seen.problem is not None
    assert (seen.problem.type, seen.passing) == ("link-forbidden-address", False), "the same guard as for fetching"
    seen = await look(Link("http://nowhere.invalid/x"), HERE, limits=QUICK)
    assert seen.problem is not None
    assert seen.problem.type in ("link-unknown-host", "link-unreachable")


@pytest.mark.parametrize(
    "how", [{"change": 1}, {"grow": 1}, {"change": 1, "etag": "no"}, {"change": 1, "ranges": "no"}]
)
async def test_another_file_at_the_same_link(tmp_path: Path, how: dict[str, object]) -> None:
    """By its length, its tag, or its first bytes where neither says anything."""
    async with serving({"clip.mp4": CLIP[: READ // 2]}) as server:
        link = Link(server.url("clip.mp4", **how))
        versions: list[Version] = []
        async with await Spool.open(tmp_path / "a") as spool:
            await fetch(link, spool, HERE, on_progress=lambda _: None, on_version=versions.append)
            seen = await look(link, HERE, known=versions[0], spool=spool)
        assert seen.changed
        assert seen.problem is None


async def test_this_machines_time_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving({"clip.mp4": CLIP}) as server:
        link = Link(server.url("clip.mp4", date="Sat, 28 Nov 2026 10:00:00 GMT"))
        seen = await look(link, HERE)
        assert seen.clock_off == pytest.approx(time.time() - 1795860000.0, abs=5)
        assert (await look(Link(server.url("clip.mp4", date="noon")), HERE)).clock_off is None
        assert (await look(Link(server.url("clip.mp4")), HERE)).clock_off is None
