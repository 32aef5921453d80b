"""Whether a page that was alive still is. Pure; time is an argument, in seconds of a monotonic clock.

The browser answers WebSocket pings by itself, in another process, while the page's own thread hangs in a loop or in its
decoder. So the page says `Alive` from that thread every two seconds, and what is watched is that it goes on.
"""

from __future__ import annotations

from typing import Final

SILENCE: Final = 15.0
"""Seconds without a sign of life until a page counts as hung: seven in a row are missing. Three times what the page
gives itself to start anew from inside (`LIFE_WITHIN` in receiver/screen/patience.js), which costs a court less than
another browser; and longer than the second or two that a working page stands still on a small machine."""
GAP: Final = 5.0
"""Seconds between two looks (they are half a second apart) after which it was we who stood still, not the page: what it
said meanwhile has yet to be read."""


class Pulse:
    """To be shown regularly how often the page has given a sign of life."""

    def __init__(self) -> None:
        self._seen = 0, 0
        self._since = 0.0
        self._looked = 0.0

    def hangs(self, page: int, signs: int, now: float) -> bool:
        """`page` is the number of its session, 0 while there is none; `signs` counts those of this session.

        A page that has given none does not hang: it may be one of an older version, which gives none at all.
        """
        asleep, self._looked = now - self._looked > GAP, now
        if (page, signs) != self._seen or asleep:
            self._seen, self._since = (page, signs), now
        return page != 0 and signs != 0 and now - self._since > SILENCE
