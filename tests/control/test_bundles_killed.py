"""kill -9 while a bundle is taken in: it is a hearing afterwards, whole, or nothing of it is there. Never a part."""

from __future__ import annotations

import asyncio
import hashlib
import random
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from courtcast.control.auth import issue_token
from courtcast.core import bundle as form
from courtcast.core.bundle import Bundle, Clip, Exhibit, File, Hearing, Range
from courtcast.core.signing import Signer
from courtcast.evidence import bundle
from courtcast.evidence.bundle import Contents, Held
from courtcast.evidence.database import Database
from tests.control.test_uploads_killed import Presenter, presenting
from tests.prepare.watch import grainy
from tests.stand_ins.sending import Sender

COUNT = 6
KILLS = 5


def sealed(folder: Path) -> bytes:
    """Six recordings of a megabyte, each with a clip."""
    clip = grainy(folder / "clip.mp4", 30)
    held = []
    for number in range(COUNT):
        data = clip + (1_000_008).to_bytes(4, "big") + b"free" + random.Random(number).randbytes(1_000_000)
        path = folder / f"{number}.mp4"
        path.write_bytes(data)
        file = File(at=f"{number:03d}.mp4", bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), name="one.mp4")
        held.append(Held(file, path))
    cut = Clip(name="The door", ranges=[Range(start="0.1", stop="0.5")])
    exhibits = [Exhibit(id=f"{n:x}", ref=f"JM/{n}", file=one.file, clips=[cut]) for n, one in enumerate(held)]
    says = Bundle(format=form.FORMAT, made=1, hearing=Hearing(case="R v Moss"), exhibits=exhibits)
    with (folder / "moss.zip").open("wb") as out:
        bundle.write_zip(out, Contents(says, held, {}), Signer.make())
    return (folder / "moss.zip").read_bytes()


async def came(http: aiohttp.ClientSession) -> int:
    """How many hearings came in, each of them whole."""
    hearings = [one for one in await (await http.get("/api/v1/hearings")).json() if one["came"]]
    for hearing in hearings:
        exhibits = await (await http.get(f"/api/v1/exhibits?hearing={hearing['id']}")).json()
        assert [one["ref"] for one in exhibits] == [f"JM/{n}" for n in range(COUNT)]
        assert all(one["clips"][0]["name"] == "The door" and one["sha256"] for one in exhibits)
    return len(hearings)


async def there(http: aiohttp.ClientSession, zip_: bytes) -> str:
    """The upload: what was taken in to its end is sent again."""
    for one in await (await http.get("/api/v1/uploads")).json():
        if one["bundle"]:
            assert one["offset"] == len(zip_)
            return str(one["id"])
    where = await (sender := Sender(http)).new(len(zip_), bundle="yes")
    assert (await sender.send(where, 0, zip_)).status == 204
    return where.rpartition("/")[2]


async def settled(data: Path, hearings: int) -> None:
    """Nothing lies about that belongs to nothing."""
    evidence = data / "evidence"
    spools: list[Path] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(10):
            while True:
                spools = list(evidence.glob("*/1.spool"))
                if len(spools) == hearings * COUNT and not list(evidence.glob("incoming/*/*")):
                    break
                await asyncio.sleep(0.02)
    assert len(spools) == hearings * COUNT
    assert not list(evidence.glob("incoming/*/*"))


async def until_done(http: aiohttp.ClientSession, upload: str) -> None:
    assert (await http.post("/api/v1/bundles", json={"upload": upload})).status == 202
    async with asyncio.timeout(30):
        while (found := await (await http.get(f"/api/v1/bundles/{upload}")).json())["state"] == "checking":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert found["state"] == "done"


async def turn(presenter: Presenter, headers: dict[str, str], data: Path, zip_: bytes, after: float) -> int:
    """One life: looks at what the last one left, begins to take the bundle in, and is killed."""
    await presenter.start()
    async with aiohttp.ClientSession(presenter.url, headers=headers) as http:
        hearings = await came(http)
        await settled(data, hearings)
        upload = await there(http, zip_)
        assert (await http.post("/api/v1/bundles", json={"upload": upload})).status == 202
        await asyncio.sleep(after)
        presenter.kill()
    return hearings


@pytest.mark.timeout(120)
async def test_killed_at_five_moments(tmp_path: Path) -> None:
    rng, data = random.Random(8), tmp_path / "data"
    zip_ = await asyncio.to_thread(sealed, tmp_path)
    async with Database(data / "courtcast.db") as db:
        headers = {"Authorization": f"Bearer {await issue_token(db, 'clerk')}"}
    async with presenting(data) as presenter:
        await presenter.start()
        async with aiohttp.ClientSession(presenter.url, headers=headers) as http:
            # How long it takes here: the moments lie within that.
            upload, began = await there(http, zip_), asyncio.get_running_loop().time()
            await until_done(http, upload)
            presenter.kill()
        took = asyncio.get_running_loop().time() - began
        seen = {await turn(presenter, headers, data, zip_, took * rng.random()) for _ in range(KILLS)}
        await presenter.start()
        async with aiohttp.ClientSession(presenter.url, headers=headers) as http:
            before = await came(http)
            await until_done(http, await there(http, zip_))
            assert await came(http) == before + 1
    assert len(seen) > 1, "some were killed before their end, and some after"
