"""What the libraries say when a file is at fault, or memory is short. Runs in the child."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyvips

from courtcast.problems import Refused

_SHORT = re.compile(
    r"out of memory|not enough (memory|space)|unable to (allocate|malloc)|cannot allocate", re.IGNORECASE
)


@contextmanager
def damaged() -> Iterator[None]:
    """Raises Refused (picture-damaged) for what cannot be read, MemoryError where that was for want of memory."""
    try:
        yield
    except pyvips.Error as error:
        if _SHORT.search(str(error)):
            raise MemoryError from None
        raise Refused("picture-damaged") from None
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, ZeroDivisionError, OverflowError):
        # as Pillow and libheif have it
        raise Refused("picture-damaged") from None
