"""The bytes of an exhibit, as preparing sees them."""

from __future__ import annotations

from typing import Protocol


class Source(Protocol):
    """A file that may still be on its way."""

    @property
    def length(self) -> int | None:
        """Bytes, None while it is not known."""

    async def read(self, offset: int, n: int) -> bytes:
        """Waits until they are there, asking for them; short only at the end. Raises Refused if they will not come."""
