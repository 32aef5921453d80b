"""Letters for paper: which fonts of this machine can draw a text, and what is put where none can. It blocks.

No font travels with courtcast; those of the system are used, the plainest first, and only those that are needed. What
no font has is written out as `[U+4E2D]`, so nothing is silently left out, and so is what is not to be seen or turns the
order of letters round. Letters that join (Arabic, Indic scripts) are joined where the shaper `uharfbuzz` is installed.
"""

from __future__ import annotations

import logging
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from fontTools.ttLib import TTFont, TTLibError

log = logging.getLogger(__name__)

PLAINEST: Final = (
    "notosans-regular", "dejavusans", "liberationsans-regular", "arial", "segoeui", "helvetica", "arial unicode",
    "arialuni", "inter-regular", "freesans", "notosanscjk-regular", "notosanscjksc-regular", "msgothic", "msyh",
    "malgun", "nirmala", "pingfang", "unifont",
)  # fmt: skip
"""File names, lower case, without their ending: what is looked at first."""
UNWANTED: Final = (
    "bold",
    "italic",
    "oblique",
    "thin",
    "light",
    "black",
    "condensed",
    "mono",
    "emoji",
    "math",
    "medium",
)
MOST_FONTS: Final = 2000
"""Files that are looked at, on a machine that has very many."""
LATIN: Final = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x100))))
"""What the fonts that every reader of PDF has can draw."""


class Font(NamedTuple):
    """A font file, and what it can draw."""

    file: Path
    letters: frozenset[int]


def fonts_for(texts: Iterable[str]) -> list[Font]:
    """As few fonts as draw all of it that can be drawn here, the one for most of it first; none at all may be."""
    missing = {ord(one) for text in texts for one in text if not _hidden(one)} | set(range(0x20, 0x7F))
    found: list[Font] = []
    for file in _files():
        if not missing:
            break
        font = _font(file)
        if font is None or not font.letters & missing or (not found and not font.letters.issuperset(map(ord, LATIN))):
            continue
        found.append(font)
        missing -= font.letters
    return found


def drawable(text: str, fonts: Iterable[Font]) -> str:
    """The text with everything written out that these fonts cannot draw."""
    letters = frozenset[int]().union(*(font.letters for font in fonts)) or frozenset(map(ord, LATIN))
    return "".join(one if ord(one) in letters and not _hidden(one) else f"[U+{ord(one):04X}]" for one in text)


def _hidden(one: str) -> bool:
    """Controls, signs that turn the order round, what has no meaning."""
    return unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _folders() -> list[Path]:
    match sys.platform:
        case "win32":
            return [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"]
        case "darwin":
            return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), Path.home() / "Library/Fonts"]
        case _:
            return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts"]


@cache
def _files() -> tuple[Path, ...]:
    """All upright ones of usual weight, the plainest first."""

    def rank(file: Path) -> tuple[int, str]:
        name = file.stem.lower()
        return (PLAINEST.index(name) if name in PLAINEST else len(PLAINEST), name)

    def wanted() -> Iterator[Path]:
        for folder in _folders():
            for file in folder.rglob("*") if folder.is_dir() else ():
                name = file.name.lower()
                if name.endswith((".ttf", ".otf", ".ttc")) and not any(word in name for word in UNWANTED):
                    yield file

    return tuple(sorted(wanted(), key=rank)[:MOST_FONTS])


@cache
def _font(file: Path) -> Font | None:
    """None where it cannot be read, or where its maker does not let it be put into documents."""
    try:
        with TTFont(file, lazy=True, fontNumber=0) as font:
            cmap, os2 = font.getBestCmap(), font.get("OS/2")
            closed = os2 is not None and bool(os2.fsType & 0x0002)
            return None if cmap is None or closed else Font(file, frozenset(cmap))
    except (TTLibError, OSError, KeyError, ValueError, AttributeError, AssertionError):
        log.debug("the font %s cannot be read", file)
        return None
