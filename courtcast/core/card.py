"""The test card as the room has it: on one screen, for a short time, where nothing is shown. Pure."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

CARD_SECONDS = 30.0
"""How long a test card stays by itself: long enough to walk up to a display, short enough to be gone if forgotten."""


class CardUp(msgspec.Struct, frozen=True, kw_only=True):
    """The test card is up on one screen, until this moment of the room clock."""

    screen: str
    until: float


class ShowCard(msgspec.Struct, frozen=True, kw_only=True):
    """The test card on one screen, and on no other. Refused while anything is shown."""

    screen: str
    revision: int | None = None


class EndCard(msgspec.Struct, frozen=True, kw_only=True):
    """The test card goes from this screen, where it is up there."""

    screen: str
    revision: int | None = None


def up(command: ShowCard, now: float) -> CardUp:
    """From now on."""
    return CardUp(screen=command.screen, until=now + CARD_SECONDS)


def ended(card: CardUp | None, command: EndCard) -> CardUp | None:
    """What is up after it."""
    return None if card is not None and card.screen == command.screen else card


def still_up(card: CardUp | None, paired: Collection[str], now: float) -> CardUp | None:
    """None where its time is over, or its screen is gone."""
    return card if card is not None and card.until > now and card.screen in paired else None
