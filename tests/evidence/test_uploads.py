"""What a file's name becomes, how metadata is read, and that whatever pieces a file comes in, it comes whole."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import tempfile
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courtcast.evidence.database import Database
from courtcast.evidence.links import Link
from courtcast.evidence.links.upload import link_of, upload_of
from courtcast.evidence.mark import Mark
from courtcast.evidence.spool import Spool
from courtcast.evidence.upload import Checksum, Upload, clean_name, clean_path, language, partner, said
from courtcast.evidence.uploads import Uploads
from courtcast.problems import Refused


def upload(id_: str, length: int, **more: str | None) -> Upload:
    return Upload(id=id_, length=length, began=0.0, heard=4e9, **{"name": f"{id_}.mp4", "exhibit": f"e-{id_}", **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("cctv.mp4", "cctv.mp4"),
        ("C:\\Users\\me\\cctv.mp4", "cctv.mp4"),
        ("../../etc/passwd", "passwd"),
        ("監視カメラ 3.mp4", "監視カメラ 3.mp4"),
        ("کاميرا\u200cها.mp4", "کاميرا\u200cها.mp4"),
        ("Cafe\u0301.mp4", "Café.mp4"),
        ("evidence\u202egpj.exe", "evidencegpj.exe"),
        ("a\nb\tc\x00\x7f.mp4", "a b c .mp4"),
        ("  \u2028 x \u00a0 y ", "x y"),
        ("..", ".."),
        ("\ufeff", ""),
    ],
)
def test_names(given: str, kept: str) -> None:
    assert clean_name(given) == kept


@settings(max_examples=60)
@given(st.text(max_size=300))
def test_a_name_is_one_line_that_can_be_read(text: str) -> None:
    name = clean_name(text)
    assert len(name) <= 200
    assert "/" not in name
    assert "\\" not in name
    assert all(c in "\u200c\u200d" or unicodedata.category(c)[0] != "C" for c in name)
    assert clean_name(name) == name or unicodedata.normalize("NFC", name) != name


@pytest.mark.parametrize(
    ("given", "kept"),
    [("disc/Cam 1", "disc/Cam 1"), ("../../x//y/./z", "x/y/z"), ("C:\\a\\b", "C:/a/b"), ("", ""), ("\u202e/\n", "")],
)
def test_folders(given: str, kept: str) -> None:
    assert clean_path(given) == kept


def test_what_browsers_and_programs_say() -> None:
    def encoded(**words: str) -> str:
        return ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in words.items())

    uppy = said(encoded(relativePath="null", name="x.mp4", type="video/mp4", filetype="video/mp4", filename="x.mp4"))
    assert (uppy.name, uppy.path, uppy.kind, uppy.companion) == ("x.mp4", "", "", False) or uppy.kind == "mp4"
    ours = said(
        encoded(filename="a.srt", relativePath="disc/sub/a.srt", lastModified="1500", companion="yes", set="s-1")
    )
    assert (ours.path, ours.modified, ours.companion, ours.set) == ("disc/sub", 1.5, True, "s-1")
    assert said("") == said("  ")
    assert said("is_confidential,filename eA==").name == "x"
    for bad in (",", "a b c", "a eA==,a eA==", "ü eA=="):
        with pytest.raises(Refused, match="malformed"):
            said(bad)


def test_subtitles_find_their_recording() -> None:
    one = upload("1", 9, name="Cam1.mp4", set="s")
    two = upload("2", 9, name="Cam2.mp4", set="s")
    srt = upload("3", 9, name="cam1.en.srt", set="s", exhibit=None)
    assert partner(srt, [one, two]) is one
    assert language(srt, one) == "en"
    other = upload("4", 9, name="notes.srt", set="s", exhibit=None)
    assert partner(other, [one, two]) is None
    assert partner(other, [two]) is two
    assert partner(upload("5", 9, name="cam1.srt", set="other", exhibit=None), [one, two]) is None


def test_links() -> None:
    assert upload_of(link_of("abc")) == "abc"
    assert upload_of(Link("https://x.example/upload:abc")) is None
    assert link_of("abc").shown() == ""


@given(st.integers(0, 2**60), st.binary(max_size=20))
def test_a_mark_says_what_was_written_or_nothing(offset: int, junk: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        mark = Mark(Path(folder) / "x" / "a.mark")
        assert mark.read() == 0
        mark.write(offset)
        assert mark.read() == offset
        mark.write(1)
        assert mark.read() == 1
        mark.path.write_bytes(junk)
        assert mark.read() == 0
        mark.remove()
        mark.remove()


DATA = bytes(range(256)) * 40


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(-50, 3000), st.integers(0, 3000), st.sampled_from(["", "sha1", "sha256", "wrong", "torn"])
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_whatever_pieces_it_comes_in(pieces: list[tuple[int, int, str]], reopened: bool) -> None:
    """Offsets that are off, checksums that are wrong, bodies that break: nothing counts that is not the file's."""
    asyncio.run(_comes(pieces, reopened=reopened))


