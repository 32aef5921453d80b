"""`courtcast export` and `courtcast import`, with and without a running presenter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from courtcast.app import RUNNING, Running
from courtcast.bundles import check, export, take_in
from courtcast.problems import Refused
from courtcast.wire.library import ChangeHearing
from tests.prepare.watch import grainy
from tests.stand_ins.sending import Sender, Sending, sending

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return grainy(tmp_path_factory.mktemp("clip") / "clip.mp4", 60)


@asynccontextmanager
async def presenter(data: Path) -> AsyncIterator[Sending]:
    """Found by commands beside it."""
    async with sending(data) as running:
        (data / RUNNING).write_bytes(msgspec.json.encode(Running(url=running.url, pid=1)))
        yield running


@pytest.fixture
async def court(tmp_path: Path, clip: bytes) -> Path:
    """A data folder with a hearing of two recordings."""
    async with sending(tmp_path / "court") as place, place.client() as http:
        for ref in ("JM/1", "JM/2"):
            where = await (sender := Sender(http)).new(len(clip), ref=ref, filename=f"{ref[-1]}.mp4")
            await sender.send(where, 0, clip)
        async with asyncio.timeout(20):
            while not all(one.sha256 for one in place.intake.exhibits()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await place.intake.docket.change_hearing(place.intake.opened, ChangeHearing(case="R v Moss"))
    return tmp_path / "court"


async def refs(data: Path) -> list[tuple[str, str]]:
    """What is in the hearing that came in."""
    async with sending(data) as place:
        came = next(one for one in await place.intake.docket.hearings() if one.came)
        return [(came.case, one.ref) for one in place.intake.exhibits(came.id)]


BOTH = [("R v Moss", "JM/1"), ("R v Moss", "JM/2")]


@pytest.mark.parametrize("name", ["moss.zip", "moss"])
async def test_without_a_presenter(tmp_path: Path, court: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / name
    assert await export(court, out, hearing=None, remarks=True) == 0
    told = capsys.readouterr().out
    assert "R v Moss" in told
    assert "JM/2" in told
    assert out.is_dir() is (name == "moss")
    key = told.partition("Sealed with ")[2].splitlines()[0]
    assert await check(out, key) == 0
    assert await take_in(tmp_path / "new", out, key) == 0
    assert await refs(tmp_path / "new") == BOTH
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["court", "new", name])


@pytest.mark.parametrize("name", ["moss.zip", "moss"])
async def test_beside_a_presenter(tmp_path: Path, court: Path, name: str) -> None:
    out = tmp_path / name
    async with presenter(court) as place:
        assert await export(court, out, hearing="R v Moss", remarks=False) == 0
        assert [one.kind async for one in place.record.entries()].count("bundle-out") == 1
    async with presenter(tmp_path / "new") as place:
        assert await take_in(tmp_path / "new", out, None) == 0
        assert [one.came for one in await place.intake.docket.hearings()].count("") == 1
        assert place.intake.uploads.all()
        assert not [one for one in place.intake.uploads.all() if one.bundle]
    assert await refs(tmp_path / "new") == BOTH
    assert not list((tmp_path / "new").glob("import-*"))


async def test_what_is_there_stays(tmp_path: Path, court: Path) -> None:
    (tmp_path / "moss.zip").write_bytes(b"mine")
    with pytest.raises(Refused, match="bundle-there"):
        await export(court, tmp_path / "moss.zip", hearing=None, remarks=True)
    assert (tmp_path / "moss.zip").read_bytes() == b"mine"


async def test_which_hearing(tmp_path: Path, court: Path) -> None:
    with pytest.raises(Refused, match=r"There are: R v Moss \("):
        await export(court, tmp_path / "x.zip", hearing="R v Nobody", remarks=True)
    assert not list(tmp_path.glob("x*"))


async def test_a_changed_one(tmp_path: Path, court: Path, clip: bytes) -> None:
    out = tmp_path / "moss.zip"
    await export(court, out, hearing=None, remarks=True)
    data = bytearray(out.read_bytes())
    data[data.index(clip) + 100] ^= 1
    out.write_bytes(data)
    for refused in (check(out, None), take_in(tmp_path / "new", out, None)):
        with pytest.raises(Refused, match="bundle-changed"):
            await refused
    with pytest.raises(Refused, match="bundle-key"):
        await check(out, "ab" * 32)
    with pytest.raises(Refused, match="digits-malformed"):
        await check(out, "not digits")
    assert not list((tmp_path / "new" / "evidence").rglob("*.spool"))
