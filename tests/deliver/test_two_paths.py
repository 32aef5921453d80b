"""The second path to a screen, through a real receiver, and the way between the two; the page is a program."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from courtcast.deliver import ladder as ladder_module
from courtcast.deliver import link as link_module
from courtcast.deliver import peer as peer_module
from courtcast.deliver.moves import Move
from courtcast.deliver.paths import PathClosed
from courtcast.deliver.relayed import RelayedPath
from courtcast.wire.link import (
    PATH_CONTROL_MOST,
    PATH_MOST,
    PathControl,
    PathOpened,
    PathTaken,
    ToReceiver,
)
from courtcast.wire.link import PathClosed as Closed
from courtcast.wire.media import PIECE
from courtcast.wire.screen import Stage
from tests.deliver.test_pump import SHOWN, Clip
from tests.deliver.test_screens import Room, displayed, stage
from tests.stand_ins.line import Line
from tests.stand_ins.page import PageProgram, until
from tests.stand_ins.screen import HERE, Screen, page
from tests.stand_ins.thin import ThinLine


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No UDP shows sooner than on a poor line."""
    monkeypatch.setattr(peer_module, "OPEN_WITHIN", 0.6)
    monkeypatch.setattr(ladder_module, "BACK_FIRST", 0.3)


def thick() -> Line:
    """20 Mb/s, 6 ms there and back."""
    return Line(rate=2_500_000, delay=0.003, queue=400_000)


def path_of(room: Room, known: str) -> str | None:
    seen = room.screens.get(known)
    return seen.path if seen.online else None


