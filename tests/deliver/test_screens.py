"""Screens as the control side sees them: real receivers on loopback, real TLS and data channels, a program as the page."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from courtcast.core.identity import Identity
from courtcast.core.manifest import Manifest
from courtcast.deliver import ladder as ladder_module
from courtcast.deliver import peer as peer_module
from courtcast.deliver import pump as pump_module
from courtcast.deliver import session as session_module
from courtcast.deliver import talk as talk_module
from courtcast.deliver.day import Day
from courtcast.deliver.screens import Screens
from courtcast.evidence.database import Database
from courtcast.prepare.store import FolderStore
from courtcast.problems import Refused
from courtcast.wire.api import ChangeScreen
from courtcast.wire.api import Screen as Seen
from courtcast.wire.link import Answer
from courtcast.wire.screen import PROTOCOL, Anchor, Fault, Hello, Picture, Report, Scene, Stage
from receiver import relay as relay_module
from tests.deliver.test_pump import SHOWN, Clip
from tests.stand_ins.page import PageProgram, until
from tests.stand_ins.screen import HERE, Screen, page, screen

JPEG = b"\xff\xd8\xff\xe0" + bytes(200)


class Room:
    """A presenter's screens, without the rest of the presenter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.identity = Identity.make("presenter")
        self.store = FolderStore(folder / "renditions")
        self.manifests: dict[str, Manifest] = {}
        self.changes: list[str] = []
        self.screens: Screens

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Screens]:
        """May be opened again after it was closed: a presenter that is started once more."""
        async with (
            Database(self.folder / "courtcast.db") as db,
            Screens(
                identity=self.identity,
                name="Court 3",
                db=db,
                clock=time.monotonic,
                renditions=self.manifests.get,
                store=self.store,
                interfaces=[HERE],
                on_change=self.changes.append,
                build="b1",
            ) as screens,
        ):
            self.screens = screens
            yield screens

    async def paired(self, receiver: Screen) -> str:
        """Typed in and paired; gives the screen's id."""
        found = await self.screens.add(receiver.address)
        await self.screens.pair(found.id, receiver.code)
        return found.id


@asynccontextmanager
async def displayed(receiver: Screen, program: PageProgram) -> AsyncIterator[None]:
    """The page on a receiver: it answers every offer that comes."""
    async with page(receiver) as socket:
        socket.program = program

        async def answer() -> None:
            while True:
                offer = await socket.offers.get()
                await socket.say(Answer(offer.page, await program.answer(offer.sdp), offer.number))

        answering = asyncio.create_task(answer())
        try:
            yield
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
            await program.close()


def stage(revision: int, clip: Clip | None = None, at: float = 0.0) -> Stage:
    shown = None
    if clip is not None:
        shown = Scene(exhibit=clip.manifest.exhibit, rendition=SHOWN, anchor=Anchor(at, 0.0, 0.0))
    return Stage(revision=revision, shown=shown, blank=clip is None)


async def test_found_paired_connected_and_fed(room: Room, jury: Screen) -> None:
    screens = room.screens
    (found,) = await until(lambda: at(screens, jury.address))
    assert (found.name, found.zone, found.paired, found.online) == ("Jury left", "jury", False, False)
    clip = await Clip(room.store, SHOWN).grow(4)
    room.manifests[SHOWN] = clip.manifest
    async with PageProgram() as program, displayed(jury, program):
        await screens.pair(found.id, jury.code)
        await until(lambda: screens.get(found.id).online)
        assert program.heard[0] == {"type": "welcome", "protocol": 1, "presenter": "Court 3", "build": "b1"}
        assert screens.get(found.id).path == "webrtc"

        screens.set_stages({found.id: stage(5, clip, 2.6)})
        await until(lambda: len(program.arrived) == 8)
        assert program.arrived[0][2] == 4, "from the keyframe at 2 s"
        await until(lambda: (screens.get(found.id).report or EMPTY).exhibit is not None)
        report = screens.get(found.id).report
        assert report is not None
        assert report.media_time == 2.6
        assert report.frame == 5, "filled in from the manifest"
        assert report.age < 2
        await until(lambda: screens.to_send(found.id, SHOWN, 0.0, None) == 0)
        assert screens.to_send(found.id, "00000000000000ff", 0.0, None) is None
        assert found.id in room.changes


