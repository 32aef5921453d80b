"""Two data channels to a page, over a line on loopback that can be thin, long or pulled."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from courtcast.deliver import peer as peer_module
from courtcast.deliver.paths import CONTROL_MOST, MEDIA_MOST, ChannelPath, PathClosed
from courtcast.deliver.peer import Peer, PeerFailed
from courtcast.wire.media import KIND_FRAGMENT, PIECE, MediaHeader, pack
from tests.stand_ins.line import Line
from tests.stand_ins.page import PageProgram, until

MEGABIT = 125_000


@asynccontextmanager
async def connected(page: PageProgram, line: Line | None = None) -> AsyncIterator[tuple[Peer, ChannelPath]]:
    peer = Peer(["127.0.0.1"])
    try:
        offer = await peer.offer()
        if line is None:
            yield peer, await peer.accept(await page.answer(offer))
        else:
            yield peer, await peer.accept(line.answer(await page.answer(line.offer(offer))))
    finally:
        await peer.close()


def pieces(total: int, index: int = 0) -> list[bytes]:
    """A whole object in messages of the media stream, refused by the page: it is about the path only."""
    data = os.urandom(total)
    return [
        pack(MediaHeader(KIND_FRAGMENT, 0, "00000000000000aa", index, at, total), data[at : at + PIECE])
        for at in range(0, total, PIECE)
    ]


async def test_both_streams_arrive_whole_and_in_order() -> None:
    async with PageProgram(refuse=lambda _: True) as page, connected(page) as (_, path):
        heard: list[str] = []
        path.listen(heard.append)
        for piece in pieces(300_000):
            path.send_media(piece)
        path.send_control(stage_json(7))
        await until(lambda: page.refused == 1 and page.stages)
        await until(lambda: heard)
        assert page.stages[0][1].revision == 7
        await until(lambda: path.buffered == 0)
        assert path.sent == page.media_bytes
        assert not path.closed


async def test_control_passes_media_that_waits() -> None:
    """20 Mb/s with the pump's window on its way: a stage is there before media given to the path ahead of it."""
    async with (
        Line(rate=20 * MEGABIT, delay=0.003, queue=400_000) as line,
        PageProgram(refuse=lambda _: True) as page,
        connected(page, line) as (_, path),
    ):
        for piece in pieces(500_000):
            path.send_media(piece)
        await until(lambda: page.media_bytes > 100_000)
        asked = time.monotonic()
        path.send_control(stage_json(1))
        await until(lambda: page.stages)
        assert page.refused == 0, "before the media was through"
        assert page.stages[0][0] - asked < 0.15
        await until(lambda: page.refused == 1)


async def test_what_is_buffered_goes_down_as_it_arrives_and_says_so() -> None:
    async with (
        Line(rate=8 * MEGABIT, delay=0.003, queue=100_000) as line,
        PageProgram(refuse=lambda _: True) as page,
        connected(page, line) as (_, path),
    ):
        calls: list[int] = []
        path.on_progress = lambda: calls.append(path.buffered)
        for piece in pieces(200_000):
            path.send_media(piece)
        assert path.buffered >= 200_000
        await until(lambda: page.refused == 1)
        await until(lambda: path.buffered == 0)
        assert len(calls) > 20
        assert max(calls) > 100_000 > min(calls)


async def test_a_line_that_was_cut_goes_on_where_it_was() -> None:
    async with (
        Line(rate=40 * MEGABIT, delay=0.003, queue=200_000) as line,
        PageProgram(refuse=lambda _: True) as page,
        connected(page, line) as (_, path),
    ):
        for piece in pieces(400_000):
            path.send_media(piece)
        await until(lambda: page.media_bytes > 50_000)
        line.cut = True
        await asyncio.sleep(0.5)
        line.cut = False
        await until(lambda: page.refused == 1, 20)
        assert not path.closed


async def test_a_page_that_leaves_closes_the_path() -> None:
    async with PageProgram() as page, connected(page) as (_, path):
        progress = asyncio.Event()
        path.on_progress = progress.set
        await page.close()
        await until(lambda: path.closed)
        assert progress.is_set(), "whoever waits for room is woken"
        with pytest.raises(PathClosed):
            path.send_control("{}")
        with pytest.raises(PathClosed):
            path.send_media(b"x")


