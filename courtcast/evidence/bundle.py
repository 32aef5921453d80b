"""Sealed bundles on a disk: written as a folder or a zip, and read and checked from either. All calls block.

What is taken in is read once: each file is copied to a place of its own here, hashed on the way, and counts only when
all of them are what was sealed. Nothing is ever written under a name that a bundle chose, nothing in a zip is believed
beyond the length that the seal says, and nothing is followed out of a folder.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, NamedTuple, NoReturn, Protocol, cast

from courtcast.core import bundle as form
from courtcast.core.bundle import SAYS, SEAL, Bundle, File
from courtcast.core.signing import Signer
from courtcast.evidence.files import Reserve, in_words, refusal, room
from courtcast.problems import Refused

BLOCK: Final = 1 << 20
MOST_DIRECTORY: Final = 32 << 20
"""Bytes of a zip's own list of files: it is read as a whole."""
_ZIP_BEGINS: Final = (1980, 1, 1, 0, 0, 0)
_END: Final = struct.Struct("<4s4H2LH")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR: Final = struct.Struct("<4sLQL")

Progress = Callable[[int], None]
"""Told the bytes of evidence that are done, now and then."""


class Held(NamedTuple):
    """A file of the bundle and where its bytes are here."""

    file: File
    path: Path


class Contents(NamedTuple):
    """All that a bundle is written from."""

    says: Bundle
    held: Sequence[Held]
    """All of its evidence."""
    others: dict[str, bytes]
    """What else it lists, by name."""


class Out(Protocol):
    """Takes bytes in order."""

    def write(self, data: bytes, /) -> int | None: ...


