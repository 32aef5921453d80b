"""Shared folders, by WebDAV: a real server in both of the ways in which there are such."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Literal

import pytest

from courtcast.evidence.guard import Guard
from courtcast.evidence.limits import Limits
from courtcast.evidence.links import Link, folder
from courtcast.evidence.links.found import DOCUMENT, Web, choosing
from courtcast.evidence.links.reach import Several, behind, reach
from courtcast.evidence.look import look
from courtcast.problems import Refused
from tests.stand_ins.evidence_server import serving
from tests.stand_ins.share_server import sharing

WEB = Web(Guard([ip_network("127.0.0.0/8")]), Limits(connect=1.0, answer=2.0, idle=1.0))
TOKEN = "aB3dE6gH9jK2mN5"
FILES = {
    "clip 10.mp4": b"ten" * 10,
    "clip 2.mp4": b"two" * 20,
    "CCTV/Müller/cam.dav": b"cam",
    "CCTV/index.dat": b"i",
    "empty/": b"",
    ".hidden": b"h",
}


@pytest.mark.parametrize("style", ["new", "old"])
@pytest.mark.parametrize("base", ["", "/cloud", "/index.php"])
async def test_what_is_in_a_folder(style: Literal["new", "old"], base: str) -> None:
    async with sharing({TOKEN: FILES}, style=style) as server:
        link = Link(server.url(TOKEN, base))
        with pytest.raises(Several) as several:
            await behind(link, WEB)
        offered = several.value.seen.files
        assert [(says, name, size) for _, name, says, size in offered] == [
            ("CCTV", "index.dat", 1),
            ("CCTV/Müller", "cam.dav", 3),
            ("", "clip 2.mp4", 60),
            ("", "clip 10.mp4", 30),
        ]
        reached = await reach(choosing(link, "folder", offered[1][0]), WEB)
        assert reached.seen.name == "cam.dav"
        answer = await look(reached.link, WEB.guard)
        assert (answer.problem, answer.changed) == (None, False)
        assert server.asked[-1] == "GET CCTV/Müller/cam.dav"


async def test_a_single_file_needs_no_choice() -> None:
    async with sharing({TOKEN: {"clip.mp4": b"x" * 100}}) as server:
        reached = await behind(Link(server.url(TOKEN) + "/download"), WEB)
        assert reached.seen.name == "clip.mp4"
        assert reached.seen.says == "Found in the folder at 127.0.0.1."


async def test_a_folder_by_its_own_address() -> None:
    async with sharing({TOKEN: {"clip.mp4": b"x"}}) as server:
        link = Link(f"{server.address}/public.php/dav/files/{TOKEN}/")
        assert folder.recognises(link)
        assert (await reach(link, WEB)).seen.name == "clip.mp4"


async def test_a_password_is_a_log_in() -> None:
    async with sharing({TOKEN: FILES}, password=True) as server:
        with pytest.raises(Refused, match="link-needs-login"):
            await behind(Link(server.url(TOKEN)), WEB)


async def test_an_empty_folder() -> None:
    async with sharing({TOKEN: {"empty/": b""}}) as server:
        with pytest.raises(Refused, match="link-folder-empty"):
            await behind(Link(server.url(TOKEN)), WEB)


async def test_many_folders_are_not_walked_without_end() -> None:
    deep = {"/".join(["d"] * n) + "/f": b"x" for n in range(1, 100)}
    async with sharing({TOKEN: deep}) as server:
        with pytest.raises(Several) as several:
            await behind(Link(server.url(TOKEN)), WEB)
        assert len(server.asked) <= folder.MOST_FOLDERS
        assert 0 < len(several.value.seen.files) <= folder.MOST_FOLDERS


LISTED = '<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">{}</d:multistatus>'
FILE = "<d:response><d:href>{}</d:href><d:propstat><d:prop><d:resourcetype/></d:prop></d:propstat></d:response>"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (LISTED.format(FILE.format("http://10.0.0.1/x.mp4")), "link-folder-empty"),
        (LISTED.format(FILE.format("/elsewhere/x.mp4")), "link-folder-empty"),
        (LISTED.format(FILE.format("../../x.mp4")), "link-folder-empty"),
        (LISTED.format(FILE.format("http://[::1")), "link-folder-empty"),
        (LISTED.format(FILE.format("")), "link-folder-empty"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]>' + LISTED.format(""), "link-page-no-file"),
        ("<html>no</html>", "link-page-no-file"),
        ("<unclosed", "link-page-no-file"),
        ("", "link-page-no-file"),
        (" " * (DOCUMENT + 1), "link-too-large"),
    ],
)
async def test_servers_that_list_what_they_like(answer: str, said: str) -> None:
    share = f"public.php/dav/files/{TOKEN}/"
    async with serving({share: answer.encode(), f"s/{TOKEN}": b"<!doctype html>"}) as server:
        with pytest.raises(Refused) as refused:
            await behind(Link(f"{server.address}/s/{TOKEN}"), WEB)
        assert refused.value.type == said