async def test_closing_is_bounded_and_may_be_repeated() -> None:
    async with PageProgram() as page, connected(page) as (peer, path):
        async with asyncio.timeout(5):
            await path.close()
            await peer.close()
            await peer.close()
        assert path.closed


async def test_a_path_that_takes_no_more_control_ends() -> None:
    async with (
        Line(rate=40 * MEGABIT, delay=0.003, queue=200_000) as line,
        PageProgram() as page,
        connected(page, line) as (_, path),
    ):
        line.cut = True
        taken = 0

        def fill() -> None:
            nonlocal taken
            while taken < 2 * CONTROL_MOST:
                path.send_control("x" * 10_000)
                taken += 10_000

        with pytest.raises(PathClosed):
            fill()
        assert taken >= CONTROL_MOST - 10_000, "and what is on its way besides"


async def test_a_user_that_does_not_look_at_what_is_buffered_is_told() -> None:
    async with (
        Line(rate=1 * MEGABIT, delay=0.003, queue=50_000) as line,
        PageProgram(refuse=lambda _: True) as page,
        connected(page, line) as (_, path),
    ):
        for piece in pieces(MEDIA_MOST):
            path.send_media(piece)
        with pytest.raises(BufferError):
            path.send_media(bytes(MEDIA_MOST // 2))  # more than what has begun to go out meanwhile


@pytest.mark.parametrize("answer", ["", "v=0\r\n", "nonsense"])
async def test_an_answer_that_makes_no_sense(answer: str) -> None:
    peer = Peer(["127.0.0.1"])
    try:
        await peer.offer()
        with pytest.raises(PeerFailed):
            await peer.accept(answer)
    finally:
        await peer.close()


async def test_answers_that_were_mangled_are_one_kind_of_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a page says, the presenter tries again later; nothing else of it is touched."""
    monkeypatch.setattr(peer_module, "OPEN_WITHIN", 0.2)
    chance = random.Random(4)
    async with PageProgram() as page:
        for _ in range(40):
            peer = Peer(["127.0.0.1"])
            try:
                lines = (await page.answer(await peer.offer())).splitlines()
                at = chance.randrange(len(lines))
                lines[at : at + 1] = chance.choice(([], [lines[at][: chance.randrange(len(lines[at]) + 1)]], ["x"]))
                with contextlib.suppress(PeerFailed):
                    await peer.accept("\r\n".join(lines) + "\r\n")
            finally:
                await peer.close()


async def test_an_offer_names_the_chosen_address_and_nothing_else() -> None:
    peer = Peer(["127.0.0.1"])
    try:
        candidates = [line for line in (await peer.offer()).splitlines() if line.startswith("a=candidate")]
        assert len(candidates) == 1
        assert " 127.0.0.1 " in candidates[0]
        assert candidates[0].endswith("typ host")
    finally:
        await peer.close()


async def test_a_masked_candidate_costs_no_time() -> None:
    """A name that only multicast could resolve stands beside the address: it is not waited for."""
    async with PageProgram() as page:
        peer = Peer(["127.0.0.1"])
        try:
            answer = await page.answer(await peer.offer())
            masked = "a=candidate:1 1 udp 2113937151 3f1c2a7e-0000-4000-8000-000000000000.local 50000 typ host\r\n"
            place = answer.index("a=candidate:")
            begun = time.monotonic()
            await peer.accept(answer[:place] + masked + answer[place:])
            assert time.monotonic() - begun < 4
        finally:
            await peer.close()


async def test_a_page_that_names_no_address_is_reached_since_it_reaches_us() -> None:
    async with PageProgram() as page:
        peer = Peer(["127.0.0.1"])
        try:
            answer = await page.answer(await peer.offer())
            silent = [line for line in answer.splitlines() if "candidate" not in line]
            path = await peer.accept("\r\n".join(silent) + "\r\n")
            assert not path.closed
        finally:
            await peer.close()


def stage_json(revision: int) -> str:
    return f'{{"type":"stage","revision":{revision}}}'
