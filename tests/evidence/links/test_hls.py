"""Recordings in pieces: what a list says, which rendition is taken, and that the pieces are the file again."""

from __future__ import annotations

import asyncio
import hashlib
import random
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from hypothesis import given
from hypothesis import strategies as st

from courtcast.evidence.came import Came
from courtcast.evidence.database import Database
from courtcast.evidence.guard import Guard
from courtcast.evidence.ledger import Ledger
from courtcast.evidence.limits import Limits
from courtcast.evidence.links import Link, hls
from courtcast.evidence.links.found import Stream, Web
from courtcast.evidence.links.reach import behind, reach
from courtcast.evidence.ranges import Ranges
from courtcast.evidence.spool import Spool
from courtcast.evidence.stream import fetch_stream
from courtcast.evidence.version import Version
from courtcast.problems import Refused
from tests.stand_ins.evidence_server import serving

GUARD = Guard([ip_network("127.0.0.0/8")])
QUICK = Limits(connect=1.0, answer=1.0, idle=0.5, tries=3, backoff=0.01, backoff_most=0.05)
WEB = Web(GUARD, QUICK)
BASE = Link("https://cdn.example/v/list.m3u8?key=1")
PARTS = [random.Random(n).randbytes(150_000 + 1000 * n) for n in range(6)]
WHOLE = b"".join(PARTS)
HASH = hashlib.sha256(WHOLE).hexdigest()
NO_WAY = ("link-forbidden-address", "link-malformed")
FILES = {f"{n}.ts": part for n, part in enumerate(PARTS)}


def listed(*lines: str, end: str = "#EXT-X-ENDLIST") -> bytes:
    return "\n".join(["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:6", *lines, end]).encode()


def plain(how: str = "") -> bytes:
    return listed(*(line for n in range(len(PARTS)) for line in ("#EXTINF:6.0,", f"{n}.ts{how}")))


async def fetched(folder: Path, url: str, came: Came | None = None, held: Ranges | None = None) -> str | None:
    source = (await reach(Link(url), WEB)).source
    assert isinstance(source, Stream)
    async with await Spool.open(folder / "spool", None, held) as spool:
        await fetch_stream(
            source, spool, GUARD, Came() if came is None else came, on_progress=lambda _: None, limits=QUICK
        )
        assert spool.complete
        return spool.sha256


@pytest.mark.parametrize(
    "how",
    ["", "?ranges=no", "?length=chunked", "?length=no", "?status=503&times=1", "?cut=70000&times=1", "?ranges=bare",
     "?reset=70000&times=1", "?redirect=1", "?etag=flap"],
)  # fmt: skip
async def test_the_pieces_are_the_file_again(tmp_path: Path, how: str) -> None:
    async with serving({**FILES, "list.m3u8": plain(how)}) as server:
        assert await fetched(tmp_path, server.url("list.m3u8")) == HASH
        assert len({request.connection for request in server.requests}) <= 16


@pytest.mark.parametrize("how", ["", "?ranges=no"])
async def test_pieces_may_be_ranges_of_one_file(tmp_path: Path, how: str) -> None:
    lines, start = [], 0
    for n, part in enumerate(PARTS):
        lines += ["#EXTINF:6,", f"#EXT-X-BYTERANGE:{len(part)}" + (f"@{start}" if n in {0, 3} else ""), f"all.ts{how}"]
        start += len(part)
    async with serving({"all.ts": WHOLE, "list.m3u8": listed(*lines)}) as server:
        assert await fetched(tmp_path, server.url("list.m3u8")) == HASH


async def test_what_all_pieces_share_comes_first(tmp_path: Path) -> None:
    lines = ['#EXT-X-MAP:URI="0.ts"', *(line for n in range(1, 6) for line in ("#EXTINF:6,", f"{n}.ts"))]
    async with serving({**FILES, "list.m3u8": listed(*lines)}) as server:
        assert await fetched(tmp_path, server.url("list.m3u8")) == HASH


def encrypted(data: bytes, key: bytes, iv: bytes) -> bytes:
    padder, encryptor = PKCS7(128).padder(), Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()


