"""The fetcher as the presenter runs it, with its database: seconds, memory and connections as one line of JSON.

python -m bench.fetch.ours URL FOLDER
"""

from __future__ import annotations

import asyncio
import cProfile
import json
import os
import resource
import sys
import time
from ipaddress import ip_network
from pathlib import Path

from courtcast.evidence.database import Database
from courtcast.evidence.fetch import fetch
from courtcast.evidence.guard import Guard
from courtcast.evidence.ledger import Ledger
from courtcast.evidence.links import Link
from courtcast.evidence.spool import Spool

FLUSH = 2.0
"""Seconds, as in the intake."""


def memory() -> int:
    """Bytes that are this process's own in memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


async def main(url: str, folder: Path) -> None:
    async with (
        Database(folder / "db") as db,
        await Spool.open(folder / "file", ledger=Ledger(db, "x", 1)) as spool,
    ):
        idle = most = memory()

        async def now_and_then() -> None:
            nonlocal most
            while True:
                await asyncio.sleep(FLUSH)
                most = max(most, memory())
                await spool.flush()

        flushing = asyncio.create_task(now_and_then())
        began, used = time.monotonic(), time.process_time()
        await fetch(Link(url), spool, Guard([ip_network("127.0.0.0/8")]), on_progress=lambda _: None)
        seconds, processor = time.monotonic() - began, time.process_time() - used
        flushing.cancel()
        most = max(most, memory())
        told = {
            "seconds": seconds,
            "processor": processor,
            "bytes": spool.length,
            "grown": most - idle,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    profile = cProfile.Profile() if "PROFILE" in os.environ else None
    if profile is not None:
        profile.enable()
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
    if profile is not None:
        profile.disable()
        profile.dump_stats(os.environ["PROFILE"])
