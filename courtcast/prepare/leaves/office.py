"""Office documents become PDF, by LibreOffice where this machine has it; all else is as with any PDF (`instead`).

LibreOffice runs for each document anew, in a private folder, with a profile of its own, held by `office_child`.
What comes out is a file of strangers as before: it is taken over as plain bytes, and read in the cage.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import msgspec

import courtcast
from courtcast.prepare.cage.scratch import Scratch
from courtcast.prepare.leaves import office_child, signs
from courtcast.prepare.messages import Caged
from courtcast.prepare.source import Source
from courtcast.problems import Refused

_log = logging.getLogger(__name__)

SECONDS: Final = 240.0
"""For one document, of all the machine's time: 300 pages of text take a minute on a slow one."""
LARGEST: Final = 512 << 20
"""Bytes of a document: it is unpacked in memory."""
FOLDER: Final = 2 << 30
"""Bytes of everything in the private folder."""
_LOOK: Final = 0.25
_PART: Final = 1 << 20
_WORDS: Final = 2000
"""Bytes of what the program said that are read."""
_PLACES: Final = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\Program Files\LibreOffice\program\soffice.com",
    "/opt/libreoffice/program/soffice",
)
_ENDINGS: Final = {
    "Word": "docx", "Excel": "xlsx", "PowerPoint": "pptx", "rich text": "rtf", "OpenDocument text": "odt",
    "OpenDocument table": "ods", "OpenDocument slides": "odp", "an older one": "doc",
}  # fmt: skip
"""For documents whose own name says nothing."""
SETTINGS: Final = "soffice --headless --convert-to pdf"


class Known(NamedTuple):
    """What a machine has."""

    version: str
    held: Caged


def find() -> Path | None:
    """LibreOffice of this machine. Snaps are left out: they give up nothing that was not theirs."""
    named = (shutil.which("soffice"), shutil.which("libreoffice"), *_PLACES)
    for path in (Path(name) for name in named if name):
        if path.is_file() and path.resolve().name != "snap":
            return path.resolve()  # whoever it runs as may not be allowed to walk the way that a link takes
    return None


class Office:
    """An async context manager. Converts as many at a time as it is asked to."""

    def __init__(self) -> None:
        self._scratch = Scratch()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._scratch.close)

    async def pdf(self, file: Source, what: str, name: str, pdf: Path) -> str:
        """Makes the PDF of an office document; gives what made it, with its version. Waits for the whole file.

        what: which program's it is, in words; name: of the file

        Raises Refused (office-…, parser-out-of-memory), OSError, and what the source raises.
        """
        program = find()
        if program is None or (ending := _ending(what, name)) is None:
            raise Refused("office-document", what=what)
        return await self._converted(file, what, program, f"document.{ending}", pdf)

    def _folder(self) -> Path:
        """Closed to all but whoever LibreOffice runs as, who has to walk there. Raises OSError."""
        folder = self._scratch.make()
        folder.parent.chmod(0o711)
        return folder

    async def known(self) -> Known | None:
        """Which one is here, and what holds it; None where there is none, or it does not start."""
        program = find()
        if program is None:
            return None
        folder = await asyncio.to_thread(self._folder)
        try:
            ended = await _run(folder, program, None)
            return None if ended.status else Known(_version(folder), ended.held)
        except (Refused, OSError):
            return None
        finally:
            await asyncio.to_thread(self._scratch.remove, folder)

    async def _converted(self, file: Source, office: str, program: Path, document: str, pdf: Path) -> str:
        folder = await asyncio.to_thread(self._folder)
        try:
            await _copied(file, folder / document)
            ended = await _run(folder, program, document, office)
            made = folder / "document.pdf"
            if ended.status:
                _log.warning("LibreOffice ended with %d: %r", ended.status, _words(folder / office_child.SAID))
                raise Refused("office-not-converted", what=office)
            if not await asyncio.to_thread(_take, made, pdf):
                _log.warning("LibreOffice gave no PDF: %r", _words(folder / office_child.SAID))
                raise Refused("office-not-converted", what=office)
            return _version(folder)
        finally:
            await asyncio.to_thread(self._scratch.remove, folder)


