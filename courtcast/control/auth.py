"""Who is asking: one-time keys, sessions in a cookie, bearer tokens. What is kept of them is their hash.

A key signs in once: the presenter prints one when it starts. A session outlives the presenter; its cookie is HttpOnly
and SameSite=Strict. Tokens are made by `courtcast token`, also while the presenter runs: one that is not known here is
looked up on disk. All that is known is in memory, so that nobody who is signed in ever waits for a disk: blank.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import sqlite3
import time
from contextlib import suppress
from typing import Literal, NamedTuple

import msgspec

from courtcast.core.entries import fact, text
from courtcast.evidence.database import Database, put
from courtcast.evidence.record import Record, append, stamp
from courtcast.problems import Refused
from courtcast.wire.api import Role

log = logging.getLogger(__name__)

SPACE = "tokens"
SESSION_SECONDS = 7 * 24 * 3600.0
"""A hearing's week; nobody has to find the link again on day three."""
MAX_SESSIONS = 500
"""The oldest go first."""
MAX_KEYS = 64
LOOK_UP_SECONDS = 2.0
"""How long somebody with an unknown secret waits for the disk."""
LOOK_UPS = 4
"""Of unknown secrets at a time: guessing must not keep the disk from its work."""
LONGEST_SECRET = 256
WHO_DIGITS = 8
LONGEST_NAME = 64


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a session or a token, under the hash of its secret."""

    kind: Literal["session", "token"]
    role: Role
    made: float
    """Unix time, seconds."""
    until: float | None = None
    name: str = ""
    """Whose it is, where that was said; a session has it from the token that it was signed in with."""


class Principal(NamedTuple):
    """Who is asking."""

    role: Role
    by_cookie: bool
    """The browser sends it by itself, so requests from other pages have to be kept out."""
    id: str
    """Hash of the secret: to tell one from another, not to be shown."""
    name: str = ""

    @property
    def who(self) -> str:
        """For the record: the name, and in any case enough of the hash to tell two apart."""
        return who(self.id, self.name)


def who(hash_: str, name: str) -> str:
    """Whose it is, in words."""
    return f"{name} ({hash_[:WHO_DIGITS]})" if name else hash_[:WHO_DIGITS]


def digest(secret: str) -> str:
    """Secrets have 256 random bits: a plain hash cannot be turned back, and finding it by key leaks nothing of use."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


async def issue_token(db: Database, role: Role, name: str = "", *, recorded: bool = False) -> str:
    """A new bearer token, written to disk: for `courtcast token`, with a database opened beside the presenter's.

    name: whose it is; recorded: the record says that there is one
    """
    secret = f"cc_{secrets.token_urlsafe(32)}"
    name = text(" ".join(name.split()), LONGEST_NAME)
    made = Pass(kind="token", role=role, made=time.time(), name=name)

    def work(connection: sqlite3.Connection) -> None:
        put(connection, SPACE, digest(secret), msgspec.json.encode(made))
        if recorded:
            append(connection, fact(stamp(), "token", role=role, who=who(digest(secret), name)))

    await db.run(work)
    return secret


class Auth:
    """Everybody who may come in.

    hosts: names under which this presenter is reached, beside addresses and localhost; record: is told who signs in
    """

    def __init__(self, db: Database, *, hosts: tuple[str, ...] = (), record: Record | None = None) -> None:
        self._db = db
        self._record = record
        self.hosts = frozenset(host.lower() for host in hosts)
        self._known: dict[str, Pass] = {}
        self._keys: dict[str, Role] = {}
        self._looking = asyncio.Semaphore(LOOK_UPS)

    async def open(self) -> None:
        """Reads what is kept. Raises Refused where the disk cannot be read."""
        now = time.time()
        for hash_, data in await self._db.items(SPACE):
            kept = _decode(data)
            if kept is None or (kept.until is not None and kept.until < now):
                with suppress(Refused):  # a full disk must not keep the presenter from starting
                    await self._db.delete(SPACE, hash_)
            else:
                self._known[hash_] = kept

    def new_key(self, role: Role = "clerk") -> str:
        """A key that signs in once, while this presenter runs."""
        while len(self._keys) >= MAX_KEYS:
            self._keys.pop(next(iter(self._keys)))
        key = secrets.token_urlsafe(24)
        self._keys[digest(key)] = role
        return key

    async def sign_in(self, key: str) -> tuple[str, Role] | None:
        """The secret of a new session, for a key that was not used yet or for a token; None where it is neither."""
        role, name = self._keys.pop(digest(key), None), ""
        if role is None:
            token = await self.look_up(key, "token")
            if token is None:
                return None
            role, name = token.role, token.name
        secret = await self._new_session(role, name)
        if self._record is not None:
            self._record.later(fact(stamp(), "signed-in", by=role, who=who(digest(secret), name)))
        return secret, role

    async def sign_out(self, principal: Principal) -> None:
        """Ends a session. Tokens stay."""
        known = self._known.get(principal.id)
        if known is None or known.kind != "session":
            return
        del self._known[principal.id]
        await self._db.delete(SPACE, principal.id)

    async def who(self, *, bearer: str | None, cookie: str | None) -> Principal | None:
        """Whose request it is. A bearer token that is sent counts alone."""
        if bearer is not None:
            token = await self.look_up(bearer, "token")
            return None if token is None else Principal(token.role, False, digest(bearer), token.name)
        if cookie is None:
            return None
        session = await self.look_up(cookie, "session")
        return None if session is None else Principal(session.role, True, digest(cookie), session.name)

    async def look_up(self, secret: str, kind: str) -> Pass | None:
        """What is known of a secret: from memory at once, else from the disk, within bounds."""
        if not 0 < len(secret) <= LONGEST_SECRET:
            return None
        hash_ = digest(secret)
        found = self._known.get(hash_)
        if found is None:
            found = await self._from_disk(hash_)
        if found is None or found.kind != kind:
            return None
        if found.until is not None and found.until < time.time():
            self._known.pop(hash_, None)
            return None
        return found

    async def _from_disk(self, hash_: str) -> Pass | None:
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS), self._looking:
                data = await self._db.get(SPACE, hash_)
        except (TimeoutError, Refused):
            return None
        found = None if data is None else _decode(data)
        if found is not None:
            self._known[hash_] = found
        return found

    async def _new_session(self, role: Role, name: str) -> str:
        """A session holds in memory even where the disk does not take it: signing in must work on a full disk."""
        secret, now = secrets.token_urlsafe(32), time.time()
        session = Pass(kind="session", role=role, made=now, until=now + SESSION_SECONDS, name=name)
        gone = self._oldest()
        self._known[digest(secret)] = session
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                await self._db.put(SPACE, digest(secret), msgspec.json.encode(session))
                for hash_ in gone:
                    await self._db.delete(SPACE, hash_)
        except (TimeoutError, Refused):
            log.warning("a session could not be written; it ends with this presenter")
        return secret

    def _oldest(self) -> list[str]:
        sessions = sorted((p.made, hash_) for hash_, p in self._known.items() if p.kind == "session")
        gone = [hash_ for _, hash_ in sessions[: max(0, len(sessions) - MAX_SESSIONS + 1)]]
        for hash_ in gone:
            del self._known[hash_]
        return gone


def _decode(data: bytes) -> Pass | None:
    try:
        return msgspec.json.decode(data, type=Pass)
    except msgspec.MsgspecError:
        return None
