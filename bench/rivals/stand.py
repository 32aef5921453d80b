"""One run: the programs on both hosts, the line between them, and what was seen."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from bench.channel.program import Program, ProgramFailed, module
from bench.net.line import Conditions
from bench.net.network import Network
from bench.rivals import clip
from bench.rivals.cells import HLS, OURS, RTP, SAFE, VIDEO, Cell
from bench.rivals.clip import FRAME_RATE
from bench.rivals.near import UNSAFE
from bench.rivals.results import Found, Kind, Seek
from bench.rivals.seen import LAST, arrived, seen

LOOK = 0.25
SETTLE = 1.0
"""Seconds between the setting up and the asking, in which the machine comes to rest."""
STARTED = 20.0
"""Seconds for a first picture in a run of seeks."""
PLAYED = 2.0
"""Seconds that it plays before each seek."""
SEEKS = ((40.0, True), (1.0, False), (58.0, True), (41.0, False))
"""Where to, and whether that was not reached before."""
SEEK = 15.0
"""Seconds for a seek."""


class Run:
    """Context manager. The programs of one run, set up and waiting."""

    def __init__(
        self, network: Network, cell: Cell, way: str, media: Path, folder: Path, *, seed: int, cold: bool = False
    ) -> None:
        """`cold`: the presenter has never seen the link; otherwise the clip is prepared, as the peers' files are, and
        then the screens come, so that as good as nothing is sent ahead before it is asked for."""
        self._cold = cold
        self._network, self._cell, self._media, self._folder, self._seed = network, cell, media, folder, seed
        self._named, self._way = way, way.partition("-")[0]
        self._stack = ExitStack()
        self._urls: dict[str, str] = {}
        self.browser = ""

    def __enter__(self) -> Run:
        with ExitStack() as stack:
            self._set_up(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _set_up(self, stack: ExitStack) -> None:
        near = self._network.near[0]
        self._set(self._cell.line)
        program = module("bench.rivals.near", self._named, near.address, str(self._media))
        self.near = stack.enter_context(Program(near, [*program, str(self._folder)], log=self._folder / "near.log"))
        self.fars = []
        for number in range(self._cell.screens):
            host, folder = self._network.far[number], self._folder / f"far-{number}"
            folder.mkdir()
            program = module("bench.rivals.far", host.address, str(folder))
            self.fars.append(stack.enter_context(Program(host, program, log=folder / "far.log")))
        self._urls = self.near.ask("ready", within=60)
        if self._way in (OURS, SAFE) and not self._cold:
            self.near.ask("prepare", within=60)
            time.sleep(SETTLE)
        for number, far in enumerate(self.fars):
            if self._way in (OURS, SAFE):
                screen = far.ask("screen")
                self.browser = far.ask("open", url=screen["page"])
                self.near.ask("pair", address=screen["address"], code=screen["code"], within=60)
                continue
            self.browser = far.ask("open", url=self._urls["page"])
            if self._way == RTP:
                sdp = far.ask("answer", sdp=self.near.ask("offer"))
                self.near.ask("accept", number=number, sdp=sdp)

    def _set(self, conditions: Conditions) -> None:
        self._network.set(out=conditions, back=conditions, seed=self._seed)

    def _begin(self) -> list[dict[str, Any]]:
        """Asks for the clip: for each screen when, and since when it has to move."""
        if self._way in (VIDEO, HLS):
            return [far.ask("play", way=self._way, url=self._urls[self._way]) for far in self.fars]
        return [self.near.ask("play", within=UNSAFE + 60)] * len(self.fars)

    def _logs(self, since: float) -> list[list[tuple[float, int]]]:
        return [far.ask("log", since=since) for far in self.fars]

    def play(self) -> dict[str, Any]:
        """Watches for as long as the cell says."""
        if self._way not in (OURS, SAFE):
            time.sleep(SETTLE)
        frames = clip.frames(self._media / clip.NAME)
        before, idle, count = self._spent(), _idle(), self._network.counts().out.delivered_bytes
        began = time.time()
        self._set(self._cell.schedule)
        later = list(self._cell.later)
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(self._begin)
            end = began + self._cell.seconds
            while True:
                now = time.time()
                if later and now >= began + later[0][0]:
                    self._set(later.pop(0)[1])
                if asking.done():
                    # what was waited for is watched on top
                    waited = max(0.0, (asking.result()[0]["playing"] / 1e3 - began)) if self._way == SAFE else 0.0
                    if now >= end + waited:
                        break
                    # no more is asked than has to be: the screens' machine is the one that is measured
                    lasts = [far.ask("last") for far in self.fars]
                    if all(last is not None and last >= frames - LAST for last in lasts):
                        break
                time.sleep(LOOK)
            asked = asking.result()
        until = time.time()
        spent, rest, carried = self._spent(), _idle(), self._network.counts().out.delivered_bytes
        logs = self._logs(began * 1e3)
        (self._folder / "frames.json").write_text(json.dumps({"asked": asked, "until": until * 1e3, "logs": logs}))
        (self._folder / "said.json").write_text(json.dumps(self._said()))
        share = 1 / (until - began)
        return {
            "seen": [
                seen(
                    log, asked=one["at"], playing=one["playing"],
                    until=until * 1e3, rate=FRAME_RATE, frames=frames,
                )
                for log, one in zip(logs, asked, strict=True)
            ],
            "waited": (asked[0]["playing"] - asked[0]["at"]) / 1e3 if self._way == SAFE else 0.0,
            "told": asked[0].get("told", []),
            "near": (spent[0] - before[0]) * share,
            "far": (spent[1] - before[1]) * share / len(self.fars),
            "idle": (rest[0] - idle[0]) / max(0.01, rest[1] - idle[1]),
            "carried": (carried - count) * 8 / 1e6,
        }  # fmt: skip

    def seeks(self) -> dict[str, Any]:
        """To and fro while it plays, on the first screen."""
        time.sleep(SETTLE)
        self._set(self._cell.schedule)
        began = self._begin()[0]["at"]
        if not self._wait_for(lambda log: len(log) > PLAYED * FRAME_RATE, began, STARTED):
            return {"seeks": [Seek(to, ahead, None) for to, ahead in SEEKS]}
        first = (self._logs(began)[0][0][0] - began) / 1e3
        found = []
        for to, ahead in SEEKS:
            if self._way in (VIDEO, HLS):
                at = min([far.ask("seek", to=to) for far in self.fars])
            else:
                at = self.near.ask("seek", to=to)

            def there(log: Sequence[tuple[float, int]], at: float = at, to: float = to) -> bool:
                return arrived(log, asked=at, to=to, rate=FRAME_RATE) is not None

            self._wait_for(there, at, SEEK)
            log = self._logs(at)[0]
            found.append(Seek(to, ahead, arrived(log, asked=at, to=to, rate=FRAME_RATE)))
            time.sleep(PLAYED)
        (self._folder / "said.json").write_text(json.dumps(self._said()))
        return {"seeks": found, "cold": first}

    def _wait_for(self, good: Any, since: float, seconds: float) -> bool:
        end = time.time() + seconds
        while time.time() < end:
            if good(self._logs(since)[0]):
                return True
            time.sleep(LOOK)
        return False

    def _spent(self) -> tuple[float, float]:
        return self.near.ask("spent"), sum(far.ask("spent") for far in self.fars)

    def _said(self) -> dict[str, Any]:
        return {"near": self.near.ask("said"), "far": [far.ask("said") for far in self.fars]}


def _idle() -> tuple[float, float]:
    times = psutil.cpu_times()
    return times.idle + times.iowait, sum(times[:8])


def run(
    network: Network, cell: Cell, way: str, kind: Kind, number: int, media: Path, *, keep: Path | None = None
) -> Found:
    """One run, from nothing to nothing. `keep`: where its logs and its frames stay."""
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    with tempfile.TemporaryDirectory(prefix="courtcast-rivals-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if keep is not None:
            folder = keep / f"{cell.name}-{way}-{kind}-{number}-{when[-8:].replace(':', '')}"
            folder.mkdir(parents=True)
        try:
            with Run(network, cell, way, media, folder, seed=2 * number + 1, cold=kind == "seek") as running:
                found = running.play() if kind == "play" else running.seeks()
                found["browser"] = running.browser
        except ProgramFailed as why:
            found = {"failed": str(why)}
    return Found(cell=cell.name, way=way, kind=kind, run=number, at=when, **found)
