"""The link between a presenter and a paired receiver, over real mutual TLS: kept, lost, refused, revoked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from courtcast.core.identity import Identity, id_of
from courtcast.deliver import link as link_module
from courtcast.deliver.link import Link, LinkDown
from courtcast.deliver.trust import Pinned
from receiver.tls import Gate
from tests.stand_ins.screen import HERE, Screen, page, screen

SDP = "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=candidate:1 1 udp 2113937151 x.local 4444 typ host\r\n"
ANSWERED = SDP.replace("candidate:1 ", "candidate:10 ").replace("x.local", HERE)


class Watched:
    """A running link and everything it has said."""

    def __init__(self, pinned: Pinned, identity: Identity, *where: str) -> None:
        self.pages: list[int] = []
        self.where = list(where)
        self._changed = asyncio.Event()
        self.link = Link(
            pinned, identity, where=lambda: self.where, on_page=self.pages.append, on_state=self._changed.set
        )

    async def until(self, true: Callable[[Link], object], seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not true(self.link):
                await self._changed.wait()
                self._changed.clear()


@asynccontextmanager
async def linked(pinned: Pinned, identity: Identity, *where: str) -> AsyncIterator[Watched]:
    watched = Watched(pinned, identity, *where)
    running = asyncio.create_task(watched.link.run())
    try:
        yield watched
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def jury(tmp_path: Path) -> AsyncIterator[Screen]:
    async with screen(tmp_path / "jury") as running:
        yield running


@pytest.fixture
def me() -> Identity:
    return Identity.make("me")


async def test_an_offer_goes_to_the_page_and_its_answer_comes_back_with_real_addresses(
    jury: Screen, me: Identity
) -> None:
    pinned = await jury.pair(me)
    async with linked(pinned, me, jury.address) as watched, page(jury) as its_page:
        await watched.until(lambda link: link.page)
        answering = asyncio.create_task(its_page.answer(SDP))
        assert await watched.link.offer(watched.link.page, "the offer") == ANSWERED
        offer = await answering
        assert offer.sdp == "the offer"
        assert watched.link.hello is not None
        assert watched.link.hello.name == "Jury left"
        told = await its_page.until_idle(lambda idle: idle.linked)
        assert told.paired == 1


async def test_a_reload_gives_another_number_and_ends_what_was_pending(jury: Screen, me: Identity) -> None:
    pinned = await jury.pair(me)
    async with linked(pinned, me, jury.address) as watched:
        async with page(jury):
            await watched.until(lambda link: link.page)
            first = watched.link.page
            offering = asyncio.create_task(watched.link.offer(first, "an offer"))
            await asyncio.sleep(0.1)
        with pytest.raises(LinkDown):
            await offering
        await watched.until(lambda link: link.page == 0)
        async with page(jury):
            await watched.until(lambda link: link.page)
            assert watched.link.page != first
            with pytest.raises(LinkDown):
                await watched.link.offer(first, "for the page that is gone")
    assert watched.pages[:2] == [first, 0]


async def test_a_newer_offer_takes_the_place_of_one_under_way(jury: Screen, me: Identity) -> None:
    pinned = await jury.pair(me)
    async with linked(pinned, me, jury.address) as watched, page(jury) as its_page:
        await watched.until(lambda link: link.page)
        first = asyncio.create_task(watched.link.offer(watched.link.page, "first"))
        await its_page.offers.get()
        second = asyncio.create_task(watched.link.offer(watched.link.page, "second"))
        await its_page.answer(SDP)
        with pytest.raises(LinkDown):
            await first
        assert await second == ANSWERED


async def test_a_page_that_does_not_answer_holds_nothing_up(
    jury: Screen, me: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "ANSWER", 0.3)
    pinned = await jury.pair(me)
    async with linked(pinned, me, jury.address) as watched, page(jury):
        await watched.until(lambda link: link.page)
        with pytest.raises(LinkDown):
            await watched.link.offer(watched.link.page, "an offer")
        assert watched.link.connected


async def test_a_receiver_that_was_restarted_is_the_same_one(tmp_path: Path, me: Identity) -> None:
    async with screen(tmp_path / "jury") as jury:
        pinned, port, url = await jury.pair(me), jury.agent.port, jury.url
        async with linked(pinned, me, jury.address) as watched:
            await watched.until(lambda link: link.connected)
            await jury.stop()
            await watched.until(lambda link: not link.connected)
            assert watched.link.problem is None or watched.link.problem.type == "screen-unreachable"
            async with screen(tmp_path / "jury", port=port) as again:
                assert again.url == url, "a page in a browser of one's own finds it again"
                watched.link.wake()
                await watched.until(lambda link: link.connected)


async def test_the_first_address_that_works_is_taken(jury: Screen, me: Identity, unused_tcp_port: int) -> None:
    pinned = await jury.pair(me)
    async with linked(pinned, me, f"{HERE}:{unused_tcp_port}", "not an address", jury.address) as watched:
        await watched.until(lambda link: link.connected)
        assert watched.link.address == jury.address


async def test_nobody_there(me: Identity, tmp_path: Path, unused_tcp_port: int) -> None:
    async with screen(tmp_path / "jury") as jury:
        pinned = await jury.pair(me)
    async with linked(pinned, me, f"{HERE}:{unused_tcp_port}") as watched:
        await watched.until(lambda link: link.problem)
        assert watched.link.problem is not None
        assert watched.link.problem.type == "screen-unreachable"
        with pytest.raises(LinkDown):
            await watched.link.offer(1, "an offer")


async def test_a_changed_certificate_is_refused_and_told_apart(tmp_path: Path, me: Identity) -> None:
    async with screen(tmp_path / "old") as jury:
        pinned, port = await jury.pair(me), jury.agent.port
    async with screen(tmp_path / "new", port=port) as new, linked(pinned, me, new.address) as watched:
        await watched.until(lambda link: link.problem)
        assert watched.link.problem is not None
        assert watched.link.problem.type == "screen-certificate"
        assert "Another screen" in watched.link.problem.detail
        assert watched.pages == []


async def test_a_presenter_that_was_never_paired_is_shut_out(jury: Screen, me: Identity) -> None:
    pinned = Pinned(
        card=(await jury.pair(Identity.make("other"))).card, certificate=jury.store.identity("").certificate
    )
    async with linked(pinned, me, jury.address) as watched:
        await watched.until(lambda link: link.problem)
        assert watched.link.problem is not None
        assert watched.link.problem.type == "screen-revoked"


async def test_revoking_closes_the_open_connection_and_keeps_it_closed(jury: Screen, me: Identity) -> None:
    pinned = await jury.pair(me)
    async with linked(pinned, me, jury.address) as watched, page(jury):
        await watched.until(lambda link: link.page)
        jury.store.unpin(me.fingerprint)  # as `courtcast-receiver forget` in another process does
        jury.agent.look_again()
        await watched.until(lambda link: not link.connected)
        await watched.until(lambda link: link.problem)
        assert watched.link.problem is not None
        assert watched.link.problem.type == "screen-revoked"
        watched.link.wake()
        await asyncio.sleep(0.5)
        assert not watched.link.connected
        await jury.pair(me)
        watched.link.wake()
        await watched.until(lambda link: link.connected)


async def test_a_presenter_takes_its_own_pin_back(jury: Screen, me: Identity) -> None:
    pinned = await jury.pair(me)
    async with linked(pinned, me, jury.address) as watched:
        await watched.until(lambda link: link.connected)
        await watched.link.revoke()
        await watched.until(lambda link: not link.connected)
    assert jury.store.pins() == []


async def test_a_second_link_of_the_same_presenter_replaces_the_first(jury: Screen, me: Identity) -> None:
    pinned = await jury.pair(me)
    async with page(jury), linked(pinned, me, jury.address) as first:
        await first.until(lambda link: link.connected)
        async with linked(pinned, me, jury.address) as second:
            await second.until(lambda link: link.page)
            await first.until(lambda link: not link.connected)


async def test_a_newcomer_takes_no_screen_and_has_it_when_the_holder_is_revoked(jury: Screen, me: Identity) -> None:
    you = Identity.make("you")
    mine, yours = await jury.pair(me, "Mine"), await jury.pair(you, "Yours")
    async with page(jury) as its_page, linked(mine, me, jury.address) as first:
        await first.until(lambda link: link.page)
        answering = asyncio.create_task(its_page.answer(SDP))
        await first.link.offer(first.link.page, "first")
        await answering
        async with linked(yours, you, jury.address) as second:
            await second.until(lambda link: link.connected)
            assert second.link.taken == "Mine"
            with pytest.raises(LinkDown):
                await second.link.offer(first.link.page, "yours")
            assert first.link.page == first.pages[0]
            await first.link.revoke()
            await second.until(lambda link: link.page)
            assert second.link.taken is None
            answering = asyncio.create_task(its_page.answer(SDP))
            await second.link.offer(second.link.page, "second")
            await answering


async def test_a_screen_that_was_started_again_waits_for_the_one_that_had_it(tmp_path: Path, me: Identity) -> None:
    you = Identity.make("you")
    async with screen(tmp_path / "jury") as jury:
        mine, yours, port = await jury.pair(me, "Mine"), await jury.pair(you, "Yours"), jury.agent.port
        async with page(jury) as its_page, linked(mine, me, jury.address) as first:
            await first.until(lambda link: link.page)
            answering = asyncio.create_task(its_page.answer(SDP))
            await first.link.offer(first.link.page, "first")
            await answering
    async with (
        screen(tmp_path / "jury", port=port) as jury,
        page(jury),
        linked(yours, you, jury.address) as second,
    ):
        await second.until(lambda link: link.connected)
        assert second.link.taken == "Mine"
        async with linked(mine, me, jury.address) as first:
            await first.until(lambda link: link.page)
            assert second.pages == []


async def test_the_id_of_a_screen_is_that_of_its_certificate(jury: Screen, me: Identity) -> None:
    pinned = await jury.pair(me)
    assert pinned.card.id == id_of(pinned.certificate)


async def test_a_receiver_that_says_nothing_is_given_up_in_time(
    tmp_path: Path, me: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the right certificate, takes the connection, and hangs."""
    monkeypatch.setattr(link_module, "CONNECT", 0.3)
    monkeypatch.setattr(link_module, "HELLO", 0.3)
    async with screen(tmp_path / "jury") as jury:
        pinned, identity = await jury.pair(me), jury.store.identity("")
    gate = Gate(identity)
    gate.trust([me.certificate])
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), HERE, 0, ssl=gate.context)
    async with linked(pinned, me, f"{HERE}:{server.sockets[0].getsockname()[1]}") as watched:
        await watched.until(lambda link: link.problem, 5)
        assert watched.link.problem is not None
        assert watched.link.problem.type == "screen-unreachable"
        assert held
    for writer in held:
        writer.close()
    server.close()


async def test_a_receiver_that_stops_on_purpose_says_so(jury: Screen, me: Identity) -> None:
    pinned = await jury.pair(me)
    async with linked(pinned, me, jury.address) as watched, page(jury):
        await watched.until(lambda link: link.page)
        began = asyncio.get_running_loop().time()
        await jury.stop()
        await watched.until(lambda link: not link.connected)
        assert watched.pages[-1] == 0
        assert asyncio.get_running_loop().time() - began < 5


async def test_after_goodbye_nothing_is_offered_and_no_other_connection_is_made(jury: Screen, me: Identity) -> None:
    pinned = await jury.pair(me)
    watched = Watched(pinned, me, jury.address)
    await watched.link.goodbye()  # with no connection there is nobody to tell
    watched = Watched(pinned, me, jury.address)
    running = asyncio.create_task(watched.link.run())
    async with page(jury) as its_page:
        await watched.until(lambda link: link.page)
        number = watched.link.page
        await watched.link.goodbye()
        with pytest.raises(LinkDown):
            await watched.link.offer(number, "too late")
        watched.link.wake()
        await asyncio.wait_for(running, 10)
        await its_page.until_idle(lambda idle: not idle.linked and idle.paired == 1)
        assert its_page.offers.empty()
