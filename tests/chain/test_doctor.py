"""`courtcast doctor --case` and `--room`: the real commands, a real server of evidence, a real receiver with a program
as its page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from courtcast.demo.programs import Api, Program, run
from courtcast.samples import make_clip
from courtcast.wire.api import Exhibit, Screen
from tests.chain.test_programs import HERE, command, one_line
from tests.deliver.test_screens import displayed
from tests.stand_ins.evidence_server import EvidenceServer, serving
from tests.stand_ins.page import PageProgram
from tests.stand_ins.screen import screen


@dataclass
class Place:
    """A presenter that runs, and a server that its links lead to."""

    data: Path
    api: Api
    server: EvidenceServer
    folder: Path

    async def add(self, ref: str, **how: object) -> Exhibit:
        exhibit = await self.api.add(url=self.server.url("clip.mp4", **how), ref=ref, title=ref)
        return await self.api.until(
            "it to be ready",
            lambda: self.api.exhibit(exhibit.id),
            lambda now: now.state in ("ready", "failed"),
            30,
        )

    async def doctor(self, *args: str) -> tuple[int, str]:
        status, out, err = await command("courtcast.cli", "doctor", "--data", self.data, *args, seconds=60)
        assert err == ""
        return status, " ".join(out.split())


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    clip = make_clip(tmp_path / "clip.mp4", seconds=4, width=320, height=180, bit_rate=800_000).read_bytes()
    data = tmp_path / "presenter"
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving({"clip.mp4": clip}))
        allow = ("--allow-network", "127.0.0.0/8")
        presenter = await stack.enter_async_context(
            Program("courtcast.cli", "serve", "--data", data, "--port", "0", *allow, *HERE, says="remote:")
        )
        token = await run("courtcast.cli", "token", "--data", data, "--role", "clerk")
        where = urlsplit(presenter.answer)
        api = await stack.enter_async_context(Api(f"{where.scheme}://{where.netloc}", token))
        yield Place(data, api, server, tmp_path)


async def test_the_evening_before(place: Place) -> None:
    await place.add("JM/1")
    await place.add("JM/2", se="2999-01-01", sig="x")
    status, said = await place.doctor("--case")
    assert status == 0
    assert "The case is ready." in said
    assert "JM/1: all here" in said
    assert "read again from the disk and unchanged" in said

    await place.add("JM/3", expire=1)
    await place.add("JM/4", status=404)
    status, said = await place.doctor("--case")
    assert status == 1
    assert "✗ JM/4 cannot be shown: The server says that there is nothing at this link any more (404)." in said
    assert "· The link of JM/3 is dead: The server refuses this link (403)." in said
    assert "Nothing need be done: all of it is on this machine." in said
    assert "1 to put right." in said

    copy = next(path for path in (place.data / "evidence").rglob("*.spool") if path.stat().st_size)
    data = bytearray(copy.read_bytes())
    data[len(data) // 2] ^= 1
    copy.write_bytes(data)
    status, said = await place.doctor("--case")
    assert status == 1
    assert "on this machine is not what was fetched." in said


async def test_a_room_without_screens(place: Place) -> None:
    await place.add("JM/1")
    status, said = await place.doctor("--room", "--seconds", "0.5")
    assert status == 1
    assert "✗ No screen is paired." in said
    assert "! Whether JM/1 plays to its end is not known yet." in said


async def test_a_room_with_a_screen(place: Place) -> None:
    await place.add("JM/1")
    async with (
        screen(place.folder / "jury") as jury,
        PageProgram(budget=10**9) as program,
        displayed(jury, program),
    ):
        found = msgspec.json.decode(await place.api.call("POST", "/screens", address=jury.address), type=Screen)
        await place.api.call("POST", f"/screens/{found.id}/pair", code=jury.code)
        await place.api.until("it to answer", place.api.screens, lambda all_: any(one.online for one in all_), 20)
        status, said = await place.doctor("--room", "--seconds", "2")
        assert status == 0, said
        assert "Jury left: answers" in said
        assert "plays all that is prepared" in said
        assert "measured for 2 s only" in said
        assert "its line carries" in said
        assert program.padding > 100_000

        program.plays = lambda mime: mime.startswith("audio/")
        status, said = await place.doctor("--room", "--seconds", "0.5")
        assert status == 1
        assert "✗ Jury left cannot play JM/1." in said


async def test_both_and_what_cannot_be(place: Place, tmp_path: Path) -> None:
    status, said = await place.doctor("--case", "--room", "--seconds", "0.5")
    assert status == 1
    assert said.index("Case check") < said.index("Room check")
    for args, words in (
        (("--room", "--seconds", "900"), "has to be between"),
        (("--case", "--until", "2001-01-01"), "until is no moment of the year to come"),
    ):
        status, _, err = await command("courtcast.cli", "doctor", "--data", place.data, *args)
        assert status == 1
        assert words in one_line(err)


@pytest.mark.parametrize("which", ["--case", "--room"])
async def test_no_presenter(tmp_path: Path, which: str) -> None:
    status, _, err = await command("courtcast.cli", "doctor", "--data", tmp_path / "data", which)
    assert status == 1
    assert "No presenter is running with the data folder" in one_line(err)


async def test_a_presenter_that_was_killed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "presenter.json").write_text('{"url": "http://127.0.0.1:1", "pid": 1}')
    status, _, err = await command("courtcast.cli", "doctor", "--data", data, "--room")
    assert status == 1
    assert "No presenter is running" in one_line(err)