def _ending(office: str, name: str) -> str | None:
    """By which LibreOffice knows a document. None: it does not read these."""
    own = name.rpartition(".")[2].lower()
    if own in signs.OFFICE_ENDINGS:
        return None if own == "msg" else own
    return _ENDINGS.get(office)


async def _copied(file: Source, to: Path) -> None:
    """All of it, as it comes. Raises Refused, OSError."""
    if (file.length or 0) > LARGEST:
        raise Refused("parser-out-of-memory")
    with to.open("xb") as out:
        while part := await file.read(out.tell(), _PART):
            await asyncio.to_thread(out.write, part)
            if out.tell() > LARGEST:
                raise Refused("parser-out-of-memory")
    to.chmod(0o644)  # the folder around it is closed to all but whoever reads it


class _Ended(NamedTuple):
    status: int
    held: Caged


async def _run(folder: Path, program: Path, document: str | None, office: str = "") -> _Ended:
    """Raises Refused (office-out-of-time, parser-out-of-memory), OSError."""
    environment = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    root = str(Path(courtcast.__file__).resolve().parent.parent)
    environment["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", office_child.__name__, str(folder), str(program), *([document] if document else []),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=environment, start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(SECONDS):
            waiting = asyncio.ensure_future(process.communicate())
            while not (await asyncio.wait([waiting], timeout=_LOOK))[0]:
                if await asyncio.to_thread(_size, folder) > FOLDER:
                    raise Refused("parser-out-of-memory")
            said, last_words = waiting.result()
    except TimeoutError:
        raise Refused("office-out-of-time", what=office, seconds=round(SECONDS)) from None
    finally:
        _end(process)
        await process.wait()
    try:
        held = msgspec.json.decode(said.split(b"\n", 1)[0], type=Caged)
    except msgspec.MsgspecError:
        held = Caged()
    if last_words:
        _log.warning("what holds LibreOffice ended with %s: %r", process.returncode, last_words[-_WORDS:])
    return _Ended(process.returncode or 0, held)


def _end(process: asyncio.subprocess.Process) -> None:
    """And all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _take(made: Path, pdf: Path) -> bool:
    """Its bytes, whoever wrote them: no link is followed, and nothing but a plain file is read. Raises OSError."""
    part = pdf.with_suffix(".part")
    try:
        with os.fdopen(_open_plain(made), "rb") as file:
            if not file.read(5).startswith(b"%PDF-"):
                return False
            file.seek(0)
            with part.open("wb") as out:
                shutil.copyfileobj(file, out, _PART)
                out.flush()
                os.fsync(out.fileno())
    except (FileNotFoundError, _NotPlain):
        return False
    part.replace(pdf)
    return True


class _NotPlain(Exception):
    pass


def _open_plain(path: Path) -> int:
    """Raises FileNotFoundError, `_NotPlain`."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError:
        raise _NotPlain from None
    seen = os.fstat(descriptor)
    if not stat.S_ISREG(seen.st_mode) or seen.st_nlink != 1 or seen.st_size > office_child.FILE:
        os.close(descriptor)
        raise _NotPlain
    return descriptor


def _words(path: Path) -> bytes:
    try:
        with os.fdopen(_open_plain(path), "rb") as file:
            return file.read(_WORDS)
    except (OSError, _NotPlain):
        return b""


def _version(folder: Path) -> str:
    """In one line: `LibreOffice 7.4.7.2`; the rest of what it says are numbers of its makers'."""
    words = _words(folder / office_child.VERSION).decode("utf-8", "replace").split()
    return " ".join(word for word in words[:2] if word.isprintable())[:60] or "LibreOffice"


def _size(folder: Path) -> int:
    def sizes() -> Iterator[int]:
        for path in folder.rglob("*"):
            with suppress(OSError):
                seen = path.lstat()
                yield seen.st_blocks * 512 if sys.platform != "win32" else seen.st_size

    with suppress(OSError):  # what goes away meanwhile
        return sum(sizes())
    return 0
