"""Which path to a screen is tried when. Pure; times are seconds of one monotonic clock, `chance` is 0 … 1 at random.

Channels come first. Where none are open `HEAD_START` after the offer, or the attempt failed sooner, the path over the
link is opened beside it; from then on channels are tried in the background. What is newer and open is used, and then
the older one is closed: channels, because nothing they lose holds up the rest; the link's path, because nothing else
works. Beside open channels that give no sign of life the link's path is opened on trial: where it is open and they
still give none it takes their place, and it is called off when they do. So an outage of everything, which both live
through, moves nothing.

aiortc cannot restart ICE (docs/decisions/paths.md), so what follows dead channels is a new connection.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

HEAD_START: Final = 3.0
"""Seconds for channels to open before the link's path is: in a building they take one."""
RESCUE: Final = 2.0
"""Seconds without a sign of life from open channels, while the link says that there is a page, until the link's path is
opened beside them: eight reports of the page. A roaming access point is through with its gap sooner."""
AGREE: Final = 0.4
"""Seconds that the link's path has to be open beside channels without a sign of life until it takes their place: after
an outage of both, whichever is back first does not decide."""
SUSPECT: Final = 4.0
"""Seconds without a sign of life until new channels are offered beside the silent ones: each costs the page something,
and a machine that stands still for a moment mends itself sooner."""
DEAD: Final = 12.0
"""Seconds of silence until what is in use is given up. Longer than the link needs to notice a pulled cable (7.5 s):
channels find their own way back sooner than new ones could be made."""
FIRST_WAIT: Final = 0.2
LONGEST_WAIT: Final = 3.0
"""Seconds between tries while nothing works."""
BACK_FIRST: Final = 2.0
BACK_LONGEST: Final = 15.0
"""Seconds between tries at channels while the link's path works: each costs the page a connection for nothing, and
lasts for twelve."""
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
    CHANGE = "change"
    """Use the link's path, which is open, in the place of the channels."""
    CALM = "calm"
    """Call off what is under way or on trial: the channels in use speak again."""


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


class Signs:
    """Of life, from open channels: what the page says over them, and that it acknowledges what is on its way to it.

    Words that come while nothing is acknowledged say that one direction is gone; acknowledgements without words, that
    the page is busy and the network is not at fault.
    """

    def __init__(self, now: float) -> None:
        self._count = 0
        self._acknowledged = now
        self._busy: float | None = None
        """Since when something is on its way."""

    def last(self, *, words: float, count: int, busy: bool, now: float) -> float:
        """When there was one last. `words`: when the page last said something; `count` of acknowledgements so far."""
        if count != self._count:
            self._count, self._acknowledged = count, now
        if not busy:
            self._busy = None
            return max(words, self._acknowledged)
        if self._busy is None:
            self._busy = now
        return max(self._acknowledged, min(words, self._busy))


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


def given_up(seconds: float) -> bool:
    """Whether what is in use is dropped, after so much silence of the page while the link had one."""
    return seconds > DEAD


