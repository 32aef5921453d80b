"""Hosts on two sides of one line, made and taken away again. Needs root, `ip` and `/dev/net/tun`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from bench.net import namespaces
from bench.net.line import Conditions
from bench.net.namespaces import Machine, run
from bench.net.relay import MESSAGE, TUN, Ask, Change, Host, Message, Start, Told

ROOT = Path(__file__).resolve().parents[2]
DEVICE = "line"
MTU = 1500
QUEUE = 5000
"""Packets between a host and the line: it must never be the one that drops."""
NEAR, FAR = "10.77.0", "10.77.1"
ANSWER = 5.0
"""Seconds for the relay to answer."""
QUIET = {
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/ipv4/tcp_no_metrics_save": "1",  # or each TCP connection would begin with what the last one had learned
}


def missing() -> str | None:
    """Why there can be no such network here; None where there can."""
    why = namespaces.missing()
    return f"needs {TUN}" if why is None and not os.access(TUN, os.R_OK | os.W_OK) else why


class Network:
    """Context manager. `near[i]` and `far[i]` reach each other over the line and nothing else."""

    def __init__(self, hosts: int = 1, *, direct: bool = False) -> None:
        """`hosts` on each side; all of a side share the line. `direct`: each is joined with the one across by a plain
        pair of interfaces instead, without a relay and without a limit."""
        self._direct = direct
        name = f"cc{os.getpid()}"
        self.near = [Machine(f"{name}n{i}", f"{NEAR}.{i + 1}") for i in range(hosts)]
        self.far = [Machine(f"{name}f{i}", f"{FAR}.{i + 1}") for i in range(hosts)]
        self._undo = ExitStack()
        self._control: socket.socket | None = None
        self.pid = 0
        """The relay's."""

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            for machine in [*self.near, *self.far]:
                machine.begin()
                undo.callback(machine.delete)
                for key, value in QUIET.items():
                    run(*machine.command("sh", "-c", f"echo {value} >/proc/sys/{key}"))
            if self._direct:
                self._join()
            else:
                self._begin(undo)
            for machine in [*self.near, *self.far]:
                link = machine.command("ip")  # not `ip -n`: see `Machine.command`
                run(*link, "link", "set", "lo", "up")
                run(*link, "link", "set", DEVICE, "mtu", str(MTU), "txqueuelen", str(QUEUE), "up")
                run(*link, "address", "add", f"{machine.address}/24", "dev", DEVICE)
                # a browser on a host without a way out names no address at all
                run(*link, "route", "add", "default", "dev", DEVICE)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def set(self, *, out: Conditions | None = None, back: Conditions | None = None, seed: int | None = None) -> Told:
        """From now on, near → far and far → near; with `seed` the same packets are lost in every run."""
        return self._ask(Change(out, back, seed))

    def counts(self) -> Told:
        """What happened since it was made."""
        return self._ask(Ask())

    def _join(self) -> None:
        for near, far in zip(self.near, self.far, strict=True):
            ends = [["name", DEVICE, "netns", machine.name] for machine in (near, far)]
            run("ip", "link", "add", *ends[0], "type", "veth", "peer", *ends[1])

    def _begin(self, undo: ExitStack) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "bench.net.relay", str(theirs.fileno())], pass_fds=[theirs.fileno()], cwd=ROOT
            )
        undo.callback(_end, process)
        undo.enter_context(ours)  # closed first: that ends it
        ours.settimeout(ANSWER)
        self._control, self.pid = ours, process.pid
        near, far = ([Host(m.name, m.address) for m in side] for side in (self.near, self.far))
        self._ask(Start(near, far, DEVICE))

    def _ask(self, message: Message) -> Told:
        if self._control is None:
            raise RuntimeError("no relay here")
        self._control.send(msgspec.json.encode(message))
        answer = self._control.recv(MESSAGE)
        if not answer:
            raise ConnectionError("the relay has ended")
        return msgspec.json.decode(answer, type=Told)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(ANSWER)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
