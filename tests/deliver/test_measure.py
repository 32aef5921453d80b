"""What a screen can do and what its line carries: asked and measured over real paths, with a program as the page."""

from __future__ import annotations

import asyncio
from itertools import accumulate

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.deliver import ladder as ladder_module
from courtcast.deliver import peer as peer_module
from courtcast.deliver import talk as talk_module
from courtcast.deliver.measure import cautious
from courtcast.deliver.pump import PADDING_MOST
from courtcast.wire.media import PIECE
from tests.deliver.test_pump import SHOWN, Clip
from tests.deliver.test_screens import Room, displayed, stage
from tests.stand_ins.page import PageProgram, until
from tests.stand_ins.screen import Screen

H264, HEVC = 'video/mp4; codecs="avc1.640028"', 'video/mp4; codecs="hvc1.1.6.L93"'


async def test_a_page_says_what_it_plays(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    async with PageProgram() as program, displayed(jury, program):
        program.plays = lambda mime: "avc1" in mime
        await until(lambda: room.screens.get(known).online)
        able = await room.screens.ask(known, [H264, HEVC])
        assert able is not None
        assert (able.plays, able.width, able.height, able.padding) == ([H264], 1280, 720, 0)


async def test_who_does_not_answer_is_not_waited_for(room: Room, jury: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk_module, "ASK_WITHIN", 0.3)
    known = await room.paired(jury)
    assert await room.screens.ask(known, []) is None
    assert await room.screens.measure(known, 1.0) is None
    assert await room.screens.ask("nobody", []) is None
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: room.screens.get(known).online)
        program.mute = True
        assert await room.screens.ask(known, []) is None


async def test_the_line_is_filled_and_what_came_is_what_counts(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: room.screens.get(known).online)
        line = await room.screens.measure(known, 2.0)
        assert line is not None
        assert not line.relayed
        assert line.seconds == pytest.approx(2.0, abs=0.1)
        assert line.jitter == 0.002
        assert program.padding > 10 * PIECE
        assert line.rate_kbit > 1000
        # No more came than was said to be possible, and the figure is on the cautious side of what came.
        assert program.padding < 1.3 * PADDING_MOST * 2.5
        assert line.rate_kbit * 125 * line.seconds < 1.5 * program.padding
        rates = room.screens.rates(known)
        assert rates is not None
        assert rates.seconds >= 1, "what is counted on has learned from it too, also where the line was not filled"
        await asyncio.sleep(0.5)  # what was on its way
        before = program.padding
        await asyncio.sleep(0.5)
        assert program.padding == before, "it ends with its time"


async def test_over_the_link_too(room: Room, jury: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_module, "OPEN_WITHIN", 0.6)
    monkeypatch.setattr(ladder_module, "BACK_FIRST", 30.0)
    known = await room.paired(jury)
    async with PageProgram(passes=False) as program, displayed(jury, program):
        await until(lambda: room.screens.get(known).online and room.screens.get(known).path == "websocket", 20)
        line = await room.screens.measure(known, 1.5)
        assert line is not None
        assert line.relayed
        assert line.rate_kbit > 1000
        assert program.padding > 10 * PIECE


async def test_a_page_that_had_nothing_of_it_counts_as_not_measured(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: room.screens.get(known).online)
        program.admits = False
        assert await room.screens.measure(known, 0.5) is None


async def test_padding_ends_where_something_is_shown(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    clip = await Clip(room.store, SHOWN).grow(4)
    room.manifests[SHOWN] = clip.manifest
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: room.screens.get(known).online)
        measuring = asyncio.create_task(room.screens.measure(known, 30.0))
        await until(lambda: program.padding > 4 * PIECE)
        room.screens.set_stages({known: stage(5, clip)})
        await until(lambda: len(program.arrived) == 8)
        line = await asyncio.wait_for(measuring, 5)
        assert line is None or line.seconds < 10
        await asyncio.sleep(0.5)
        before = program.padding
        await asyncio.sleep(0.5)
        assert program.padding == before


async def test_padding_ends_with_whoever_wanted_it(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: room.screens.get(known).online)
        measuring = asyncio.create_task(room.screens.measure(known, 30.0))
        await until(lambda: program.padding > 4 * PIECE)
        measuring.cancel()
        await asyncio.gather(measuring, return_exceptions=True)
        await asyncio.sleep(0.5)
        before = program.padding
        await asyncio.sleep(0.5)
        assert program.padding == before


async def test_what_is_ready_to_be_shown_is_sent_before_padding(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    clip = await Clip(room.store, SHOWN).grow(4)
    room.manifests[SHOWN] = clip.manifest
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: room.screens.get(known).online)
        measuring = asyncio.create_task(room.screens.measure(known, 30.0))
        await until(lambda: program.padding > 4 * PIECE)
        room.screens.set_stages({known: msgspec.structs.replace(stage(5), cue=stage(5, clip).shown)})
        await until(lambda: len(program.arrived) == 8, 3)
        assert not measuring.done(), "and the measuring goes on"
        measuring.cancel()
        await asyncio.gather(measuring, return_exceptions=True)


@given(
    lengths=st.lists(st.floats(0.1, 2.0), min_size=1, max_size=30),
    rates=st.lists(st.integers(0, 10**8), min_size=30, max_size=30),
)
def test_the_cautious_rate_lies_among_what_was_seen(lengths: list[float], rates: list[int]) -> None:
    times = [0.0, *accumulate(lengths)]
    steps = [int(length * rate) for length, rate in zip(lengths, rates, strict=False)]
    found = cautious(times, [0, *accumulate(steps)])
    seen = sorted(step / length for step, length in zip(steps, lengths, strict=True))
    assert found is not None
    assert seen[0] * 0.999 - 1 <= found <= seen[-1] * 1.001 + 1
    counted = sorted(step / length for step, length in zip(steps[1:], lengths[1:], strict=True)) or seen
    assert sum(rate >= found * 0.999 - 1 for rate in counted) >= 0.7 * len(counted), "three in four were better"


def test_nothing_seen_is_no_rate() -> None:
    assert cautious([1.0], [5]) is None
    assert cautious([], []) is None
