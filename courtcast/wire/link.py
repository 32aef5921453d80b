"""Between presenter and receiver, over one WebSocket in mutual TLS 1.3 (and the few calls a stranger has).

HTTP paths of the receiver: `GET /` its `Card`; `POST /introduce` with the caller's certificate (DER) so that the next
connection can prove it; `GET /pair` a WebSocket of the pairing messages; `GET /link` the WebSocket of `LinkMessage`.
"""

from __future__ import annotations

import msgspec

LINK_PROTOCOL = 2
SERVICE = "_courtcast._tcp.local."
"""TXT records: id, name, zone, protocol."""


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


class PageChanged(msgspec.Struct, frozen=True, tag="page"):
    """Receiver → presenter: the page came (a new number) or went (0)."""

    page: int
    taken: str | None = None
    """As in `LinkHello`."""


class Offer(msgspec.Struct, frozen=True, tag="offer"):
    """Presenter → page: SDP with all candidates inside."""

    page: int
    sdp: str


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """Page → presenter: SDP with all candidates; the receiver put its addresses in the place of `….local` names."""

    page: int
    sdp: str


class Attached(msgspec.Struct, frozen=True, tag="attached"):
    """Presenter → receiver: its channels to this session of the page are open. Said on each link while they are."""

    page: int


class Bye(msgspec.Struct, frozen=True, tag="bye"):
    """Either side, before it closes on purpose: `reason` is `revoked` or `stopping`."""

    reason: str


FromReceiver = LinkHello | PageChanged | Answer | Bye
ToReceiver = Offer | Attached | Bye


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


FromPage = PageHello | Answer | Alive | PageFault
ToPage = Idle | Offer
