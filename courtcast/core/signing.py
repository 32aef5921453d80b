"""The key with which this installation signs its record: Ed25519 (RFC 8032). Public keys are named by their 64
hexadecimal digits, which is all there is of one: nothing shorter would have to be compared instead.
"""

from __future__ import annotations

import re
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_DIGITS = 64
SIGNATURE_DIGITS = 128
GROUP = 8
"""Digits between two spaces, where people compare them."""


class Signer:
    """A private key. Whoever holds it can write another record, which nobody can tell from this one."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.key = key.public_key().public_bytes_raw().hex()
        """The public key."""

    @classmethod
    def make(cls) -> Self:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, text: bytes) -> Self:
        """What `to_pem` wrote. Raises ValueError where it is something else."""
        key = serialization.load_pem_private_key(text, password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("not an Ed25519 key")  # noqa: TRY004 (whoever calls this knows one error)
        return cls(key)

    def to_pem(self) -> bytes:
        """To be written where nobody else reads it (mode 0600)."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, message: bytes) -> str:
        """The signature, hexadecimal."""
        return self._key.sign(message).hex()


def is_signed(key: str, signature: str, message: bytes) -> bool:
    """Whether the holder of this public key signed exactly that; False for whatever is no key or no signature."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def grouped(digits: str) -> str:
    """For people: `0f1e2d3c 4b5a6978 …`."""
    return " ".join(digits[at : at + GROUP] for at in range(0, len(digits), GROUP))


def read_digits(text: str) -> str | None:
    """64 hexadecimal digits as somebody typed or pasted them; None where they are none."""
    digits = re.sub(r"[\s:]", "", text).lower()
    return digits if re.fullmatch(r"[0-9a-f]{64}", digits) else None
