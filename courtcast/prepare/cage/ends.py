"""How a child ended, as a problem: out of memory, out of time, or a crash. (A broken file is what it says itself.)

Pure. Numbers of signals as Linux and macOS have them in common; Windows has exit codes instead.
"""

from __future__ import annotations

import re
from typing import Final

from courtcast.prepare.cage.confine import OUT_OF_MEMORY
from courtcast.prepare.messages import Failed
from courtcast.problems import TABLE, Refused

_SIGKILL: Final = 9
_SIGXCPU: Final = 24
_NO_MEMORY: Final = 0xC0000017
"""STATUS_NO_MEMORY, of Windows."""

_SHORT: Final = re.compile(
    rb"MemoryError|bad_alloc|ENOMEM|(not|to) (re)?allocate|out of memory|allocation failed", re.IGNORECASE
)
"""What libraries write before they give up, since most of them abort then."""


def ended(status: int | None, last_words: bytes, worked: float) -> Refused:
    """Of a child that ended by itself, `status` as the system tells it; `last_words` is what it wrote as an error.

    A SIGKILL that is none of ours is the kernel's, which is short of memory: children are marked to be taken first.
    """
    if status == -_SIGXCPU:
        return Refused("parser-out-of-time", seconds=int(worked))
    if status in (OUT_OF_MEMORY, -_SIGKILL, _NO_MEMORY) or (status != 0 and _SHORT.search(last_words)):
        return Refused("parser-out-of-memory")
    return Refused("parser-crashed")


def refused(failed: Failed) -> Refused:
    """What a child said of its file, as a problem."""
    if failed.problem == "memory":
        return Refused("parser-out-of-memory")
    if failed.problem in TABLE:
        try:
            return Refused(failed.problem, **failed.fields)
        except KeyError:
            pass
    return Refused("parser-crashed")