EMPTY = Report(revision=0)


def at(screens: Screens, address: str) -> list[Seen]:
    """Other tests may announce screens on loopback at the same time."""
    return [seen for seen in screens.screens() if seen.address == address]


async def test_a_stage_set_before_the_page_is_there_reaches_it(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    room.screens.set_stages({known: stage(7)})
    assert not room.screens.get(known).online
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: program.stages)
        assert [told["type"] for told in program.heard[:2]] == ["welcome", "stage"]
        assert program.stages[0][1].revision == 7


async def test_a_reloaded_page_gets_the_whole_stage_again(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    room.screens.set_stages({known: stage(3)})
    for _ in range(2):
        async with PageProgram() as program, displayed(jury, program):
            await until(lambda program=program: program.stages)
            assert program.stages[0][1].revision == 3


async def test_a_page_that_hangs_up_and_stays_is_offered_to_anew(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    room.screens.set_stages({known: stage(3)})
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: program.stages)
        await program.close()
        await until(lambda: len(program.stages) == 2)
        await until(lambda: room.screens.get(known).online)


async def test_a_presenter_that_starts_again_finds_its_screens(tmp_path: Path, jury: Screen) -> None:
    room = Room(tmp_path / "presenter")
    async with PageProgram() as program, displayed(jury, program):
        async with room.open() as screens:
            known = await room.paired(jury)
            await screens.change(known, ChangeScreen(name="Left of the jury", zone="jury box"))
            await until(lambda: screens.get(known).online)
        async with room.open() as screens:
            screens.set_stages({known: stage(9)})
            await until(lambda: program.stages)
            seen = screens.get(known)
            assert (seen.name, seen.zone, seen.paired) == ("Left of the jury", "jury box", True)
            await screens.change(known, ChangeScreen(name=" "))
            assert screens.get(known).name == "Jury left", "an empty name gives it back its own"


async def test_a_silent_page_counts_as_away_and_comes_back(
    room: Room, jury: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk_module, "SILENT", 0.8)
    known = await room.paired(jury)
    room.screens.set_stages({known: stage(1)})
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: room.screens.get(known).online)
        program.mute = True
        room.changes.clear()
        await until(lambda: not room.screens.get(known).online)
        await until(lambda: room.changes)
        program.mute = False
        await until(lambda: room.screens.get(known).online)
        assert len(program.stages) == 1, "over the same channels"
        monkeypatch.setattr(ladder_module, "DEAD", 2.0)
        program.mute = True
        await until(lambda: len(program.stages) == 2)


async def test_a_page_that_greets_again_over_the_same_path_is_told_everything_again(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    room.screens.set_stages({known: stage(1)})
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: len(program.stages) == 1)
        program.say(Hello(protocol=PROTOCOL, budget=0))
        await until(lambda: len(program.stages) == 2)
        (_, first), (_, again) = program.stages
        assert again == first


async def test_removing_a_screen_unpairs_it_on_both_sides(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: room.screens.get(known).online)
        assert len(jury.store.pins()) == 1
        await room.screens.remove(known)
        await until(lambda: jury.store.pins() == [])
        await until(lambda: program.connection is None or program.connection.connectionState == "closed")
    assert not any(seen.paired for seen in room.screens.screens() if seen.id == known)


