"""What is read in the place of a file that nothing here shows as it is: the PDF of an office document, the animated PNG
of an animated WebP.

It lies beside the file that it was made of (`1.spool`, `1.pdf`), is made of it alone, and is made again where it is
gone. What is said of the exhibit is said of its own file, and that something stands between.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

import msgspec

from courtcast.evidence.came import SUFFIX
from courtcast.prepare import messages
from courtcast.prepare.cage.ends import refused
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.job import Probe
from courtcast.prepare.leaves import office, signs
from courtcast.prepare.leaves.office import Office
from courtcast.prepare.source import Source, answer
from courtcast.problems import Refused

PDF, FILM = ".pdf", ".apng"
WEBP = "animated WebP"
_OFFICE = (
    "{tool} made a PDF of it on this machine. Lines and pages may break elsewhere than in the program that it was "
    "written with, and what is not printed (comments, hidden parts) is not shown; ask for a PDF where that matters."
)
_WEBP = "Its pictures were taken out of it one by one, each with its own time, on white where one can see through."


class Copy:
    """A file of this machine that is all there, as a source."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.length: int | None = path.stat().st_size

    async def read(self, offset: int, n: int) -> bytes:
        """Raises Refused (disk-failing)."""
        try:
            return await asyncio.to_thread(self._read, offset, n)
        except OSError:
            raise Refused("disk-failing") from None

    def _read(self, offset: int, n: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(offset)
            return file.read(n)

    def held_until(self, offset: int) -> int:
        """All of it is."""
        return max(offset, self.length or 0)


class Read(NamedTuple):
    """What preparing reads, and what is said of it then."""

    source: Source
    probed: Callable[[Probe], Probe] = lambda probe: probe


async def read(file: Source, name: str, spool: Path, program: Office, cage: Cage) -> Read:
    """The file itself, or what is made of it here and now. Waits for all of the file where it has to.

    Raises Refused (office-…, picture-…, parser-…, disk-…), and what the source raises.
    """
    head = await file.read(0, signs.HEAD)
    sign = signs.sign(head, name)
    try:
        if sign is not None and sign.format is None:
            tool = await program.pdf(file, sign.office, name, spool.with_suffix(PDF))
            return Read(Copy(spool.with_suffix(PDF)), lambda probe: _printed(probe, sign.office, tool))
        if signs.moving_webp(head):
            film = spool.with_suffix(FILM)
            if film.exists() or await _unrolled(file, film, cage):
                return Read(Copy(film), _filmed)
    except OSError:
        raise Refused("disk-failing") from None
    return Read(file)


def source(probe: Probe | None, spool: Path, file: Source) -> Source:
    """What is read for stills and parts."""
    made = _made(probe, spool)
    return file if made is None or not made.exists() else Copy(made)


def lacking(probe: Probe | None, spool: Path) -> bool:
    """It was prepared from something that is no more."""
    made = _made(probe, spool)
    return made is not None and not made.exists()


def others(spool: Path) -> list[Path]:
    """What lies beside it and belongs to other versions of the file."""
    kinds = (".spool", SUFFIX, PDF, FILM)
    return [path for path in spool.parent.iterdir() if path.suffix in kinds and path.stem != spool.stem]


def _made(probe: Probe | None, spool: Path) -> Path | None:
    if probe is None:
        return None
    if probe.container == WEBP:
        return spool.with_suffix(FILM)
    printed = any(one.settings == office.SETTINGS for one in probe.treatments)
    return spool.with_suffix(PDF) if printed else None


def _printed(probe: Probe, what: str, tool: str) -> Probe:
    video = None if probe.video is None else msgspec.structs.replace(probe.video, codec=what)
    treatments = [
        msgspec.structs.replace(
            one,
            codec=what,
            into=f"PDF, drawn as {one.into}",
            reasons=[_OFFICE.format(tool=tool), *one.reasons],
            settings=office.SETTINGS,
        )
        for one in probe.treatments
    ]
    return msgspec.structs.replace(probe, container=what, video=video, treatments=treatments)


def _filmed(probe: Probe) -> Probe:
    video = None if probe.video is None else msgspec.structs.replace(probe.video, codec=WEBP)
    treatments = [
        msgspec.structs.replace(
            one, codec=WEBP, reasons=[*(reason.replace(one.codec, WEBP) for reason in one.reasons), _WEBP]
        )
        for one in probe.treatments
    ]
    return msgspec.structs.replace(probe, container=WEBP, video=video, treatments=treatments)


async def _unrolled(file: Source, film: Path, cage: Cage) -> bool:
    """False where there is one picture only. Raises Refused, OSError."""
    part = film.with_suffix(".part")
    work = messages.Work(do="unroll", length=file.length)
    with part.open("wb") as out:
        async with cage.child(work) as child:
            while True:
                message, data = await child.receive()
                match message:
                    case messages.Read():
                        await child.send(messages.Data(), await answer(file, message))
                    case messages.Image():
                        await asyncio.to_thread(out.write, data)
                    case messages.Finished():
                        break
                    case messages.Failed():
                        raise refused(message)
                    case _:
                        raise Refused("parser-crashed")
        if out.tell() == 0:
            return False
        await asyncio.to_thread(_written, out)
    part.replace(film)
    return True


def _written(out: IO[bytes]) -> None:
    out.flush()
    os.fsync(out.fileno())
