"""Messages that wait to be sent, and how they are cut into DATA chunks.

TSNs are given when a chunk is cut, not before, so that an urgent message passes every message that nobody has begun to
cut. Into the middle of another it cannot go: the chunks of one message have consecutive TSNs (RFC 9260 §6.9).
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

from courtcast.deliver.sctp.wire import BEGIN, CHUNK_MOST, DATA_HEADER, END, data_chunk

CUT_LEAST: Final = 256
"""Bytes of room below which no other message is begun in a packet: a chunk's header would be more than a tenth."""
UNORDERED: Final = 0x04
AT_ONCE: Final = 0x08
"""The I bit: the other side is asked not to delay its SACK (RFC 9260 §6.2, from RFC 7053)."""


class Chunk:
    """One DATA chunk on its way."""

    __slots__ = ("before", "data", "sent", "size", "times", "tsn", "urgent")

    def __init__(self, tsn: int, data: bytes, size: int, *, urgent: bool) -> None:
        self.tsn = tsn
        self.data = data
        """As on the wire."""
        self.size = size
        """Bytes of user data."""
        self.sent = 0.0
        """When it was sent last …"""
        self.before = 0.0
        """… and the time before that."""
        self.times = 0
        self.urgent = urgent


class Message:
    """What one call sends on one stream."""

    __slots__ = ("at", "data", "ordered", "protocol", "sequence", "stream", "urgent")

    def __init__(self, stream: int, protocol: int, data: bytes, *, ordered: bool, urgent: bool) -> None:
        self.urgent = urgent
        self.stream, self.protocol, self.data, self.ordered = stream, protocol, data, ordered
        self.at = 0
        self.sequence = 0


class Outbox:
    """Bounded by whoever fills it: `waiting` says how much there is."""

    def __init__(self, first_tsn: int) -> None:
        self.next_tsn = first_tsn
        self.waiting = 0
        """Bytes not cut yet."""
        self.done: list[tuple[int, int, int]] = []
        """(stream, protocol, bytes) of messages that were cut to their end; for whoever reads it to clear."""
        self._urgent: deque[Message] = deque()
        self._normal: deque[Message] = deque()
        self._open: Message | None = None
        """The one that is being cut."""
        self._sequences: dict[int, int] = {}
        self._streams: Counter[int] = Counter()

    @property
    def urgent(self) -> bool:
        """A message waits that is to go before all else."""
        return bool(self._urgent)

    @property
    def messages(self) -> int:
        """Messages that nobody has begun to cut."""
        return len(self._urgent) + len(self._normal)

    def add(self, message: Message) -> None:
        """`message` has at least one byte: SCTP has no empty ones (RFC 8831 §6.6 sends a zero byte in their place)."""
        (self._urgent if message.urgent else self._normal).append(message)
        self._streams[message.stream] += 1
        self.waiting += len(message.data)

    def holds(self, stream: int) -> bool:
        """Something of that stream is not cut yet."""
        return self._streams[stream] > 0

    def reset(self, stream: int) -> None:
        """The other side has agreed to begin the stream anew (RFC 6525 §5.2.2)."""
        self._sequences.pop(stream, None)

    def cut(self, room: int) -> Chunk | None:
        """The next chunk that fits `room` bytes with its header; None where nothing waits or nothing sensible fits."""
        room -= DATA_HEADER
        message = self._open
        if message is None:
            queue = self._urgent or self._normal
            if not queue or room < min(CUT_LEAST, len(queue[0].data)):
                return None
            message = self._open = queue.popleft()
            if message.ordered:
                message.sequence = self._sequences.get(message.stream, 0)
                self._sequences[message.stream] = (message.sequence + 1) & 0xFFFF
        at, whole = message.at, len(message.data)
        size = whole - at
        flags = 0 if message.ordered else UNORDERED
        if at == 0:
            flags |= BEGIN
        if size > CHUNK_MOST or size > room:
            if room < CUT_LEAST:
                return None
            size = min(room & ~3, CHUNK_MOST)
        else:
            flags |= END
            self._open = None
            self.done.append((message.stream, message.protocol, whole))
            self._streams[message.stream] -= 1
            if not self._streams[message.stream]:
                del self._streams[message.stream]
        if self.waiting == size:
            flags |= AT_ONCE
        tsn = self.next_tsn
        self.next_tsn = tsn + 1
        self.waiting -= size
        message.at = at + size
        payload = message.data if size == whole else message.data[at : at + size]
        data = data_chunk(flags, tsn, message.stream, message.sequence, message.protocol, payload)
        return Chunk(tsn, data, size, urgent=message.urgent)
