"""aiortc's SCTP with a sender of our own: the one place where the two meet. Only what sends DATA is replaced.

Association, handshake, channels and everything that comes in stay aiortc's. Messages go to a `Sender` instead of
aiortc's queues, SACKs go to it instead of aiortc's window. What is overridden here is private by name; that it still is
what it was is checked by `tests/deliver/sctp/test_inside.py`, and aiortc is pinned to 1.16.

Partial reliability (RFC 3758) is not offered for what we send: everything is sent until it has arrived, which is more
than such a channel asks for.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from collections.abc import Callable
from typing import Final

from aiortc import RTCDataChannel
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcsctptransport import (
    WEBRTC_BINARY,
    WEBRTC_BINARY_EMPTY,
    WEBRTC_DCEP,
    WEBRTC_STRING,
    WEBRTC_STRING_EMPTY,
    AbortChunk,
    Chunk,
    DataChunk,
    InitAckChunk,
    InitChunk,
    RTCSctpTransport,
    SackChunk,
)
from google_crc32c import extend, value

from courtcast.core.estimate import Line
from courtcast.deliver.sctp.drain import Drain
from courtcast.deliver.sctp.sender import Facts, Sender
from courtcast.deliver.sctp.siblings import Siblings
from courtcast.deliver.sctp.trace import from_environment
from courtcast.deliver.sctp.wire import TSN_SPACE, read_sack, sack_of, sound

HUNGRY: Final = 32 * 1024
"""Bytes in the outbox below which more is asked for …"""
HUNGRY_TIME: Final = 0.006
"""… or so many seconds of sending, if that is more: as long as a busy loop may be away."""
PROGRESS: Final = 8 * 1024
"""Bytes that have arrived, of which it is worth telling: half a piece. Each SACK is too often."""
REST_MOST: Final = 0.006
"""Seconds for which nobody looks whether something came in: no more than one step of the pacer."""
REST_AFTER: Final = 8
"""Steps of the pacer in a row, before the socket rests: a single message is not worth the turning off and on."""
SLOW_MOST: Final = 256
"""Packets that wait for aiortc, all but SACKs. What is more is dropped, and comes again."""
AHEAD_MOST: Final = 1024
"""TSNs beyond the last in a row that are kept of what comes in: as many as our window lets a page send. aiortc sorts
them for each packet."""
CHANNELS_MOST: Final = 64
"""Data channels that the other side may open."""
ODD_SACKS: Final = 1000

UNKNOWN: Final = Line(0.0, 0.0, 0.0, 0.0, 0.0)

_HEADER = struct.Struct("!HHL")
_CHECKSUM = struct.Struct("<L")
_TSN = struct.Struct("!L")
_COUNTS = struct.Struct("!HH")

log = logging.getLogger(__name__)


class Association(RTCSctpTransport):
    """Messages on channels whose label is `bulk` wait behind those on all others."""

    def __init__(self, transport: RTCDtlsTransport, *, bulk: str, siblings: Siblings | None = None) -> None:
        super().__init__(transport)
        self._siblings = siblings
        self.on_progress: Callable[[], None] = lambda: None
        self.acknowledgements = 0
        self._bulk = bulk
        self._mainloop = asyncio.get_event_loop()
        self._sender: Sender | None = None
        self._drain: Drain | None = None
        self._peer_window = 0
        self._asked_at = 0.0
        self._trip: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._going = False
        self._header_out = self._header_in = b""
        self._crc_out = self._crc_in = 0
        self._slow: asyncio.Queue[bytes] = asyncio.Queue(SLOW_MOST)
        self._slow_task: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Future[None]] = set()
        """Requests to close channels, on their way out."""
        self._steady = 0
        """Times in a row that the pacer alone had us wait."""
        self._malformed = 0
        self._told = 0
        """Bytes that had arrived when progress was last told of."""
        self._close_trace: Callable[[], None] = lambda: None

    @property
    def hungry(self) -> bool:
        """There is less to send than goes out before somebody could give more."""
        sender = self._sender
        return sender is not None and sender.waiting < self._enough

    @property
    def on_their_way(self) -> int:
        """Bytes sent and not acknowledged."""
        return 0 if self._sender is None else self._sender.unacknowledged

    @property
    def line(self) -> Line | None:
        """What the sender knows of the line; before the association stands, nothing much."""
        return UNKNOWN if self._sender is None else self._sender.line

    @property
    def facts(self) -> Facts | None:
        """Of the line; None before the association stands."""
        return None if self._sender is None else self._sender.facts()

    @property
    def _enough(self) -> float:
        assert self._sender is not None
        return max(HUNGRY, self._sender.rate * HUNGRY_TIME)

    # messages

    def _data_channel_send(self, channel: RTCDataChannel, data: bytes | str) -> None:
        if isinstance(data, str):
            protocol, message = (WEBRTC_STRING, data.encode()) if data else (WEBRTC_STRING_EMPTY, b"\0")
        else:
            protocol, message = (WEBRTC_BINARY, data) if data else (WEBRTC_BINARY_EMPTY, b"\0")
        if 0 < self._remote_max_message_size < len(message):
            raise ValueError(f"{len(message)} bytes are more than the other side takes in one message")
        channel._addBufferedAmount(len(message))
        self._data_channel_queue.append((channel, protocol, message))
        if self._sender is not None:
            self._hand_over()
            self._go()

    async def _data_channel_flush(self) -> None:
        if self._sender is not None:
            self._hand_over()
            self._go()
            await self._transmit_reconfig()

    def _hand_over(self) -> None:
        """From aiortc's queue to the sender, channels that have no number yet getting theirs."""
        sender, queue = self._sender, self._data_channel_queue
        assert sender is not None
        while queue:
            channel, protocol, message = queue.popleft()
            stream = channel.id
            if stream is None:
                stream = self._free_stream()
                self._data_channels[stream] = channel
                channel._setId(stream)
            urgent = channel.label != self._bulk or protocol == WEBRTC_DCEP
            ordered = channel.ordered or protocol == WEBRTC_DCEP
            sender.send(stream, protocol, message, urgent=urgent, ordered=ordered)

    def _free_stream(self) -> int:
        stream = self._data_channel_id
        assert stream is not None
        while stream in self._data_channels:
            stream += 2
        return stream

    async def _transmit_reconfig(self) -> None:
        sender = self._sender
        if sender is not None and any(sender.outbox.holds(stream) for stream in self._reconfig_queue):
            return  # what was given before the channel was closed goes first; `_cut` comes back
        await super()._transmit_reconfig()

    def _data_channel_reset(self, stream_id: int) -> None:
        if self._sender is not None and stream_id in self._data_channel_outbound_reset:
            self._sender.outbox.reset(stream_id)
        super()._data_channel_reset(stream_id)

    # what goes out

    async def _transmit(self) -> None:
        self._go()

    def _go(self) -> None:
        """Sends what may be sent now, and sets the clock for what comes after."""
        sender, drain = self._sender, self._drain
        if self._going or sender is None or drain is None:
            return
        self._going = True
        try:
            now = self._mainloop.time()
            batch = sender.packets(now)
            while batch:
                drain.write([self._packet(b"".join([chunk.data for chunk in packet])) for packet in batch])
                self._cut(sender)
                if sender.waiting >= self._enough:
                    break
                before = sender.waiting
                self.on_progress()
                if sender.waiting <= before:
                    break
                batch = sender.packets(now)
        except ConnectionError:
            drain.listen()
            return  # what is below has closed, and says so itself
        finally:
            self._going = False
        resumes = sender.resumes
        if self._set_timer(sender) and resumes is not None and resumes - now <= REST_MOST:
            self._steady += 1
            if self._steady > REST_AFTER:
                drain.rest()
        else:
            self._steady = 0
            drain.listen()

    def _packet(self, chunks: bytes) -> bytes:
        return self._header_out + _CHECKSUM.pack(extend(self._crc_out, chunks)) + chunks

    def _cut(self, sender: Sender) -> None:
        """Messages of which the last byte is out wait no more."""
        outbox = sender.outbox
        self._local_tsn = outbox.next_tsn % TSN_SPACE
        if not outbox.done:
            return
        for stream, protocol, size in outbox.done:
            channel = self._data_channels.get(stream)
            if channel is not None and protocol != WEBRTC_DCEP:
                channel._addBufferedAmount(-size)
        outbox.done.clear()
        if self._reconfig_queue and not any(outbox.holds(stream) for stream in self._reconfig_queue):
            chore = asyncio.ensure_future(self._transmit_reconfig())
            self._closing.add(chore)
            chore.add_done_callback(self._closing.discard)

    def _set_timer(self, sender: Sender) -> bool:
        """Whether it will ring."""
        due, timer = sender.deadline, self._timer
        if due is None:
            return False  # one that is set already finds nothing to do
        if timer is not None:
            if timer.when() <= due:
                return True
            timer.cancel()
        self._timer = self._mainloop.call_at(due, self._ring)
        return True

    def _ring(self) -> None:
        self._timer = None
        sender = self._sender
        if sender is None:
            return
        if self._drain is not None:
            self._drain.read()
        if self._sender is None:
            return  # what came has ended it
        sender.tick(self._mainloop.time())
        self._go()
        if sender.dead is not None:
            self._give_up(sender.dead)

    # what comes in

    def _take(self, packets: list[bytes]) -> None:
        """Packets as they came out of DTLS. Of SACKs that came in one go only the one that tells most is read."""
        best, top, duplicates = None, 0, 0
        sender = self._sender
        if sender is None:
            return
        near = sender.board.cumulative
        for packet in packets:
            body = sack_of(packet)
            if body is None:
                self._later(packet)
                continue
            if (
                packet[:8] != self._header_in
                or extend(self._crc_in, packet[12:]) != _CHECKSUM.unpack_from(packet, 8)[0]
            ):
                continue
            ahead = (_TSN.unpack_from(body)[0] - near) & 0xFFFFFFFF
            duplicates += _COUNTS.unpack_from(body, 8)[1]
            if best is None or (ahead >= top and ahead < TSN_SPACE // 2) or top >= TSN_SPACE // 2:
                best, top = body, ahead
        if best is not None:
            self._take_sack(best, duplicates)

    def _take_sack(self, body: bytes, duplicates: int) -> None:
        sender = self._sender
        if sender is None:
            return
        sack = read_sack(body, sender.board.cumulative)
        if sack is None:
            self._malformed += 1
            if self._malformed > ODD_SACKS:
                self._give_up("SACKs that make no sense")
            return
        self.acknowledgements += 1
        now = self._mainloop.time()
        sender.sack(sack._replace(duplicates=duplicates), now)
        self._last_sacked_tsn = sender.board.cumulative % TSN_SPACE
        if sender.dead is not None:
            self._give_up(sender.dead)
            return
        gone = sender.board.delivered - self._told
        if gone and (gone >= PROGRESS or sender.idle or sender.waiting < self._enough):
            self._told = sender.board.delivered
            self._going = True  # what progress brings is sent below, all at once
            try:
                self.on_progress()
            finally:
                self._going = False
        self._go()

    def _later(self, packet: bytes) -> None:
        """All but SACKs is aiortc's, in a task of its own."""
        if not self._slow.full():
            self._slow.put_nowait(packet)

    async def _work_slow(self) -> None:
        while True:
            packet = await self._slow.get()
            try:
                await self._handle_data(packet)
            except ConnectionError:
                pass
            except Exception:
                log.warning("a packet that makes no sense: the association ends", exc_info=True)
                self._give_up("a packet that makes no sense")
                return

    async def _handle_data(self, data: bytes) -> None:
        if sound(data):
            await super()._handle_data(data)

    async def _receive_chunk(self, chunk: Chunk) -> None:
        established = self._association_state == self.State.ESTABLISHED
        if isinstance(chunk, SackChunk):
            self._take_sack(bytes(chunk)[4:], len(chunk.duplicates))
            return
        if isinstance(chunk, InitChunk) and established:
            return  # late, or an attempt to begin anew in the middle: browsers do not, and aiortc would lose its place
        if isinstance(chunk, InitChunk | InitAckChunk):
            self._peer_window = chunk.advertised_rwnd
            if isinstance(chunk, InitAckChunk) and not self._t1_failures and self._asked_at:
                self._trip = self._mainloop.time() - self._asked_at
        if isinstance(chunk, DataChunk) and not self._sane(chunk):
            return
        await super()._receive_chunk(chunk)

    def _sane(self, chunk: DataChunk) -> bool:
        """What comes in is kept in order and in bounds: aiortc would keep all."""
        last = self._last_received_tsn
        if last is None or not chunk.user_data:
            return False
        ahead = (chunk.tsn - last) & 0xFFFFFFFF
        if ahead > AHEAD_MOST and ahead < TSN_SPACE // 2:
            return False
        if self._advertised_rwnd <= 0 and ahead != 1:
            return False
        if self._advertised_rwnd < 0:
            self._give_up("a message without end")
            return False
        new = chunk.stream_id not in self._data_channels
        if new and chunk.protocol == WEBRTC_DCEP and len(self._data_channels) >= CHANNELS_MOST:
            self._give_up("too many channels")
            return False
        return True

    # begin and end

    async def _init(self) -> None:
        self._asked_at = self._mainloop.time()
        await super()._init()

    def _set_state(self, state: RTCSctpTransport.State) -> None:
        if state == self.State.ESTABLISHED and self._sender is None:
            self._begin()
        super()._set_state(state)
        if state == self.State.CLOSED:
            self._end("closed")

    def _begin(self) -> None:
        trace, self._close_trace = from_environment()
        self._sender = Sender(
            first_tsn=self._local_tsn + TSN_SPACE,
            window=self._peer_window,
            rtt=self._trip,
            now=self._mainloop.time(),
            trace=trace,
            seed=self._local_verification_tag,
            siblings=self._siblings,
        )
        self._header_out = _HEADER.pack(self._local_port, self._remote_port, self._remote_verification_tag)
        self._crc_out = value(self._header_out + b"\0\0\0\0")
        self._header_in = _HEADER.pack(self._remote_port, self._local_port, self._local_verification_tag)
        self._crc_in = value(self._header_in + b"\0\0\0\0")
        self._drain = Drain(self.transport, self._take)
        self._slow_task = asyncio.ensure_future(self._work_slow())

    def _give_up(self, why: str) -> None:
        if self._association_state == self.State.CLOSED:
            return
        log.info("the association ends: %s", why)
        if self._drain is not None:
            with contextlib.suppress(ConnectionError):
                self._drain.write([self._packet(bytes(AbortChunk()))])
        self._set_state(self.State.CLOSED)

    def _end(self, why: str) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.end(why, self._mainloop.time())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._drain is not None:
            self._drain.close()
            self._drain = None
        if self._slow_task is not None:
            self._slow_task.cancel()
            self._slow_task = None
        self._close_trace()
        self._close_trace = lambda: None
