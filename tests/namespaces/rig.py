"""Machines on lines of their own: network namespaces joined by pairs of virtual interfaces. Needs root.

Nothing leaves them: none has a way to anywhere else.
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
NEAR_6, FAR_6 = "fd00:77::1", "fd00:77::2"
"""The same where there is no IPv4."""

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


SILENCE = """
table inet silence {
  chain in {
    type filter hook input priority -10;
    iifname line drop
  }
}
"""
"""A cable that was pulled, as far as anybody can tell."""


NO_TCP = """
table inet noport {
  chain in {
    type filter hook input priority -10;
    iifname line tcp dport %d drop
  }
}
"""
"""As a firewall that knows nothing of us."""


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

    def drop_tcp(self, port: int) -> None:
        """None of the other machines' packets to that port get in."""
        run(*self.command("nft", "-f", "-"), text=NO_TCP % port)

    @contextmanager
    def silenced(self) -> Iterator[None]:
        """Nothing gets in."""
        run(*self.command("nft", "-f", "-"), text=SILENCE)
        try:
            yield
        finally:
            run(*self.command("nft", "delete", "table", "inet", "silence"))

    def move(self, address: str, to: str) -> None:
        """Another address in the place of the one it has on the line, as another network gives it."""
        run(*self.command("ip", "address", "delete", address, "dev", "line"))
        run(*self.command("ip", "address", "add", to, "dev", "line"))
        run(*self.command("ip", "route", "replace", "224.0.0.0/4", "dev", "line"))

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
    """The presenter's and the screen's, on one line. Skips the test where there can be none."""
    with machines(n=NEAR, f=FAR) as (near, far):
        join(near, f"{NEAR}/24", far, f"{FAR}/24")
        yield near, far


@contextmanager
def two_subnets() -> Iterator[tuple[Machine, Machine]]:
    """A router between them: multicast stays on its own side, and nobody but the router is a neighbour."""
    with machines(n="10.77.1.1", r="10.77.1.254", f="10.77.2.2") as (near, router, far):
        run(*router.command("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"))
        join(near, "10.77.1.1/24", router, "10.77.1.254/24")
        join(far, "10.77.2.2/24", router, "10.77.2.254/24", there="line2")
        for machine, through in ((near, "10.77.1.254"), (far, "10.77.2.254")):
            run(*machine.command("ip", "route", "add", "default", "via", through))
        yield near, far


@contextmanager
def two_cards() -> Iterator[tuple[Machine, Machine]]:
    """Each has a second card to a network of its own, which is where its default route leads and the other is not."""
    with machines(n=NEAR, f=FAR, o="10.88.0.254", p="10.99.0.254") as (near, far, office, public):
        join(near, "10.88.0.1/24", office, "10.88.0.254/24", here="card0")
        join(far, "10.99.0.1/24", public, "10.99.0.254/24", here="card0")
        join(near, f"{NEAR}/24", far, f"{FAR}/24")
        run(*near.command("ip", "route", "add", "default", "via", "10.88.0.254"))
        run(*far.command("ip", "route", "add", "default", "via", "10.99.0.254"))
        yield near, far


@contextmanager
def only_ipv6() -> Iterator[tuple[Machine, Machine]]:
    """One line, on which nobody has an address of IPv4, and a way out that leads nowhere, as routers announce one."""
    with machines(n=NEAR_6, f=FAR_6) as (near, far):
        join(near, f"{NEAR_6}/64", far, f"{FAR_6}/64")
        for machine, through in ((near, FAR_6), (far, NEAR_6)):  # without one, a browser names no address at all
            run(*machine.command("ip", "route", "add", "default", "via", through))
        yield near, far


@contextmanager
def machines(**addresses: str) -> Iterator[Sequence[Machine]]:
    """Not joined yet. Skips the test where there can be none."""
    if (why := missing("nft")) is not None:
        pytest.skip(f"network namespaces: {why}")
    made = [Machine(f"cc{os.getpid()}{letter}", address) for letter, address in addresses.items()]
    with ExitStack() as undo:
        for machine in made:
            machine.begin()
            undo.callback(machine.delete)
            run(*machine.command("ip", "link", "set", "lo", "up"))
        yield made


def join(one: Machine, at: str, other: Machine, there_at: str, *, here: str = "line", there: str = "line") -> None:
    """A line between two machines, each with that address on it and the card so called."""
    run("ip", "link", "add", here, "netns", one.name, "type", "veth", "peer", "name", there, "netns", other.name)
    for machine, card, address in ((one, here, at), (other, there, there_at)):
        more = ["nodad"] if ":" in address else []  # or nobody could use it for a second or two
        run(*machine.command("ip", "address", "add", address, "dev", card, *more))
        run(*machine.command("ip", "link", "set", card, "up"))
        if ":" not in address and card == "line":
            # zeroconf and browsers alike want a way for multicast
            run(*machine.command("ip", "route", "add", "224.0.0.0/4", "dev", card))


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
