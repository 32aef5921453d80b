"""What a later process has to know of one exhibit's way in."""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import Self

import msgspec

from courtcast.evidence.links.found import Seen as Found
from courtcast.evidence.version import Version
from courtcast.prepare import job
from courtcast.prepare.cues import Cues
from courtcast.prepare.job import Probe
from courtcast.prepare.plan import Need
from courtcast.prepare.tally import Tally
from courtcast.wire.api import Problem

log = logging.getLogger(__name__)

SPACE = "ways"
"""Where a `Kept` lies for each exhibit."""
MADE_BY = (
    " ".join(f"{name} {version(name)}" for name in ("courtcast", "av", "pyvips-binary", "pypdfium2", "pillow-heif"))
    + f" {job.VERSION}"
)
"""Other versions may make other fragments of the same bytes."""


class Kept(msgspec.Struct, kw_only=True):
    """Written down whenever something of it has become true on the disk."""

    file: int = 1
    """Number of the spool: each version of the source has its own."""
    version: Version | None = None
    relinked: bool = False
    """A fresh link was given for what is held. It has still to be seen whether it leads to the same file."""
    sha256: str | None = None
    """Of the whole, once all of it is held."""
    fetched: float | None = None
    """Unix time (seconds) of that."""
    rendition: str = ""
    former: list[str] = []
    """Renditions that were replaced, and may still lie in the store."""
    made_by: str = ""
    """`MADE_BY` of the process that numbered the rendition."""
    found: Found | None = None
    """What was found behind the link, where it is not the file's own."""
    need: Need | None = None
    """Why the file cannot be sent as it would be planned (see `plan.Need`)."""
    straight: bool = False
    """It can only be converted from the beginning to the end (see `order`)."""
    sound: int | None = None
    """Number of the sound track that somebody chose."""
    heard: int | None = None
    """The one that was chosen when the rendition was numbered."""
    unheard: Problem | None = None
    """Why the one that was chosen last is not heard."""
    subtitles: list[Cues] = []
    """Those of the file, and those that were added."""
    subtitled: str | None = None
    """`id` of those that are shown."""
    password: str | None = None
    """Of a document that is locked. It lies where links lie, which are secrets too: a presenter that starts again in
    the middle of a hearing has to find its way by itself (docs/security.md)."""
    joined: list[str] = []
    """SHA-256 of each file that the rendition was made of, where there are several."""
    starts: list[float] = []
    """Where each of these begins, in seconds of media time."""
    told: list[Problem] = []
    """What reading the file to its end has shown."""
    probe: Probe | None = None
    tally: Tally | None = None
    """Of the rendition's frames, once they were counted by decoding."""
    problem: Problem | None = None
    """With the file itself. It stays until another file comes, or another version of courtcast."""

    @property
    def redated(self) -> bool:
        """Times in the rendition are not those in the file: its clock said nothing, and was mended."""
        return any(note.type in ("clock-jumps", "clock-missing") for note in self.told)

    @classmethod
    def read(cls, data: bytes | None) -> Self:
        """What a former process wrote down; nothing where it cannot be read, and all is done again."""
        if data is None:
            return cls()
        try:
            return msgspec.json.decode(data, type=cls)
        except msgspec.MsgspecError:
            log.exception("what was kept of an exhibit cannot be read")
            return cls()
