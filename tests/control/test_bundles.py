"""A hearing goes out of one presenter as a sealed bundle and comes into another, over the real application and intake."""

from __future__ import annotations

import asyncio
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from courtcast.core import bundle as form
from courtcast.core.account import told as told_of
from courtcast.evidence import bundle
from courtcast.prepare import bundling
from courtcast.problems import Refused
from courtcast.wire.library import Taking
from tests.control.conftest import problem
from tests.prepare.watch import grainy
from tests.stand_ins.sending import Sender, Sending, sending

pytestmark = pytest.mark.timeout(60)
API = "/api/v1"
INDEX = b"of a player nobody has"


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return grainy(tmp_path_factory.mktemp("clip") / "clip.mp4", 90)


@pytest.fixture
async def there(tmp_path: Path, clip: bytes) -> AsyncIterator[Sending]:
    """Where the hearing was put together: two recordings, one with a companion, one with a clip."""
    async with sending(tmp_path / "there") as running, running.client("clerk") as http:
        sender = Sender(http)
        for ref, set_ in (("JM/1", "disc"), ("JM/2", "")):
            words = {
                "filename": "Überwachung 三.mp4",
                "ref": ref,
                "title": f"Recording {ref}",
                "relativePath": "DVR/x.mp4",
            }
            where = await sender.new(len(clip), set=set_, lastModified="1700000000123", **words)
            assert (await sender.send(where, 0, clip)).status == 204
        where = await sender.new(
            len(INDEX), companion="yes", set="disc", filename="index.dat", relativePath="DVR/index.dat"
        )
        assert (await sender.send(where, 0, INDEX)).status == 204
        await all_ready(running, 2)
        first, second = [one.id for one in running.intake.exhibits()]
        await ask(http, "PATCH", f"/exhibits/{first}", remark="faint", evidential=False, received=1_700_000_000)
        await ask(
            http, "PATCH", f"/exhibits/{second}", restricted=True, camera_clock={"error": -3.25, "declared": "PC 4711"}
        )
        ranges = [{"start": 2, "stop": 2.5}, {"start": 0.1, "stop": 1, "silent": True}]
        await ask(http, "POST", f"/exhibits/{second}/clips", name="The door", ranges=ranges, agreed="12 November")
        hearing = (await ask(http, "GET", "/hearings"))[0]["id"]
        await ask(
            http, "PATCH", f"/hearings/{hearing}", case="R v Moss", court="Court 3", day="2026-12-01", note="ours"
        )
        yield running


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Sending]:
    """Where it comes in."""
    async with sending(tmp_path / "here") as running:
        yield running


async def ask(http: aiohttp.ClientSession, method: str, path: str, **body: Any) -> Any:
    async with http.request(method, API + path, json=body or None) as response:
        assert response.status < 300, await response.text()
        return await response.json() if response.status != 204 else None


async def all_ready(place: Sending, count: int) -> None:
    async with asyncio.timeout(30):
        while [one.state for one in place.intake.everything()] != ["ready"] * count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def fetched(place: Sending, query: str = "") -> bytes:
    async with place.client("clerk") as http:
        hearing = (await ask(http, "GET", "/hearings"))[0]["id"]
        async with http.get(f"{API}/hearings/{hearing}/bundle{query}") as response:
            assert response.status == 200, await response.text()
            assert response.headers["Content-Disposition"].startswith('attachment; filename="R-v-Moss-')
            return await response.read()


async def sent(place: Sending, data: bytes, **words: str) -> str:
    """Id of the upload."""
    async with place.client("clerk") as http:
        sender = Sender(http)
        where = await sender.new(len(data), **{"bundle": "yes", "filename": "moss.zip", **words})
        assert (await sender.send(where, 0, data)).status == 204
        return where.rpartition("/")[2]


async def taken(place: Sending, upload: str, **more: Any) -> dict[str, Any]:
    """What became of it."""
    async with place.client("clerk") as http:
        begun = await ask(http, "POST", "/bundles", upload=upload, **more)
        assert begun["state"] == "checking"
        async with asyncio.timeout(30):
            while (found := await ask(http, "GET", f"/bundles/{upload}"))["state"] == "checking":  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        msgspec.convert(found, Taking, strict=True)
        return dict(found)


def leftovers(place: Sending) -> list[str]:
    evidence = place.data / "evidence"
    return sorted(str(one.relative_to(evidence)) for one in evidence.rglob("*") if one.is_file())


