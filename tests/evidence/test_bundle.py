"""Sealed bundles on a disk: what was sealed comes in, and nothing else does, however the stick was made."""

from __future__ import annotations

import hashlib
import io
import os
import random
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from courtcast.core import bundle as form
from courtcast.core.bundle import Bundle, Exhibit, File, Hearing
from courtcast.core.signing import Signer
from courtcast.evidence import bundle as bundles
from courtcast.evidence.bundle import Contents, Held
from courtcast.problems import Refused

SIGNER = Signer.make()
DATA = {"001 JM_1.mp4": random.Random(1).randbytes(3_000_000), "002 JM_2.mp4": b"", "with it/001 x.dat": b"index"}
OTHERS = {"list.csv": b"ref,title\r\n"}


def file(at: str, data: bytes) -> File:
    return File(at=at, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def says(data: dict[str, bytes] = DATA) -> Bundle:
    first, second, beside = (file(at, content) for at, content in data.items())
    return Bundle(
        format=form.FORMAT,
        made=1_795_962_942_158_827,
        hearing=Hearing(case="R v Moss"),
        exhibits=[
            Exhibit(id="a", ref="JM/1", file=first, beside=[beside]),
            Exhibit(id="b", ref="JM/2", file=second, beside=[beside]),
        ],
        others=[file(at, content) for at, content in OTHERS.items()],
    )


@pytest.fixture
def held(tmp_path: Path) -> list[Held]:
    """Where the evidence lies before."""
    found = []
    for number, (at, data) in enumerate(DATA.items()):
        path = tmp_path / f"{number}.spool"
        path.write_bytes(data)
        found.append(Held(file(at, data), path))
    return [*found, found[2]]


Make = Callable[[Path, list[Held]], Path]


def as_folder(tmp_path: Path, held: list[Held]) -> Path:
    bundles.write_folder(tmp_path / "made", Contents(says(), held, OTHERS), SIGNER)
    return tmp_path / "made"


def as_zip(tmp_path: Path, held: list[Held]) -> Path:
    with (tmp_path / "made.zip").open("wb") as out:
        bundles.write_zip(out, Contents(says(), held, OTHERS), SIGNER)
    return tmp_path / "made.zip"


class OneWay(io.RawIOBase):
    """As a connection is: written to, and never gone back in."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.data += bytes(data)  # type: ignore[call-overload]
        return len(bytes(data))  # type: ignore[call-overload]


def as_stream(tmp_path: Path, held: list[Held]) -> Path:
    out = OneWay()
    bundles.write_zip(out, Contents(says(), held, OTHERS), SIGNER)  # type: ignore[arg-type]
    (tmp_path / "streamed.zip").write_bytes(out.data)
    return tmp_path / "streamed.zip"


def taken(path: Path, folder: Path, key: str | None = None) -> dict[str, bytes]:
    with bundles.source(path) as source:
        told, _ = bundles.look(source, key=key)
        return {at: place.read_bytes() for at, place in bundles.take(source, told, folder).items()}


def outcome(path: Path, folder: Path) -> dict[str, bytes] | str:
    """What came in, or why nothing did."""
    try:
        return taken(path, folder)
    except Refused as problem:
        return problem.type


def refused(path: Path, folder: Path) -> str:
    with pytest.raises(Refused) as caught:
        taken(path, folder)
    return caught.value.type


@pytest.mark.parametrize("make", [as_folder, as_zip, as_stream])
def test_there_and_back(tmp_path: Path, held: list[Held], make: Make) -> None:
    path = make(tmp_path, held)
    assert taken(path, tmp_path / "in") == DATA
    with bundles.source(path) as source:
        told, key = bundles.look(source, key=SIGNER.key)
        assert (told, key) == (says(), SIGNER.key)
        steps: list[int] = []
        bundles.check(source, told, steps.append)
    assert steps[-1] == sum(map(len, DATA.values())) + len(OTHERS["list.csv"])
    assert steps == sorted(steps)


def test_a_zip_opens_anywhere(tmp_path: Path, held: list[Held]) -> None:
    with zipfile.ZipFile(as_stream(tmp_path, held)) as made:
        assert made.testzip() is None
        assert made.namelist()[:2] == [form.SAYS, form.SEAL]
        assert {at: made.read(at) for at in DATA} == DATA
        assert {entry.compress_type for entry in made.infolist()} == {zipfile.ZIP_STORED}


def test_a_folder_is_a_new_one(tmp_path: Path, held: list[Held]) -> None:
    as_folder(tmp_path, held)
    with pytest.raises(Refused) as caught:
        as_folder(tmp_path, held)
    assert caught.value.type == "bundle-there"


@pytest.mark.parametrize("make", [as_folder, as_zip])
def test_evidence_that_rotted_here_is_not_handed_on(tmp_path: Path, held: list[Held], make: Make) -> None:
    held[0].path.write_bytes(DATA[held[0].file.at][:-1] + b"?")
    with pytest.raises(Refused) as caught:
        make(tmp_path, held)
    assert caught.value.type == "exhibit-unreadable"
    path = tmp_path / ("made" if make is as_folder else "made.zip")
    assert refused(path, tmp_path / "in") in ("bundle-unreadable", "bundle-changed")


@pytest.mark.parametrize("at", list(DATA)[:1])
def test_a_changed_file(tmp_path: Path, held: list[Held], at: str) -> None:
    path = as_folder(tmp_path, held)
    data = bytearray(DATA[at])
    data[len(data) // 2] ^= 1
    (path / at).write_bytes(data)
    assert refused(path, tmp_path / "in") == "bundle-changed"


def test_a_missing_and_a_shorter_file(tmp_path: Path, held: list[Held]) -> None:
    path = as_folder(tmp_path, held)
    (path / "001 JM_1.mp4").write_bytes(b"short")
    assert refused(path, tmp_path / "in") == "bundle-changed"
    (path / "001 JM_1.mp4").unlink()
    assert refused(path, tmp_path / "in") == "bundle-unreadable"
    assert not (tmp_path / "in").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_folder_is_not_left(tmp_path: Path, held: list[Held]) -> None:
    """A link to the very bytes that were sealed is refused as well."""
    path = as_folder(tmp_path, held)
    (path / "001 JM_1.mp4").unlink()
    (path / "001 JM_1.mp4").symlink_to(held[0].path)
    assert refused(path, tmp_path / "in") == "bundle-unreadable"
    (path / "with it" / "001 x.dat").unlink()
    (path / "with it").rmdir()
    (path / "with it").symlink_to(tmp_path)
    assert refused(path, tmp_path / "in") == "bundle-unreadable"


@pytest.mark.skipif(sys.platform == "win32", reason="there are none there")
def test_what_is_no_file(tmp_path: Path, held: list[Held]) -> None:
    path = as_folder(tmp_path, held)
    (path / "002 JM_2.mp4").unlink()
    os.mkfifo(path / "002 JM_2.mp4")
    assert refused(path, tmp_path / "in") == "bundle-unreadable"


def test_a_copy_that_was_cut_off(tmp_path: Path, held: list[Held]) -> None:
    whole = as_zip(tmp_path, held).read_bytes()
    for kept in (0, 10, 1_000_000, len(whole) - 30, len(whole) - 1):
        (tmp_path / "cut.zip").write_bytes(whole[:kept])
        assert refused(tmp_path / "cut.zip", tmp_path / "in") == "bundle-unreadable"


def test_any_changed_byte_of_a_zip(tmp_path: Path, held: list[Held]) -> None:
    """What comes in is what was sealed, or nothing does: some bytes of a zip say nothing (times, gaps)."""
    whole, chosen = as_zip(tmp_path, held).read_bytes(), random.Random(2)
    tail = len(whole) - 1500
    for number, at in enumerate([*chosen.sample(range(1500), 60), *chosen.sample(range(tail, len(whole)), 60)]):
        changed = bytearray(whole)
        changed[at] ^= 1 << chosen.randrange(8)
        (tmp_path / "bent.zip").write_bytes(changed)
        found = outcome(tmp_path / "bent.zip", tmp_path / f"in{number}")
        assert found in (DATA, "bundle-unreadable", "bundle-changed", "bundle-newer")


@pytest.fixture
def repacked(tmp_path: Path, held: list[Held]) -> Callable[..., Path]:
    """The same bundle, packed by somebody else."""
    with zipfile.ZipFile(as_zip(tmp_path, held)) as made:
        contents = {name: made.read(name) for name in made.namelist()}

    def pack(changes: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
        with zipfile.ZipFile(tmp_path / "packed.zip", "w", compression) as out:
            for name, data in {**contents, **changes}.items():
                out.writestr(name, data)
        return tmp_path / "packed.zip"

    return pack


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packed_again(tmp_path: Path, repacked: Callable[..., Path], compression: int) -> None:
    assert taken(repacked({}, compression), tmp_path / "in") == DATA


def test_zip_slip(tmp_path: Path, repacked: Callable[..., Path]) -> None:
    """What was not sealed is not even looked at."""
    path = repacked({"../../outside.txt": b"x", "/tmp/outside.txt": b"x", "..\\outside.txt": b"x"})
    assert taken(path, tmp_path / "deep" / "in") == DATA
    assert not list(tmp_path.rglob("outside*"))


def test_a_bomb_stops_at_what_was_sealed(tmp_path: Path, repacked: Callable[..., Path]) -> None:
    path = repacked({"001 JM_1.mp4": bytes(400_000_000)})
    assert path.stat().st_size < 1_000_000
    assert refused(path, tmp_path / "in") == "bundle-changed"
    assert not (tmp_path / "in").exists()
    # It lies about its length: no more than was sealed is unpacked.
    data = path.read_bytes().replace((400_000_000).to_bytes(4, "little"), (3_000_000).to_bytes(4, "little"))
    path.write_bytes(data)
    assert refused(path, tmp_path / "in") in ("bundle-changed", "bundle-unreadable")
    assert sum(one.stat().st_size for one in (tmp_path / "in").glob("*")) <= 3_000_000


def test_locked_with_a_password(tmp_path: Path, repacked: Callable[..., Path]) -> None:
    path = repacked({})
    data = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            data[at + flags] |= 1
    path.write_bytes(data)
    assert refused(path, tmp_path / "in") == "bundle-unreadable"


def test_two_of_one_name(tmp_path: Path, repacked: Callable[..., Path]) -> None:
    path = repacked({})
    with zipfile.ZipFile(path, "a") as out, pytest.warns(UserWarning, match="Duplicate"):
        out.writestr("002 JM_2.mp4", b"another")
    assert refused(path, tmp_path / "in") == "bundle-unreadable"


def test_a_list_of_files_without_end(tmp_path: Path, held: list[Held]) -> None:
    path = as_zip(tmp_path, held)
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x05\x06")
    data[at + 12 : at + 16] = (bundles.MOST_DIRECTORY + 1).to_bytes(4, "little")
    path.write_bytes(data)
    assert refused(path, tmp_path / "in") == "bundle-unreadable"


def test_a_description_without_end(tmp_path: Path, repacked: Callable[..., Path]) -> None:
    assert refused(repacked({form.SAYS: bytes(form.LARGEST + 1)}), tmp_path / "in") == "bundle-unreadable"
    assert refused(repacked({form.SEAL: bytes(form.LARGEST_SEAL + 1)}), tmp_path / "in") == "bundle-unreadable"


def test_what_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"no zip at all")
    (tmp_path / "empty").mkdir()
    assert refused(tmp_path / "x", tmp_path / "in") == "bundle-unreadable"
    assert refused(tmp_path / "empty", tmp_path / "in") == "bundle-unreadable"
    assert refused(tmp_path / "nowhere", tmp_path / "in") == "file-unreadable"


def test_a_full_disk(tmp_path: Path, held: list[Held], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "room", lambda _: 1000)
    assert refused(as_zip(tmp_path, held), tmp_path / "in") == "disk-too-small"


def test_a_stick_pulled_while_copying(tmp_path: Path, held: list[Held]) -> None:
    class Pulled(bundles.Folder):
        def open(self, name: str) -> io.BufferedReader:
            class Raw(io.RawIOBase):
                def readable(self) -> bool:
                    return True

                def readinto(self, into: object) -> int:
                    raise OSError(5, "Input/output error")

            return io.BufferedReader(Raw())

    told = says()
    with pytest.raises(Refused) as caught:
        bundles.take(Pulled(as_folder(tmp_path, held)), told, tmp_path / "in")
    assert caught.value.type == "bundle-unreadable"
