"""The commands about the record, beside a presenter that runs and without one: exported, checked, purged."""

from __future__ import annotations

import asyncio
import re
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest

from courtcast.app import presenter
from courtcast.cli import _command, build_parser
from courtcast.problems import Refused
from courtcast.settings import Settings
from courtcast.wire.api import Exhibit
from tests.prepare.watch import grainy
from tests.stand_ins.evidence_server import serving

HERE = ip_network("127.0.0.0/8")


async def command(*args: str | Path) -> int:
    return await _command(build_parser().parse_args([*map(str, args)]))


async def given_in(url: str, token: str, link: str) -> Exhibit:
    """As a program would; returns when it is ready."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(f"{url}/api/v1/", headers=headers) as http:
        async with http.post("exhibits", json={"url": link, "ref": "JM/1", "title": "Door"}) as answer:
            one = await answer.json()
        async with asyncio.timeout(30):
            while one["state"] != "ready":
                await asyncio.sleep(0.05)
                async with http.get(f"exhibits/{one['id']}") as answer:
                    one = await answer.json()
        async with http.post("room/cue", json={"exhibit": one["id"]}) as answer:
            assert answer.status == 200
    return one  # type: ignore[no-any-return]


async def test_exported_checked_and_purged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = tmp_path / "presenter", tmp_path / "record.jsonl"
    settings = Settings(data=data, port=0, allow_networks=(HERE,), interfaces=("127.0.0.1",))
    async with serving({"clip.mp4": grainy(tmp_path / "clip.mp4", 30)}) as server, presenter(settings) as running:
        assert await command("token", "--data", data, "--role", "advocate", "--name", "J. Martin") == 0
        await given_in(running.url, capsys.readouterr().out.strip(), server.url("clip.mp4"))
        assert await command("audit", "export", "--data", data, "--out", out) == 0
        text = out.read_text()
        assert "J. Martin (" in text
        assert '"kind":"cued"' in text
        assert await command("audit", "verify", out) == 0
        key = re.search(r"Key +([0-9a-f ]{71})", capsys.readouterr().out)
        assert key
        assert await command("purge", "--data", data, "--after", "2100-01-01", "JM/1") == 0
        assert "goes by itself" in capsys.readouterr().out
        with pytest.raises(Refused, match="purge-unknown"):
            await command("purge", "--data", data, "JM/7")
        with pytest.raises(Refused, match="purge-what"):
            await command("purge", "--data", data)
    assert await command("purge", "--data", data, "--added-before", "2100-01-01") == 0
    assert "gone" in capsys.readouterr().out
    assert [*(data / "evidence").glob("*/*"), *(data / "renditions").glob("*/*")] == []
    assert await command("audit", "export", "--data", data, "--out", out) == 0
    whole = out.read_text()
    assert [whole.count(f'"kind":"{kind}"') for kind in ("retention", "deleted", "purged")] == [1, 1, 1]
    assert await command("audit", "verify", out, "--key", key[1]) == 0
    assert capsys.readouterr().out.startswith("Intact")
    out.write_text(whole.replace('"ref":"JM/1"', '"ref":"JM/2"', 1))
    assert await command("audit", "verify", out) == 1
    assert re.match(r"NOT INTACT. Line \d+: the entry was changed\.", capsys.readouterr().out)


async def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="file-unreadable"):
        await command("audit", "verify", tmp_path / "nothing")
    with pytest.raises(Refused, match="digits-malformed"):
        await command("audit", "verify", tmp_path / "nothing", "--key", "abc")
    with pytest.raises(Refused, match="file-unwritable"):
        await command("audit", "export", "--data", tmp_path / "data", "--out", tmp_path)
