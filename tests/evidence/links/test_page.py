"""Share pages: what a page names, which of it is meant, and what stands in the way."""

from __future__ import annotations

import json
import time
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.evidence.guard import Guard
from courtcast.evidence.limits import Limits
from courtcast.evidence.links import Link, hosts
from courtcast.evidence.links.found import Web, choosing
from courtcast.evidence.links.page import files_of, read
from courtcast.evidence.links.reach import Several, behind, reach
from courtcast.problems import Refused
from tests.stand_ins.evidence_server import serving

WEB = Web(Guard([ip_network("127.0.0.0/8")]), Limits(connect=1.0, answer=2.0, idle=1.0))
BASE = Link("https://share.example/v/7?key=1")


def names(html: str, base: Link = BASE) -> list[str]:
    """Addresses of what a page leads to, the best first; behind a `?` where somebody has to choose."""
    files, one = files_of(read(html), base, base)
    return ([] if one or not files else ["?"]) + [file.link.url.removeprefix("https://share.example") for file in files]


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<meta property="og:video" content="/a.mp4">', ["/a.mp4"]),
        ('<META NAME=og:video CONTENT=/a.mp4 >', ["/a.mp4"]),
        ('<meta property="og:video" content="/embed"><meta property="og:video:type" content="text/html">', []),
        (
            '<meta property="og:video" content="/embed"><meta property="og:video:type" content="text/html">'
            '<meta property="og:video" content="/a.mp4"><meta property="og:video:type" content="video/mp4">',
            ["/a.mp4"],
        ),
        (
            '<meta property="og:video" content="/s.mp4"><meta property="og:video:height" content="360">'
            '<meta property="og:video" content="/l.mp4"><meta property="og:video:height" content="1080">',
            ["/l.mp4", "/s.mp4"],
        ),
        ('<meta property="og:image" content="/a.jpg">', []),
        ('<video src="a.mp4"></video>', ["/v/a.mp4"]),
        ('<base href="/media/"><video src="a.mp4"></video>', ["/media/a.mp4"]),
        ('<video><source src="/a.webm" type="video/webm"><source src="/a.mp4" type="video/mp4"></video>', ["/a.webm", "/a.mp4"]),
        ('<video><source src="/s.mp4" res="360"><source src="/l.mp4" label="HD 1080p"></video>', ["/l.mp4", "/s.mp4"]),
        ('<video><source src="/a.m3u8" size="1080"><source src="/a.mp4" size="720"></video>', ["/a.mp4", "/a.m3u8"]),
        ('<picture><source src="/a.webp"></picture>', []),
        ('<audio src="/999.mp3"></audio>', ["/999.mp3"]),
        ('<video src="/1.mp4"></video><video src="/2.mp4"></video>', ["?", "/1.mp4", "/2.mp4"]),
        ('<video src="/1.mp4"></video><a download href="/full/1.mov">Download</a>', ["/full/1.mov", "/1.mp4"]),
        ('<a download href="/1.mov">1</a><a download href="/2.mov">2</a>', ["?", "/1.mov", "/2.mov"]),
        ('<a download href="/1.mov">1</a><a download href="/1.mov">again</a>', ["/1.mov"]),
        ('<a download href="#top">1</a><a href="javascript:alert(1).mp4">2</a><a href="mailto:a@b.mp4">3</a>', []),
        ('<a href="/clip%201.mp4?x=1">1</a><a href="/b.html">2</a>', ["/clip%201.mp4?x=1"]),
        ('<a href="clip1.mp4">1</a><a href="clip2.avi">2</a><a href="../">up</a>', ["?", "/v/clip1.mp4", "/v/clip2.avi"]),
        ('<video src="/a.mp4"></video><a href="/terms.pdf">Terms</a>', ["/a.mp4"]),
        ('<link rel="alternate" type="video/mp4" href="/a.mp4">', ["/a.mp4"]),
        ('<video src="blob:https://share.example/1"></video>', []),
        ('<video src="data:video/mp4;base64,AAAA"></video>', []),
        ('<video src="file:///etc/passwd"></video>', []),
        ('<video src="http://[::1"></video><video src="/b.mp4"></video>', ["/b.mp4"]),
        ('<!-- <video src="/a.mp4"></video> --><p>&lt;video src="/b.mp4"&gt;</p>', []),
        ('<script>var v = \'<video src="/a.mp4"></video>\'</script>', []),
        ('<video src="/a.mp4?x=1&amp;y=2"></video>', ["/a.mp4?x=1&y=2"]),
        (
            '<form id="download-form" action="/download" method="get"><input type=hidden name=id value="1 2">'
            '<input type=hidden name=export value=download><input type=hidden name=confirm value=t></form>',
            ["/download?id=1+2&export=download&confirm=t"],
        ),
        ('<form action="/search" method="get"><input type=hidden name=a value=b></form>', []),
        ('<form action="/download" method="post"><input type=hidden name=export value=download></form>', []),
    ],
)  # fmt: skip
def test_what_a_page_leads_to(html: str, found: list[str]) -> None:
    assert names(html) == found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"@type": "VideoObject", "contentUrl": "/a.mp4", "embedUrl": "/e", "thumbnailUrl": "/t.jpg"}, ["/a.mp4"]),
        ([{"@type": "WebPage"}, {"@graph": [{"@type": "VideoObject", "contentUrl": "/a.mp4"}]}], ["/a.mp4"]),
        ({"contentUrl": ["/a.mp4", "/b.mp4"]}, ["/a.mp4", "/b.mp4"]),
        ([{"contentUrl": "/a.mp4"}, {"contentUrl": "/b.mp4"}], ["?", "/a.mp4", "/b.mp4"]),
        ({"contentUrl": 7}, []),
        ({"contentUrl": {"@value": "/a.mp4"}}, []),
        (None, []),
    ],
)
def test_what_its_graph_says(said: object, found: list[str]) -> None:
    assert names(f'<script type="application/ld+json">{json.dumps(said)}</script>') == found


