"""Pairing: both sides prove that they know the code on the screen, and for which certificates they mean it.

    presenter                                             receiver
      PairStart(X)             ─────────────────────────▶   the try is counted, on disk
      PairAnswer(Y)            ◀─────────────────────────
      PairProof(MAC presenter) ─────────────────────────▶   right: the presenter is pinned
      PairProof(MAC receiver)  ◀─────────────────────────   wrong: PairRefused
      the receiver is pinned

SPAKE2 (RFC 9382 in kind; the parameters are those of the library `spake2`) turns the code into a key without letting
anybody who listens or relays try codes offline. The two identities are role and certificate hash, so whoever stands in
between with certificates of their own makes the keys differ. Key confirmation is one MAC for each role over both
identities and both messages; the presenter goes first, so the receiver proves nothing to somebody who only guesses.

Nothing here reads a clock, waits or writes: `now` comes in as an argument, and `Tries` goes to disk before an answer.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

import msgspec
from spake2 import SPAKE2_A, SPAKE2_B

from courtcast.core.identity import fingerprint

CODE_DIGITS = 8
"""Five guesses hit once in 20 million; then somebody at the screen has to give the guesser five more."""
MAX_WRONG = 5
"""Wrong tries within `DAY`; then the screen is locked until somebody at it asks for a new code."""
DAY = 24 * 3600.0
"""Seconds."""
MESSAGE_BYTES = 33
"""Of a SPAKE2 message: the side and a point of the curve."""
MAC_BYTES = 32

_LABEL = b"courtcast pairing 1"


class PairingFailed(Exception):
    """The other side does not know the code, or means other certificates, or sends no messages of pairing."""


def new_code() -> str:
    """Digits for a screen."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def group_code(code: str) -> str:
    """As it stands on the screen: `1234 5678`."""
    return f"{code[: CODE_DIGITS // 2]} {code[CODE_DIGITS // 2 :]}"


def read_code(typed: str) -> str | None:
    """The digits of what somebody typed, with spaces or hyphens anywhere; None where it cannot be a code."""
    digits = re.sub(r"[\s\-–.]", "", typed)
    return digits if re.fullmatch(rf"[0-9]{{{CODE_DIGITS}}}", digits) else None


class PresenterSide:
    """The presenter's half of one pairing. Certificates are DER."""

    def __init__(self, code: str, *, presenter: bytes, receiver: bytes) -> None:
        self._identities = _identity(b"presenter", presenter), _identity(b"receiver", receiver)
        self._spake = SPAKE2_A(code.encode(), idA=self._identities[0], idB=self._identities[1])
        self._sent: bytes = self._spake.start()
        self._expected: bytes | None = None

    def start(self) -> bytes:
        """The message of `PairStart`."""
        return self._sent

    def prove(self, answer: bytes) -> bytes:
        """Takes the message of `PairAnswer`, gives the MAC of `PairProof`. Raises PairingFailed where it is none."""
        key = _finish(self._spake, answer)
        mine, self._expected = _macs(key, self._identities, self._sent, answer)
        return mine

    def confirm(self, mac: bytes) -> None:
        """Takes the receiver's MAC. Raises PairingFailed where it proves nothing."""
        if self._expected is None or not hmac.compare_digest(mac, self._expected):
            raise PairingFailed


class ReceiverSide:
    """The receiver's half of one pairing. Certificates are DER; the presenter's is that of the very connection."""

    def __init__(self, code: str, *, presenter: bytes, receiver: bytes) -> None:
        self._identities = _identity(b"presenter", presenter), _identity(b"receiver", receiver)
        self._spake = SPAKE2_B(code.encode(), idA=self._identities[0], idB=self._identities[1])
        self._sent: bytes = self._spake.start()
        self._macs: tuple[bytes, bytes] | None = None

    def answer(self, start: bytes) -> bytes:
        """Takes the message of `PairStart`, gives that of `PairAnswer`. Raises PairingFailed where it is none."""
        key = _finish(self._spake, start)
        self._macs = _macs(key, self._identities, start, self._sent)
        return self._sent

    def confirm(self, mac: bytes) -> bytes:
        """Takes the presenter's MAC, gives the receiver's. Raises PairingFailed where it proves nothing."""
        if self._macs is None or not hmac.compare_digest(mac, self._macs[0]):
            raise PairingFailed
        return self._macs[1]


class Tries(msgspec.Struct, frozen=True, kw_only=True):
    """The code on the screen and the tries made at it. A value: what changes is a new one, to be written down."""

    code: str
    wrong: tuple[float, ...] = ()
    """Unix times of the tries that have not turned out right, oldest first."""
    locked: bool = False
    """Set by the fifth, and taken away by nothing but a new code: not by time, not by a clock that was put forward."""

    @classmethod
    def fresh(cls) -> Tries:
        """A new code, no tries: for somebody at the screen who asks, and after a pairing: a code is used once."""
        return cls(code=new_code())

    def count(self, now: float) -> Tries:
        """One more try, wrong until proven otherwise. Where it was locked before, the try is not to be answered."""
        if self.locked:
            return self
        wrong = (*self.within_day(now), now)
        return Tries(code=self.code, wrong=wrong, locked=len(wrong) >= MAX_WRONG)

    def within_day(self, now: float) -> tuple[float, ...]:
        """Tries that still count. One from the future (the clock was put back) counts."""
        return tuple(at for at in self.wrong if now - at < DAY)


def _identity(role: bytes, certificate: bytes) -> bytes:
    return role + b" " + fingerprint(certificate).encode()


def _finish(spake: SPAKE2_A | SPAKE2_B, message: bytes) -> bytes:
    if len(message) != MESSAGE_BYTES:
        raise PairingFailed
    try:
        key: bytes = spake.finish(message)
    except Exception as error:  # the library raises its own, ValueError, AssertionError and Exception's bare children
        raise PairingFailed from error
    return key


def _macs(key: bytes, identities: tuple[bytes, bytes], start: bytes, answer: bytes) -> tuple[bytes, bytes]:
    """The presenter's and the receiver's MAC: a key for each role, one transcript, each part with its length."""
    parts = (_LABEL, *identities, start, answer)
    transcript = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    presenter, receiver = (
        hmac.digest(key, _LABEL + b" " + role, hashlib.sha256) for role in (b"presenter", b"receiver")
    )
    return hmac.digest(presenter, transcript, hashlib.sha256), hmac.digest(receiver, transcript, hashlib.sha256)
