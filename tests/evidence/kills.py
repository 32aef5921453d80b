"""Fetching that is killed at random moments: what was written down is there, and little more than that is fetched again.

The one that is killed is a real process. So that a start costs some milliseconds, one process has loaded everything and
makes a copy of itself for each time (`fork`); in it, connections side by side are tried at once.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import sqlite3
import sys
from pathlib import Path

from courtcast.evidence.database import Database
from courtcast.evidence.ledger import Ledger
from courtcast.evidence.pieces import PIECE
from courtcast.evidence.ranges import Ranges
from courtcast.evidence.spool import Spool
from tests.stand_ins.evidence_server import EvidenceServer, serving

NURSERY = """
import asyncio, os, sys
from ipaddress import ip_network
from pathlib import Path
from courtcast.evidence import company, spool
from courtcast.evidence.database import Database
from courtcast.evidence.fetch import fetch
from courtcast.evidence.version import Version
from courtcast.evidence.guard import Guard
from courtcast.evidence.ledger import Ledger
from courtcast.evidence.links import Link

company.SETTLE, company.MEASURE, company.WORTH = 0.01, 0.03, 0.0

async def main(folder, url, length):
    async with Database(folder / "db") as db:
        place = await spool.Spool.open(folder / "spool", length, ledger=Ledger(db, "x", 1))
        known = Version(length=length, etag=Path(folder / "etag").read_text())

        async def now_and_then():
            while True:
                await asyncio.sleep(0.05)
                await place.flush()

        flushing = asyncio.create_task(now_and_then())
        await fetch(Link(url), place, Guard([ip_network("127.0.0.0/8")]), on_progress=lambda _: None, known=known)
        flushing.cancel()
        (folder / "done").write_text(place.sha256)
        await place.close()

for line in sys.stdin:
    folder, url, length = line.split()
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(main(Path(folder), url, int(length)))
        finally:
            os._exit(0)
    print("begun", flush=True)
    sys.stdin.readline()
    os.kill(child, 9)  # it has not been waited for, so the number is its own
    os.waitpid(child, 0)
    print("gone", flush=True)
"""
LENGTH = 12 * PIECE + 12_345
SECONDS = 0.25
"""About what a whole fetch takes; each is killed within it."""


class Toll:
    """What the kills did."""

    def __init__(self) -> None:
        self.kills = 0
        self.finished = 0
        self.worst = 0
        """Bytes of one connection that were in the file and not written down: those of one piece."""
        self.most_connections = 0
        """That had such bytes."""


async def play(folder: Path, kills: int, seed: int) -> Toll:
    """So many kills. Raises AssertionError where something that was written down is not there, or too much is not."""
    rng, toll = random.Random(seed), Toll()
    data = rng.randbytes(LENGTH)
    nursery = await asyncio.create_subprocess_exec(
        sys.executable, "-c", NURSERY, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    try:
        async with serving({"clip.mp4": data}) as server:
            run = 0
            while toll.kills < kills:
                run += 1
                here = folder / str(run)
                here.mkdir()
                (here / "etag").write_text(f'"{hashlib.sha256(data).hexdigest()[:16]}"')
                url = server.url("clip.mp4", each=LENGTH / SECONDS / rng.choice([1, 2, 4]), run=run)
                while not (here / "done").exists() and toll.kills < kills:
                    nursery.stdin.write(f"{here} {url} {LENGTH}\n".encode())
                    assert await nursery.stdout.readline() == b"begun\n"
                    await asyncio.sleep(rng.uniform(0.0, SECONDS))
                    nursery.stdin.write(b"kill\n")
                    assert await nursery.stdout.readline() == b"gone\n"
                    toll.kills += not (here / "done").exists()
                    lost = _look(here, data)
                    toll.most_connections = max(toll.most_connections, len(lost))
                    toll.worst = max(toll.worst, *lost.values(), 0)
                await _finish(here, server, data)
                toll.finished += 1
    finally:
        nursery.stdin.close()
        await nursery.wait()
    return toll


def _look(folder: Path, data: bytes) -> dict[int, int]:
    """Bytes that came and are not written down, by piece: a connection goes on only when its last piece is written down."""
    there = (folder / "spool").read_bytes() if (folder / "spool").exists() else b""
    recorded = Ranges()
    if (folder / "db").exists():
        db = sqlite3.connect(folder / "db")
        try:
            rows = db.execute("SELECT start, past, sha256 FROM pieces").fetchall()
        except sqlite3.OperationalError:  # killed before the table was made
            rows = []
        db.close()
        for start, end, sha256 in rows:
            assert there[start:end] == data[start:end], "what is written down is in the file"
            assert hashlib.sha256(data[start:end]).digest() == sha256
            recorded.add(start, end)
    lost: dict[int, int] = {}
    block = 64
    for start, end in recorded.gaps(len(there)):
        for at in range(start, end - block + 1, block):
            if there[at : at + block] == data[at : at + block]:
                lost[at // PIECE] = lost.get(at // PIECE, 0) + block
    return lost


async def _finish(folder: Path, server: EvidenceServer, data: bytes) -> None:
    """By a process that nobody kills; what it fetches is what was not written down."""
    from tests.evidence.test_fetch import HERE, QUICK, Link, Version, fetch

    async with Database(folder / "db") as db:
        ledger = Ledger(db, "x", 1)
        recorded = sum(row.end - row.start for row in await ledger.load())
        async with await Spool.open(folder / "spool", LENGTH, ledger=ledger) as spool:
            known = Version(length=LENGTH, etag=(folder / "etag").read_text())
            sent = server.sent
            assert spool.held.total == recorded
            await fetch(
                Link(server.url("clip.mp4")), spool, HERE, on_progress=lambda _: None, known=known, limits=QUICK
            )
            assert spool.sha256 == hashlib.sha256(data).hexdigest()
            assert server.sent - sent <= LENGTH - recorded + (1 << 20), "and what was under way when lanes were cut"
