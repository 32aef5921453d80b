"""Both hosts, the line between them and the programs on them, for as long as cells are measured."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.channel.program import ANSWER, STOP, Program, ProgramFailed, module
from bench.channel.tcp import WAIT
from bench.net.line import Counts
from bench.net.network import ROOT, Machine, Network
from bench.net.relay import Told
from courtcast.deliver.sctp.trace import VARIABLE

OURS, STOCK, CUBIC, BBR = "ours", "stock", "cubic", "bbr"
SENDERS = (OURS, STOCK, CUBIC, BBR)
TCP = (CUBIC, BBR)
SCREEN = module("bench.channel.screen")
START = 2.0
"""Seconds that are left out of `after`."""
BIN = 0.1
"""Seconds of one bin of what arrived."""
HEADERS = {OURS: 93, STOCK: 93, CUBIC: 52, BBR: 52}
"""Bytes in front of the payload in each IP packet: IP 20, UDP 8, DTLS 37, SCTP 12 and 16; IP 20, TCP with times 32."""


@dataclass(frozen=True)
class Flow:
    """What one sender brought to the other end. Rates in Mb/s of payload."""

    sender: str
    bins: Sequence[float]
    """Bytes in each `BIN` since the load began."""
    seconds: float
    cpu: float
    """Seconds of processor time of the sending process."""
    starved: float = 0.0
    """Share of the time in which it could have run and had no core."""

    @property
    def bytes(self) -> float:
        return sum(self.bins)

    def rate(self, start: float = 0.0, end: float | None = None) -> float:
        """Between two moments of the load."""
        end = self.seconds if end is None else end
        first, last = round(start / BIN), round(end / BIN)
        return sum(self.bins[first:last]) * 8 / max(BIN, (last - first) * BIN) / 1e6

    @property
    def cost(self) -> float:
        """Of a core, for each 10 Mb/s."""
        return self.cpu / self.seconds / max(0.01, self.rate()) * 10


@dataclass(frozen=True)
class Crossing:
    """What the line saw meanwhile, in the direction of the data."""

    before: Counts
    after: Counts

    @property
    def queueing(self) -> float:
        """Seconds that a packet waited on average."""
        return (self.after.queueing - self.before.queueing) / max(1, self.after.queued - self.before.queued)

    @property
    def overflowed(self) -> float:
        """Share of packets that found the buffer full."""
        return (self.after.overflowed - self.before.overflowed) / max(1, self.after.packets - self.before.packets)

    def again(self, flow: Flow) -> float:
        """Share of the payload on the line that was not new: sent again, needed or not."""
        packets = self.after.large - self.before.large
        payload = self.after.large_bytes - self.before.large_bytes - packets * HEADERS[flow.sender]
        return max(0.0, 1 - flow.bytes / max(1, payload))


@dataclass(frozen=True)
class Run:
    """One sender alone on one line."""

    flow: Flow
    crossing: Crossing


class Channels:
    """Data channels between one presenter's process and the page, loaded or not."""

    def __init__(self, stand: Stand, presenter: Program, sender: str, ids: Sequence[int]) -> None:
        self._stand, self._presenter, self._sender, self.ids = stand, presenter, sender, list(ids)
        self._began = 0.0
        self._ahead = 0.0
        self._cpu = self._starved = 0.0

    def load(self, rate: float | None = None) -> None:
        """Full, or at `rate` bits a second each."""
        self._ahead = self._stand.screen.ask("begin", ids=self.ids)
        begun = self._presenter.ask("load", ids=self.ids, rate=rate)
        self._began, self._cpu, self._starved = begun["began"], begun["cpu"], begun["starved"]

    @property
    def elapsed(self) -> float:
        """Seconds since the load began."""
        return time.time() - self._began / 1e3

    def until(self, seconds: float) -> None:
        """Sleeps until the load is so old."""
        time.sleep(max(0.0, seconds - self.elapsed))

    def flows(self, seconds: float) -> list[Flow]:
        """What arrived in the first `seconds` of the load; call it when they are over. The processor's time is shared
        out evenly."""
        seen = self._presenter.ask("look")
        spent = (seen["cpu"] - self._cpu) / len(self.ids)
        starved = (seen["starved"] - self._starved) / seconds
        return [Flow(self._sender, self._bins(log, seconds), seconds, spent, starved) for log in self.logs()]

    def logs(self) -> list[dict[str, Any]]:
        """Of the page, by connection; times in ms of our clock."""
        logs: list[dict[str, Any]] = self._stand.screen.ask("log", ids=self.ids)
        for log in logs:
            log["began"] -= self._ahead
            log["seen"] = {int(index): at - self._ahead for index, at in log["seen"].items()}
            log["controls"] = [took - self._ahead for took in log["controls"]]
        return logs

    def ask(self, do: str, *, within: float = ANSWER, **fields: object) -> Any:
        """The presenter."""
        return self._presenter.ask(do, within=within, **fields)

    def _bins(self, log: Mapping[str, Any], seconds: float) -> list[float]:
        return rebinned(log["bins"], (log["began"] - self._began) / 1e3, seconds)


