"""A recording that is still being converted, on a real screen: what somebody seeks to is there before what lies between."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from courtcast.wire.api import Exhibit
from tests.prepare.media import BITS, Recipe, make
from tests.stand import READ_CODE, stand
from tests.stand_ins.evidence_server import serving

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.long]

SECONDS = 120
RATE = 10
SOUGHT = 90


async def test_what_is_sought_is_on_the_screen_before_what_lies_between(tmp_path: Path) -> None:
    recipe = Recipe(
        codec="mpeg4", audio="mp2", rate=44_100, timescale=RATE, fps=Fraction(RATE), frames=SECONDS * RATE,
        width=640, height=360, gop=20, b_frames=0, noise=True,
    )  # fmt: skip
    path = make(tmp_path / "long.avi", recipe)

    def known(exhibit: Exhibit) -> bool:
        return exhibit.showable and exhibit.duration is not None and exhibit.duration > SECONDS - 1

    async with serving({"long.avi": path.read_bytes()}) as server, stand(tmp_path / "stand", screens=1) as it:
        exhibit = await it.add(server.url("long.avi"), until=known)
        assert (exhibit.state, exhibit.frames) == ("preparing", SECONDS * RATE)
        await it.api.room("cue", exhibit=exhibit.id, at=SOUGHT + 0.05)
        assert (await it.api.room("show")).position_frame == SOUGHT * RATE
        await it.shows(exhibit.id, SOUGHT * RATE)
        now = await it.api.exhibit(exhibit.id)
        assert now.state == "preparing"
        assert now.prepared < SOUGHT - 20, "what lies between is still to come"
        levels = await it.pages[0].evaluate(READ_CODE, [BITS, 1.0])
        assert sum(1 << bit for bit, level in enumerate(levels) if level > 125) == SOUGHT * RATE
        await it.api.room("play", anyway=True)
        await it.until("two seconds more", lambda screen: (screen.report.frame or 0) >= (SOUGHT + 2) * RATE)
