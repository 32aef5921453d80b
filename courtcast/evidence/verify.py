"""Looking again, at leisure, whether a file is still what it was."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

from courtcast.evidence.files import PlacedFile
from courtcast.problems import Refused

STEP = 4 << 20
"""Bytes between two pauses."""


async def is_intact(path: Path, sha256: str) -> bool:
    """False where its hash is another, or where it cannot be read. Rests as long as it works."""
    digest = hashlib.sha256()
    loop = asyncio.get_running_loop()
    try:
        if not await asyncio.to_thread(path.is_file):
            return False
        file = await asyncio.to_thread(lambda: PlacedFile(path, empty=False))
    except (OSError, Refused):
        return False

    def step(offset: int) -> int:
        data = file.read(offset, STEP)
        digest.update(data)
        return len(data)

    try:
        offset = 0
        while True:
            began = loop.time()
            n = await asyncio.to_thread(step, offset)
            if n == 0:
                return digest.hexdigest() == sha256
            offset += n
            await asyncio.sleep(loop.time() - began)
    except Refused:
        return False
    finally:
        await asyncio.to_thread(file.close)
