"""The commands themselves: every failure is one clear line and a non-zero exit; kill -9 loses nothing."""

from __future__ import annotations

import asyncio
import socket
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from courtcast.demo.line import ThinLine
from courtcast.demo.programs import Api, Program, run
from courtcast.samples import make_clip
from tests.prepare.media import Recipe, make
from tests.stand import Stand, read_code, stand

HERE = ("--interface", "127.0.0.1")


async def command(*args: str | Path, seconds: float = 30) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a command that ends by itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *map(str, args), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return process.returncode or 0, out.decode(), err.decode()


def one_line(err: str) -> str:
    lines = err.strip().splitlines()
    assert len(lines) == 1, err
    assert "Traceback" not in err
    return lines[0]


@pytest.mark.parametrize("program", ["courtcast.cli", "receiver.cli"])
async def test_help_is_there_for_every_command(program: str) -> None:
    status, out, _ = await command(program, "--help")
    assert status == 0
    names = ["demo", "serve", "token", "add", "doctor"] if program == "courtcast.cli" else ["run", "code"]
    for name in names:
        assert name in out
        status, text, _ = await command(program, name, "--help")
        assert status == 0
        assert "--" in text


async def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, _, err = await command("courtcast.cli", "serve", "--data", tmp_path, "--port", str(port), *HERE)
        assert status == 1
        assert str(port) in one_line(err)
        status, _, err = await command(
            "receiver.cli", "run", "--data", tmp_path / "r", "--name", "N", "--zone", "z", "--port", str(port), "--no-kiosk",
            *HERE,
        )  # fmt: skip
        assert status != 0
        assert str(port) in one_line(err)


@pytest.mark.parametrize(
    "program", ["courtcast.cli serve --port 0", "receiver.cli run --name N --zone z --port 0 --no-kiosk"]
)
async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, program: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    module, *args = program.split()
    status, _, err = await command(module, *args, "--data", tmp_path / "file" / "data", *HERE)
    assert status != 0
    assert str(tmp_path / "file" / "data") in one_line(err)


async def test_a_second_presenter_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    async with Program("courtcast.cli", "serve", "--data", tmp_path, "--port", "0", *HERE, says="remote:"):
        status, _, err = await command("courtcast.cli", "serve", "--data", tmp_path, "--port", "0", *HERE)
        assert status == 1
        assert "in use" in one_line(err)


async def test_without_a_browser_the_kiosk_says_so(tmp_path: Path) -> None:
    status, _, err = await command(
        "receiver.cli", "run", "--data", tmp_path, "--name", "N", "--zone", "z", "--port", "0", "--headless",
        "--chromium", tmp_path / "none", *HERE,
    )  # fmt: skip
    assert status != 0
    assert "Chromium" in one_line(err)


async def test_off_loopback_the_remote_is_https_only(tmp_path: Path) -> None:
    # every address of 127.0.0.0/8 is this machine; "0.0.0.0" listens on more than loopback, and is reached through it
    async with Program(
        "courtcast.cli", "serve", "--data", tmp_path, "--host", "0.0.0.0", "--port", "0", *HERE, says="remote:"
    ) as presenter:
        where = urlsplit(presenter.answer)
        assert where.scheme == "https"
        reader, writer = await asyncio.open_connection("127.0.0.1", where.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(100), 5)
        writer.close()
        assert b"200" not in answer


async def test_add_works_with_and_without_a_running_presenter(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=2, width=320, height=180, bit_rate=500_000)
    data, allow = tmp_path / "data", ("--allow-network", "127.0.0.0/8")
    async with ThinLine(clip, rate=100e6) as line:
        status, out, err = await command(
            "courtcast.cli", "add", "--data", data, line.url, "--ref", "A/1", "--title", "One", *allow
        )
        assert status == 0, err
        assert "A/1" in out
        async with Program(
            "courtcast.cli", "serve", "--data", data, "--port", "0", *allow, *HERE, says="remote:"
        ) as presenter:
            status, out, err = await command(
                "courtcast.cli", "add", "--data", data, line.url, "--ref", "A/2", "--title", "Two"
            )
            assert status == 0, err
            token = await run("courtcast.cli", "token", "--data", data, "--role", "viewer")
            where = urlsplit(presenter.answer)
            async with Api(f"{where.scheme}://{where.netloc}", token) as api:
                exhibits = await api.exhibits()
            assert [(exhibit.ref, exhibit.state) for exhibit in exhibits] == [("A/1", "ready"), ("A/2", "ready")]
        status, _, err = await command(
            "courtcast.cli", "add", "--data", data, line.url + "x", "--ref", "A/3", "--title", "T", *allow
        )
        assert status == 1
        assert "404" in one_line(err)


async def test_add_says_what_else_has_to_be_known(tmp_path: Path) -> None:
    clip = make(tmp_path / "late.mp4", Recipe(audio_start=Fraction(3, 2)))
    async with ThinLine(clip, rate=100e6) as line:
        status, out, err = await command(
            "courtcast.cli", "add", "--data", tmp_path / "data", line.url, "--allow-network", "127.0.0.0/8"
        )
    assert status == 0, err
    assert "no sound for 1.5 s of its length" in " ".join(out.split())


@pytest.mark.browser
async def test_kill_of_presenter_and_receiver_while_playing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=40, width=640, height=360, bit_rate=1_000_000)
    async with ThinLine(clip, rate=100e6) as line, stand(tmp_path) as running:
        exhibit = await running.add(line.url)
        await running.cue_and_show(exhibit, at=0.0)
        await running.until("all of it", lambda s: s.report and sum(b - a for a, b in s.report.held) > 38)
        await running.api.room("play", anyway=True)
        await asyncio.sleep(1)
        port = urlsplit(running.presenter.answer).port
        running.kill(running.presenter)
        await asyncio.sleep(2)
        first = await read_code(running.pages[0])
        await asyncio.sleep(1)
        second = await read_code(running.pages[0])
        assert first is not None
        assert second is not None
        assert 15 < second - first < 60, "the screens play on without their presenter"
        args = (
            "serve",
            "--data",
            running.folder / "presenter",
            "--port",
            str(port),
            "--allow-network",
            "127.0.0.0/8",
            *HERE,
        )
        async with Program("courtcast.cli", *args, says="remote:"):
            room = await running.api.call("GET", "/room")
            assert b'"playing":true' in room
            await running.until("the screens to be back", lambda s: s.online and s.report and s.report.playing, 15)
            frames = [await page.evaluate("() => window.courtcast.frames(300)") for page in running.pages]
            for log in frames:
                steps = [b["media_time"] - a["media_time"] for a, b in pairwise(log)]
                assert min(steps) >= 0, "no jump back"
                assert max(steps) < 0.5, "no jump ahead"
            await _kill_receiver(running, exhibit.id)


async def _kill_receiver(running: Stand, exhibit: str) -> None:
    receiver = running.receivers[1]
    running.kill(receiver)
    await running.until(
        "the other screen to go on", lambda s: s.id != running.ids[0] or (s.report and s.report.playing)
    )
    state = await running.api.room("pause")
    zone = "witness"
    page_port = urlsplit(receiver.answer).port
    async with Program(
        "receiver.cli", "run", "--data", running.folder / zone, "--name", "Witness", "--zone", zone, "--port", "0",
        "--no-kiosk", "--page-port", str(page_port), *HERE, says="screen:",
    ) as again:  # fmt: skip
        await running.pages[1].goto(again.answer)
        await running.shows(exhibit, state.position_frame, 20)
