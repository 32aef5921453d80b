"""What was found on the way to one screen, and what it means: the first hop that fails, in words. Pure.

The hops, in their order: discovery (multicast), address, port (TCP), WebSocket (in mutual TLS), UDP. Discovery may fail
and UDP may fail, and pictures come all the same; the others may not.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from courtcast.doctor.lines import Line
from courtcast.problems import TABLE

Port = Literal["open", "refused", "silent", "nobody", "no-way", "no-name"]
"""Of a TCP connection: it came about · the machine says that nothing listens there · no answer at all · nobody has this
address on a network of ours · no way leads there · the name stands for no address."""
Udp = Literal["open", "closed", "unpaired", "no-page", "taken", "unknown"]
"""Channels opened · did not · could not be tried: not paired, nothing open on its display, another presenter has it, or
the presenter that runs here does not reach it now."""

PAGE = "docs/network.md"
"""What the network people get."""
OPENED: dict[str, str] = {
    "screen-certificate": "Where TLS is opened on the way (an inspecting proxy), ask to exempt TCP {port} ({page}).",
    "screen-unreachable": "Ask whether something on the way cuts TLS 1.3 or WebSockets on TCP {port} ({page}).",
}
"""What to do about a problem of the connection, by its type, beside its own sentence."""


class Hops(msgspec.Struct, frozen=True, kw_only=True):
    """What was found on the way to one screen."""

    name: str
    """Of the screen; empty where nobody said it."""
    host: str
    port: int
    ours: str = ""
    """This machine's address that leads there."""
    found: bool | None = None
    """By multicast; None where that was not looked at."""
    tcp: Port = "open"
    alive: bool = False
    """Another port of that machine gave a sign of life: looked at only where this one is silent."""
    tls: str | None = None
    """The problem's type, from asking who is there."""
    link: str | None = None
    """The same from the WebSocket."""
    udp: Udp = "unknown"

    @property
    def who(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        where = f"{host}:{self.port}"
        return f"{self.name} ({where})" if self.name else f"The screen at {where}"


def lines(hops: Hops) -> list[Line]:
    """What stands in the way, where something does; else that it works, and what works with less than it could."""
    stop = _address(hops) or _port(hops) or _websocket(hops)
    if stop is not None:
        return [stop]
    return [_works(hops), *_udp(hops), *_discovery(hops)]


def _address(hops: Hops) -> Line | None:
    host = hops.host
    match hops.tcp:
        case "no-name":
            return _stop(hops, "address", f"{host} stands for no address", "Type the numbers that stand on the screen.")
        case "nobody":
            return _stop(
                hops, "address", f"nobody has {host} on this network",
                "Look whether the screen is switched on, and whether the address that stands on it is still this one.",
            )  # fmt: skip
        case "no-way":
            return _stop(
                hops, "address", f"no way leads from this machine to {host}",
                f"Look whether this machine is on the right network. If it is, ask for a route to {host} ({PAGE}).",
            )  # fmt: skip
        case "silent" if not hops.alive:
            return _stop(
                hops, "address", f"nothing answers at {host}",
                "Look whether the screen is switched on, and whether the address that stands on it is still this one."
                f" If it is: {_ask_tcp(hops)}",
            )  # fmt: skip
        case _:
            return None


def _port(hops: Hops) -> Line | None:
    if hops.tcp == "silent":
        return _stop(hops, "port", f"the machine answers, but TCP {hops.port} is dropped on the way", _ask_tcp(hops))
    if hops.tcp == "refused":
        return _stop(
            hops, "port", f"the machine answers, but nothing listens on TCP {hops.port}",
            "Look whether the receiver runs there, and at the port that stands on the screen.",
        )  # fmt: skip
    return None


def _websocket(hops: Hops) -> Line | None:
    for hop, problem in (("TLS", hops.tls), ("WebSocket", hops.link)):
        if problem is not None:
            more = OPENED.get(problem, "").format(port=hops.port, page=PAGE)
            says = TABLE[problem].detail if problem in TABLE else "it does not come about."
            if problem == "screen-unreachable":
                says = f"TCP {hops.port} is open, but it does not come about."
            return Line("stop", f"{hops.who}: {hop}: {says}", more)
    return None


def _works(hops: Hops) -> Line:
    reached = ["found by itself"] if hops.found else []
    reached += ["address", f"TCP {hops.port}", "TLS"]
    if hops.udp not in ("unpaired", "unknown"):
        reached.append("WebSocket")
    if hops.udp == "open":
        reached.append("UDP")
    return Line("good", f"{hops.who} is reached: {', '.join(reached)}.")


def _udp(hops: Hops) -> list[Line]:
    match hops.udp:
        case "closed":
            between = f"between {hops.ours or 'this machine'} and {hops.host}"
            says = f"{hops.who}: UDP does not get through. Pictures come over TCP {hops.port}, with less in hand."
            return [Line("look", says, f"Ask for UDP {between}, ports chosen by the system ({PAGE}).")]
        case "unpaired":
            return [Line("note", f"{hops.who}: whether UDP gets through can be tried once it is paired.")]
        case "no-page":
            return [Line("look", f"{hops.who}: {TABLE['screen-no-page'].detail}", "UDP was not tried.")]
        case "taken":
            return [Line("note", f"{hops.who}: another presenter has it, so UDP was not tried.")]
        case "unknown":
            return [Line("look", f"{hops.who}: the presenter that runs here does not reach it now.", "Try again.")]
        case "open":
            return []


def _discovery(hops: Hops) -> list[Line]:
    if hops.found is not False:
        return []
    says = f"{hops.who} is not found by itself: multicast does not get through. Its address is enough."
    return [Line("note", says, f"To have it found, ask for UDP 5353 to 224.0.0.251 between both ({PAGE}).")]


def _ask_tcp(hops: Hops) -> str:
    return f"Ask for TCP {hops.port} from {hops.ours or 'this machine'} to {hops.host} ({PAGE})."


def _stop(hops: Hops, hop: str, says: str, do: str) -> Line:
    return Line("stop", f"{hops.who} is not reached: {hop}: {says}.", do)
