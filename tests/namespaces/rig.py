"""Two machines on one line: network namespaces joined by a pair of virtual interfaces. Needs root.

Nothing leaves them: neither has a way to anywhere else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

import pytest

NEAR, FAR = "10.77.0.1", "10.77.0.2"
"""The presenter's and the screen's address, on the line between them."""
CALL = 20.0
"""Seconds for a command that sets something up."""

DROP = """
table inet quiet {
  counter dropped { }
  chain in {
    type filter hook input priority -10;
    iifname line ip daddr 224.0.0.0/4 counter name dropped drop
    iifname line ip daddr 255.255.255.255 drop
    iifname line udp dport 5353 drop
  }
}
"""
"""Where it arrives, not where it is sent: an access point swallows it, and the sender is told nothing."""

FIREWALL = """
table inet closed {
  chain in {
    type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established,related accept
  }
}
"""
"""As a laptop comes: nothing gets in that was not asked for."""


def run(*command: str, text: str | None = None) -> str:
    """What it printed. Raises CalledProcessError where it failed."""
    return subprocess.run(command, input=text, text=True, check=True, capture_output=True, timeout=CALL).stdout


class Machine:
    """One namespace."""

    def __init__(self, name: str, address: str) -> None:
        self.name, self.address = name, address

    def command(self, *command: str) -> list[str]:
        """That command, run on this machine."""
        return ["ip", "netns", "exec", self.name, *command]

    def drop_multicast(self) -> None:
        """As many a court's Wi-Fi does. Names of the mDNS kind cannot be resolved from now on."""
        run(*self.command("nft", "-f", "-"), text=DROP)

    def let_nobody_in(self) -> None:
        """What this machine began goes on; whatever begins elsewhere does not get in."""
        run(*self.command("nft", "-f", "-"), text=FIREWALL)

    def believe_in_a_way_out(self, through: Machine) -> None:
        """A default route, as most networks have. It leads nowhere. Without one, a browser names no address at all."""
        run(*self.command("ip", "route", "add", "default", "via", through.address))

    def multicasts_dropped(self) -> int:
        """Datagrams of the other machine that did not get through."""
        listed = run(*self.command("nft", "list", "counter", "inet", "quiet", "dropped")).split()
        return int(listed[listed.index("packets") + 1])


def missing() -> str | None:
    """Why this cannot be done here."""
    if os.name != "posix" or os.geteuid() != 0:
        return "needs root"
    absent = [tool for tool in ("ip", "nft") if shutil.which(tool) is None]
    if absent:
        return f"needs {', '.join(absent)}"
    probe = f"cc{os.getpid()}p"
    try:
        run("ip", "netns", "add", probe)
        run("ip", "netns", "delete", probe)
    except (subprocess.SubprocessError, OSError):
        return "network namespaces may not be made here"
    return None


@contextmanager
def two_machines() -> Iterator[tuple[Machine, Machine]]:
    """The presenter's and the screen's. Skips the test where there can be none."""
    if (why := missing()) is not None:
        pytest.skip(f"network namespaces: {why}")
    near, far = (Machine(f"cc{os.getpid()}{letter}", at) for letter, at in (("n", NEAR), ("f", FAR)))
    with ExitStack() as undo:
        for machine in (near, far):
            run("ip", "netns", "add", machine.name)
            undo.callback(_delete, machine.name)
            run(*machine.command("ip", "link", "set", "lo", "up"))
        run("ip", "link", "add", "line", "netns", near.name, "type", "veth", "peer", "name", "line", "netns", far.name)
        for machine in (near, far):
            run(*machine.command("ip", "address", "add", f"{machine.address}/24", "dev", "line"))
            run(*machine.command("ip", "link", "set", "line", "up"))
            # zeroconf and browsers alike want a way for multicast
            run(*machine.command("ip", "route", "add", "224.0.0.0/4", "dev", "line"))
        yield near, far


@contextmanager
def lone_machine() -> Iterator[Machine]:
    """One that has nothing but loopback. Skips the test where there can be none."""
    if (why := missing()) is not None:
        pytest.skip(f"network namespaces: {why}")
    machine = Machine(f"cc{os.getpid()}l", "127.0.0.1")
    run("ip", "netns", "add", machine.name)
    try:
        run(*machine.command("ip", "link", "set", "lo", "up"))
        yield machine
    finally:
        _delete(machine.name)


def _delete(name: str) -> None:
    with suppress(subprocess.SubprocessError):
        run("ip", "netns", "delete", name)


def arguments(pid: int) -> Sequence[str]:
    """The command line of a running process."""
    with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
        return file.read().decode().split("\0")