def rebinned(bins: Sequence[float], late: float, seconds: float) -> list[float]:
    """Bins that began `late` seconds after the load (negative: before it), on the load's own time."""
    count = round(seconds / BIN)
    result = [0.0] * count
    for place, value in enumerate(bins):
        at = place + late / BIN
        low = int(at // 1)
        share = at - low
        for index, part in ((low, 1 - share), (low + 1, share)):
            if 0 <= index < count:
                result[index] += value * part
    return result


class Stand:
    """Context manager. `direct`: the hosts are joined by a plain pair of interfaces, without an emulator."""

    def __init__(self, *, direct: bool = False, trace: Path | None = None, page: Sequence[str] = SCREEN) -> None:
        """`trace`: a folder for our sender's own account of each run; `page`: the program at the far end."""
        self._page = page
        self.network = Network(direct=direct)
        self._trace = trace
        self._stack = ExitStack()
        self._presenters: dict[str, Program] = {}
        self._ids = 0
        self.browser = ""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = tempfile.TemporaryDirectory(prefix="courtcast-channel-", ignore_cleanup_errors=True)
            self._folder = Path(stack.enter_context(folder))
            stack.enter_context(self.network)
            self.screen = stack.enter_context(Program(self.far, self._page, log=self._folder / "screen.log"))
            self.browser = self.screen.hear()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def near(self) -> Machine:
        return self.network.near[0]

    @property
    def far(self) -> Machine:
        return self.network.far[0]

    def told(self) -> Told:
        return self.network.counts()

    def run(self, sender: str, seconds: float) -> Run:
        """One sender alone, under full load."""
        if sender in TCP:
            with TcpFlow(self, sender, seconds) as tcp:
                before = self.told().out
                flow = tcp.flow()
                return Run(flow, Crossing(before, self.told().out))
        with self.channels(sender) as channels:
            before = self.told().out
            channels.load()
            channels.until(seconds)
            after = self.told().out
            return Run(channels.flows(seconds)[0], Crossing(before, after))

    def channels(self, sender: str, count: int = 1) -> _Open:
        """Context manager that gives `Channels`: `count` connections of one process to the page."""
        return _Open(self, sender, count)

    def presenter(self, sender: str) -> Program:
        """Of its own process for each sender, so that neither pays for the other."""
        if sender not in self._presenters:
            environment = dict(os.environ)
            if self._trace is not None and sender == OURS:
                environment[VARIABLE] = str(self._trace)
            command = module("bench.channel.presenter", self.near.address, sender)
            log = self._folder / f"presenter-{sender}.log"
            program = Program(self.near, command, log=log, environment=environment)
            self._presenters[sender] = self._stack.enter_context(program)
        return self._presenters[sender]

    def new_ids(self, count: int) -> list[int]:
        self._ids += count
        return list(range(self._ids - count, self._ids))


class _Open:
    def __init__(self, stand: Stand, sender: str, count: int) -> None:
        self._stand, self._sender, self._ids = stand, sender, stand.new_ids(count)

    def __enter__(self) -> Channels:
        stand, presenter = self._stand, self._stand.presenter(self._sender)
        try:
            for number in self._ids:
                answer = stand.screen.ask("answer", id=number, sdp=presenter.ask("offer", id=number))
                presenter.ask("accept", id=number, sdp=answer, host=stand.far.address)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return Channels(stand, presenter, self._sender, self._ids)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stand.presenter(self._sender).ask("close")
        self._stand.screen.ask("close", ids=self._ids)


class TcpFlow:
    """Context manager. One TCP connection from the near to the far host; it sends from the beginning."""

    def __init__(self, stand: Stand, algorithm: str, seconds: float) -> None:
        self._stand, self._algorithm, self._seconds = stand, algorithm, seconds
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        sink = self._start(self._stand.far, "sink", self._stand.far.address, str(self._seconds + 1))
        assert sink.stdout is not None
        if sink.stdout.readline().strip() != '"ready"':
            raise ProgramFailed("the sink did not start")
        self._start(self._stand.near, "source", self._stand.far.address, self._algorithm, str(self._seconds))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def flow(self) -> Flow:
        """Waits for the end."""
        sink, source = self._processes
        said = json.loads(source.communicate(timeout=self._seconds + ANSWER)[0])
        heard = json.loads(sink.communicate(timeout=WAIT + STOP)[0])
        bins = rebinned(heard["bins"], (heard["began"] - said["began"]) / 1e3, self._seconds)
        return Flow(self._algorithm, bins, self._seconds, said["cpu"])

    def _start(self, machine: Machine, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            machine.command(*module("bench.channel.tcp", *arguments)),
            stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        self._processes.append(process)
        return process