async def test_pieces_encrypted_for_the_way(tmp_path: Path) -> None:
    """By the number of the piece, by an IV of their own, and with another key from the fourth on."""
    keys, iv = (b"k" * 16, b"K" * 16), bytes(range(16))
    files = {"one.key": keys[0], "two.key": keys[1]}
    lines = ["#EXT-X-MEDIA-SEQUENCE:7"]
    for n, part in enumerate(PARTS):
        if n == 0:
            lines.append('#EXT-X-KEY:METHOD=AES-128,URI="one.key"')
        if n == 3:
            lines.append(f'#EXT-X-KEY:METHOD=AES-128,URI="two.key",IV=0x{iv.hex()}')
        if n == 5:
            lines.append("#EXT-X-KEY:METHOD=NONE")
        lines += ["#EXTINF:6,", f"{n}.ts"]
        by = (7 + n).to_bytes(16, "big") if n < 3 else iv
        files[f"{n}.ts"] = part if n == 5 else encrypted(part, keys[n >= 3], by)
    async with serving({**files, "list.m3u8": listed(*lines)}) as server:
        assert await fetched(tmp_path, server.url("list.m3u8")) == HASH
        assert sum(request.target == "/one.key" for request in server.requests) == 1
    async with serving({**files, "one.key": b"x" * 16, "list.m3u8": listed(*lines)}) as server:
        with pytest.raises(Refused, match="link-protected"):
            await fetched(tmp_path / "other", server.url("list.m3u8"))


async def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """A presenter that ended in the middle of the fourth piece: of what is there, that piece alone is fetched again."""
    three, held = sum(map(len, PARTS[:3])), sum(map(len, PARTS[:3])) + 50_000
    (tmp_path / "spool").write_bytes(WHOLE[:held])
    (tmp_path / "spool.pieces").write_text("".join(f"{'0' * 64} 1 {len(part)} 0 x y\n" for part in PARTS[:4]) + "torn")
    came = Came(tmp_path / "spool.pieces")
    await came.load()
    async with serving({**FILES, "list.m3u8": plain()}) as server:
        assert await fetched(tmp_path, server.url("list.m3u8"), came, Ranges([(0, held)])) == HASH
        assert [request.target for request in server.requests[1:]] == [f"/{n}.ts" for n in (3, 4, 5)]
    assert [row.put for row in came.rows] == [len(part) for part in PARTS]
    again = Came(tmp_path / "spool.pieces")
    await again.load()
    assert again.rows == came.rows
    assert [row.sha256 for row in came.rows[3:]] == [hashlib.sha256(part).hexdigest() for part in PARTS[3:]]
    assert three < held


async def test_other_pieces_than_before_are_another_file(tmp_path: Path) -> None:
    (tmp_path / "spool").write_bytes(WHOLE[:200_000].replace(b"\0", b"\1"))
    async with serving({**FILES, "list.m3u8": plain()}) as server:
        with pytest.raises(Refused, match="link-changed"):
            await fetched(tmp_path, server.url("list.m3u8"), Came(), Ranges([(0, 200_000)]))
        source = (await reach(Link(server.url("list.m3u8")), WEB)).source
        assert isinstance(source, Stream)
        async with await Spool.open(tmp_path / "spool", None, Ranges([(0, 200_000)])) as spool:
            known = Version(etag='"hls-of-something-else"')
            with pytest.raises(Refused, match="link-changed"):
                await fetch_stream(source, spool, GUARD, Came(), on_progress=lambda _: None, known=known, limits=QUICK)


async def test_signed_anew_it_is_the_same() -> None:
    async with serving(
        {"list.m3u8": plain("?sig=1"), "again.m3u8": plain("?sig=2"), "less.m3u8": plain()[:-60]}
    ) as server:
        one, two = [(await reach(Link(server.url(name)), WEB)).source for name in ("list.m3u8", "again.m3u8")]
        assert isinstance(one, Stream)
        assert isinstance(two, Stream)
        assert one.shape == two.shape


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("?status=404", "link-not-found"),
        ("?status=403", "link-refused"),
        ("?status=503", "link-server"),
        ("?cut=70000", "link-cut-short"),
        ("?hang=70000", "link-cut-short"),
        ("?hang=answer", "link-unreachable"),
        ("?redirect=http://10.0.0.1/", "link-forbidden-address"),
    ],
)
async def test_pieces_that_do_not_come(tmp_path: Path, how: str, said: str) -> None:
    async with serving({**FILES, "list.m3u8": plain(how)}) as server:
        with pytest.raises(Refused) as refused:
            await fetched(tmp_path, server.url("list.m3u8"))
        assert refused.value.type == said


