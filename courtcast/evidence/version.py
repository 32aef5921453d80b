"""Which state of a file a server has. Pure."""

from __future__ import annotations

import msgspec


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """What a file is recognised by when fetching goes on later."""

    length: int | None = None
    etag: str | None = None
    """Strong ones only."""
    last_modified: str | None = None
    """Only where it says which bytes these are (RFC 9110 §8.8.2.2)."""
    name: str = ""
    """The file's name, for people; says nothing about the version."""

    def differs(self, other: Version) -> bool:
        """They are certainly not the same."""
        pairs = (
            (self.length, other.length),
            (self.etag, other.etag),
            (None if self.etag and other.etag else self.last_modified, other.last_modified),
        )
        return any(one is not None and two is not None and one != two for one, two in pairs)

    def proves(self, other: Version) -> bool:
        """They are certainly the same (RFC 9110 §13.1.5: a strong tag, or a date together with the length)."""
        if self.differs(other) or self.length is None or other.length is None:
            return False
        return None not in {self.etag, other.etag} or None not in {self.last_modified, other.last_modified}

    @property
    def validator(self) -> str | None:
        """For `If-Range`: a date only where there is no tag (RFC 9110 §13.1.5)."""
        return self.etag or self.last_modified
