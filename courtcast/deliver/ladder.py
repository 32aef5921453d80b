"""Which path to a screen is tried when. Pure; times are seconds of one monotonic clock, `chance` is 0 … 1 at random.

Channels come first. Where none are open `HEAD_START` after the offer, or the attempt failed sooner, the path over the
link is opened beside it; from then on channels are tried in the background. What is newer and open is used, and then
the older one is closed: channels, because nothing they lose holds up the rest; the link's path, because nothing else
works. Channels that are silent get a rescue beside them, which is called off when they speak again.

aiortc cannot restart ICE (docs/decisions/paths.md), so what follows dead channels is a new connection.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

HEAD_START: Final = 3.0
"""Seconds for channels to open before the link's path is: in a building they take one."""
SUSPECT: Final = 4.0
"""Seconds of silence, while the link says that there is a page, until channels get a rescue. A roaming access point and
a machine that stands still for a moment mend themselves sooner."""
DEAD: Final = 12.0
"""Seconds of silence until what is in use is given up. Longer than the link needs to notice a pulled cable (7.5 s):
channels find their own way back sooner than new ones could be made."""
FIRST_WAIT: Final = 0.2
LONGEST_WAIT: Final = 3.0
"""Seconds between tries while nothing works."""
BACK_FIRST: Final = 2.0
BACK_LONGEST: Final = 30.0
"""Seconds between tries at channels while the link's path works: each costs the page a connection for nothing."""
STEADY: Final = 10.0
"""Seconds after which what breaks counts as having worked: the next try is quick again."""
ROUGH: Final = 0.5
"""Share of a wait that is cut at random at most, so that screens do not come in step."""


class Step(Enum):
    """What is to be done now."""

    OFFER = "offer"
    """Offer channels."""
    RELAY = "relay"
    """Open the link's path."""
    CALM = "calm"
    """Call off what is under way: what is in use speaks again."""


class Backoff:
    """Waits between tries: doubled each time, cut at random, back to the first after something that was steady."""

    def __init__(self, first: float, longest: float) -> None:
        self._first, self._longest = first, longest
        self._wait = first
        self.at = 0.0
        """When the next try is due."""

    def reset(self, now: float) -> None:
        """At once."""
        self._wait, self.at = self._first, now

    def failed(self, now: float, chance: float) -> None:
        self.at = now + self._wait * (1 - ROUGH * chance)
        self._wait = min(self._longest, self._wait * 2)


class Way:
    """One of the two kinds of path."""

    def __init__(self) -> None:
        self.trying = False
        self.open_since: float | None = None
        self.waits = Backoff(FIRST_WAIT, LONGEST_WAIT)

    @property
    def open(self) -> bool:
        return self.open_since is not None

    def failed(self, now: float, chance: float) -> None:
        """An attempt came to nothing."""
        self.trying = False
        self.waits.failed(now, chance)

    def lost(self, now: float, chance: float) -> None:
        """What was open is no more."""
        if self.open_since is not None and now - self.open_since >= STEADY:
            self.waits.reset(now)
        self.open_since = None
        self.waits.failed(now, chance)


class Ladder:
    """For one screen. Told what happened, it says in `due` what to do, and counts that as begun."""

    def __init__(self) -> None:
        self.page = 0
        """Number of the page's session, 0 while there is none."""
        self.channels, self.relay = Way(), Way()
        self._last_page = 0
        """The page's last session: a link that broke and is back may lead to the same."""
        self._relays = False
        self._suspect = False
        self._background = Backoff(BACK_FIRST, BACK_LONGEST)
        """For channels while the relay is open."""
        self._lacking: float | None = None
        """Since when channels are wanted that nobody has offered in vain; None while there are some."""
        self._failed = False
        """At least one attempt since then came to nothing."""
        self._relay_worked = False
        """It was what worked last."""
        self._paused = float("-inf")

    def page_is(self, page: int, *, relays: bool, now: float) -> None:
        """What the link says. Nothing that led to another page is open or under way any more."""
        self._relays = relays
        if page == self.page:
            return
        self.page = page
        if page == 0:
            return
        if page != self._last_page:
            self._last_page = page
            self.channels, self.relay = Way(), Way()
            self._suspect, self._failed, self._lacking = False, False, None
            self._paused = float("-inf")
        self.news(now)

    def news(self, now: float) -> None:
        """Something has changed for the better: waits end."""
        for waits in (self.channels.waits, self.relay.waits, self._background):
            waits.reset(now)

    def pause(self, until: float) -> None:
        """Nothing is tried before."""
        self._paused = until

    def channels_opened(self, now: float) -> None:
        self.channels.trying, self.channels.open_since = False, now
        self._suspect, self._failed, self._lacking, self._relay_worked = False, False, None, False

    def channels_failed(self, now: float, chance: float) -> None:
        """They could not be opened."""
        self._failed = True
        self.channels.failed(now, chance)
        self._background.failed(now, chance)

    def channels_lost(self, now: float, chance: float) -> None:
        """They closed, or were given up."""
        self.channels.lost(now, chance)
        self._suspect = False

    def relay_opened(self, now: float) -> None:
        self.relay.trying, self.relay.open_since = False, now
        self._relay_worked = True
        self._background.reset(now)
        self._background.failed(now, 0.0)

    def relay_failed(self, now: float, chance: float) -> None:
        """It could not be opened."""
        self.relay.failed(now, chance)

    def relay_lost(self, now: float, chance: float) -> None:
        """It closed, or was closed."""
        self.relay.lost(now, chance)

    def called_off(self) -> None:
        """Nothing is under way any more."""
        self.channels.trying = self.relay.trying = False

    def silent(self, seconds: float) -> bool:
        """How long nothing was heard over what is in use, while the link had a page; True where it is given up."""
        self._suspect = self.channels.open and not self.relay.open and seconds > SUSPECT
        return seconds > DEAD

    def due(self, now: float) -> list[Step]:
        """What to do now; each is begun thereby."""
        if self.page == 0 or now < self._paused:
            return []
        steps = []
        if self.channels.open and not self._suspect:
            self._lacking, self._failed = None, False
            if self.channels.trying or self.relay.trying:
                self.called_off()
                steps.append(Step.CALM)
            return steps
        if self._lacking is None:
            self._lacking = now
        if not self.channels.trying and now >= self._channels_at:
            self.channels.trying = True
            steps.append(Step.OFFER)
        if self._relay_wanted(now):
            self.relay.trying = True
            steps.append(Step.RELAY)
        return steps

    def next(self, now: float) -> float | None:
        """When `due` may say something else although nothing happened; None: not before something does."""
        if self.page == 0:
            return None
        times = [self._channels_at, self._paused]
        if not self.relay.open:
            times.append(self.relay.waits.at)
            if self._lacking is not None:
                times.append(self._lacking + HEAD_START)
        return min((time for time in times if time > now), default=None)

    @property
    def _channels_at(self) -> float:
        return self._background.at if self.relay.open else self.channels.waits.at

    def _relay_wanted(self, now: float) -> bool:
        if not self._relays or self.relay.open or self.relay.trying or now < self.relay.waits.at:
            return False
        assert self._lacking is not None
        return self._failed or self._relay_worked or now - self._lacking >= HEAD_START
