"""The browser that shows the page: found, started with nothing but this page, and started again when it dies or hangs.

Its profile lasts, since the exhibits of the day lie in it: what was sent ahead is still there after a restart. It is
made anew where they could not be reached any more (another address), where nobody is paired who might show them, and
where no page comes of it.

On Linux the browser ends with us, however we end. Elsewhere a receiver that was killed leaves its window standing; the
page in it finds the receiver again when that is back, since address and key stay the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from courtcast.problems import Refused

NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "msedge")
PLACES: Final = (
    "/usr/bin/chromium",
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "%ProgramFiles%/Google/Chrome/Application/chrome.exe",
    "%ProgramFiles(x86)%/Microsoft/Edge/Application/msedge.exe",
    "%LocalAppData%/Chromium/Application/chrome.exe",
)
"""Where browsers of that kind lie when they are not on the path."""

FIRST_PAGE: Final = 30.0
"""Seconds for the page to call after the browser was started: a small appliance that was just switched on is slow."""
NO_PAGE: Final = 6.0
"""Seconds without a page, while there was one, after which the browser is started again. A reload takes two."""
LOOK: Final = 0.5
FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 30.0
"""Seconds before the browser is started again: doubled each time it did not stay up for `STEADY`."""
STEADY: Final = 60.0
SPOILT: Final = 2
"""Starts in a row whose page never called until the profile is taken for the reason."""
CACHE: Final = 32 << 20
"""Bytes of the browser's own cache: it needs nothing but the page's program."""
STOP: Final = 5.0
"""Seconds that a browser has to close."""
LITTLE_SHARED_MEMORY: Final = 256 * 1024 * 1024
"""Bytes: with less in /dev/shm (a container has 64 MiB) large pictures crash Chromium."""

ALWAYS: Final = (
    "--autoplay-policy=no-user-gesture-required",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--disable-breakpad",
    "--metrics-recording-only",
    "--no-pings",
    f"--disk-cache-size={CACHE}",
    "--password-store=basic",
    "--use-mock-keychain",
    "--deny-permission-prompts",
    "--noerrdialogs",
    "--hide-crash-restore-bubble",
    "--disable-pinch",
    "--overscroll-history-navigation=0",
    "--hide-scrollbars",
    # a page on a wall is never in the background
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    # whatever happens in the page, it leads to no other machine (data channels have addresses, not names)
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
FEATURES_OFF: Final = ("Translate", "MediaRouter", "OptimizationHints", "InterestFeedContentSuggestions")

ORIGIN: Final = "courtcast-origin"
"""File in the profile: the address that what lies in it belongs to."""
_PR_SET_PDEATHSIG: Final = 1
_log = logging.getLogger(__name__)


def find_chromium(given: Path | None = None) -> Path:
    """A browser of Chromium's kind: the one given, else the first one found. Raises Refused no-browser."""
    candidates = [str(given)] if given is not None else [*NAMES, *map(os.path.expandvars, PLACES)]
    for candidate in candidates:
        found = shutil.which(candidate)
        if found is not None:
            return Path(found)
    raise Refused("no-browser")


