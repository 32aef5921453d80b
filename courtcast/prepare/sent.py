"""What is sent here, on its way to being an exhibit: its entry, and what becomes of the files that came with it."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from typing import Protocol

from courtcast.evidence.library import Entry
from courtcast.evidence.links.upload import link_of
from courtcast.evidence.upload import Said, Upload, is_subtitles, language, partner
from courtcast.evidence.uploads import Uploads
from courtcast.evidence.version import Version
from courtcast.prepare import sidecar
from courtcast.prepare.kept import Kept
from courtcast.problems import Refused
from courtcast.wire.inspection import Companion

log = logging.getLogger(__name__)


class AddSubtitles(Protocol):
    """As the intake has it."""

    async def __call__(self, id_: str, data: bytes, *, title: str, language: str) -> object: ...


async def begin(uploads: Uploads, said: Said, length: int) -> Upload:
    """A new one. Raises Refused: see `Uploads.begin`."""
    now = time.time()
    made = Upload(
        id=secrets.token_hex(16),
        length=length,
        name=said.name,
        path=said.path,
        kind=said.kind,
        modified=said.modified,
        fingerprint=said.fingerprint,
        set=said.set,
        exhibit=None if said.companion else said.exhibit or secrets.token_hex(8),
        instead=bool(said.exhibit) and not said.companion,
        began=now,
        heard=now,
    )
    await uploads.begin(made)
    return made


def entry(made: Upload, said: Said) -> tuple[Entry, Kept]:
    """The exhibit that it becomes."""
    assert made.exhibit is not None
    new = Entry(
        id=made.exhibit,
        ref=said.ref,
        title=said.title,
        link=link_of(made.id),
        added=made.began,
        restricted=said.restricted,
        hearing=said.hearing,
    )
    return new, Kept(version=Version(length=made.length, name=made.name))


async def subtitle(made: Upload, uploads: Uploads, add: AddSubtitles) -> None:
    """A companion is all here. Where it is subtitles of a recording that came with it, they can be chosen there."""
    recording = partner(made, uploads.set_of(made)) if is_subtitles(made.name) else None
    if recording is None or recording.exhibit is None or made.length > sidecar.MOST:
        return
    try:
        data = await asyncio.to_thread(uploads.file(made.id).read_bytes)
        await add(recording.exhibit, data, title=made.name, language=language(made, recording))
    except (OSError, Refused) as problem:  # it is kept all the same
        log.info("%s beside exhibit %s is not read as subtitles: %s", made.id, recording.exhibit, problem)


def companions(exhibit: str, uploads: Uploads) -> list[Companion]:
    """Of an exhibit, for its inspection."""
    return [
        Companion(
            name=one.name,
            path=one.path,
            bytes=one.length,
            modified=one.modified,
            sha256=one.sha256,
        )
        for one in uploads.beside(exhibit)
    ]


def lay_in(uploads: Uploads, exhibit: str) -> tuple[str, float | None]:
    """The folders that its file lay in, and when it was last changed there."""
    own = uploads.of(exhibit)
    return ("", None) if own is None else (own.path, own.modified)