async def test_a_hearing_goes_from_one_court_to_another(there: Sending, here: Sending, clip: bytes) -> None:
    data = await fetched(there)
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        names = [name for name in made.namelist() if name not in (form.SAYS, form.SEAL)]
        assert names == [
            "001 JM_1 Recording JM_1.mp4",
            "001 JM_1 Recording JM_1 - with it/001 index.dat",
            "002 JM_2 Recording JM_2.mp4",
        ]
        assert made.read(names[0]) == clip
    found = await taken(here, await sent(here, data))
    assert found["state"] == "done", found
    report = found["report"]
    assert (report["exhibits"], report["known"], report["key"]) == (2, [], there.record.signer.key)
    assert found["done"] == found["bytes"] == report["bytes"] == 2 * len(clip) + len(INDEX)
    async with here.client("clerk") as http:
        hearings = await ask(http, "GET", "/hearings")
        came = next(one for one in hearings if one["id"] == report["hearing"])
        assert (came["case"], came["court"], came["day"], came["note"]) == ("R v Moss", "Court 3", "2026-12-01", "ours")
        assert (came["came"], came["open"], came["exhibits"]) == (there.record.signer.key, False, 2)
        assert await ask(http, "GET", "/exhibits") == []
        await ask(http, "POST", f"/hearings/{came['id']}/open")
        await all_ready(here, 2)
        first, second = await ask(http, "GET", "/exhibits")
        inspection = here.intake.uploads.beside(first["id"])
    before = there.intake.exhibits()
    for one, other in zip((first, second), before, strict=True):
        assert one["id"] != other.id
        same = ("ref", "title", "sha256", "duration", "frames", "evidential", "remark", "restricted", "source")
        assert {name: one[name] for name in same} == {name: getattr(other, name) for name in same}
        assert [{**cut, "id": ""} for cut in one["clips"]] == [
            {**msgspec.to_builtins(cut), "id": ""} for cut in other.clips
        ]
    assert second["camera_clock"] == {"error": -3.25, "declared": "PC 4711"}
    assert (first["received"], second["received"]) == (1_700_000_000, pytest.approx(before[1].added, abs=1e-5))
    assert [(one.name, one.path, one.sha256) for one in inspection] == [
        ("index.dat", "DVR", hashlib.sha256(INDEX).hexdigest())
    ]
    assert here.intake.uploads.file(inspection[0].id).read_bytes() == INDEX
    assert here.intake.uploads.of(first["id"]).modified == 1_700_000_000.123  # type: ignore[union-attr]
    kinds = [entry.kind async for entry in here.record.entries()]
    assert kinds.count("received") == 2
    assert "hearing-made" in kinds
    out = [entry async for entry in there.record.entries() if entry.kind == "bundle-out"]
    assert out[0].what["exhibits"] == 2
    assert list(told_of(out, str))
    assert not [name for name in leftovers(here) if name.startswith("incoming")]


async def test_for_the_other_side(there: Sending, clip: bytes) -> None:
    """Without what people noted for themselves; and without files, only to be read."""
    data = await fetched(there, "?remarks=0&media=0")
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        assert made.namelist() == [form.SAYS, form.SEAL]
        says, _ = form.read(made.read(form.SAYS), made.read(form.SEAL))
    assert ([one.remark for one in says.exhibits], says.hearing.note) == (["", ""], "")
    assert says.exhibits[0].file is not None
    assert says.exhibits[0].file.sha256 == hashlib.sha256(clip).hexdigest()


async def test_the_same_once_more(there: Sending) -> None:
    """It is another hearing; what is known already is said."""
    found = await taken(there, await sent(there, await fetched(there)))
    assert found["report"]["known"] == ["JM/1", "JM/2"]
    assert len(there.intake.everything()) == 4
    assert len(there.intake.everything()[0].same_as) == 3


