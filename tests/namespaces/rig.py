"""Two machines on one line: network namespaces joined by a pair of virtual interfaces. Needs root.

Nothing leaves them: neither has a way to anywhere else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest

from bench.net import namespaces
from bench.net.namespaces import missing, run

NEAR, FAR = "10.77.0.1", "10.77.0.2"
"""The presenter's and the screen's address, on the line between them."""

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


NO_UDP = """
table inet tcponly {
  chain in {
    type filter hook input priority -10;
    iifname line meta l4proto udp drop
  }
}
"""
"""As networks that isolate their clients, or let nothing but the web through."""


class Machine(namespaces.Machine):
    """One namespace, with the weather of courts' networks."""

    def drop_multicast(self) -> None:
        """As many a court's Wi-Fi does. Names of the mDNS kind cannot be resolved from now on."""
        run(*self.command("nft", "-f", "-"), text=DROP)

    def drop_udp(self) -> None:
        """None of the other machine's datagrams gets in."""
        run(*self.command("nft", "-f", "-"), text=NO_UDP)

    def let_udp_in(self) -> None:
        """As before."""
        run(*self.command("nft", "delete", "table", "inet", "tcponly"))

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


@contextmanager
def two_machines() -> Iterator[tuple[Machine, Machine]]:
    """The presenter's and the screen's. Skips the test where there can be none."""
    if (why := missing("nft")) is not None:
        pytest.skip(f"network namespaces: {why}")
    near, far = (Machine(f"cc{os.getpid()}{letter}", at) for letter, at in (("n", NEAR), ("f", FAR)))
    with ExitStack() as undo:
        for machine in (near, far):
            machine.begin()
            undo.callback(machine.delete)
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
    if (why := missing("nft")) is not None:
        pytest.skip(f"network namespaces: {why}")
    machine = Machine(f"cc{os.getpid()}l", "127.0.0.1")
    machine.begin()
    try:
        run(*machine.command("ip", "link", "set", "lo", "up"))
        yield machine
    finally:
        machine.delete()


def arguments(pid: int) -> Sequence[str]:
    """The command line of a running process."""
    with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
        return file.read().decode().split("\0")
