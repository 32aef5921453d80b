"""Finding Chromium, starting it with nothing but the page, and minding it. Real processes; once with real Chromium."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from courtcast.problems import Refused
from receiver import kiosk
from receiver.kiosk import Kiosk, arguments, check_desktop, find_chromium

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kiosk's promises are made for Linux")


def program(folder: Path, body: str) -> Path:
    """A browser of our own: a script that writes down each of its starts."""
    path = folder / "browser"
    path.write_text(f"#!/bin/sh\necho $$ >> {folder}/starts\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def starts(folder: Path) -> list[int]:
    file = folder / "starts"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def until(true: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 (other processes)
            await asyncio.sleep(0.02)


@asynccontextmanager
async def minded(
    browser: Path,
    folder: Path,
    there: Callable[[], bool] = lambda: True,
    hangs: Callable[[], bool] = lambda: False,
    url: str = "http://127.0.0.1:1/",
    **how: Any,
) -> AsyncIterator[Kiosk]:
    one = Kiosk(browser, folder / "profile", url, there, page_hangs=hangs, **how)
    running = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_browser_that_dies_is_started_again(tmp_path: Path) -> None:
    async with minded(program(tmp_path, "exec sleep 60"), tmp_path):
        await until(lambda: len(starts(tmp_path)) == 1)
        os.kill(starts(tmp_path)[0], signal.SIGKILL)
        await until(lambda: len(starts(tmp_path)) == 2)
    assert not any(alive(pid) for pid in starts(tmp_path))


async def test_one_whose_page_is_gone_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kiosk, "FIRST_PAGE", 0.2)
    async with minded(program(tmp_path, "exec sleep 60"), tmp_path, there=lambda: False):
        await until(lambda: len(starts(tmp_path)) >= 2)
        assert not alive(starts(tmp_path)[0])


async def test_one_whose_page_hangs_is_started_again(tmp_path: Path) -> None:
    async with minded(program(tmp_path, "exec sleep 60"), tmp_path, hangs=lambda: len(starts(tmp_path)) == 1):
        await until(lambda: len(starts(tmp_path)) == 2)
        assert not alive(starts(tmp_path)[0])
        await asyncio.sleep(1)
        assert len(starts(tmp_path)) == 2


async def test_helpers_go_with_it_even_where_it_does_not_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kiosk, "STOP", 0.3)
    body = (
        f"trap '' TERM\nsh -c 'trap \"\" TERM; echo $$ >> {tmp_path}/starts; while :; do sleep 1; done' &\nwait\nwait"
    )
    async with minded(program(tmp_path, body), tmp_path):
        await until(lambda: len(starts(tmp_path)) == 2)
    await until(lambda: not any(alive(pid) for pid in starts(tmp_path)))


async def test_one_that_cannot_be_started_does_not_end_the_screen(tmp_path: Path) -> None:
    async with minded(tmp_path / "nowhere", tmp_path) as one:
        await asyncio.sleep(0.1)
        assert one.pid is None


async def test_it_ends_with_us_however_we_end(tmp_path: Path) -> None:
    browser = program(tmp_path, "exec sleep 60")
    code = (
        "import asyncio, pathlib; from receiver.kiosk import Kiosk;"
        f"asyncio.run(Kiosk(pathlib.Path({str(browser)!r}), pathlib.Path({str(tmp_path / 'profile')!r}), 'x', lambda: True).run())"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    await until(lambda: starts(tmp_path))
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    await until(lambda: not alive(starts(tmp_path)[0]))


async def started(folder: Path, **how: Any) -> None:
    """One start of the browser, and the end of it."""
    before = len(starts(folder))
    async with minded(program(folder, "exec sleep 60"), folder, **how):
        await until(lambda: len(starts(folder)) > before)


async def test_a_profile_lasts_and_no_lock_of_a_killed_browser_stops_the_next(tmp_path: Path) -> None:
    await started(tmp_path)
    (tmp_path / "profile" / "exhibits").write_text("of the day")
    (tmp_path / "profile" / "SingletonLock").symlink_to("other-machine-1234")
    await started(tmp_path)
    assert sorted(path.name for path in (tmp_path / "profile").iterdir()) == ["courtcast-origin", "exhibits"]


async def test_what_nobody_could_reach_or_show_any_more_goes(tmp_path: Path) -> None:
    kept = tmp_path / "profile" / "exhibits"
    for how in ({"url": "http://127.0.0.1:2/?key=k"}, {"keep": lambda: False}):
        await started(tmp_path)
        kept.write_text("of the day")
        await started(tmp_path, url="http://127.0.0.1:1/?key=another")
        assert kept.exists(), "the key is no part of where it is"
        await started(tmp_path, **how)
        assert not kept.exists()


async def test_a_profile_of_which_no_page_comes_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kiosk, "FIRST_WAIT", 0.05)
    await started(tmp_path)
    (tmp_path / "profile" / "half-written").touch()
    body = f"test ! -e {tmp_path}/profile/half-written && exec sleep 60"
    async with minded(program(tmp_path, body), tmp_path, there=lambda: False):
        await until(lambda: not (tmp_path / "profile" / "half-written").exists())
        await until(lambda: len(starts(tmp_path)) == 1 + kiosk.SPOILT + 1)
        await asyncio.sleep(0.3)
        assert len(starts(tmp_path)) == 1 + kiosk.SPOILT + 1


async def test_a_browser_that_is_killed_again_and_again_keeps_its_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kiosk, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(kiosk, "LONGEST_WAIT", 0.05)
    monkeypatch.setattr(kiosk, "LOOK", 0.05)
    async with minded(program(tmp_path, "exec sleep 60"), tmp_path):
        await until(lambda: starts(tmp_path))
        (tmp_path / "profile" / "exhibits").write_text("of the day")
        for times in range(2, 2 * kiosk.SPOILT + 3):
            await asyncio.sleep(0.3)
            os.kill(starts(tmp_path)[-1], signal.SIGKILL)
            await until(lambda times=times: len(starts(tmp_path)) == times)  # type: ignore[misc]
        assert (tmp_path / "profile" / "exhibits").exists()


def test_what_it_is_started_with() -> None:
    usual = arguments("http://127.0.0.1:1/?key=k", Path("/p"), headless=False, loopback=False)
    assert usual[-1] == "http://127.0.0.1:1/?key=k"
    assert {"--kiosk", "--autoplay-policy=no-user-gesture-required", "--user-data-dir=/p"} <= set(usual)
    assert not any("WebRtcHideLocalIps" in part or "loopback-in-peer" in part for part in usual), (
        "addresses stay masked"
    )
    assert sum(part.startswith("--disable-features=") for part in usual) == 1, "the last of two would win"
    alone = arguments("u", Path("/p"), headless=True, loopback=True)
    assert "--allow-loopback-in-peer-connection" in alone
    six = arguments("u", Path("/p"), headless=True, loopback=False, six=True)
    for shown in (alone, six):
        assert any(part.startswith("--disable-features=") and "WebRtcHideLocalIpsWithMdns" in part for part in shown)
    assert "--kiosk" not in alone


def test_finding_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = program(tmp_path, "")
    assert find_chromium(browser) == browser
    monkeypatch.setattr(kiosk, "PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    for given in (None, tmp_path / "nowhere", tmp_path):
        with pytest.raises(Refused, match="No Chromium was found"):
            find_chromium(given)
    browser.rename(tmp_path / "chromium-browser")
    assert find_chromium() == tmp_path / "chromium-browser"


def test_a_machine_without_a_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(Refused, match="no-desktop"):
        check_desktop()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    check_desktop()