async def test_what_a_page_says_wrong_changes_nothing(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: room.screens.get(known).online)
        for nonsense in (
            "",
            "{",
            "[]",
            '{"type":"none"}',
            '{"type":"report"}',
            '{"type":"report","revision":"x"}',
            "ä",
        ):
            program.say_raw(nonsense)
        program.say(Picture("not base64", 1, 1))
        program.say(Picture(base64.b64encode(b"<svg>").decode(), 1, 1))
        program.say(Picture(base64.b64encode(JPEG + bytes(60_000)).decode(), 1, 1))
        program.say(Picture(base64.b64encode(JPEG).decode(), 320, 180))
        await until(lambda: room.screens.get(known).picture)
        assert room.screens.get(known).picture == 1
        assert room.screens.picture(known) == JPEG
        program.say(Report(revision=0, problem="decoder"))
        await until(lambda: problem_of(room.screens.get(known)) == "decoder")
        program.say(Fault("player.js:3", "TypeError"))
        await until(lambda: named(room, known) == "page-fault")
        assert room.screens.get(known).online


async def test_a_screen_is_ready_for_the_cue_there_is_now_not_for_the_one_before(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    clip = await Clip(room.store, SHOWN).grow(4)
    room.manifests[SHOWN] = clip.manifest

    def cued(revision: int, media: float, volume: float = 1.0) -> Stage:
        scene = Scene(exhibit=clip.manifest.exhibit, rendition=SHOWN, anchor=Anchor(media, 0.0, 0.0))
        return Stage(revision=revision, shown=None, cue=scene, blank=True, volume=volume)

    def ready() -> bool:
        report = room.screens.get(known).report
        return report is not None and report.cue_ready

    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: room.screens.get(known).online)
        room.screens.set_stages({known: cued(5, 1.0)})
        program.say(Report(revision=5, cue_ready=True))
        await until(ready)
        room.screens.set_stages({known: cued(6, 2.0)})
        assert not ready(), "said of the cue before"
        program.say(Report(revision=6, cue_ready=True))
        await until(ready)
        room.screens.set_stages({known: cued(7, 2.0, 0.5)})
        assert ready(), "the cue is the same"


def problem_of(seen: Seen) -> str | None:
    return None if seen.report is None or seen.report.problem is None else seen.report.problem.type


async def test_a_page_of_another_version_is_named(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    async with PageProgram() as program, displayed(jury, program):
        program.protocol = 99
        await until(lambda: named(room, known) == "screen-protocol")
        await until(lambda: not room.screens.get(known).online)


async def test_watching_asks_for_pictures(room: Room, jury: Screen) -> None:
    known = await room.paired(jury)
    room.screens.set_stages({known: stage(4)})
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: program.stages)
        room.screens.watch({known})
        await until(lambda: program.stages[-1][1].watch)
        room.screens.set_stages({known: stage(5)})
        await until(lambda: program.stages[-1][1].revision == 5)
        assert program.stages[-1][1].watch
        room.screens.watch(())
        await until(lambda: not program.stages[-1][1].watch)
        told = len(program.stages)
        room.screens.set_stages({known: stage(5)})
        await asyncio.sleep(0.1)
        assert len(program.stages) == told, "the same stage is not said twice"