@pytest.mark.parametrize(
    "uri",
    ["http://10.0.0.1/x.ts", "http://[::1]/x.ts", "http://0x7f.1/x.ts", "file:///etc/passwd", "data:,x", "http://"],
)
async def test_the_gate_holds_for_pieces_lists_and_keys(tmp_path: Path, uri: str) -> None:
    lists = {
        "piece.m3u8": listed("#EXTINF:6,", uri),
        "map.m3u8": listed(f'#EXT-X-MAP:URI="{uri}"', "#EXTINF:6,", "0.ts"),
        "key.m3u8": listed(f'#EXT-X-KEY:METHOD=AES-128,URI="{uri}"', "#EXTINF:6,", "0.ts"),
        "master.m3u8": listed("#EXT-X-STREAM-INF:BANDWIDTH=1", uri),
    }
    async with serving({**FILES, **lists}) as server:
        for name in lists:
            with pytest.raises(Refused) as refused:
                await fetched(tmp_path / name, server.url(name))
            assert refused.value.type in {*NO_WAY, "link-is-stream", "link-protected"}, name


# which rendition


def best(*lines: str) -> list[tuple[str, str]]:
    found = hls.variants_of([*lines], BASE, BASE)
    return [(one.link.url.rpartition("/")[2], one.said()) for one in found]


def test_renditions_of_a_list() -> None:
    assert best(
        "#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360", "low.m3u8",
        "#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=4200000,BANDWIDTH=6000000,RESOLUTION=1920x1080,CODECS=\"avc1,mp4a\"", "hi.m3u8?x=1",
    ) == [("low.m3u8", "640 × 360, 0.8 Mb/s"), ("hi.m3u8?x=1", "1920 × 1080, 4.2 Mb/s")]  # fmt: skip


def test_the_sound_that_players_begin_with_is_the_one_that_is_put_beside() -> None:
    found = hls.variants_of(
        [
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",LANGUAGE="de",URI="de.m3u8"',
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",LANGUAGE="en-GB",DEFAULT=YES,URI="en.m3u8"',
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="b",NAME="x"',
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="c",NAME="x",URI="alone.m3u8"',
            '#EXT-X-STREAM-INF:BANDWIDTH=2,AUDIO="a"', "apart.m3u8",
            '#EXT-X-STREAM-INF:BANDWIDTH=2,AUDIO="b"', "within.m3u8",
            '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="c"', "alone.m3u8",
        ], BASE, BASE,
    )  # fmt: skip
    apart, within, alone = found
    assert apart.sound is not None
    assert (apart.sound.link.url.rpartition("/")[2], apart.sound.says) == ("en.m3u8", " (en-GB)")
    assert (within.sound, alone.sound) == (None, None)
    assert within.rank() > apart.rank() > alone.rank()


async def test_the_best_is_taken_and_said(tmp_path: Path) -> None:
    master = listed(
        "#EXT-X-STREAM-INF:BANDWIDTH=4200000,RESOLUTION=1920x1080", "hi/list.m3u8",
        "#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360", "low/list.m3u8", end="",
    )  # fmt: skip
    files = {f"hi/{name}": data for name, data in FILES.items()}
    page = b'<!doctype html><video><source src="/master.m3u8" type="application/vnd.apple.mpegurl"></video>'
    async with serving({**files, "hi/list.m3u8": plain(), "master.m3u8": master, "page.html": page}) as server:
        reached = await reach(Link(server.url("master.m3u8")), WEB)
        assert reached.seen.says == "Came in pieces from 127.0.0.1: 1920 × 1080, 4.2 Mb/s, the best of 2."
        assert await fetched(tmp_path, server.url("master.m3u8")) == HASH
        by_page = await behind(Link(server.url("page.html")), WEB)
        assert by_page.source == reached.source
        assert by_page.seen.says == ("Found on the page at 127.0.0.1. In pieces: 1920 × 1080, 4.2 Mb/s, the best of 2.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (listed("#EXTINF:6,", "0.ts", end=""), "link-is-live"),
        (listed(), "link-empty"),
        (b"", "link-is-stream"),
        (b"words", "link-is-stream"),
        (b"<!doctype html>", "link-page-no-file"),
        (listed("#EXT-X-STREAM-INF:BANDWIDTH=1"), "link-is-stream"),
        (listed("#EXTINF:6,", "0.ts", "#EXT-X-DISCONTINUITY", "#EXTINF:6,", "1.ts"), "link-is-stream"),
        (listed('#EXT-X-MAP:URI="a"', "0.ts", '#EXT-X-MAP:URI="b"', "1.ts"), "link-is-stream"),
        (listed("#EXT-X-BYTERANGE:x", "0.ts"), "link-is-stream"),
        (listed("#EXT-X-BYTERANGE:0@0", "0.ts"), "link-is-stream"),
        (listed("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\"", "0.ts"), "link-protected"),
        (listed("#EXT-X-KEY:METHOD=AES-128,URI=\"k\",KEYFORMAT=\"com.apple.streamingkeydelivery\"", "0.ts"), "link-protected"),
        (listed("#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x1", "0.ts"), "link-protected"),
        (listed("#EXT-X-KEY:", "0.ts"), "link-protected"),
        (listed(*["0.ts"] * (hls.MOST_PARTS + 1)), "link-too-large"),
        (listed("#" + "x" * hls.LONGEST_LIST), "link-too-large"),
    ],
)  # fmt: skip
async def test_lists_that_cannot_be_put_together(text: bytes, said: str) -> None:
    async with serving({"list.m3u8": text}) as server:
        with pytest.raises(Refused) as refused:
            await reach(Link(server.url("list.m3u8")), WEB)
        assert refused.value.type == said or (said == "link-page-no-file" and refused.value.type == "link-is-page")


