"""A network of its own for each of the workers that run tests side by side.

Screens announce themselves by multicast, so that two tests at once would find each other's; and nothing that a test
sends can leave a namespace that has no way out.
"""

from __future__ import annotations

import ctypes
import os

from bench.net.namespaces import missing, run

CLONE_NEWNET = 0x40000000
"""unshare(2)."""
ADDRESS = "198.51.100.7"
"""The machine's only address besides loopback, of those kept for documentation (RFC 5737)."""


def enter() -> None:
    """This process and all it begins from now on are on that network; where there can be none, they stay where they are.

    Has to come before any thread: a namespace belongs to a thread. It has an interface besides loopback and a default
    route, as machines have (a browser names no address without one); both lead nowhere.
    """
    if missing() is not None:
        return
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        fault = ctypes.get_errno()
        raise OSError(fault, os.strerror(fault))
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "line", "type", "veth", "peer", "name", "end")
    run("ip", "address", "add", f"{ADDRESS}/24", "dev", "line")
    for end in ("line", "end"):
        run("ip", "link", "set", end, "up")
    run("ip", "route", "add", "default", "via", "198.51.100.1")
