"""How far an upload has come, for a later process: a few bytes beside the spool, written when what they say is true.

The spool's bytes are put on the disk for good before the mark is moved, so the mark is true after a power cut as well.
The mark itself is not waited for: lost with the power it says less than is there, which costs sending that again, and
after a kill of the process alone it is there.
"""

from __future__ import annotations

import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path

from courtcast.evidence.files import refusal

_FORM = struct.Struct("<QI")


class Mark:
    """All calls block."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> int:
        """Bytes from the beginning that are there; 0 where nothing can be read."""
        try:
            data = self.path.read_bytes()
            offset, check = _FORM.unpack(data)
        except (OSError, struct.error):
            return 0
        return int(offset) if check == zlib.crc32(data[:8]) else 0

    def write(self, offset: int) -> None:
        """Raises Refused (`disk-full`, `data-not-writable`, `disk-failing`)."""
        number = struct.pack("<Q", offset)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Written over in place: a few bytes of one sector are there whole or not at all.
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            try:
                os.write(descriptor, number + struct.pack("<I", zlib.crc32(number)))
            finally:
                os.close(descriptor)
        except OSError as error:
            raise refusal(error, self.path) from error

    def remove(self) -> None:
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
