"""TLS as a screen speaks it: 1.3 only, and a certificate from the other side where it has one.

Python's ssl has no callback to judge a certificate, and a trust store takes nothing out again. But the callback for the
server name is called in each handshake, with or without a name, and may put another context in: so each connection
gets one whose trust store holds what is pinned *now*, and the few certificates that were introduced lately. OpenSSL
then does what it is good at: nobody gets in with a certificate whose key they do not hold. A certificate unknown to the
store ends the handshake; without one, a stranger may ask for the name (docs/decisions/mutual-tls.md).
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable
from typing import Final

from courtcast.core.identity import Identity, check_certificate, pem
from courtcast.wire.tls import load_identity

INTRODUCED_FOR: Final = 30.0
"""Seconds in which a stranger has to come back with the certificate that it introduced."""
MAX_INTRODUCED: Final = 16
"""At a time. One for each address, so that nobody pushes out everybody else's from one machine."""


class Gate:
    """Whose certificates are let in. Lives on the event loop; nothing here waits."""

    def __init__(self, identity: Identity, clock: Callable[[], float] = time.monotonic) -> None:
        self._identity = identity
        self._clock = clock
        self._pinned: list[bytes] = []
        self._introduced: dict[str, tuple[float, bytes]] = {}
        self._current: ssl.SSLContext | None = None
        self.context = self._make([])
        """For the listening sockets."""
        self.context.sni_callback = self._swap

    def trust(self, certificates: Iterable[bytes]) -> None:
        """Those pinned from now on (DER). Connections that are open stay as they are."""
        self._pinned = list(certificates)
        self._current = None

    def introduce(self, certificate: bytes, address: str) -> None:
        """Lets a stranger's certificate (DER) in for a moment, to be proven. Raises ValueError for other kinds."""
        check_certificate(certificate)
        self._introduced.pop(address, None)
        while len(self._introduced) >= MAX_INTRODUCED:
            self._introduced.pop(next(iter(self._introduced)))
        self._introduced[address] = self._clock() + INTRODUCED_FOR, certificate
        self._current = None

    def _swap(self, connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        now = self._clock()
        late = [address for address, (until, _) in self._introduced.items() if until < now]
        for address in late:
            del self._introduced[address]
        if late or self._current is None:
            self._current = self._make({*self._pinned, *(certificate for _, certificate in self._introduced.values())})
        connection.context = self._current

    def _make(self, certificates: Iterable[bytes]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        # The context put in later brings its trust store along, but not its verify_mode: that of the first one counts.
        context.verify_mode = ssl.CERT_OPTIONAL
        # A ticket would let someone resume who has been revoked since.
        context.num_tickets = 0
        for certificate in certificates:
            context.load_verify_locations(cadata=pem(certificate))
        load_identity(context, self._identity.to_pem())
        return context