async def test_a_changed_byte_and_nothing_comes_in(there: Sending, here: Sending, clip: bytes) -> None:
    data = bytearray(await fetched(there))
    data[data.index(clip) + len(clip) // 2] ^= 1
    found = await taken(here, upload := await sent(here, bytes(data)))
    assert (found["state"], found["problem"]["type"]) == ("failed", "bundle-changed")
    assert here.intake.everything() == []
    assert leftovers(here) == [f"uploads/{upload}.file", f"uploads/{upload}.mark"]
    async with here.client("clerk") as http:
        assert len(await ask(http, "GET", "/hearings")) == 1
        # What was sent can be given up, as every upload.
        async with http.delete(f"{API}/uploads/{upload}", headers={"Tus-Resumable": "1.0.0"}) as response:
            assert response.status == 204
    assert leftovers(here) == []


async def test_sealed_by_somebody_else(there: Sending, here: Sending) -> None:
    upload = await sent(here, await fetched(there))
    found = await taken(here, upload, key="ab" * 32)
    assert found["problem"]["type"] == "bundle-key"
    assert (await taken(here, upload, key=there.record.signer.key))["state"] == "done"


async def test_what_cannot_go_out_yet(here: Sending) -> None:
    async with here.client("clerk") as http:
        await Sender(http).new(1000, ref="JM/9")
        hearing = (await ask(http, "GET", "/hearings"))[0]["id"]
        document = await problem(await http.get(f"{API}/hearings/{hearing}/bundle"), 409, "bundle-not-yet")
        assert "JM/9" in document["detail"]
        await problem(await http.get(f"{API}/hearings/none/bundle"), 404, "hearing-unknown")


async def test_evidence_that_rotted_does_not_go_out(there: Sending) -> None:
    """What was begun is broken off: nobody takes it for whole."""
    id_ = there.intake.exhibits()[1].id
    spool = there.data / "evidence" / id_ / "1.spool"
    data = bytearray(spool.read_bytes())
    data[-1] ^= 1
    spool.write_bytes(data)
    with pytest.raises(aiohttp.ClientError):
        await fetched(there)


async def test_what_is_no_bundle(here: Sending) -> None:
    found = await taken(here, await sent(here, b"something else"))
    assert found["problem"]["type"] == "bundle-unreadable"
    async with here.client("clerk") as http:
        where = await Sender(http).new(10, bundle="yes")
        document = {"upload": where.rpartition("/")[2]}
        await problem(await http.post(f"{API}/bundles", json=document), 409, "bundle-coming")
        where = await Sender(http).new(10)
        document = {"upload": where.rpartition("/")[2]}
        await problem(await http.post(f"{API}/bundles", json=document), 409, "upload-no-bundle")
        await problem(await http.post(f"{API}/bundles", json={"upload": "0"}), 404, "upload-unknown")
        await problem(await http.get(f"{API}/bundles/0"), 404, "upload-unknown")


async def test_the_disk_says_no_in_the_last_step(
    there: Sending, here: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await sent(here, await fetched(there))

    def full(*_: object, **__: object) -> None:
        raise Refused("disk-full")

    with monkeypatch.context() as patch:
        patch.setattr("courtcast.prepare.docket.keep", full)
        assert (await taken(here, upload))["problem"]["type"] == "disk-full"
    assert here.intake.everything() == []
    assert leftovers(here) == [f"uploads/{upload}.file", f"uploads/{upload}.mark"]
    assert (await taken(here, upload))["state"] == "done"


async def test_called_off(there: Sending, here: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = await sent(here, await fetched(there))
    monkeypatch.setattr(bundle, "BLOCK", 1000)
    async with here.client("clerk") as http:
        await ask(http, "POST", "/bundles", upload=upload)
        await ask(http, "DELETE", f"/bundles/{upload}")
        assert (await ask(http, "GET", "/bundles"))[0]["state"] == "cancelled"
    assert leftovers(here) == [f"uploads/{upload}.file", f"uploads/{upload}.mark"]


async def test_a_killed_one_leaves_nothing(tmp_path: Path, there: Sending) -> None:
    """Killed after the files went to their places, before it was a hearing."""
    data = await fetched(there)
    (tmp_path / "moss.zip").write_bytes(data)
    async with sending(tmp_path / "killed") as place:
        folder = place.data / "evidence"
        found = await asyncio.to_thread(bundling.take, tmp_path / "moss.zip", folder)
        made = bundling.admission(found, folder, 0.0)
        await bundling.announce(place.db, made)
        await asyncio.to_thread(bundling.settle, made, folder)
        assert len(leftovers(place)) == 3 + len(made.uploads)
        await asyncio.to_thread(bundling.take, tmp_path / "moss.zip", folder)
    async with sending(tmp_path / "killed") as place:
        async with asyncio.timeout(10):
            while leftovers(place):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert place.intake.everything() == []
        assert await place.db.items("remains") == []


async def test_who_only_looks_takes_nothing_in(there: Sending) -> None:
    async with there.client("viewer") as http:
        hearing = (await ask(http, "GET", "/hearings"))[0]["id"]
        await problem(await http.get(f"{API}/hearings/{hearing}/bundle"), 403, "not-allowed")
        await problem(await http.post(f"{API}/bundles", json={"upload": "0"}), 403, "not-allowed")