async def _comes(pieces: list[tuple[int, int, str]], *, reopened: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with Database(folder / "db") as db:
            uploads = Uploads(db, folder)
            await uploads.begin(upload("a", len(DATA)))
            spool = await Spool.open(folder / "1.spool")
            receiving = asyncio.create_task(_receive(uploads, spool))
            here = 0
            for n, (off, size, how) in enumerate(pieces):
                here = await _send(uploads, here, off, size, how)
                assert await uploads.offset("a") == here
                if reopened and n == len(pieces) // 2 and here < len(DATA):
                    receiving.cancel()
                    await asyncio.wait([receiving])
                    await spool.close()
                    uploads = Uploads(db, folder)
                    await uploads.open({"e-a": "a"})
                    held = uploads.held("a")
                    spool = await Spool.open(folder / "1.spool", len(DATA), held)
                    receiving = asyncio.create_task(_receive(uploads, spool))
                    assert await uploads.offset("a") == here
            if here < len(DATA):
                assert await uploads.append("a", here, _body(DATA[here:])) == len(DATA)
            async with asyncio.timeout(5):
                await receiving
            assert spool.sha256 == hashlib.sha256(DATA).hexdigest()
            await spool.close()
            await uploads.close()


@pytest.mark.parametrize("companion", [False, True])
async def test_what_the_disk_does_not_give_back_is_sent_again(tmp_path: Path, companion: bool) -> None:
    """All of it was acknowledged, but for the last byte; then the file is shorter than its mark says."""
    async with Database(tmp_path / "db") as db:
        uploads = Uploads(db, tmp_path)
        await uploads.begin(upload("a", len(DATA), set="s"))
        beside = upload("b", len(DATA), set="s", exhibit=None)
        await uploads.begin(beside)
        id_, path = ("b", uploads.file("b")) if companion else ("a", tmp_path / "1.spool")
        spool = await Spool.open(tmp_path / "1.spool", len(DATA))
        receiving = asyncio.create_task(_receive(uploads, spool))
        assert await uploads.append(id_, 0, _body(DATA[:-1])) == len(DATA) - 1
        receiving.cancel()
        await asyncio.wait([receiving])
        await spool.close()
        await uploads.close()
        os.truncate(path, 5000)
        uploads = Uploads(db, tmp_path)
        await uploads.open({"e-a": "a"})
        spool = await Spool.open(tmp_path / "1.spool", len(DATA), uploads.held("a"))
        receiving = asyncio.create_task(_receive(uploads, spool))
        await asyncio.sleep(0)
        with pytest.raises(Refused, match="upload-offset") as met:
            await uploads.append(id_, len(DATA) - 1, _body(DATA[-1:]))
        assert met.value.fields["here"] == 5000
        assert await uploads.offset(id_) == 5000
        assert await uploads.append(id_, 5000, _body(DATA[5000:])) == len(DATA)
        if companion:
            assert uploads.get("b").sha256 == hashlib.sha256(DATA).hexdigest()
            receiving.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait([receiving])
        assert companion or spool.sha256 == hashlib.sha256(DATA).hexdigest()
        await spool.close()
        await uploads.close()


async def _receive(uploads: Uploads, spool: Spool) -> None:
    await uploads.receive("a", spool, on_progress=lambda _: None, on_version=lambda _: None, on_waiting=lambda _: None)


async def _send(uploads: Uploads, here: int, off: int, size: int, how: str) -> int:
    at = here + (off if off < 0 or off > 2900 else 0)
    data = DATA[here : here + size]
    check = None
    if how in ("sha1", "sha256"):
        check = Checksum(how, hashlib.new(how, data).digest())
    elif how == "wrong":
        check = Checksum("sha1", hashlib.sha1(b"!" + data).digest())
    try:
        reached = await uploads.append("a", at, _body(data, torn=how == "torn"), check)
    except ConnectionError:
        assert how == "torn"
        return here + len(data) // 2
    except Refused as refused:
        if refused.type == "upload-offset":
            assert at != here or here == len(DATA)
        else:
            assert (refused.type, how) == ("upload-checksum", "wrong")  # noqa: PT017
        return here
    assert at == here
    assert how not in ("wrong", "torn")
    assert reached == here + len(data)
    return reached


async def _body(data: bytes, *, torn: bool = False) -> AsyncIterator[bytes]:
    yield data[: len(data) // 2]
    if torn:
        raise ConnectionError
    yield data[len(data) // 2 :]