@given(
    st.lists(
        st.sampled_from(
            ["#EXTINF:6,", "0.ts", "#EXT-X-KEY:METHOD=AES-128", "#EXT-X-MAP:", "#EXT-X-BYTERANGE:5", "http://["]
        )
        | st.text(max_size=30)
    )
)
def test_any_list_is_read_or_refused(lines: list[str]) -> None:
    try:
        parts = list(hls.parts_of([*lines, "#EXT-X-ENDLIST"], BASE, BASE))
    except Refused:
        return
    assert parts


KILLED = """
import asyncio, sys
from ipaddress import ip_network
from pathlib import Path
from courtcast.evidence.came import Came
from courtcast.evidence.database import Database
from courtcast.evidence.guard import Guard
from courtcast.evidence.ledger import Ledger
from courtcast.evidence.links import Link
from courtcast.evidence.links.found import Web
from courtcast.evidence.links.reach import reach
from courtcast.evidence.spool import Spool
from courtcast.evidence.stream import fetch_stream

async def main(folder, url):
    guard = Guard([ip_network("127.0.0.0/8")])
    async with Database(folder / "db") as db:
        source = (await reach(Link(url), Web(guard))).source
        spool = await Spool.open(folder / "spool", ledger=Ledger(db, "x", 1))
        await fetch_stream(source, spool, guard, Came(folder / "spool.pieces"), on_progress=lambda _: None)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


async def test_killed_in_the_middle_little_is_fetched_again(tmp_path: Path) -> None:
    parts = [random.Random(n).randbytes(700_000) for n in range(8)]
    whole = b"".join(parts)
    files = {f"{n}.ts": part for n, part in enumerate(parts)}
    lines = (line for name in files for line in ("#EXTINF:6,", name))
    async with serving({**files, "list.m3u8": listed(*lines)}, rate=4e6) as server:
        url = server.url("list.m3u8")
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(tmp_path), url)
        async with asyncio.timeout(30):
            while server.sent < len(whole) * 0.7:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        child.kill()
        await child.wait()
        server.rate = None
        came = Came(tmp_path / "spool.pieces")
        await came.load()
        source = (await reach(Link(url), WEB)).source
        assert isinstance(source, Stream)
        async with (
            Database(tmp_path / "db") as db,
            await Spool.open(tmp_path / "spool", ledger=Ledger(db, "x", 1)) as spool,
        ):
            sent, recorded = server.sent, spool.held.held_until(0)
            assert recorded > len(whole) * 0.7 - 2 * (1 << 20), "a mebibyte, and what was on the line"
            await fetch_stream(source, spool, GUARD, came, on_progress=lambda _: None, limits=QUICK)
            assert spool.sha256 == hashlib.sha256(whole).hexdigest()
            assert server.sent - sent <= len(whole) - recorded + len(parts[0]), "and the piece that was in hand"