async def test_one_screen_that_is_gone_holds_up_no_other(room: Room, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        dead = await stack.enter_async_context(screen(tmp_path / "dead", name="Dead"))
        alive = await stack.enter_async_context(screen(tmp_path / "alive", name="Alive"))
        programs = [await stack.enter_async_context(PageProgram()) for _ in range(2)]
        for receiver, program in zip((dead, alive), programs, strict=True):
            await stack.enter_async_context(displayed(receiver, program))
        ids = [await room.paired(dead), await room.paired(alive)]
        await until(lambda: all(room.screens.get(known).online for known in ids))
        programs[0].mute = True
        await dead.stop()
        for revision in range(1, 30):
            room.screens.set_stages({known: stage(revision) for known in ids})
        await until(lambda: programs[1].stages and programs[1].stages[-1][1].revision == 29, 2)


async def test_a_screen_that_vanishes_while_it_shows_is_named_and_comes_back_to_what_it_showed(
    room: Room, tmp_path: Path
) -> None:
    clip = await Clip(room.store, SHOWN).grow(4)
    room.manifests[SHOWN] = clip.manifest
    async with screen(tmp_path / "jury") as jury, PageProgram() as program, displayed(jury, program):
        known, port = await room.paired(jury), jury.agent.port
        room.screens.set_stages({known: stage(5, clip, 2.6)})
        await until(lambda: (room.screens.get(known).report or EMPTY).exhibit is not None)
    await until(lambda: named(room, known) == "screen-unreachable")
    assert not room.screens.get(known).online
    assert room.screens.get(known).paired
    async with screen(tmp_path / "jury", port=port) as jury, PageProgram() as program, displayed(jury, program):
        await until(lambda: program.stages)
        assert program.stages[0][1].shown == stage(5, clip, 2.6).shown
        await until(lambda: len(program.arrived) == 8)
        await until(lambda: room.screens.get(known).online)
        assert named(room, known) is None


async def test_a_wrong_code_an_unknown_screen_and_addresses_that_lead_nowhere(room: Room, jury: Screen) -> None:
    screens = room.screens
    found = await screens.add(jury.address)
    assert not found.paired
    wrong = "".join("1" if digit == "0" else "0" for digit in jury.code)
    for call, problem in (
        (screens.pair(found.id, wrong), "pairing-wrong-code"),
        (screens.pair("ffff", jury.code), "screen-unknown"),
        (screens.remove("ffff"), "screen-unknown"),
        (screens.change("ffff", ChangeScreen(name="x")), "screen-unknown"),
        (screens.add("not an address"), "address-malformed"),
        (screens.add(f"{HERE}:9"), "screen-unreachable"),
    ):
        with pytest.raises(Refused) as refused:
            await call
        assert refused.value.type == problem
    with pytest.raises(Refused):
        screens.get("ffff")
    assert screens.picture("ffff") is None
    assert screens.rate("ffff") is None
    assert screens.to_send("ffff", SHOWN, 0, None) is None
    await screens.pair(found.id, jury.code)
    await until(lambda: screens._sessions[found.id].link.connected)
    with pytest.raises(Refused) as refused:
        await screens.pair(found.id, jury.code)
    assert refused.value.type == "screen-paired"


async def test_a_screen_whose_page_is_not_open_is_named(
    room: Room, jury: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "NO_PAGE", 0.3)
    known = await room.paired(jury)
    await until(lambda: named(room, known) == "screen-no-page")
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: room.screens.get(known).online)
        assert named(room, known) is None