@pytest.mark.parametrize("text", ["{", "[" * 5000, '{"contentUrl": "/a.mp4"', "null", "\0"])
def test_a_graph_that_cannot_be_read_says_nothing(text: str) -> None:
    assert names(f'<script type="application/ld+json">{text}</script>') == []


def test_a_page_says_the_same_recording_in_several_ways() -> None:
    html = (
        '<meta property="og:video" content="/og.mp4"><script type="application/ld+json">{"contentUrl": "/ld.mp4"}</script>'
        '<video src="/v.mp4"></video><a download href="/original.mov">Download</a>'
    )
    assert names(html) == ["/original.mov", "/ld.mp4", "/og.mp4", "/v.mp4"]


@given(st.text(alphabet="<>\"=/ -!&;abvideosrcmetahref'\n\0[]", max_size=400))
def test_any_text_is_read(html: str) -> None:
    names(html)


@pytest.mark.parametrize(
    "open_", ["<!--", "<a ", "<![CDATA[", "<video src='", "<!", "</", "<script>", "&#", "<?", "<a href=" + '"']
)
def test_a_page_that_closes_nothing_costs_no_more_than_another(open_: str) -> None:
    begun = time.monotonic()
    try:
        names(open_ * (1_000_000 // len(open_)))
    except Refused as refused:
        assert refused.type in {"link-page-no-file", "link-too-large"}  # noqa: PT017
    assert time.monotonic() - begun < 10


# file hosts

DRIVE = "1AbCdEfGhIjKlMnOpQrStUvWxYz012345"


@pytest.mark.parametrize(
    ("link", "direct"),
    [
        ("https://www.dropbox.com/s/abc/clip.mp4?dl=0", "https://www.dropbox.com/s/abc/clip.mp4?dl=1"),
        (
            "https://www.dropbox.com/scl/fi/abc/clip%201.mp4?rlkey=k%2Fx&e=1&st=s&dl=0",
            "https://www.dropbox.com/scl/fi/abc/clip%201.mp4?rlkey=k%2Fx&e=1&st=s&dl=1",
        ),
        ("https://dropbox.com/s/abc/clip.mp4", "https://dropbox.com/s/abc/clip.mp4?dl=1"),
        ("https://www.dropbox.com/sh/abc/def?dl=0", None),
        ("https://www.dropbox.com/scl/fo/abc/def?rlkey=x", None),
        (f"https://drive.google.com/file/d/{DRIVE}/view?usp=sharing", f"https://drive.google.com/uc?export=download&id={DRIVE}"),
        (f"https://drive.google.com/a/court.example/file/d/{DRIVE}", f"https://drive.google.com/uc?export=download&id={DRIVE}"),
        (
            f"https://drive.google.com/open?id={DRIVE}&resourcekey=0-aB_",
            f"https://drive.google.com/uc?export=download&id={DRIVE}&resourcekey=0-aB_",
        ),
        ("https://drive.google.com/open?id=../..", None),
        ("https://drive.google.com/drive/folders/" + DRIVE, None),
        ("https://1drv.ms/v/s!AbC", "https://api.onedrive.com/v1.0/shares/u!aHR0cHM6Ly8xZHJ2Lm1zL3YvcyFBYkM/root/content"),
        (
            "https://court.sharepoint.com/:v:/s/Team/EaBc?e=4%3aXy&at=9",
            "https://court.sharepoint.com/:v:/s/Team/EaBc?e=4%3aXy&at=9&download=1",
        ),
        ("https://court-my.sharepoint.com/:u:/g/personal/x/EaBc", "https://court-my.sharepoint.com/:u:/g/personal/x/EaBc?download=1"),
        ("https://court.sharepoint.com/:f:/s/Team/EaBc", None),
        ("https://sharepoint.com.evil.example/:v:/s/x", None),
        ("https://evildropbox.com/s/abc/clip.mp4", None),
        ("https://share.example/clip.mp4", None),
        ("", None),
    ],
)  # fmt: skip
def test_file_hosts(link: str, direct: str | None) -> None:
    found = hosts.direct(Link(link, {"X-Key": "secret"}))
    assert (None if found is None else found.url) == direct
    if found is not None and "onedrive" in found.url:
        assert found.headers == {}, "another origin"


# asked for


async def seen(link: Link) -> str:
    try:
        return (await behind(link, WEB)).link.url
    except Refused as refused:
        return refused.type


async def test_the_file_behind_a_page() -> None:
    async with serving({"page.html": b'<!doctype html><video src="clip.mp4"></video>', "clip.mp4": b"x"}) as server:
        link = Link(server.url("page.html"), {"X-Key": "secret"})
        reached = await behind(link, WEB)
        assert reached.link == Link(server.url("clip.mp4"), {"X-Key": "secret"})
        assert reached.seen.kind == "page"
        assert reached.seen.says == "Found on the page at 127.0.0.1."
        assert (await reach(link, WEB, reached.seen)).link == reached.link, "and the next time without being led astray"
        assert (await reach(link, WEB)).link == link, "an address that says nothing is taken for the file's"


async def test_given_headers_stay_with_their_origin() -> None:
    async with serving({"page.html": b'<!doctype html><video src="https://other.example/clip.mp4"></video>'}) as server:
        reached = await behind(Link(server.url("page.html"), {"X-Key": "secret"}), WEB)
        assert reached.link == Link("https://other.example/clip.mp4")


async def test_somebody_chooses_between_several() -> None:
    page = b'<!doctype html><a download href="/1.mov">1</a><a download href="/2.mov?sig=x">2</a>'
    async with serving({"page.html": page}) as server:
        link = Link(server.url("page.html"))
        with pytest.raises(Several, match="There are 2 files") as several:
            await behind(link, WEB)
        assert [name for _, name, _, _ in several.value.seen.files] == ["1.mov", "2.mov"]
        chosen = choosing(link, "page", several.value.seen.files[1][0])
        reached = await reach(chosen, WEB)
        assert reached.link.url == f"{server.address}/2.mov?sig=x"
        assert reached.seen.says.endswith("chosen by hand.")
        with pytest.raises(Refused, match="link-choice-gone"):
            await reach(choosing(link, "page", "0" * 12), WEB)
        assert all("#" not in request.target for request in server.requests)


@pytest.mark.parametrize(
    ("page", "how", "said"),
    [
        (b"<!doctype html><h1>Nothing</h1>", {}, "link-page-no-file"),
        (b"<!doctype html><form><input type=password></form>", {}, "link-needs-login"),
        (b"<!doctype html><title>Log in - Files</title><script>app()</script>", {}, "link-needs-login"),
        (b"<!doctype html>" + b"<p>x" * 400_000, {}, "link-too-large"),
        (b"<!doctype html>" + b"<p>x" * 60_000, {}, "link-too-large"),
        (b"<!doctype html><video src=a.mp4></video>", {"length": "endless"}, "link-too-large"),
        (b"<!doctype html><video src=a.mp4></video>", {"status": 403}, "link-refused"),
        (b"<!doctype html><video src=a.mp4></video>", {"redirect": "http://10.0.0.1/"}, "link-forbidden-address"),
        (b"not a page at all", {"type": "video/mp4"}, "link-page-no-file"),
        (b"<!doctype html>" + "<video src='/ü.mp4'>".encode("latin-1"), {}, None),
    ],
)  # fmt: skip
async def test_pages_that_lead_nowhere(page: bytes, how: dict[str, object], said: str | None) -> None:
    async with serving({"page.html": page}) as server:
        found = await seen(Link(server.url("page.html", **how)))
        assert found == said or (said is None and found.startswith("http"))


@pytest.mark.parametrize("name", ["a/manifest.mpd", "x.ism/Manifest"])
async def test_lists_of_pieces_are_said_to_be_such(name: str) -> None:
    page = f'<!doctype html><video src="/{name}?token=x"></video>'.encode()
    async with serving({"page.html": page, name: b"words"}) as server:
        assert await seen(Link(server.url("page.html"))) == "link-is-stream"
        with pytest.raises(Refused, match="link-is-stream"):
            await reach(Link(f"{server.address}/{name}?token=x"), WEB)


async def test_a_page_of_signing_in() -> None:
    async with serving({"login": b"<!doctype html><script>app()</script>"}) as server:
        assert await seen(Link(server.url("login", type="text/html"))) == "link-needs-login"
