"""Random commands and faults, in virtual time, through the real desk, talks, pumps and pages.

A hundred histories here; `make histories` makes ten thousand (`COURTCAST_HISTORIES` says how many).
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import NODE
from tests.histories.machine import Courtroom
from tests.histories.world import Pages

HISTORIES = int(os.environ.get("COURTCAST_HISTORIES", "100"))
STEPS = 25

pytestmark = pytest.mark.skipif(not NODE.exists(), reason="there is no node beside this Python (make test sets it up)")


@pytest.mark.timeout(0)
def test_whatever_happens_all_screens_come_to_where_the_room_is(pages: Pages) -> None:
    Courtroom.pages = pages
    run_state_machine_as_test(
        Courtroom,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
