"""Reading and writing a file at any place, from several threads, on every system."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from courtcast.problems import Refused

RESERVE = 256 << 20
"""Bytes of the disk that are left free: the record and the room's state must still be written."""
LOOK_AT_DISK = 16 << 20
"""Bytes written between two looks at how much is free."""

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_NO_SPLICE = {errno.EINVAL, errno.ENOSYS, errno.EPERM}
"""What file systems, and cages around the presenter, say that do not have it."""
_NO_COPY = _NO_SPLICE | {errno.EXDEV, errno.EOPNOTSUPP}
"""And those that do not copy from one file into another, or not to another file system."""
_LOOK_EVERY = 64 * 1024
"""Bytes between two looks: less than what systems read from a disk at a time."""
_AT_A_TIME = 1 << 20
"""Bytes in memory at a time, where the kernel does not copy."""
_SHUT = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EEXIST}


def refusal(error: OSError, path: Path) -> Refused:
    """The words for what a disk said."""
    if error.errno in _FULL:
        return Refused("disk-full")
    if error.errno in _SHUT:
        return Refused("data-not-writable", path=path.parent)
    return Refused("disk-failing")


def room(folder: Path) -> int:
    """Bytes that may still be written there. Raises Refused (`disk-failing`)."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        raise refusal(error, folder) from error
    return max(0, usage.free - min(RESERVE, usage.total // 50))


def in_words(n: int) -> str:
    """So many bytes, for people."""
    return f"{n / 1e9:.1f} GB" if n >= 1e9 else f"{n / 1e6:.1f} MB"


class Reserve:
    """Sees to it that some of a disk stays free. To be told of everything that is written there in bulk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._since_look = LOOK_AT_DISK

    def take(self, n: int) -> None:
        """So many bytes are about to be written; the folder is there. Raises Refused (`disk-full`)."""
        self._since_look += n
        if self._since_look < LOOK_AT_DISK:
            return
        self._since_look = 0
        if room(self._folder) <= 0:
            self._since_look = LOOK_AT_DISK
            raise Refused("disk-full")


def poured(file: int, offset: int, n: int, pipe: int) -> int:
    """From a file into a pipe by the kernel: as many bytes as that has room for. Linux only. Raises OSError."""
    try:
        return os.splice(file, pipe, n, offset_src=offset, flags=os.SPLICE_F_NONBLOCK)
    except OSError as error:
        if error.errno not in _NO_SPLICE:
            raise
    return os.write(pipe, os.pread(file, n, offset))


def at_hand(file: int, offset: int, n: int) -> bool:
    """Whether the disk need not be waited for, as far as a look at some of these bytes can say. Linux only."""
    some = bytearray(1)
    try:
        return all(os.preadv(file, [some], at, os.RWF_NOWAIT) for at in range(offset, offset + n, _LOOK_EVERY))
    except OSError:  # it would have to be, or the file system does not say
        return False


def drawn(pipe: int, n: int, file: int) -> int:
    """From a pipe to where a file stands by the kernel: as many bytes as lie there, 0 at the end. Linux only. Raises
    OSError."""
    try:
        return os.splice(pipe, file, n, flags=os.SPLICE_F_NONBLOCK)
    except OSError as error:
        if error.errno not in _NO_SPLICE:
            raise
    data = os.read(pipe, min(n, 1 << 20))
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]
    return len(data)


Part = bytes | memoryview | tuple[int, int]
"""Bytes, or (from, bytes) of a file."""


def laid(source: int, parts: Sequence[Part], file: int) -> None:
    """To where a file stands: bytes as they are, and those of a source by the kernel, which on some file systems only
    shares what lies on the disk. Linux only. Raises OSError, EOFError where the source has become shorter."""
    for part in parts:
        if isinstance(part, tuple):
            offset, left = part
            while left:
                done = _copied(source, offset, left, file)
                if not done:
                    raise EOFError
                offset, left = offset + done, left - done
        else:
            view = memoryview(part)
            while view:
                view = view[os.write(file, view) :]


def _copied(source: int, offset: int, n: int, file: int) -> int:
    """Linux only."""
    try:
        return os.copy_file_range(source, file, n, offset_src=offset)
    except OSError as error:
        if error.errno not in _NO_COPY:
            raise
    return os.write(file, os.pread(source, min(n, _AT_A_TIME), offset))


class PlacedFile:
    """A file that is read and written at offsets. All calls block; all raise Refused where the disk will not."""

    def __init__(self, path: Path, *, empty: bool) -> None:
        self.path = path
        self._reserve = Reserve(path.parent)
        self._seeking = threading.Lock()
        """Where the system has no pread (Windows), seeking and reading are two steps."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            if empty:
                os.ftruncate(self._descriptor, 0)
            self.size = os.fstat(self._descriptor).st_size
        except OSError as error:
            raise refusal(error, path) from error

    def write(self, offset: int, data: bytes | memoryview) -> None:
        self._reserve.take(len(data))
        view = memoryview(data)
        try:
            while view:
                done = self._pwrite(view, offset)
                view, offset = view[done:], offset + done
        except OSError as error:
            raise refusal(error, self.path) from error

    def read(self, offset: int, n: int) -> bytes:
        """Short only at the end of the file."""
        parts = []
        try:
            while n > 0 and (part := self._pread(n, offset)):
                parts.append(part)
                offset, n = offset + len(part), n - len(part)
        except OSError as error:
            raise refusal(error, self.path) from error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def at_hand(self, offset: int, n: int) -> bool:
        """The disk need not be waited for. Linux only."""
        return at_hand(self._descriptor, offset, n)

    def pour(self, offset: int, n: int, pipe: int) -> int:
        """As many bytes as the pipe has room for; how many it were. Linux only.

        Raises BlockingIOError where it has none, ConnectionError where nobody reads it.
        """
        try:
            done = poured(self._descriptor, offset, n, pipe)
        except (BlockingIOError, ConnectionError):
            raise
        except OSError as error:
            raise refusal(error, self.path) from error
        if not done:
            raise Refused("disk-failing")  # it has become shorter
        return done

    def lay(self, parts: Sequence[Part], file: int) -> None:
        """As `laid`. Linux only."""
        try:
            laid(self._descriptor, parts, file)
        except EOFError:
            raise Refused("disk-failing") from None
        except OSError as error:
            raise refusal(error, self.path) from error

    def flush(self) -> None:
        """Returns when all that was written is on the disk for good."""
        try:
            getattr(os, "fdatasync", os.fsync)(self._descriptor)
        except OSError as error:
            raise refusal(error, self.path) from error

    def forget(self) -> None:
        """What is read from now on comes from the disk, where the system can be told that."""
        if hasattr(os, "posix_fadvise"):
            with suppress(OSError):
                os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        os.close(self._descriptor)

    def _pwrite(self, data: memoryview, offset: int) -> int:
        if hasattr(os, "pwrite"):
            return os.pwrite(self._descriptor, data, offset)
        with self._seeking:
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.write(self._descriptor, data)

    def _pread(self, n: int, offset: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, n, offset)
        with self._seeking:
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.read(self._descriptor, n)
