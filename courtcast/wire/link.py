"""Between presenter and receiver, over one WebSocket in mutual TLS 1.3 (and the few calls a stranger has).

HTTP paths of the receiver: `GET /` its `Card`; `POST /introduce` with the caller's certificate (DER) so that the next
connection can prove it; `GET /pair` a WebSocket of the pairing messages; `GET /link` the WebSocket of `FromReceiver`
and `ToReceiver`.

Where no data channel opens, the messages of a *path* run over the same two WebSockets, presenter ↔ receiver ↔ page:
`control` inside `PathControl`, `media` as binary messages, each four bytes of the path's number (big-endian) and one
message of the media stream. The presenter numbers its paths; what belongs to another number than the last is dropped.
"""

from __future__ import annotations

import struct

import msgspec

from courtcast.wire.media import HEADER, PIECE

LINK_PROTOCOL = 2
SERVICE = "_courtcast._tcp.local."
"""TXT records: id, name, zone, protocol."""

PATH_MOST = 288 * 1024
"""Bytes of media that a path may have sent and the page not taken: the pump's largest window, and two pieces. Who goes
beyond has the path closed."""
PATH_PREFIX = 4
"""Bytes of the path's number in front of each message of the media stream."""
PIECE_MOST = PATH_PREFIX + HEADER + PIECE
"""Bytes of one binary message."""
PATH_CONTROL_MOST = 80 * 1024
"""Characters of one message of control. Inside another it stays below the 256 KiB that a WebSocket message may have."""

_NUMBER = struct.Struct(">I")


def pack_piece(path: int, message: bytes) -> bytes:
    """One binary message of the link: a message of the media stream that belongs to a path."""
    return _NUMBER.pack(path) + message


def path_of(piece: bytes) -> int:
    """The path that a binary message belongs to. Raises ValueError where it can be none."""
    if not PATH_PREFIX + HEADER <= len(piece) <= PIECE_MOST:
        raise ValueError(f"{len(piece)} bytes")
    number: int = _NUMBER.unpack_from(piece)[0]
    return number


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver says of itself to anyone."""

    id: str
    name: str
    zone: str
    protocol: int = LINK_PROTOCOL


class PairStart(msgspec.Struct, frozen=True, tag="pair-start"):
    """Presenter → receiver: SPAKE2 message, base64."""

    message: str
    presenter: str
    """A name for people: shown on the screen."""


class PairAnswer(msgspec.Struct, frozen=True, tag="pair-answer"):
    """Receiver → presenter: SPAKE2 message, base64."""

    message: str


class PairProof(msgspec.Struct, frozen=True, tag="pair-proof"):
    """Key confirmation, base64 MAC; the presenter first, then the receiver."""

    mac: str


class PairRefused(msgspec.Struct, frozen=True, tag="pair-refused"):
    """No: `reason` is `wrong-code`, `locked` or `busy`; nothing else is said."""

    reason: str


PairMessage = PairStart | PairAnswer | PairProof | PairRefused


class LinkHello(msgspec.Struct, frozen=True, kw_only=True, tag="hello"):
    """Receiver → presenter, first."""

    protocol: int
    id: str
    name: str
    zone: str
    page: int = 0
    """Number of the page's current session, 0 while there is none. A reload gives a new one."""
    taken: str | None = None
    """Name of another presenter that has the page now; `page` is 0 meanwhile."""
    relays: bool = False
    """It passes on paths (`PathOpen`)."""


class PageChanged(msgspec.Struct, frozen=True, tag="page"):
    """Receiver → presenter: the page came (a new number) or went (0)."""

    page: int
    taken: str | None = None
    """As in `LinkHello`."""


class Offer(msgspec.Struct, frozen=True, tag="offer"):
    """Presenter → page: SDP with all candidates inside."""

    page: int
    sdp: str
    number: int = 0
    """Of this offer."""


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """Page → presenter: SDP with all candidates; the receiver put its addresses in the place of `….local` names."""

    page: int
    sdp: str
    number: int = 0
    """Of the offer; 0 from a page that does not say it."""


class Attached(msgspec.Struct, frozen=True, tag="attached"):
    """Presenter → receiver: a path to this session of the page is open. Said on each link while one is."""

    page: int


class Bye(msgspec.Struct, frozen=True, tag="bye"):
    """Either side, before it closes on purpose: `reason` is `revoked` or `stopping`."""

    reason: str


class PathOpen(msgspec.Struct, frozen=True, tag="path-open"):
    """Presenter → page: a path over the link begins, in the place of any before it."""

    page: int
    path: int
    """1 … 2³² − 1; another for each path of one link."""


class PathOpened(msgspec.Struct, frozen=True, tag="path-opened"):
    """Page → presenter: it listens, and says its hello on it."""

    path: int


class PathControl(msgspec.Struct, frozen=True, tag="path-control"):
    """Either way: one message of the `control` stream."""

    path: int
    text: str


class PathTaken(msgspec.Struct, frozen=True, tag="path-taken"):
    """Either way: what was taken of what the other side sent, ever. Of the page: bytes of media messages, those that
    complete an object once it is verified. Of the presenter: characters of control."""

    path: int
    amount: int


class PathClosed(msgspec.Struct, frozen=True, tag="path-closed"):
    """Either way, also from the receiver to both: the path has ended."""

    path: int


FromReceiver = LinkHello | PageChanged | Answer | PathOpened | PathControl | PathTaken | PathClosed | Bye
ToReceiver = Offer | Attached | PathOpen | PathControl | PathTaken | PathClosed | Bye


class PageHello(msgspec.Struct, frozen=True, tag="page-hello"):
    """Page → receiver, first, on the page's own loopback WebSocket."""

    build: str


class Alive(msgspec.Struct, frozen=True, tag="alive"):
    """Page → receiver, every two seconds from the thread that draws: while it hangs, nothing comes."""


class PageFault(msgspec.Struct, frozen=True, tag="page-fault"):
    """Page → receiver: an uncaught error, for the receiver's log."""

    where: str
    detail: str


class Idle(msgspec.Struct, frozen=True, kw_only=True, tag="idle"):
    """Receiver → page: what to show while no presenter has put anything up."""

    name: str
    zone: str
    code: str | None = None
    """The pairing code; null while locked."""
    paired: int = 0
    """How many presenters are pinned."""
    linked: bool = False
    """A presenter's link is open."""
    locked: bool = False
    pairing: str | None = None
    """Name of the presenter that is pairing now."""
    address: str = ""
    """`host:port` to type in where discovery does not work."""
    build: str = ""


FromPage = PageHello | Answer | PathOpened | PathControl | PathTaken | PathClosed | Alive | PageFault
ToPage = Idle | Offer | PathOpen | PathControl | PathTaken | PathClosed
