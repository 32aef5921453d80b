"""TLS as the presenter speaks it to receivers: 1.3 only, trusting exactly one certificate, or none yet.

Names and dates prove nothing here (receivers have addresses that change and clocks that are wrong): host names are not
checked, and our certificates never run out. What counts is the one pinned certificate.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path

import msgspec

from courtcast.core.identity import Identity, fingerprint, pem
from courtcast.wire.link import Card


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
        _load(context, identity)
    return context


def peer_certificate(connection: object) -> bytes | None:
    """DER of the certificate that the other side of a TLS connection has proven to hold."""
    return connection.getpeercert(binary_form=True) if isinstance(connection, ssl.SSLObject) else None


def is_pinned(connection: object, pinned: bytes) -> bool:
    """Whether the other side is the pinned one; asked again although OpenSSL has checked it."""
    certificate = peer_certificate(connection)
    return certificate is not None and fingerprint(certificate) == fingerprint(pinned)


def _load(context: ssl.SSLContext, identity: Identity) -> None:
    """The ssl module takes a key from a file only: from memory that looks like one (Linux), else from a folder of this
    user's alone that is gone in a moment. Memory, so that a full disk keeps nobody from connecting."""
    if hasattr(os, "memfd_create"):
        with open(os.memfd_create("identity"), "wb") as memory:  # noqa: PTH123 (it has no path)
            memory.write(identity.to_pem())
            memory.flush()
            context.load_cert_chain(f"/proc/self/fd/{memory.fileno()}")
        return
    with tempfile.TemporaryDirectory(prefix="courtcast-") as folder:
        file = Path(folder) / "identity.pem"
        file.write_bytes(identity.to_pem())
        context.load_cert_chain(file)
