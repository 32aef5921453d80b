"""Receivers found on loopback: come, change, go. Real multicast, on the loopback interface only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from courtcast.deliver.discovery import Discovery, read_text
from courtcast.deliver.interfaces import multicast_addresses
from courtcast.deliver.pairing import card
from courtcast.wire.link import Card
from tests.stand_ins.screen import HERE, screen


class Found:
    """What discovery has said, by id. Other receivers may be about on this machine: only one id is looked at."""

    def __init__(self) -> None:
        self.there: dict[str, tuple[Card, Sequence[str], int]] = {}
        self._changed = asyncio.Event()

    def on_found(self, found: Card, addresses: Sequence[str], port: int) -> None:
        self.there[found.id] = found, addresses, port
        self._changed.set()

    def on_lost(self, gone: str) -> None:
        self.there.pop(gone, None)
        self._changed.set()

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(15):
            while not true():
                await self._changed.wait()
                self._changed.clear()


async def test_a_screen_is_found_changes_and_goes(tmp_path: Path) -> None:
    found = Found()
    async with Discovery([HERE], found.on_found, found.on_lost) as discovery:
        assert discovery.problem is None
        async with screen(tmp_path / "jury", name="Jury – left") as jury:
            me = jury.store.identity("").id
            await found.until(lambda: me in found.there)
            said, addresses, port = found.there[me]
            assert (said.name, said.zone, list(addresses), port) == ("Jury – left", "jury", [HERE], jury.agent.port)
            assert await card(f"{addresses[0]}:{port}") == said
        await found.until(lambda: me not in found.there)
        async with screen(tmp_path / "jury", name="Jury right") as jury:
            await found.until(lambda: me in found.there and found.there[me][2] == jury.agent.port)
            assert found.there[me][0].name == "Jury right"


async def test_one_that_was_there_first_is_found_too(tmp_path: Path) -> None:
    async with screen(tmp_path / "jury") as jury:
        found = Found()
        async with Discovery([HERE], found.on_found, found.on_lost):
            await found.until(lambda: jury.store.identity("").id in found.there)


async def test_without_a_network_it_says_so_and_goes_on() -> None:
    found = Found()
    async with Discovery(["192.0.2.77"], found.on_found, found.on_lost) as discovery:
        assert discovery.problem is not None
        assert discovery.problem.type == "no-network"


def test_addresses_of_this_machine_only() -> None:
    assert multicast_addresses([HERE]) == [HERE]
    assert multicast_addresses(["192.0.2.77"]) == []
    assert multicast_addresses([])[-1] == HERE


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"id": "", "protocol": "1"},
        {"id": "../../etc", "protocol": "1"},
        {"id": "x" * 65, "protocol": "1"},
        {"id": "abc", "protocol": ""},
        {"id": "abc", "protocol": "-1"},
        {"id": "abc", "protocol": "9" * 400},
        {"id": None, "protocol": "1"},
    ],
)
def test_texts_that_are_no_card(properties: dict[str, str | None]) -> None:
    assert read_text(properties) is None


def test_a_card_from_texts_is_bounded() -> None:
    said = read_text({"id": "abc", "name": "n" * 500, "zone": None, "protocol": "1"})
    assert said == Card(id="abc", name="n" * 64, zone="", protocol=1)
