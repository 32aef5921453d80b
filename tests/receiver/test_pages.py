"""The page's server: for the browser that was given the address, and for nobody else."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from courtcast.wire.assets import Assets
from tests.stand_ins.screen import Screen, page, screen


@pytest.fixture
async def jury(tmp_path: Path) -> AsyncIterator[Screen]:
    async with screen(tmp_path / "jury") as running:
        yield running


async def status(url: str, method: str = "GET", **headers: str) -> int:
    async with (
        aiohttp.ClientSession(trust_env=False) as session,
        session.request(method, url, headers=headers) as answer,
    ):
        return answer.status


async def test_the_page_comes_with_its_key_and_may_reach_nothing_else(jury: Screen) -> None:
    async with aiohttp.ClientSession(trust_env=False) as session, session.get(jury.url) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/html"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert Assets.find().build in await answer.text()


async def told(origin: str) -> int:
    """Bytes of its disk that a page is told to use."""
    async with aiohttp.ClientSession(trust_env=False) as session, session.get(origin) as answer:
        found = re.search(r'data-disk="(\d+)"', await answer.text())
        assert found is not None
        return int(found[1])


async def test_the_page_is_told_how_much_of_the_disk_it_may_use(tmp_path: Path, jury: Screen) -> None:
    free = shutil.disk_usage(tmp_path).free
    assert 0.3 * free < await told(jury.url) < 0.7 * free
    async with screen(tmp_path / "other", disk=5 << 30) as other:
        assert await told(other.url) == 5 << 30


async def test_its_program_may_be_kept_for_ever_and_the_remotes_is_not_served(jury: Screen) -> None:
    assets = Assets.find()
    program = jury.origin + assets.url("receiver/screen/main.js")
    async with aiohttp.ClientSession(trust_env=False) as session, session.get(program) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/javascript"
        assert "immutable" in answer.headers["Cache-Control"]
    for path in (
        f"{assets.prefix}/web/templates/base.html",
        f"{assets.prefix}/receiver/screen/none.js",
        f"{assets.prefix}/receiver/screen/../cli.py",
        f"{assets.prefix}/receiver/screen/%2e%2e/cli.py",
        "/static/0123456789abcdef/receiver/screen/main.js",
    ):
        assert await status(jury.origin + path) == 404


@pytest.mark.parametrize("path", ["/", "/?key=", "/?key=wrong", "/page", "/page?key=wrong", "/page?key=é"])
async def test_a_wrong_key_is_refused(jury: Screen, path: str) -> None:
    assert await status(jury.origin + path, Origin=jury.origin) == 403


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1", "127.0.0.1:1", ""])
async def test_another_host_is_refused(jury: Screen, host: str) -> None:
    """DNS rebinding: the connection is ours, the name is theirs."""
    assert await status(jury.url, Host=host) == 403


async def test_another_origin_is_refused(jury: Screen) -> None:
    where = urlsplit(jury.url)
    for origin in ("http://evil.example", "null", f"https://{where.netloc}"):
        assert await status(jury.url, Origin=origin) == 403
        async with aiohttp.ClientSession(trust_env=False) as session:
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await session.ws_connect(f"ws://{where.netloc}/page?{where.query}", origin=origin)
    async with aiohttp.ClientSession(trust_env=False) as session:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await session.ws_connect(f"ws://{where.netloc}/page?{where.query}")


async def test_it_is_on_this_machine_only(jury: Screen) -> None:
    assert urlsplit(jury.url).hostname == "127.0.0.1"


async def test_the_page_is_told_what_stands_on_it(jury: Screen) -> None:
    async with page(jury) as its_page:
        card = await its_page.until_idle(lambda _: True)
        assert (card.name, card.zone, card.address) == ("Jury left", "jury", jury.address)
        assert card.code is not None
        assert card.code.replace(" ", "") == jury.code
        jury.store.new_code()
        jury.agent.look_again()
        await its_page.until_idle(lambda idle: idle.code is not None and idle.code != card.code)


async def test_a_page_that_talks_nonsense_stays_and_a_second_one_replaces_it(jury: Screen) -> None:
    async with page(jury) as first:
        await first.socket.send_str("nonsense")
        await first.until_idle(lambda _: True)
        async with page(jury) as second:
            await second.until_idle(lambda _: True)
            raw = await first.socket.receive() if not first.socket.closed else None
            assert raw is None or raw.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}
            assert first.socket.close_code == 4001
