"""How long the fetcher waits for what. Seconds and bytes."""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """Tests pass shorter ones; nobody else changes them."""

    connect: float = 8.0
    """For a connection: two lost SYNs and a slow TLS handshake."""
    answer: float = 12.0
    """From asking to headers, connection included, for each hop. No store answers slower without having failed."""
    idle: float = 15.0
    """Without a byte in the middle of a body: a Wi-Fi that roams is back after some seconds."""
    floor_bytes: int = 4096
    floor_seconds: float = 60.0
    """Less than these bytes in this time is no transfer: it is begun anew."""
    redirects: int = 10
    """Hops; browsers follow 20, real chains have 1 to 4."""
    tries: int = 4
    """Times in a row without a byte before it is said in words. Whoever called tries again later."""
    first_tries: int = 2
    """The same while the server has not answered at all: a dead link should be told quickly."""
    patience: float = 30.0
    """Without a byte before it is said in words, however few the tries."""
    first_patience: float = 10.0
    backoff: float = 0.25
    """Before the second try; doubled each time, with jitter."""
    backoff_most: float = 4.0
    retry_after_most: float = 5.0
    """A server that asks for a longer pause is answered in words and tried again later."""

    overall: float = 24 * 3600.0
    """For one try at a whole file, however it trickles."""
    undeclared: int = 64 << 30
    """Bytes of a file of which the server does not say how long it is: more is taken to have no end."""


LIMITS = Limits()
