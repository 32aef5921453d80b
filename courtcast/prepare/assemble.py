"""What a child sends, put together: a manifest that grows, and files for the store. Pure but for hashing.

Hashes are taken here, on the parent's side of the pipe: a file's name is then true whatever the child was fed with.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import NamedTuple

from courtcast.core.manifest import Manifest
from courtcast.prepare import messages
from courtcast.prepare.boxes import Bytes
from courtcast.prepare.parts import Stale
from courtcast.wire.media import LEAVES, ManifestRows, Row, Track


class File(NamedTuple):
    """Something to put into the store."""

    sha256: str
    data: Bytes


class Unexpected(ValueError):
    """The child said something that makes no sense here."""


class Assembly:
    """One rendition in the making. Put the files into the store before the rows that name them are told to anybody."""

    def __init__(self, exhibit: str, rendition: str, left: Manifest | None = None) -> None:
        """`left`: what an earlier run has made of it."""
        self.left = left
        self.exhibit = exhibit
        self.rendition = rendition
        self.looked: messages.Looked | None = None
        self.manifest: Manifest | None = None

    def begin(self, message: messages.Begin, data: Bytes) -> list[File]:
        """The tracks are known. Gives their init segments. Raises Unexpected, Stale."""
        if self.manifest is not None or sum(head.init_bytes for head in message.tracks) != len(data):
            raise Unexpected("begins twice, or not with what it says")
        files, tracks, at = [], [], 0
        if len(message.shifts) != len(message.tracks):
            raise Unexpected("not a shift for each track")
        for index, (head, shift) in enumerate(zip(message.tracks, message.shifts, strict=True)):
            init = data[at : at + head.init_bytes]
            at += head.init_bytes
            sha256 = "" if head.mime == LEAVES else hashlib.sha256(init).hexdigest()
            if sha256:
                files.append(File(sha256, init))
            elif init:
                raise Unexpected("leaves have no init segment")
            tracks.append(
                Track(
                    index=index,
                    kind=head.kind,
                    mime=head.mime,
                    timescale=head.timescale,
                    init_sha256=sha256,
                    init_bytes=len(init),
                    first=head.first,
                    width=head.width,
                    height=head.height,
                    cover=head.cover,
                    shift=shift,
                )
            )
        self.manifest = Manifest(self.exhibit, self.rendition, Fraction(*message.origin), tracks)
        if self.left is not None:
            if (self.left.origin, self.left.tracks) != (self.manifest.origin, tracks):
                raise Stale
            self.manifest = self.left
        return files

    def piece(self, message: messages.Piece, data: Bytes) -> tuple[Row, File]:
        """A fragment and its row; the row is not in the manifest yet. Raises Unexpected."""
        if self.manifest is None or message.track >= len(self.manifest.tracks):
            raise Unexpected("a fragment of no track")
        file = File(hashlib.sha256(data).hexdigest(), data)
        row = Row(
            message.track,
            message.index,
            message.start,
            message.duration,
            len(data),
            message.keyframe,
            file.sha256,
            message.pts,
            message.added,
        )
        return row, file

    def add(self, row: Row) -> ManifestRows:
        """The fragment is in the store: it becomes part of the manifest. Gives the news of it."""
        assert self.manifest is not None
        self.manifest.add([row])
        return self.manifest.rows_message({row.track: range(row.index, row.index + 1)})

    def done(self, message: messages.Done) -> Manifest:
        """The finished manifest. Raises Unexpected."""
        if self.manifest is None or not self.manifest.whole:
            raise Unexpected("not what was sent")
        if self.manifest.foreseen is None and message.frames != self.manifest.frames:
            raise Unexpected("not what was sent")
        self.manifest.finish(Fraction(*message.duration))
        return self.manifest
