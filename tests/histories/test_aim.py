"""A place that is asked for anew before the first one was reached."""

from __future__ import annotations

import pytest

from courtcast.wire import api
from tests.conftest import NODE
from tests.histories.test_holes import Hearing
from tests.histories.world import Pages, World

pytestmark = pytest.mark.skipif(not NODE.exists(), reason="there is no node beside this Python (make test sets it up)")


def test_a_step_of_no_length_into_the_gop_before(pages: Pages) -> None:
    """From the first picture of a GOP to the last one of the GOP before, while the first is still being looked for."""
    world = World(pages, 7)
    try:
        hearing = Hearing(world, world.exhibits[2])
        hearing.do(api.CueRequest(exhibit=world.exhibits[2], at=1.0), 0.1)
        hearing.do(api.CueRequest(exhibit=world.exhibits[2], at=0.999), 0.1)
        hearing.do(api.ShowRequest(anyway=True), 5.0)
        assert [page.number for page in hearing.seen] == [9, 9]
    finally:
        world.close()
