"""The receiver's commands as programs: what they print, how they end, and what survives a kill -9."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from courtcast.core.identity import Identity
from courtcast.deliver.pairing import card, pair
from courtcast.deliver.trust import Pinned
from courtcast.problems import Refused
from receiver.kiosk import find_chromium
from receiver.store import Store
from tests.deliver.test_link import linked
from tests.stand_ins.screen import HERE

HERE_ONLY = ("--interface", HERE)


def free_port() -> int:
    with socket.create_server((HERE, 0)) as listening:
        return int(listening.getsockname()[1])


async def command(*arguments: str | Path, **environment: str) -> tuple[int, str, str]:
    """Runs one to its end: exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "receiver.cli", *map(str, arguments),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, **environment},
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def running(folder: Path, *arguments: str | Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """`run --no-kiosk`, once it has printed its page's address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "receiver.cli", "run", "--data", folder, "--name", "Jury", "--no-kiosk", *HERE_ONLY,
        *map(str, arguments), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        assert line.startswith("screen: http://127.0.0.1:")
        yield process, line.removeprefix("screen: ").strip()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def refused(expected: str, *arguments: str | Path, **environment: str) -> None:
    """One line in words, and 1."""
    code, out, err = await command(*arguments, **environment)
    assert (code, out) == (1, "")
    assert err.startswith("courtcast-receiver: ")
    assert err.count("\n") == 1
    assert expected in err


async def test_it_pairs_by_the_code_that_is_printed_and_ends_when_told(tmp_path: Path) -> None:
    port = free_port()
    async with running(tmp_path, "--port", port) as (process, _):
        code, out, _ = await command("code", "--data", tmp_path)
        assert code == 0
        assert re.fullmatch(r"\d{4} \d{4}\n", out)
        await pair(f"{HERE}:{port}", out, Identity.make("me"), "Court 4")
        assert (await command("code", "--data", tmp_path))[1] != out
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 5) == 0


async def test_after_a_kill_it_is_the_same_screen_with_the_same_pins(tmp_path: Path) -> None:
    port, me = free_port(), Identity.make("me")
    async with running(tmp_path, "--port", port) as (process, url):
        pinned = await pair(f"{HERE}:{port}", Store.open(tmp_path, create=False).tries().code, me, "me")
        async with linked(pinned, me, f"{HERE}:{port}") as watched:
            await watched.until(lambda link: link.connected)
            process.kill()
            await process.wait()
            await watched.until(lambda link: not link.connected)
            async with running(tmp_path, "--port", port) as (_, again):
                assert again == url
                watched.link.wake()
                await watched.until(lambda link: link.connected)
                assert await card(f"{HERE}:{port}", trust=pinned.certificate) == pinned.card


async def test_forgetting_a_presenter_ends_its_link(tmp_path: Path) -> None:
    port, me = free_port(), Identity.make("me")
    await refused("holds no screen", "forget", "--data", tmp_path, "--all")
    async with running(tmp_path, "--port", port):
        await refused("No presenter is paired", "forget", "--data", tmp_path, "--all")
        pinned: Pinned = await pair(f"{HERE}:{port}", Store.open(tmp_path, create=False).tries().code, me, "Court 4")
        async with linked(pinned, me, f"{HERE}:{port}") as watched:
            await watched.until(lambda link: link.connected)
            await refused("Court 4 (", "forget", "--data", tmp_path, "somebody")
            assert await command("forget", "--data", tmp_path, "Court 4") == (0, "forgotten: Court 4\n", "")
            await watched.until(lambda link: not link.connected)
            await watched.until(lambda link: link.problem)
            assert watched.link.problem is not None
            assert watched.link.problem.type == "screen-revoked"


async def test_a_locked_screen_is_unlocked_by_a_new_code(tmp_path: Path) -> None:
    store = Store.open(tmp_path, create=True)
    for n in range(5):
        store.count_try(float(n))
    await refused("courtcast-receiver code --new", "code", "--data", tmp_path)
    code, out, _ = await command("code", "--new", "--data", tmp_path)
    assert code == 0
    assert (await command("code", "--data", tmp_path))[1] == out


async def test_a_taken_port(tmp_path: Path) -> None:
    with socket.create_server((HERE, 0)) as taken:
        port = str(taken.getsockname()[1])
        run = ("run", "--data", tmp_path, "--no-kiosk", *HERE_ONLY)
        await refused(f"Port {port} is in use", *run, "--port", port)
        await refused(f"Port {port} is in use by another program. Choose another with --page-port",
                      *run, "--port", "0", "--page-port", port)  # fmt: skip


async def test_an_address_that_this_machine_does_not_have(tmp_path: Path) -> None:
    await refused("no address 192.0.2.77", "run", "--data", tmp_path, "--no-kiosk", "--interface", "192.0.2.77")


async def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    await refused("cannot be written", "run", "--data", tmp_path / "file", "--no-kiosk", *HERE_ONLY)


async def test_a_folder_in_use(tmp_path: Path) -> None:
    async with running(tmp_path, "--port", "0"):
        await refused("in use by another screen", "run", "--data", tmp_path, "--no-kiosk", "--port", "0", *HERE_ONLY)


async def test_no_browser(tmp_path: Path) -> None:
    await refused(
        "No Chromium was found", "run", "--data", tmp_path, "--headless", "--chromium", "/nowhere", *HERE_ONLY
    )


async def test_no_desktop(tmp_path: Path) -> None:
    await refused("no desktop", "run", "--data", tmp_path, *HERE_ONLY, DISPLAY="", WAYLAND_DISPLAY="")


@pytest.mark.parametrize(
    "arguments", [(), ("run", "--port", "x"), ("run", "--port", "70000"), ("run", "--interface", "x"), ("forget",)]
)
async def test_a_command_that_is_not_understood(arguments: tuple[str, ...]) -> None:
    code, out, err = await command(*arguments)
    assert (code, out) == (2, "")
    assert "usage:" in err
    assert "Traceback" not in err


@pytest.mark.browser
async def test_in_a_real_browser_the_page_calls(tmp_path: Path) -> None:
    """`run --headless`: Chromium opens the page, the page opens its WebSocket, and both end with the command."""
    try:
        find_chromium()
    except Refused as problem:
        pytest.skip(problem.detail)
    port, me = free_port(), Identity.make("me")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "receiver.cli", "run", "--data", tmp_path, "--headless", "--port", str(port), *HERE_ONLY
    )
    try:
        pinned = await _pair_when_up(f"{HERE}:{port}", tmp_path, me)
        async with linked(pinned, me, f"{HERE}:{port}") as watched:
            await watched.until(lambda link: link.page, 30)
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 15) == 0
    assert not _uses(tmp_path), "no browser is left"


async def _pair_when_up(address: str, folder: Path, identity: Identity) -> Pinned:
    async with asyncio.timeout(20):
        while True:
            try:
                return await pair(address, Store.open(folder, create=False).tries().code, identity, "me")
            except Refused:
                await asyncio.sleep(0.1)


def _uses(folder: Path) -> list[str]:
    """Command lines of the processes that name a folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found