def check_desktop() -> None:
    """Raises Refused no-desktop where a window could not be shown."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise Refused("no-desktop")


def arguments(url: str, profile: Path, *, headless: bool, loopback: bool, six: bool = False) -> list[str]:
    """Everything behind the browser's name. `loopback`: the presenter is on this machine, so show it our addresses.
    `six`: there is no IPv4, and without it Chromium finds no names to hide addresses behind, and gives none at all."""
    off = [*FEATURES_OFF, *(["WebRtcHideLocalIpsWithMdns"] if loopback or six else [])]
    return [
        f"--user-data-dir={profile}",
        *ALWAYS,
        f"--disable-features={','.join(off)}",
        *(["--allow-loopback-in-peer-connection"] if loopback else []),
        *(["--headless=new", "--window-size=1920,1080"] if headless else ["--kiosk", "--start-fullscreen"]),
        *_for_this_machine(),
        url,
    ]


class Kiosk:
    """Minds one browser. `page_there` says whether the page is connected now, `page_hangs` whether it has stopped,
    `keep` whether what an earlier one has kept may stay."""

    def __init__(
        self,
        browser: Path,
        profile: Path,
        url: str,
        page_there: Callable[[], bool],
        *,
        page_hangs: Callable[[], bool] = lambda: False,
        keep: Callable[[], bool] = lambda: True,
        headless: bool = False,
        loopback: bool = False,
        six: bool = False,
    ) -> None:
        self._command = [str(browser), *arguments(url, profile, headless=headless, loopback=loopback, six=six)]
        self._profile = profile
        self._origin = url.partition("?")[0]
        self._page_there = page_there
        self._keep = keep
        self._fell = 0
        """Starts in a row whose page never called."""
        self._page_hangs = page_hangs
        self.pid: int | None = None
        """Of the browser that runs now."""

    async def run(self) -> None:
        """Until cancelled; then the browser is gone too."""
        wait = FIRST_WAIT
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            try:
                why = await self._one_life()
            except OSError as error:
                why = f"it cannot be started: {error}"
            steady = clock() - began > STEADY
            wait = FIRST_WAIT if steady else min(LONGEST_WAIT, wait * 2)
            _log.error("the browser is started again in %.1f s: %s", wait, why)
            await asyncio.sleep(wait)

    async def _one_life(self) -> str:
        """Starts the browser, and says why it had to end."""
        keep = self._keep() and self._fell < SPOILT
        self._fell = self._fell + 1 if keep else 1
        await asyncio.to_thread(_ready_profile, self._profile, self._origin, keep=keep)
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        self.pid = process.pid
        try:
            return await self._watch(process)
        finally:
            self.pid = None
            await asyncio.shield(_end(process))

    async def _watch(self, process: asyncio.subprocess.Process) -> str:
        clock = asyncio.get_running_loop().time
        began = clock()
        until = began + FIRST_PAGE
        while process.returncode is None:
            if self._page_hangs():
                return "its page hangs"
            if self._page_there():
                self._fell = 0 if clock() > began + LOOK / 2 else self._fell  # at first it may be an older one's
                until = clock() + NO_PAGE
            elif clock() > until:
                return "its page is gone"
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await process.wait()
        return f"it ended ({process.returncode})"


def _for_this_machine() -> Iterator[str]:
    if sys.platform != "linux":
        return
    if os.geteuid() == 0:
        yield "--no-sandbox"  # Chromium's sandbox does not start as root; an appliance has a user of its own
    with contextlib.suppress(OSError):
        shared = os.statvfs("/dev/shm")  # noqa: S108
        if shared.f_frsize * shared.f_blocks < LITTLE_SHARED_MEMORY:
            yield "--disable-dev-shm-usage"


def _ready_profile(profile: Path, origin: str, *, keep: bool) -> None:
    """As it was, or an empty one."""
    marker = profile / ORIGIN
    try:
        keep = keep and marker.read_text() == origin
    except (OSError, UnicodeDecodeError):
        keep = False
    if not keep:
        shutil.rmtree(profile, ignore_errors=True)
    profile.mkdir(parents=True, exist_ok=True, mode=0o700)
    for lock in profile.glob("Singleton*"):  # of a browser that was killed, perhaps under another name of this machine
        lock.unlink(missing_ok=True)
    marker.write_text(origin)


def _end_with_parent() -> None:
    """In the child, before the browser: SIGKILL when the parent is gone (prctl(2)); it outlives exec."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


async def _end(process: asyncio.subprocess.Process) -> None:
    """The browser and its helpers, which are one process group."""
    for end in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        _signal(process, end)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP):
                await process.wait()
                break
    _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))


def _signal(process: asyncio.subprocess.Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        elif process.returncode is None:
            process.send_signal(number)