async def test_where_no_channel_opens_everything_comes_over_the_link(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    clip = await Clip(room.store, SHOWN).grow(4)
    room.manifests[SHOWN] = clip.manifest
    room.screens.set_stages({known: stage(5, clip)})
    async with PageProgram(passes=False) as program, displayed(jury, program):
        await until(lambda: path_of(room, known) == "websocket", 20)
        await until(lambda: len(program.arrived) == 8)
        assert program.stages[-1][1].revision == 5
        assert room.screens.get(known).problem is None
        await until(lambda: room.screens.to_send(known, SHOWN, 0.0, None) == 0)
        assert program.aborted == 0
        await until(lambda: program.acknowledged > 0)


async def test_back_to_channels_when_they_open_and_nothing_held_comes_twice(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    clip = await Clip(room.store, SHOWN).grow(4, finish=False)
    room.manifests[SHOWN] = clip.manifest
    room.screens.set_stages({known: stage(5, clip)})
    async with PageProgram(passes=False) as program, displayed(jury, program):
        await until(lambda: path_of(room, known) == "websocket" and len(program.arrived) == 8, 20)
        program.passes = True
        await until(lambda: path_of(room, known) == "webrtc", 40)
        await clip.grow(2)
        room.screens.wake()
        await until(lambda: len(program.arrived) >= 12)
        assert len(set(program.arrived)) == len(program.arrived) == 12
        assert program.path is None, "the older one is closed"


async def test_channels_that_break_are_followed_by_the_link(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    clip = await Clip(room.store, SHOWN).grow(4)
    room.manifests[SHOWN] = clip.manifest
    room.screens.set_stages({known: stage(5, clip)})
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: path_of(room, known) == "webrtc" and len(program.arrived) == 8, 20)
        program.passes = False
        assert program.connection is not None
        await program.connection.close()
        await until(lambda: path_of(room, known) == "websocket", 30)
        room.screens.set_stages({known: stage(6, clip)})
        await until(lambda: program.stages[-1][1].revision == 6)
        assert len(program.arrived) == 8, "what it holds does not come again"


async def test_where_udp_is_blocked_media_comes_over_the_link_within_three_seconds(room: Room, jury: Screen) -> None:
    clip = await Clip(room.store, SHOWN).grow(4, finish=False)
    room.manifests[SHOWN] = clip.manifest
    async with thick() as line, PageProgram(line=line) as program, displayed(jury, program):
        known = await room.paired(jury)
        room.screens.set_stages({known: stage(5, clip)})
        await until(lambda: path_of(room, known) == "webrtc" and len(program.arrived) == 8, 20)
        line.cut = True
        cut = time.monotonic()
        await clip.grow(2)
        room.screens.wake()
        await until(lambda: len(program.arrived) == 12)
        took = time.monotonic() - cut
        print(f"media again {took:.2f} s after UDP was blocked")
        assert took < 4
        assert path_of(room, known) == "websocket"
        line.cut = False
        await until(lambda: path_of(room, known) == "webrtc", 40)
        assert len(set(program.arrived)) == len(program.arrived) == 12


async def test_a_gap_in_udp_alone_is_lived_through_on_the_channels(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    room.screens.set_stages({known: stage(5)})
    async with thick() as line, PageProgram(line=line) as program, displayed(jury, program):
        await until(lambda: path_of(room, known) == "webrtc", 20)
        path = room.screens._sessions[known].talk.path
        for _ in range(3):
            line.cut = True
            await asyncio.sleep(1.0)
            line.cut = False
            await asyncio.sleep(2.0)
        assert path_of(room, known) == "webrtc"
        assert room.screens._sessions[known].talk.path is path


async def test_a_page_that_may_not_speak_by_itself_is_asked(room: Room, jury: Screen) -> None:
    """As one in the background of a browser: it has a word a minute, and acknowledges what comes all the same."""
    known = await room.paired(jury)
    room.screens.set_stages({known: stage(5)})
    async with thick() as line, PageProgram(line=line) as program, displayed(jury, program):
        await until(lambda: path_of(room, known) == "webrtc" and program.stages, 20)
        path = room.screens._sessions[known].talk.path
        program.mute = True
        before = len(program.heard)
        await asyncio.sleep(6.0)
        assert [said["type"] for said in program.heard[before:]].count("welcome") >= 4
        assert room.screens._sessions[known].talk.path is path, "the network is not at fault"


async def test_after_a_restart_a_screen_that_was_reached_over_the_link_is_reached_so_at_once(
    jury: Screen, tmp_path: Path
) -> None:
    room = Room(tmp_path / "again")
    async with PageProgram(passes=False) as program, displayed(jury, program):
        async with room.open():
            known = await room.paired(jury)
            await until(lambda: path_of(room, known) == "websocket", 20)
        begun = time.monotonic()
        async with room.open():
            await until(lambda: path_of(room, known) == "websocket", 20)
            assert time.monotonic() - begun < 2


async def test_what_is_said_of_a_screen_without_a_way_is_what_was_found(room: Room, jury: Screen) -> None:
    """Its page answers, UDP does not get through, and it takes no path over the link: which only an older one does not."""
    known = await room.paired(jury)
    async with PageProgram(passes=False) as program, displayed(jury, program):
        program.relays = False
        problem = await until(lambda: room.screens.get(known).problem, 30)
        assert problem.type == "screen-no-channel"
        assert "over TCP its page does not take them either" in problem.detail


async def test_a_page_that_answers_nothing_is_not_blamed_on_the_network(
    room: Room, jury: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "ANSWER", 0.3)
    monkeypatch.setattr(link_module, "PATH_WITHIN", 0.3)
    known = await room.paired(jury)
    async with page(jury):
        problem = await until(lambda: room.screens.get(known).problem, 30)
        assert problem.type == "screen-page-silent"


async def test_a_page_that_takes_nothing_gets_no_more_than_may_wait(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    clip = await Clip(room.store, SHOWN, size=200_000).grow(8)
    room.manifests[SHOWN] = clip.manifest
    async with PageProgram(passes=False) as program, displayed(jury, program):
        program.takes = False
        room.screens.set_stages({known: stage(5, clip)})
        await until(lambda: path_of(room, known) == "websocket", 20)
        await until(lambda: program.taken > 0)
        await asyncio.sleep(1.0)
        assert program.taken <= PATH_MOST
        asked = time.monotonic()
        room.screens.set_stages({known: Stage(revision=6)})
        await until(lambda: program.stages[-1][1].revision == 6)
        assert program.stages[-1][0] - asked < 2, "black does not wait for it"


async def test_black_passes_media_on_a_thin_line(room: Room, jury: Screen) -> None:
    """8 Mb/s, full: the pump keeps little on its way, and what has not left does not hold up black."""
    clip = await Clip(room.store, SHOWN, size=200_000).grow(30)
    room.manifests[SHOWN] = clip.manifest
    async with (
        ThinLine((HERE, jury.agent.port), 1_000_000) as line,
        PageProgram(passes=False) as program,
        displayed(jury, program),
    ):
        known = (await room.screens.add(line.address)).id
        await room.screens.pair(known, jury.code)
        await until(lambda: path_of(room, known) == "websocket", 20)
        took = []
        for revision in range(10, 22, 2):
            room.screens.set_stages({known: stage(revision, clip)})
            before = program.taken
            await until(lambda before=before: program.taken > before + 300_000)
            asked = time.monotonic()
            room.screens.set_stages({known: Stage(revision=revision + 1)})
            await until(lambda revision=revision: program.stages[-1][1].revision == revision + 1)
            took.append(program.stages[-1][0] - asked)
        print(f"black after {sorted(took)[len(took) // 2] * 1000:.0f} ms, at most {max(took) * 1000:.0f} ms")
        rate = room.screens.rate(known)
        assert rate is not None
        assert 100_000 < rate < 1_300_000, "what the page takes is what the line carries, and the machine has time for"
        assert max(took) < 2


async def test_a_page_that_says_nonsense_of_what_it_took_is_reached_anew(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    room.screens.set_stages({known: stage(5)})
    async with PageProgram(passes=False) as program, displayed(jury, program):
        await until(lambda: path_of(room, known) == "websocket", 20)
        first = program.path
        assert first is not None
        program._over_line(PathTaken(first, 10**6))
        await until(lambda: program.path not in (None, first))
        await until(lambda: path_of(room, known) == "websocket")


async def test_a_page_that_never_listens_costs_nothing_but_time(
    room: Room, jury: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "PATH_WITHIN", 0.3)
    known = await room.paired(jury)
    async with PageProgram(passes=False) as program, displayed(jury, program):
        program.relays = False
        await asyncio.sleep(2)
        program.relays = True
        await until(lambda: path_of(room, known) == "websocket", 20)


class Out:
    """A link that keeps what it is given."""

    def __init__(self) -> None:
        self.said: list[ToReceiver] = []
        self.pieces: list[bytes] = []
        self.full = False

    @property
    def media_waiting(self) -> int:
        return sum(map(len, self.pieces))

    def say(self, message: ToReceiver) -> None:
        if self.full:
            raise PathClosed("full")
        self.said.append(message)

    def send(self, path: int, message: bytes) -> None:
        self.pieces.append(message)

    def drop(self, path: int) -> None:
        self.pieces.clear()


def test_what_is_buffered_is_what_the_page_has_not_taken() -> None:
    out = Out()
    path = RelayedPath(2, out)
    calls: list[int] = []
    path.on_progress = lambda: calls.append(path.buffered)
    for _ in range(4):
        path.send_media(bytes(PIECE))
    out.pieces.clear()
    assert (path.sent, path.buffered, path.waiting) == (4 * PIECE, 4 * PIECE, 0)
    path.hear(PathTaken(2, 3 * PIECE))
    assert (calls, path.buffered) == ([PIECE], PIECE)


def test_more_than_a_path_takes_is_refused() -> None:
    path = RelayedPath(2, Out())
    for _ in range(PATH_MOST // PIECE):
        path.send_media(bytes(PIECE))
    with pytest.raises(BufferError):
        path.send_media(bytes(PIECE))
    with pytest.raises(BufferError):
        path.send_control("x" * (PATH_CONTROL_MOST + 1))
    assert not path.closed


@pytest.mark.parametrize("amount", [-1, PIECE - 1, 2 * PIECE + 1])
def test_a_page_that_took_what_was_not_sent_has_its_path_closed(amount: int) -> None:
    out = Out()
    path = RelayedPath(2, out)
    path.send_media(bytes(PIECE))
    path.hear(PathTaken(2, PIECE))
    path.send_media(bytes(PIECE))
    path.hear(PathTaken(2, amount))
    assert path.closed
    assert out.said[-1] == Closed(2)
    assert out.pieces == []
    with pytest.raises(PathClosed):
        path.send_media(b"x")
    with pytest.raises(PathClosed):
        path.send_control("{}")
    heard: list[str] = []
    path.listen(heard.append)
    path.hear(PathControl(2, "late"))
    assert heard == []


def test_a_link_that_takes_no_more_control_ends_the_path() -> None:
    out = Out()
    path = RelayedPath(2, out)
    path.send_control("{}")
    out.full = True
    with pytest.raises(PathClosed):
        path.send_control("{}")
    assert path.closed


def test_what_was_said_before_anybody_listened_is_heard_and_acknowledged() -> None:
    out = Out()
    path = RelayedPath(2, out)
    path.hear(PathControl(2, "hello"))
    heard: list[str] = []
    path.listen(heard.append)
    path.hear(PathControl(2, "more"))
    assert heard == ["hello", "more"]
    assert out.said == [PathTaken(2, 5), PathTaken(2, 9)]


async def test_a_receiver_that_opens_what_nobody_asked_for_changes_nothing(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: path_of(room, known) == "webrtc", 20)
        for message in (PathOpened(1), PathControl(1, "{}"), PathTaken(1, 5), Closed(1)):
            program_says = jury.agent._relay._presenters
            next(iter(program_says.values())).port.send(message)
        await asyncio.sleep(0.3)
        assert path_of(room, known) == "webrtc"


@pytest.mark.parametrize("passes", [True, False])
async def test_a_machine_that_slept_or_moved_begins_anew_at_once(room: Room, jury: Screen, passes: bool) -> None:
    known = await room.paired(jury)
    room.screens.set_stages({known: stage(5)})
    name = "webrtc" if passes else "websocket"
    async with PageProgram(passes=passes) as program, displayed(jury, program):
        await until(lambda: path_of(room, known) == name, 20)
        session = room.screens._sessions[known]
        for move in (Move(20.0, frozenset(), frozenset()), Move(0.0, frozenset([HERE]), frozenset())):
            before = session.talk.path
            assert session.link.source == HERE
            session.moved(move)
            begun = time.monotonic()
            await until(
                lambda before=before: session.talk.path not in (None, before) and path_of(room, known) == name, 20
            )
            assert time.monotonic() - begun < 3


async def test_a_nap_ends_the_link_alone(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: path_of(room, known) == "webrtc", 20)
        session = room.screens._sessions[known]
        path, hello = session.talk.path, session.link.hello
        session.moved(Move(6.0, frozenset(), frozenset()))
        await until(lambda: session.link.connected and session.link.hello is not hello)
        await asyncio.sleep(0.5)
        assert session.talk.path is path
        session.moved(Move(0.0, frozenset(["192.0.2.9"]), frozenset(["192.0.2.10"])))
        await asyncio.sleep(0.3)
        assert session.talk.path is path