class Ladder:
    """For one screen. Told what happened, it says in `due` what to do, and counts that as begun."""

    def __init__(self, *, relay_worked: bool = False) -> None:
        """`relay_worked`: the link's path is what worked last, before this program was started."""
        self.page = 0
        """Number of the page's session, 0 while there is none."""
        self.channels, self.relay = Way(), Way()
        self._last_page = 0
        """The page's last session: a link that broke and is back may lead to the same."""
        self._relays = False
        self._alive = float("-inf")
        """When there was a sign of life from open channels last."""
        self._background = Backoff(BACK_FIRST, BACK_LONGEST)
        """For channels while the relay is in use."""
        self._shaky = False
        """The channels that were open last were not steady."""
        self._lacking: float | None = None
        """Since when channels are wanted that nobody has offered in vain; None while there are some."""
        self._failed = False
        """At least one attempt since then came to nothing."""
        self._relay_worked = relay_worked
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
            self._failed, self._shaky, self._lacking = False, False, None
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
        self._alive = now
        self._failed, self._lacking, self._relay_worked = False, None, False

    def channels_failed(self, now: float, chance: float) -> None:
        """They could not be opened."""
        self._failed = True
        self.channels.failed(now, chance)
        self._background.failed(now, chance)

    def channels_lost(self, now: float, chance: float) -> None:
        """They closed, or were given up, or the relay has taken their place."""
        if self.channels.open_since is not None:
            self._shaky = min(now, self._alive) - self.channels.open_since < STEADY
        self.channels.lost(now, chance)
        if self.relay.open:
            self._in_background(now)

    def channels_alive(self, at: float) -> None:
        """There was a sign of life from them then; the time before the link had a page counts as one."""
        self._alive = max(self._alive, at)

    def relay_opened(self, now: float) -> None:
        """Open; on trial where channels are open too."""
        self.relay.trying, self.relay.open_since = False, now
        if not self.channels.open:
            self._in_background(now)

    def relay_failed(self, now: float, chance: float) -> None:
        """It could not be opened."""
        self.relay.failed(now, chance)

    def relay_lost(self, now: float, chance: float) -> None:
        """It closed, or was closed."""
        self.relay.lost(now, chance)

    def called_off(self) -> None:
        """Nothing is under way any more."""
        self.channels.trying = self.relay.trying = False

    def due(self, now: float) -> list[Step]:
        """What to do now; each is begun thereby."""
        if self.page == 0 or now < self._paused:
            return []
        if self.channels.open:
            return self._beside(now, now - self._alive)
        steps = []
        if self._lacking is None:
            self._lacking = now
        if not self.channels.trying and now >= self._channels_at:
            self.channels.trying = True
            steps.append(Step.OFFER)
        if self._relay_free(now) and self._relay_wanted(now, self._lacking):
            self.relay.trying = True
            steps.append(Step.RELAY)
        return steps

    def next(self, now: float) -> float | None:
        """When `due` may say something else although nothing happened; None: not before something does."""
        if self.page == 0:
            return None
        times = [self._paused]
        if self.channels.open:
            times += [self._alive + RESCUE, self._alive + SUSPECT, self.channels.waits.at]
            times.append(self.relay.waits.at if self.relay.open_since is None else self.relay.open_since + AGREE)
        else:
            times.append(self._channels_at)
            if not self.relay.open:
                times.append(self.relay.waits.at)
                if self._lacking is not None:
                    times.append(self._lacking + HEAD_START)
        return min((time for time in times if time > now), default=None)

    def _beside(self, now: float, silence: float) -> list[Step]:
        """What to do beside open channels."""
        self._lacking, self._failed = None, False
        if silence < RESCUE:
            if not (self.channels.trying or self.relay.trying or self.relay.open):
                return []
            self.called_off()
            return [Step.CALM]
        if self.relay.open_since is not None:
            return [Step.CHANGE] if now - self.relay.open_since >= AGREE else []
        steps = []
        if self._relay_free(now):
            self.relay.trying = True
            steps.append(Step.RELAY)
        if silence >= SUSPECT and not self.channels.trying and now >= self.channels.waits.at:
            self.channels.trying = True
            steps.append(Step.OFFER)
        return steps

    def _in_background(self, now: float) -> None:
        """The relay is in use from now on. Channels that break again and again are tried less and less often."""
        self._relay_worked = True
        if not self._shaky:
            self._background.reset(now)
        self._background.failed(now, 0.0)

    @property
    def _channels_at(self) -> float:
        return self._background.at if self.relay.open else self.channels.waits.at

    def _relay_free(self, now: float) -> bool:
        return self._relays and not (self.relay.open or self.relay.trying) and now >= self.relay.waits.at

    def _relay_wanted(self, now: float, lacking: float) -> bool:
        return self._failed or self._relay_worked or now - lacking >= HEAD_START
