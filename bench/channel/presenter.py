"""The near end: the product's own `Peer` under full load. Run by the bench on the near host.

`program` says how it is spoken to.

    python -m bench.channel.presenter ADDRESS SENDER        # ours | stock
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from courtcast.core.estimate import Estimate
from courtcast.deliver.paths import ChannelPath, PathClosed
from courtcast.deliver.peer import Peer, SenderName
from courtcast.deliver.sctp.siblings import Siblings
from courtcast.wire.media import HEADER, KIND_FRAGMENT, PIECE, MediaHeader, pack

WAITING = 8 * PIECE
"""Bytes that wait in front of a sender that sends whatever it is given: enough that it never starves."""
OBJECT = 64 * PIECE
BULK_WAITING = 512 * 1024 - PIECE
LOOK = 0.05
"""Seconds after which a full path is looked at again, whether it told of progress or not."""
RENDITION = "0000000000000001"
BEAT = 0.005
"""Seconds between two looks at how late the event loop is."""
LINE = 1 << 20
SCHEDULED = Path("/proc/self/schedstat")


def starved() -> float:
    """Seconds for which this process could have run and had no core, so far (Linux's schedstat): what else the machine
    did is not the sender's fault."""
    try:
        return int(SCHEDULED.read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


class Load:
    """Keeps one path full, or at a rate."""

    def __init__(self, path: ChannelPath, rate: float | None) -> None:
        self._path = path
        self._estimate = Estimate()
        self.index = 1
        self._offset = 0
        self._data = os.urandom(PIECE)
        self._progress = asyncio.Event()
        self._controls: asyncio.Task[None] | None = None
        path.on_progress = self._progress.set
        self._task = asyncio.create_task(self._fill() if rate is None else self._trickle(rate))

    def seek(self) -> dict[str, float]:
        """Another object from now on: its index, and the wall clock in ms."""
        self.index, self._offset = self.index + 1, 0
        self._progress.set()
        return {"index": self.index, "at": time.time() * 1e3}

    def control(self, every: float) -> None:
        """A control message again and again from now on."""
        self._controls = asyncio.create_task(self._talk(every))

    async def stop(self) -> None:
        for task in (self._task, self._controls):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError, PathClosed):
                    await task

    @property
    def _room(self) -> bool:
        """One more piece may wait: as the pump has it, where the sender paces itself."""
        line = self._path.line
        if line is None:
            return self._path.waiting + PIECE <= WAITING
        self._estimate.line = line
        return self._path.waiting + PIECE <= self._estimate.queue

    def _send(self) -> None:
        header = MediaHeader(KIND_FRAGMENT, 0, RENDITION, self.index, self._offset, OBJECT)
        self._path.send_media(pack(header, self._data))
        self._offset += PIECE
        if self._offset >= OBJECT:
            self.index, self._offset = self.index + 1, 0

    async def _fill(self) -> None:
        while True:
            while self._room:
                self._send()
            self._progress.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._progress.wait()

    async def _trickle(self, rate: float) -> None:
        began, pieces = time.monotonic(), 0
        while True:
            while pieces * (PIECE + HEADER) * 8 <= (time.monotonic() - began) * rate and self._room:
                self._send()
                pieces += 1
            await asyncio.sleep(0.01)

    async def _talk(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            # of the size of a Stage with something on it
            self._path.send_control(json.dumps({"at": time.time() * 1e3, "filler": "x" * 400}))


class Blocks:
    """How long the event loop was away, at the worst; and the processor time of its longest single callback."""

    def __init__(self) -> None:
        self.late = self.busy = 0.0
        run = asyncio.Handle._run

        def timed(handle: asyncio.Handle) -> None:
            begun = time.thread_time()
            run(handle)
            self.busy = max(self.busy, time.thread_time() - begun)

        asyncio.Handle._run = timed  # type: ignore[method-assign, assignment]
        self._task = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            begun = time.monotonic()
            await asyncio.sleep(BEAT)
            self.late = max(self.late, time.monotonic() - begun - BEAT)


async def bulk(path: ChannelPath, count: int, seed: int) -> dict[str, object]:
    """Sends so many random bytes, and waits until all have arrived."""
    progress, random, digest = asyncio.Event(), Random(seed), hashlib.sha256()
    path.on_progress = progress.set
    begun, left = time.monotonic(), count
    while left or path.buffered:
        while left and path.buffered < BULK_WAITING:
            piece = random.randbytes(min(left, PIECE))
            digest.update(piece)
            path.send_media(piece)
            left -= len(piece)
        progress.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK):
                await progress.wait()
        if path.closed:
            raise ConnectionError(f"the path closed with {left} bytes to go")
    return {"bytes": count, "sha256": digest.hexdigest(), "seconds": time.monotonic() - begun}


class Presenter:
    """All connections of one process."""

    def __init__(self, address: str, sender: SenderName) -> None:
        self._address, self._sender, self._siblings = address, sender, Siblings()
        self._peers: dict[int, Peer] = {}
        self._loads: dict[int, Load] = {}
        self._blocks: Blocks | None = None

    async def obey(self, asked: dict[str, Any]) -> Any:
        match asked:
            case {"do": "offer", "id": number}:
                self._peers[number] = peer = Peer([self._address], self._sender, self._siblings)
                return await peer.offer()
            case {"do": "accept", "id": number, "sdp": sdp, "host": host}:
                await self._peers[number].accept(sdp, host)
                return time.process_time()
            case {"do": "load", "ids": numbers, "rate": rate}:
                began = time.time() * 1e3
                for number in numbers:
                    self._loads[number] = Load(self._peers[number].path, rate)
                return {"began": began, "cpu": time.process_time(), "starved": starved()}
            case {"do": "bulk", "id": number, "bytes": count, "seed": seed}:
                return await bulk(self._peers[number].path, count, seed)
            case {"do": "look"}:
                blocks = self._blocks
                return {
                    "now": time.time() * 1e3,
                    "cpu": time.process_time(),
                    "starved": starved(),
                    "sent": sum(peer.path.sent for peer in self._peers.values()),
                    "buffered": sum(peer.path.buffered for peer in self._peers.values()),
                    "closed": sum(peer.path.closed for peer in self._peers.values()),
                    "late": blocks.late if blocks else 0.0,
                    "busy": blocks.busy if blocks else 0.0,
                }
            case {"do": "watch"}:
                self._blocks = Blocks()
                return None
            case {"do": "seek", "id": number}:
                return self._loads[number].seek()
            case {"do": "control", "id": number, "every": every}:
                return self._loads[number].control(every)
            case {"do": "close"}:
                for load in self._loads.values():
                    await load.stop()
                await asyncio.gather(*(peer.close() for peer in self._peers.values()))
                self._loads.clear()
                self._peers.clear()
                return None
        raise ValueError(f"not known: {asked}")


async def main(address: str, sender: SenderName) -> None:
    reader = asyncio.StreamReader(LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    presenter = Presenter(address, sender)
    while line := await reader.readline():
        try:
            answer = await presenter.obey(json.loads(line))
        except (ConnectionError, ValueError, AssertionError) as error:
            answer = {"failed": repr(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], "stock" if sys.argv[2] == "stock" else "ours"))
