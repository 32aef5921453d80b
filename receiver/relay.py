"""Between the page on this machine and the presenters: offers go in, answers come out, and a path (`receiver.way`) goes
through where no data channel opens. No IO of its own.

One page at a time: a new one replaces the old. Several presenters may be linked; the first whose offer is passed on
*holds* the page and keeps it: a second laptop that is switched on in the middle of a hearing takes no screen away. The
others are told who has it, and are let in when that one says goodbye, is revoked, or has been gone for `GRACE`: a link
that breaks for a moment does not end the data channels beside it. A holder that shows nothing, because its channels do
not open, is *doubted* after `UNPROVEN`: it keeps the page only until another presenter wants it.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Final

from courtcast.wire.link import (
    LINK_PROTOCOL,
    Alive,
    Answer,
    Attached,
    Bye,
    Card,
    FromPage,
    Idle,
    LinkHello,
    Offer,
    PageChanged,
    PageFault,
    PathClosed,
    PathControl,
    PathOpen,
    PathOpened,
    PathTaken,
    ToReceiver,
)
from receiver.candidates import with_real_addresses
from receiver.store import Pin
from receiver.way import Port, Way

GRACE: Final = 15.0
"""Seconds that the page is kept for a holder whose link is gone: a break is noticed on both sides within 7.5 s, and
tried again within 5."""
UNPROVEN: Final = 60.0
"""Seconds for a holder's channels to open: two whole attempts (15 s for the page's answer, 12 s for the channels)."""
REPLACED: Final = 4001
"""Close code for a page that a newer one has replaced: it stays away."""
GOING_AWAY: Final = 1001
"""Close code of a receiver that stops (RFC 6455 §7.4.1): the page tries again."""
MAX_SDP: Final = 64 * 1024
"""Characters. Ours have two to ten thousand."""
MAX_FAULT: Final = 2000
"""Characters of a page's fault that go into the log."""

_log = logging.getLogger(__name__)


class Presenter:
    """One open link."""

    def __init__(self, pin: Pin, port: Port, reached: str | None) -> None:
        self.pin = pin
        self.port = port
        self.reached = reached
        """The address of this machine that the link came to."""
        self.told: tuple[int, str | None] | None = None


