"""What both ends of a mutual-TLS connection do alike with Python's `ssl`."""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path


def load_identity(context: ssl.SSLContext, pem: bytes) -> None:
    """Puts a private key and its certificate (PEM, one behind the other) into a context.

    The ssl module takes a key from a file only: from memory that looks like one (Linux), else from a folder of this
    user's alone that is gone in a moment. Memory, so that a full disk keeps nobody from connecting.
    """
    if hasattr(os, "memfd_create"):
        with open(os.memfd_create("identity"), "wb") as memory:  # noqa: PTH123 (it has no path)
            memory.write(pem)
            memory.flush()
            context.load_cert_chain(f"/proc/self/fd/{memory.fileno()}")
        return
    with tempfile.TemporaryDirectory(prefix="courtcast-") as folder:
        file = Path(folder) / "identity.pem"
        file.write_bytes(pem)
        context.load_cert_chain(file)


def peer_certificate(connection: object) -> bytes | None:
    """DER of the certificate that the other side of a TLS connection has proven to hold; None where it gave none."""
    return connection.getpeercert(binary_form=True) if isinstance(connection, ssl.SSLObject) else None
