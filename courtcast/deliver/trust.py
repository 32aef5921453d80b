"""TLS as the presenter speaks it to receivers: 1.3 only, trusting exactly one certificate, or none yet.

Names and dates prove nothing here (receivers have addresses that change and clocks that are wrong): host names are not
checked, and our certificates never run out. What counts is the one pinned certificate.
"""

from __future__ import annotations

import ssl

import msgspec

from courtcast.core.identity import Identity, fingerprint, pem
from courtcast.wire.link import Card
from courtcast.wire.tls import load_identity, peer_certificate


class Pinned(msgspec.Struct, frozen=True, kw_only=True):
    """A receiver that was paired. What the presenter keeps of it."""

    card: Card
    certificate: bytes
    """DER."""


def client_context(*, trust: bytes | None, identity: Identity | None = None) -> ssl.SSLContext:
    """For a connection to a receiver whose certificate (DER) is `trust`; with None, to one not known yet.

    Where nothing is trusted, whoever uses the connection has to look at the certificate that came: pairing does, and
    everything else that goes over such a connection is public.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    if trust is None:
        context.verify_mode = ssl.CERT_NONE
    else:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=pem(trust))
    if identity is not None:
        load_identity(context, identity.to_pem())
    return context


def is_pinned(connection: object, pinned: bytes) -> bool:
    """Whether the other side is the pinned one; asked again although OpenSSL has checked it."""
    certificate = peer_certificate(connection)
    return certificate is not None and fingerprint(certificate) == fingerprint(pinned)
