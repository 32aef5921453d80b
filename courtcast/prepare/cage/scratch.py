"""Private folders of children, and that nothing of them stays: also after the presenter itself was killed.

Each presenter that needs one has a folder in the system's temporary folder, with a file that it holds locked; the
system lets go of the lock however the presenter ends. Whoever starts removes those that nobody holds.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

_PREFIX: Final = "courtcast-cage-"
_LOCK: Final = "held"
_BEING_MADE: Final = 60.0
"""Seconds that a folder may be without its lock: it is made first."""
MOST_FILES: Final = 1000


class Scratch:
    """The folders of one presenter, made when the first is wanted."""

    def __init__(self, beneath: Path | None = None) -> None:
        self._beneath = beneath or Path(tempfile.gettempdir())
        self._mine: Path | None = None
        self._lock: IO[bytes] | None = None
        self._number = 0

    def make(self) -> Path:
        """A new folder for one child. Raises OSError."""
        if self._mine is None:
            self._mine = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._beneath))
            self._lock = (self._mine / _LOCK).open("wb")
            _hold(self._lock)
        self._number += 1
        folder = self._mine / str(self._number)
        folder.mkdir(mode=0o700)
        return folder

    def remove(self, folder: Path) -> None:
        """Of a child that is no more."""
        shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove all that is left."""
        if self._lock is not None:
            self._lock.close()
        if self._mine is not None:
            shutil.rmtree(self._mine, ignore_errors=True)
        self._mine = self._lock = None

    def sweep(self) -> None:
        """Remove what presenters left that are no more."""
        for left in self._beneath.glob(f"{_PREFIX}*"):
            with suppress(OSError):
                if left != self._mine and _is_ours(left) and _is_left(left):
                    shutil.rmtree(left, ignore_errors=True)


def used(folder: Path) -> tuple[int, int]:
    """Bytes on the disk, and files. What goes away meanwhile is not counted."""
    size = files = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            files += 1
            with suppress(OSError):
                seen = entry.stat(follow_symlinks=False)
                # What was skipped over in a file takes no room. Windows does not say what does.
                size += seen.st_blocks * 512 if sys.platform != "win32" else seen.st_size
    return size, files


def _is_ours(folder: Path) -> bool:
    seen = folder.lstat()
    return stat.S_ISDIR(seen.st_mode) and (sys.platform == "win32" or seen.st_uid == os.geteuid())


def _is_left(folder: Path) -> bool:
    try:
        if sys.platform == "win32":
            (folder / _LOCK).unlink()  # refused while it is open
            return True
        with (folder / _LOCK).open("rb") as lock:
            _hold(lock)
            return True
    except FileNotFoundError:
        return time.time() - folder.lstat().st_mtime > _BEING_MADE
    except OSError:
        return False


def _hold(file: IO[bytes]) -> None:
    """Raises OSError where somebody else holds it."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