async def test_a_page_that_cannot_be_reached_is_named_and_tried_again(
    room: Room, jury: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answers lead nowhere: to the discard port, as where a network lets no UDP pass."""
    monkeypatch.setattr(peer_module, "OPEN_WITHIN", 0.4)
    known = await room.paired(jury)
    lost = PageProgram(passes=False)
    lost.relays = False
    async with lost, displayed(jury, lost):
        await until(lambda: named(room, known) == "screen-no-channel")
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: room.screens.get(known).online)
        assert named(room, known) is None


async def test_a_second_presenter_waits_in_words_until_the_first_lets_go(
    room: Room, jury: Screen, tmp_path: Path
) -> None:
    known = await room.paired(jury)
    async with PageProgram() as program, displayed(jury, program):
        await until(lambda: room.screens.get(known).online)
        newcomer = Room(tmp_path / "newcomer")
        async with newcomer.open():
            await newcomer.paired(jury)
            problem = await until(lambda: newcomer.screens.get(known).problem)
            assert problem.type == "screen-taken"
            assert "The presenter Court 3 is showing on this screen now." in problem.detail
            await asyncio.sleep(1)
            assert room.screens.get(known).online
            assert not newcomer.screens.get(known).online
            assert [said["type"] for said in program.heard].count("welcome") == 1
            await room.screens.remove(known)
            await until(lambda: newcomer.screens.get(known).online)
            assert newcomer.screens.get(known).problem is None


async def test_a_presenter_that_reaches_no_page_keeps_it_from_others_for_a_while_only(
    room: Room, jury: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer_module, "OPEN_WITHIN", 0.4)
    monkeypatch.setattr(relay_module, "UNPROVEN", 3.0)
    known = await room.paired(jury)
    newcomer = Room(tmp_path / "newcomer")
    async with PageProgram(passes=False) as program, displayed(jury, program), newcomer.open():
        program.relays = False
        await until(lambda: named(room, known) == "screen-no-channel")
        await newcomer.paired(jury)
        link = newcomer.screens._sessions[known].link
        await until(lambda: link.page)
        program.passes = True
        await until(lambda: newcomer.screens.get(known).online)
        await until(lambda: named(room, known) == "screen-taken")


async def test_one_whose_channels_are_open_keeps_the_screen_also_over_a_broken_link(
    room: Room, jury: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "UNPROVEN", 1.0)
    known = await room.paired(jury)
    newcomer = Room(tmp_path / "newcomer")
    async with PageProgram() as program, displayed(jury, program), newcomer.open():
        await until(lambda: room.screens.get(known).online)
        link = room.screens._sessions[known].link
        assert link._socket is not None
        await link._socket.close()
        await until(lambda: not link.connected)
        await until(lambda: link.connected)
        await newcomer.paired(jury)
        await until(lambda: named(newcomer, known) == "screen-taken")
        await asyncio.sleep(1.5)  # longer than it has to prove itself
        assert named(newcomer, known) == "screen-taken"
        assert room.screens.get(known).online
        assert [said["type"] for said in program.heard].count("welcome") == 1, "over the same channels"


@pytest.mark.parametrize("how", ["stopped", "cancelled", "failed"])
async def test_a_presenter_that_stops_leaves_its_screens_to_the_next_at_once(
    tmp_path: Path, jury: Screen, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(relay_module, "GRACE", 600.0)
    first, newcomer = Room(tmp_path / "first"), Room(tmp_path / "newcomer")
    stop = asyncio.Event()
    known: list[str] = []

    async def serve() -> None:
        async with first.open():
            known.append(await first.paired(jury))
            await stop.wait()
            if how == "failed":
                raise RuntimeError("a fault of ours")

    async with PageProgram() as program, displayed(jury, program), newcomer.open():
        serving = asyncio.create_task(serve())
        await until(lambda: known and first.screens.get(known[0]).online)
        await newcomer.paired(jury)
        await until(lambda: named(newcomer, known[0]) == "screen-taken")
        if how == "cancelled":
            serving.cancel()
        stop.set()
        await until(lambda: newcomer.screens.get(known[0]).online)
        await asyncio.gather(serving, return_exceptions=True)
        assert serving.cancelled() == (how == "cancelled")
        assert len(jury.store.pins()) == 2, "and stays paired"


def named(room: Room, known: str) -> str | None:
    problem = room.screens.get(known).problem
    return None if problem is None else problem.type


async def test_another_receiver_at_a_paired_address_is_not_taken_for_it(room: Room, tmp_path: Path) -> None:
    async with screen(tmp_path / "one") as first:
        known = await room.paired(first)
        await until(lambda: room.screens._sessions[known].link.connected)
        port = first.agent.port
    async with screen(tmp_path / "two", port=port, name="Impostor"):
        await until(lambda: named(room, known) == "screen-certificate")
        assert not room.screens.get(known).online


async def test_the_day_goes_to_the_pages_that_keep_it(tmp_path: Path, room: Room, jury: Screen) -> None:
    later = await Clip(room.store, "00000000000000cc").grow(10)
    rendition = later.manifest.rendition
    room.manifests[rendition] = later.manifest
    keeps, plain = PageProgram(budget=10**9, disk=10**9), PageProgram(budget=10**9)
    async with screen(tmp_path / "judge") as judge, displayed(judge, keeps), displayed(jury, plain):
        room.screens.set_day(Day([("exhibit-cc", later.manifest), ("exhibit-dd", None)]), go_ahead=True)
        ids = [await room.paired(receiver) for receiver in (judge, jury)]
        await until(lambda: len(keeps.held.get((rendition, 0), ())) == 20)
        await until(lambda: (report := room.screens.get(ids[0]).day) and report.held == report.total == 1_000_000)
        assert room.screens.capacity(ids[0], rendition) == 0.95e9
        days = [message for message in keeps.heard if message["type"] == "day"]
        assert days[-1]["wanted"] == [
            {"exhibit": "exhibit-cc", "rendition": rendition},
            {"exhibit": "exhibit-dd", "rendition": None},
        ]
        assert plain.arrived == []
        assert not any(message["type"] == "day" for message in plain.heard), "it would not know what that is"
        assert room.screens.get(ids[1]).day is None


async def test_no_screen_is_sent_what_is_for_later_while_another_lacks_of_what_is_on(
    tmp_path: Path, room: Room, jury: Screen
) -> None:
    """They may share a line. One page takes nothing of what comes, over the link where that shows at once."""
    shown, later = (
        await Clip(room.store, SHOWN, size=100_000).grow(8),
        await Clip(room.store, "00000000000000cc").grow(10),
    )
    room.manifests.update({clip.manifest.rendition: clip.manifest for clip in (shown, later)})
    slow, quick = PageProgram(budget=10**9, passes=False), PageProgram(budget=10**9, disk=10**9)
    slow.takes = False
    async with screen(tmp_path / "judge") as judge, displayed(judge, quick), displayed(jury, slow):
        ids = [await room.paired(receiver) for receiver in (jury, judge)]
        await until(lambda: all(room.screens.get(id_).online for id_ in ids), 20)
        room.screens.set_stages(dict.fromkeys(ids, stage(1, shown)))
        await until(lambda: len(quick.held.get((SHOWN, 0), ())) == 16, 30)
        room.screens.set_day(Day([("exhibit-cc", later.manifest)]), go_ahead=True)
        await asyncio.sleep(1.0)
        assert room.screens.get(ids[0]).online
        assert (later.manifest.rendition, 0) not in quick.held
        room.screens.set_stages(dict.fromkeys(ids, stage(2)))
        await until(lambda: len(quick.held.get((later.manifest.rendition, 0), ())) == 20)


async def test_a_screen_that_lacks_of_what_is_needed_first_has_others_wait_for_a_while_only(
    tmp_path: Path, room: Room, jury: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may share a line. One page takes nothing of what comes, over the link where that shows at once."""
    monkeypatch.setattr(pump_module, "PRESSED_MOST", 3.0)
    shown = await Clip(room.store, SHOWN, size=100_000).grow(30)
    room.manifests[shown.manifest.rendition] = shown.manifest
    slow, quick = PageProgram(budget=10**9, passes=False), PageProgram(budget=10**9)
    slow.takes = False
    async with screen(tmp_path / "judge") as judge, displayed(judge, quick), displayed(jury, slow):
        ids = [await room.paired(receiver) for receiver in (jury, judge)]
        await until(lambda: all(room.screens.get(id_).online for id_ in ids), 20)
        room.screens.set_stages({ids[0]: stage(1, shown)})
        await asyncio.sleep(0.5)
        room.screens.set_stages({ids[1]: stage(1, shown)})
        await until(lambda: len(quick.held.get((SHOWN, 0), ())) >= 20, 30)
        await asyncio.sleep(0.5)
        assert room.screens.get(ids[0]).online
        assert len(quick.held[SHOWN, 0]) <= 21, "ten seconds, of half a second each"
        await until(lambda: len(quick.held[SHOWN, 0]) == 60, 10)
        assert room.screens.get(ids[0]).online