class Relay:
    """Passes on what may pass, and tells everyone what they may see.

    `addresses` gives this machine's own; `later(seconds, call)` calls once, later; `on_change` follows any change of
    `page` or `linked`; `forget(fingerprint)` is called when a presenter takes its own pin back; `on_holder` with each
    other holder, to be given back to `hold_for` by a receiver that was started again.
    """

    def __init__(
        self,
        card: Card,
        *,
        addresses: Callable[[], Sequence[str]],
        later: Callable[[float, Callable[[], None]], object],
        on_change: Callable[[], None] = lambda: None,
        forget: Callable[[str], None] = lambda _: None,
        on_holder: Callable[[Pin | None], None] = lambda _: None,
    ) -> None:
        self._card = card
        self._addresses = addresses
        self._later = later
        self._on_change = on_change
        self._forget = forget
        self._on_holder = on_holder
        self._presenters: dict[str, Presenter] = {}
        self._holder: Pin | None = None
        self._absences = 0
        """How often a holder has gone: one that came back and went again is not held to the end of its first wait."""
        self._proven = False
        """The holder's channels are open, or were on its present link."""
        self._doubted = False
        """It has had its time for that."""
        self._trials = 0
        self._page: Port | None = None
        self._way: Way | None = None
        self.signs = 0
        """Of life, that the page has given in its present session."""
        self._idle: Idle | None = None
        # Not from 1: a receiver that was started again must not give a number that a presenter already knows.
        self._number = secrets.randbelow(2**30)

    @property
    def page(self) -> int:
        """Number of the page's session; 0 while there is none."""
        return self._number if self._page is not None else 0

    @property
    def linked(self) -> list[str]:
        """Names of the presenters whose links are open."""
        return [presenter.pin.name for presenter in self._presenters.values()]

    # the page

    def page_arrived(self, port: Port) -> None:
        if self._page is not None:
            self._end_way()
            self._page.close(REPLACED)
        self._page = port
        self._number += 1
        self.signs = 0
        if self._idle is not None:
            port.send(self._idle)
        self._tell_all()
        self._on_change()

    def page_gone(self, port: Port) -> None:
        if self._page is port:
            self._end_way()
            self._page = None
            self._tell_all()
            self._on_change()

    def page_said(self, port: Port, message: FromPage) -> None:
        if isinstance(message, PageFault):
            _log.error("the page: %s: %s", message.where[:MAX_FAULT], message.detail[:MAX_FAULT])
        elif isinstance(message, Answer):
            self._answer(port, message)
        elif isinstance(message, PathOpened | PathControl | PathTaken | PathClosed):
            if port is self._page and self._way is not None:
                self._way.from_page(message)
        elif isinstance(message, Alive) and port is self._page:
            self.signs += 1

    def show_idle(self, idle: Idle) -> None:
        """What the page shows while no presenter has put anything up."""
        if idle != self._idle:
            self._idle = idle
            if self._page is not None:
                self._page.send(idle)

    # presenters

    def hold_for(self, pin: Pin) -> None:
        """Keeps the page, after a start, for the presenter that held it before; not longer than `GRACE`."""
        self._holder = pin
        self._try_holder()
        self._wait_for_holder()

    def presenter_arrived(self, presenter: Presenter) -> None:
        """A second link of the same presenter takes the place of its first."""
        before = self._presenters.get(presenter.pin.fingerprint)
        if before is not None:
            self._end_way_of(before)
            before.port.close()
        self._presenters[presenter.pin.fingerprint] = presenter
        if self._holds(presenter) and self._proven:
            self._try_holder()  # it may be a program that was started again: on each link it says anew what is open
        page, taken = presenter.told = self._view(presenter)
        presenter.port.send(
            LinkHello(
                protocol=LINK_PROTOCOL,
                id=self._card.id,
                name=self._card.name,
                zone=self._card.zone,
                page=page,
                taken=taken,
                relays=True,
            )
        )
        self._on_change()

    def presenter_gone(self, presenter: Presenter) -> None:
        if self._presenters.get(presenter.pin.fingerprint) is not presenter:
            return
        del self._presenters[presenter.pin.fingerprint]
        self._end_way_of(presenter)
        if self._holds(presenter):
            self._wait_for_holder()
        self._on_change()

    def presenter_said(self, presenter: Presenter, message: ToReceiver) -> None:
        if self._presenters.get(presenter.pin.fingerprint) is not presenter:
            return  # the last words of a link that was replaced are not those of its presenter
        if isinstance(message, Bye):
            self._leave(presenter, message)
            return
        if isinstance(message, PathControl | PathTaken | PathClosed):
            if self._way is not None and self._way.presenter is presenter.port:
                self._way.from_presenter(message)
            return
        page, _ = self._view(presenter)
        if page == 0 or message.page != page:
            return  # the presenter hears of the page's going by itself
        if isinstance(message, Attached):
            self._prove(presenter)
            return
        if self._page is None or (isinstance(message, Offer) and len(message.sdp) > MAX_SDP):
            return
        if not self._holds(presenter):
            self._hand_to(presenter.pin)
        if isinstance(message, PathOpen):
            self._end_way()
            self._way = Way(message.path, presenter.port, self._page)
        self._page.send(message)

    def presenter_sent(self, presenter: Presenter, piece: bytes) -> None:
        """A binary message: media of a path."""
        if self._way is not None and self._way.presenter is presenter.port:
            self._way.piece(piece)

    def revoke(self, kept: Sequence[Pin]) -> None:
        """Closes the links of all presenters that are not among those pinned now."""
        fingerprints = {pin.fingerprint for pin in kept}
        for presenter in [p for p in self._presenters.values() if p.pin.fingerprint not in fingerprints]:
            self._close(presenter, "revoked")
        if self._holder is not None and self._holder.fingerprint not in fingerprints:
            self._hand_to(None)

    def stop(self) -> None:
        """Says goodbye to everyone."""
        for presenter in list(self._presenters.values()):
            self._close(presenter, "stopping")
        if self._page is not None:
            self._page.close(GOING_AWAY)

    # inside

    def _view(self, presenter: Presenter) -> tuple[int, str | None]:
        """The page as one presenter may see it: its number, and who has taken it."""
        if self._holder is None or self._doubted or self._holds(presenter):
            return self.page, None
        return 0, self._holder.name

    def _holds(self, presenter: Presenter) -> bool:
        return self._holder is not None and self._holder.fingerprint == presenter.pin.fingerprint

    def _tell_all(self) -> None:
        for presenter in self._presenters.values():
            view = self._view(presenter)
            if view != presenter.told:
                presenter.told = view
                presenter.port.send(PageChanged(*view))

    def _answer(self, port: Port, answer: Answer) -> None:
        holder = None if self._holder is None else self._presenters.get(self._holder.fingerprint)
        if port is not self._page or answer.page != self._number or holder is None or len(answer.sdp) > MAX_SDP:
            return
        sdp = with_real_addresses(answer.sdp, holder.reached, self._addresses())
        holder.port.send(Answer(answer.page, sdp, answer.number))

    def _leave(self, presenter: Presenter, bye: Bye) -> None:
        """A presenter goes on purpose: it gives up the page at once, and its pin where it says so."""
        del self._presenters[presenter.pin.fingerprint]
        self._end_way_of(presenter)
        presenter.port.close()
        if self._holds(presenter):
            self._hand_to(None)
        if bye.reason == "revoked":
            self._forget(presenter.pin.fingerprint)
        self._on_change()

    def _close(self, presenter: Presenter, reason: str) -> None:
        del self._presenters[presenter.pin.fingerprint]
        self._end_way_of(presenter)
        presenter.port.send(Bye(reason))
        presenter.port.close()
        self._on_change()

    def _end_way(self) -> None:
        if self._way is not None:
            self._way.end()
            self._way = None

    def _end_way_of(self, presenter: Presenter) -> None:
        if self._way is not None and self._way.presenter is presenter.port:
            self._end_way()

    def _hand_to(self, pin: Pin | None) -> None:
        self._end_way()
        self._holder = pin
        self._try_holder()
        self._tell_all()
        self._on_holder(pin)

    def _try_holder(self) -> None:
        """It has `UNPROVEN` from now on."""
        self._proven = self._doubted = False
        self._trials += 1
        trial = self._trials
        if self._holder is not None:
            self._later(UNPROVEN, lambda: self._doubt(trial))

    def _prove(self, presenter: Presenter) -> None:
        if self._holds(presenter):
            self._proven, self._doubted = True, False
            self._tell_all()

    def _doubt(self, trial: int) -> None:
        if trial == self._trials and self._holder is not None and not self._proven:
            _log.warning("%s has opened no channels to the page: another presenter may have it", self._holder.name)
            self._doubted = True
            self._tell_all()

    def _wait_for_holder(self) -> None:
        self._absences += 1
        absence = self._absences
        self._later(GRACE, lambda: self._give_up_waiting(absence))

    def _give_up_waiting(self, absence: int) -> None:
        holder = self._holder
        if absence == self._absences and holder is not None and holder.fingerprint not in self._presenters:
            self._hand_to(None)
