"""What the sender knows of each line, in `/metrics`."""

from __future__ import annotations

import msgspec

from courtcast.wire.api import LineReport, ScreenReport
from tests.control.conftest import Caller
from tests.stand_ins.house import House


async def test_a_line_is_shown_where_it_is_known(place: House, call: Caller) -> None:
    before = await (await call.client.get("/metrics")).text()
    assert "courtcast_line_" not in before
    line = LineReport(rate_kbit=35_200.0, rtt=0.031, queueing=0.004, loss=0.012)
    place.wall.known["jury"] = msgspec.structs.replace(place.wall.known["jury"], line=line)
    lines = (await (await call.client.get("/metrics")).text()).splitlines()
    assert [found for found in lines if found.startswith("courtcast_line_")] == [
        'courtcast_line_rate_kbit{screen="jury"} 35200.0',
        'courtcast_line_rtt_seconds{screen="jury"} 0.031',
        'courtcast_line_queueing_seconds{screen="jury"} 0.004',
        'courtcast_line_loss_ratio{screen="jury"} 0.012',
    ]


async def test_screens_that_are_reached_the_slower_way_are_counted(place: House, call: Caller) -> None:
    known = place.wall.known
    for screen, path in (("jury", "websocket"), ("judge", "webrtc")):
        known[screen] = msgspec.structs.replace(known[screen], path=path)
    lines = (await (await call.client.get("/metrics")).text()).splitlines()
    assert sorted(found for found in lines if found.startswith("courtcast_screen_websocket")) == [
        'courtcast_screen_websocket{screen="judge"} 0.0',
        'courtcast_screen_websocket{screen="jury"} 1.0',
    ]


async def test_how_well_a_screen_knows_the_time_is_shown(place: House, call: Caller) -> None:
    known = place.wall.known
    report = msgspec.structs.replace(known["jury"].report or ScreenReport(), clock_uncertainty=0.0014)
    known["jury"] = msgspec.structs.replace(known["jury"], report=report)
    lines = (await (await call.client.get("/metrics")).text()).splitlines()
    assert 'courtcast_screen_clock_uncertainty_seconds{screen="jury"} 0.0014' in lines