class Source(Protocol):
    """A bundle that is read."""

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where there is none."""

    def open(self, name: str) -> IO[bytes]:
        """Raises OSError, zipfile.BadZipFile, zlib.error, as reading does."""

    def close(self) -> None: ...


class Folder:
    """A bundle as a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def size(self, name: str) -> int | None:
        here, found = self._path, None
        for part in name.split("/"):
            here = here / part
            try:
                found = here.lstat()
            except OSError:
                return None
            if stat.S_ISLNK(found.st_mode):
                return None
        return found.st_size if found is not None and stat.S_ISREG(found.st_mode) else None

    def open(self, name: str) -> IO[bytes]:
        descriptor = os.open(self._path / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        return os.fdopen(descriptor, "rb")

    def close(self) -> None:
        pass


class Zip:
    """A bundle as a zip. Raises Refused bundle-unreadable."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                if _directory(file) > MOST_DIRECTORY:
                    _unreadable("its list of files is too long")
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, struct.error, ValueError, EOFError, NotImplementedError):
            _unreadable("it is no zip, or its end is missing")
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in self._zip.infolist():
            if entry.filename in self._entries:
                self.close()
                _unreadable("two files in it have the same name")
            self._entries[entry.filename] = entry

    def size(self, name: str) -> int | None:
        entry = self._entries.get(name)
        return None if entry is None or entry.is_dir() else entry.file_size

    def open(self, name: str) -> IO[bytes]:
        try:
            return self._zip.open(self._entries[name])
        except (RuntimeError, NotImplementedError):  # locked with a password, or packed in another way
            raise zipfile.BadZipFile from None

    def close(self) -> None:
        self._zip.close()


@contextmanager
def source(path: Path) -> Iterator[Source]:
    """The bundle at a path. Raises Refused: file-unreadable, bundle-unreadable."""
    try:
        found: Source = Folder(path) if path.is_dir() else Zip(path)
    except OSError:
        raise Refused("file-unreadable", path=path) from None
    try:
        yield found
    finally:
        found.close()


def look(bundle: Source, *, key: str | None = None) -> tuple[Bundle, str]:
    """What a bundle says and whose key signed it; that all its files are there, and as long as they should be.

    Raises Refused: bundle-unreadable, bundle-newer, bundle-changed, bundle-key.
    """
    says, signer = form.read(_small(bundle, SAYS, form.LARGEST), _small(bundle, SEAL, form.LARGEST_SEAL), key=key)
    for file in says.files():
        if (size := bundle.size(file.at)) is None:
            _unreadable(f"{file.at} is missing")
        if size != file.bytes:
            raise Refused("bundle-changed", name=file.at)
    return says, signer


def check(bundle: Source, says: Bundle, on_progress: Progress = lambda _: None) -> None:
    """That every file is what was sealed. Raises Refused: bundle-changed, bundle-unreadable."""
    done = 0
    for file in _once(says.files()):
        for data in _checked(bundle, file):
            done += len(data)
            on_progress(done)


def take(bundle: Source, says: Bundle, folder: Path, on_progress: Progress = lambda _: None) -> dict[str, Path]:
    """Copies the evidence into an empty folder: by its name in the bundle, where each file is here.

    Of a file that is not what was sealed nothing may be used: then all of the folder is to be removed.

    Raises Refused: bundle-changed, bundle-unreadable, disk-full, disk-too-small, data-not-writable, disk-failing.
    """
    placed: dict[str, Path] = {}
    needed, done = says.bytes, 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if needed > (free := room(folder)):
            raise Refused("disk-too-small", needed=in_words(needed), free=in_words(free))
        reserve = Reserve(folder)
        for file in _once(says.evidence()):
            place = folder / f"{len(placed)}"
            with place.open("xb") as out:
                for data in _checked(bundle, file):
                    reserve.take(len(data))
                    out.write(data)
                    done += len(data)
                    on_progress(done)
                out.flush()
                os.fsync(out.fileno())
            placed[file.at] = place
    except OSError as error:
        raise refusal(error, folder) from error
    return placed


def write_folder(path: Path, contents: Contents, signer: Signer, on_progress: Progress = lambda _: None) -> None:
    """As a new folder; without `bundle.json` and its seal, which come last, it is no bundle.

    Raises Refused: bundle-there, exhibit-unreadable, disk-full, data-not-writable, disk-failing.
    """
    says, seal = form.write(contents.says, signer)
    _put_folder(path, [*_every(contents, on_progress), (SAYS, iter((says,))), (SEAL, iter((seal,)))])


def write_zip(out: Out, contents: Contents, signer: Signer, on_progress: Progress = lambda _: None) -> None:
    """As a zip, into a file or into anything that takes bytes in order. Nothing is packed: evidence does not shrink.

    A zip that was not written to its end has no list of its files, and is no bundle.

    Raises Refused exhibit-unreadable, and what `out` raises.
    """
    says, seal = form.write(contents.says, signer)
    _put_zip(out, contents.says, [(SAYS, iter((says,))), (SEAL, iter((seal,))), *_every(contents, on_progress)])


def unpack(bundle: Source, says: Bundle, folder: Path, on_progress: Progress = lambda _: None) -> None:
    """The same bundle as a new folder. Raises Refused: as `check` and `write_folder`."""
    seal = [(name, iter((_small(bundle, name, form.LARGEST),))) for name in (SAYS, SEAL)]
    _put_folder(folder, [*_again(bundle, says, on_progress), *seal])


def pack(bundle: Source, says: Bundle, out: Out, on_progress: Progress = lambda _: None) -> None:
    """The same bundle as a zip. Raises Refused: as `check`; and what `out` raises."""
    seal = [(name, iter((_small(bundle, name, form.LARGEST),))) for name in (SAYS, SEAL)]
    _put_zip(out, says, [*seal, *_again(bundle, says, on_progress)])


def _put_folder(path: Path, every: Iterable[tuple[str, Iterator[bytes]]]) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise Refused("bundle-there", path=path)
        for name, data in every:
            place = path / name
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as out:
                for block in data:
                    out.write(block)
                out.flush()
                os.fsync(out.fileno())
    except OSError as error:
        raise refusal(error, path / SAYS) from error


def _put_zip(out: Out, says: Bundle, every: Iterable[tuple[str, Iterator[bytes]]]) -> None:
    made = datetime.fromtimestamp(says.made / 1_000_000, UTC).timetuple()[:6]
    sizes = {file.at: file.bytes for file in says.files()}
    with zipfile.ZipFile(cast("IO[bytes]", out), "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, data in every:
            entry = zipfile.ZipInfo(name, max(made, _ZIP_BEGINS))
            size = entry.file_size = sizes.get(name, 0)
            with archive.open(entry, "w", force_zip64=size >= zipfile.ZIP64_LIMIT // 2) as part:
                for block in data:
                    part.write(block)


def _again(bundle: Source, says: Bundle, on_progress: Progress) -> Iterator[tuple[str, Iterator[bytes]]]:
    return _counted(((file.at, _checked(bundle, file)) for file in _once(says.files())), on_progress)


def _every(contents: Contents, on_progress: Progress) -> Iterator[tuple[str, Iterator[bytes]]]:
    for name, data in contents.others.items():
        yield name, iter((data,))
    once = {one.file.at: one for one in contents.held}
    yield from _counted(((at, _read(one)) for at, one in once.items()), on_progress)


def _counted(
    files: Iterable[tuple[str, Iterator[bytes]]], on_progress: Progress
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The same files, told of as they are read."""
    done = 0

    def counted(blocks: Iterator[bytes]) -> Iterator[bytes]:
        nonlocal done
        for block in blocks:
            done += len(block)
            yield block
            on_progress(done)

    for at, blocks in files:
        yield at, counted(blocks)


def _read(one: Held) -> Iterator[bytes]:
    """Raises Refused exhibit-unreadable where it is not what it was, at its end at the latest."""
    digest, size = hashlib.sha256(), 0
    try:
        with one.path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                size += len(block)
                yield block
    except OSError:
        raise Refused("exhibit-unreadable", name=one.file.at) from None
    if (size, digest.hexdigest()) != (one.file.bytes, one.file.sha256):
        raise Refused("exhibit-unreadable", name=one.file.at)


def _checked(bundle: Source, file: File) -> Iterator[bytes]:
    """The bytes of a file, no more than it should have. Raises Refused: bundle-changed, bundle-unreadable."""
    digest, size = hashlib.sha256(), 0
    try:
        with bundle.open(file.at) as data:
            while block := data.read(min(BLOCK, file.bytes - size + 1)):
                size += len(block)
                if size > file.bytes:
                    break
                digest.update(block)
                yield block
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise Refused("bundle-changed", name=file.at) from None
    except OSError:
        _unreadable(f"reading {file.at} stopped in the middle")
    if (size, digest.hexdigest()) != (file.bytes, file.sha256):
        raise Refused("bundle-changed", name=file.at)


def _small(bundle: Source, name: str, most: int) -> bytes:
    if (size := bundle.size(name)) is None:
        _unreadable(f"{name} is missing")
    if size > most:
        _unreadable(f"{name} is too long")
    try:
        with bundle.open(name) as file:
            data = file.read(most + 1)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError):
        _unreadable(f"{name} cannot be read")
    if len(data) != size:
        _unreadable(f"{name} cannot be read")
    return data


def _once(files: Iterable[File]) -> Iterator[File]:
    """Exhibits may share a companion."""
    return iter({file.at: file for file in files}.values())


def _directory(file: IO[bytes]) -> int:
    """Bytes of a zip's list of files, as its end says (APPNOTE.TXT §4.3.14 to 4.3.16); 0 where there is no end."""
    length = file.seek(0, io.SEEK_END)
    tail_at = max(0, length - _END.size - 0xFFFF)
    file.seek(tail_at)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        return 0
    said = int(_END.unpack_from(tail, at)[5])
    locator_at = tail_at + at - _LOCATOR.size
    if locator_at >= 0:
        file.seek(locator_at)
        mark, _, end_at, _ = _LOCATOR.unpack(file.read(_LOCATOR.size))
        if mark == b"PK\x06\x07":
            file.seek(min(end_at, length))
            data = file.read(_END64.size)
            said = int(_END64.unpack(data)[8]) if len(data) == _END64.size else said
    return said


def remove(folder: Path) -> None:
    """All that `take` put there."""
    with suppress(OSError):
        shutil.rmtree(folder)


def _unreadable(why: str) -> NoReturn:
    raise Refused("bundle-unreadable", why=why)
