"""`courtcast add`, `list` and `purge` as somebody types them, with hearings and lists: without a presenter, beside one."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import msgspec
import pytest

from courtcast.app import presenter
from courtcast.cli import _command, build_parser
from courtcast.evidence.database import Database
from courtcast.evidence.library import Library
from courtcast.problems import Refused
from courtcast.settings import Settings
from courtcast.wire.api import Exhibit
from courtcast.wire.library import AddHearing
from tests.prepare.watch import grainy
from tests.stand_ins.evidence_server import serving

pytestmark = pytest.mark.timeout(90)
HERE = ip_network("127.0.0.0/8")


async def command(*args: str | Path) -> int:
    return await _command(build_parser().parse_args([*map(str, args)]))


async def seen(data: Path, capsys: pytest.CaptureFixture[str], *args: str) -> dict[str, Exhibit]:
    capsys.readouterr()
    assert await command("list", "--data", data, "--json", *args) == 0
    return {one.ref: one for one in msgspec.json.decode(capsys.readouterr().out, type=list[Exhibit])}


async def test_several_links_and_a_list_with_and_without_a_presenter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, file = tmp_path / "presenter", tmp_path / "hearing.CSV"
    film = grainy(tmp_path / "clip.mp4", 30)
    local = "--data", data, "--allow-network", "127.0.0.0/8"
    async with serving({"clip.mp4": film}) as server:
        link = server.url("clip.mp4")
        assert await command("add", *local, link, f"{link}?status=404") == 1
        said = capsys.readouterr().out
        assert "30 frames" in said
        assert "404" in said
        found = await seen(data, capsys)
        assert (found["1"].state, found["1"].bytes_total, found["2"].state) == ("ready", len(film), "waiting")
        with pytest.raises(Refused, match="add-several"):
            await command("add", *local, "--ref", "JM/1", link, link)
        async with Database(data / "courtcast.db", presenter=False) as db:
            other = await Library(db).hearings.add(AddHearing(case="R v Other"))
        file.write_text(f"ref,title,url,clip,start,stop\nJM/1,Door,{link},,,\n,,,opens,0.1,0.5\n")
        assert await command("add", *local, "--hearing", "r v other", file) == 0
        assert "1 added, 0 changed" in capsys.readouterr().out
        there = await seen(data, capsys, "--hearing", other.id)
        assert [(one.title, one.state, one.clips[0].name) for one in there.values()] == [("Door", "ready", "opens")]
        assert set(await seen(data, capsys, "--hearing", "all")) == {"1", "2", "JM/1"}
        file.write_text(f"ref,url\nJM/1,{link}\nJM/2,\n")
        for wrong, type_ in (((file,), "list-line"), (("--hearing", "x", file), "hearing-unknown")):
            with pytest.raises(Refused) as refused:
                await command("add", *local, *wrong)
            assert refused.value.type == type_

        async with presenter(Settings(data=data, port=0, allow_networks=(HERE,), interfaces=("127.0.0.1",))):
            file.write_text(f"ref,url,remark\nJM/1,{link},of all\nJM/3,{link},\n")
            assert await command("add", *local, file, f"{link}?again=1") == 0
            assert "2 added, 0 changed" in capsys.readouterr().out
            found = await seen(data, capsys)
            assert [(one.ref, one.state) for one in found.values() if one.ref != "2"] == [
                ("1", "ready"), ("JM/1", "ready"), ("JM/3", "ready"), ("5", "ready"),
            ]  # fmt: skip
            assert len(found["JM/1"].same_as) == 4
            capsys.readouterr()
            assert await command("list", "--data", data) == 0
            table = capsys.readouterr().out
            assert "nothing at this link" in table
            assert "SHA-256" in table
            with pytest.raises(Refused, match="purge-several"):
                await command("purge", "--data", data, "JM/1")
            assert await command("purge", "--data", data, "--hearing", "R v Other", "JM/1") == 0
            assert await seen(data, capsys, "--hearing", other.id) == {}
            assert "JM/1" in await seen(data, capsys)
