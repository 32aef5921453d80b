"""Who may do what."""

from __future__ import annotations

from typing import get_args

import pytest

from courtcast.core.authority import ALLOWED, Action, check
from courtcast.problems import Refused
from courtcast.wire.api import Role


def test_every_action_stands_in_the_table() -> None:
    assert set(ALLOWED) == set(get_args(Action))


@pytest.mark.parametrize("action", get_args(Action))
def test_the_clerk_runs_the_room(action: Action) -> None:
    check("clerk", action)


@pytest.mark.parametrize("action", [action for action in get_args(Action) if action != "look"])
def test_a_viewer_only_looks(action: Action) -> None:
    check("viewer", "look")
    with pytest.raises(Refused) as refused:
        check("viewer", action)
    assert (refused.value.type, refused.value.status) == ("not-allowed", 403)
    assert "viewer" in refused.value.detail


def test_an_advocate_presents_and_blanks_but_pairs_no_screens() -> None:
    for action in ("look", "blank", "present", "exhibits"):
        check("advocate", action)  # type: ignore[arg-type]
    with pytest.raises(Refused):
        check("advocate", "screens")


def test_roles_are_those_of_the_contract() -> None:
    assert set().union(*ALLOWED.values()) == set(get_args(Role))
