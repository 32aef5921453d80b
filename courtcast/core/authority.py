"""Who may do what in the room. One table; a role that is not in a row is refused, and told whom to ask.

Blank stands in the table like everything else, but only a role that can see nothing but the state is kept from it.
"""

from __future__ import annotations

from typing import Literal

from courtcast.problems import Refused
from courtcast.wire.api import Role

Action = Literal["look", "blank", "present", "exhibits", "screens", "access", "record", "purge"]
"""look: read everything · blank: clear the screens · present: cue, show, play and so on · exhibits: add, change, remove
evidence · screens: find, pair, change, remove screens · access: give others a way in · record: take the record out ·
purge: have evidence removed for good."""

ALLOWED: dict[Action, frozenset[Role]] = {
    "look": frozenset({"clerk", "advocate", "viewer"}),
    "blank": frozenset({"clerk", "advocate"}),
    "present": frozenset({"clerk", "advocate"}),
    "exhibits": frozenset({"clerk", "advocate"}),
    "screens": frozenset({"clerk"}),
    "access": frozenset({"clerk"}),
    "record": frozenset({"clerk", "advocate"}),
    "purge": frozenset({"clerk"}),
}


def check(role: Role, action: Action) -> None:
    """Raises Refused not-allowed where the role may not do this."""
    if role not in ALLOWED[action]:
        raise Refused("not-allowed", role=role)
