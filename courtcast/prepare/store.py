"""Where prepared files lie: a store of five calls, a folder of this machine by default.

Names are relative, with `/` between their parts. A rendition's files lie under its own name and are named by their
content, so that nothing is ever written over with something else:

    <rendition>/<sha256>        an init segment or a fragment
    <rendition>/manifest.json   the finished manifest (`ManifestRows`), written last: where it is, everything is
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from courtcast.core.manifest import Manifest
from courtcast.evidence.files import Reserve
from courtcast.prepare.boxes import Bytes
from courtcast.prepare.draft import HERE, Draft, refusal
from courtcast.wire.media import ManifestRows, Row, Track

T = TypeVar("T")
Names = list[str]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*\Z")


class Store(Protocol):
    """Files by name. `get` raises KeyError for an unknown one; `put` Refused (disk-full, data-not-writable)."""

    async def put(self, name: str, data: Bytes | Draft) -> None:
        """Keep it, whole or not at all. A draft gets this name."""

    async def begin(self, folder: str) -> Draft | None:
        """A file in a folder that has no name yet; None where there is no such thing, and bytes do."""

    async def get(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """A part, to the end where no length is given."""

    async def list(self, prefix: str) -> Names:
        """The names that begin with a folder's name, sorted."""

    async def delete(self, prefix: str) -> None:
        """Everything in a folder, or one file. Nothing there is no error."""


class FolderStore:
    """A store in a folder of this machine. Disk work is done off the event loop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._reserve = Reserve(folder)

    async def put(self, name: str, data: Bytes | Draft) -> None:
        path = self._path(name)
        await self._run(lambda: data.become(path) if isinstance(data, Draft) else self._put(path, data))

    async def begin(self, folder: str) -> Draft | None:
        path = self._path(folder)
        return await self._run(lambda: Draft(path, self._reserve)) if HERE else None

    async def get(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        return await self._run(lambda: self._get(name, offset, length))

    async def list(self, prefix: str) -> Names:
        return await self._run(lambda: self._list(self._path(prefix)))

    async def delete(self, prefix: str) -> None:
        await self._run(lambda: self._delete(self._path(prefix)))

    @staticmethod
    async def _run(call: Callable[[], T]) -> T:
        return await asyncio.to_thread(call)

    def _path(self, name: str) -> Path:
        # Names come from hashes and rendition numbers; whatever else turns up must not lead out of the folder.
        if not _NAME.match(name):
            raise ValueError(f"not a name: {name!r}")
        return self.folder / name

    def _put(self, path: Path, data: Bytes) -> None:
        part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._reserve.take(len(data))
            part.write_bytes(data)
            part.replace(path)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise refusal(error, self.folder) from error

    def _get(self, name: str, offset: int, length: int | None) -> bytes:
        try:
            with self._path(name).open("rb") as file:
                file.seek(offset)
                return file.read(-1 if length is None else length)
        except FileNotFoundError:
            raise KeyError(name) from None

    def _list(self, path: Path) -> Names:
        if not path.is_dir():
            return []
        found = (item for item in path.rglob("*") if item.is_file() and not item.name.startswith("."))
        return sorted(item.relative_to(self.folder).as_posix() for item in found)

    def _delete(self, path: Path) -> None:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def fragment_name(rendition: str, row: Row) -> str:
    """Where a fragment lies."""
    return f"{rendition}/{row.sha256}"


def init_name(rendition: str, track: Track) -> str:
    """Where a track's init segment lies."""
    return f"{rendition}/{track.init_sha256}"


def manifest_name(rendition: str) -> str:
    """Where the finished manifest lies."""
    return f"{rendition}/manifest.json"


async def save_manifest(store: Store, manifest: Manifest) -> None:
    """Write a finished manifest. It comes last: where it is, everything is."""
    await store.put(manifest_name(manifest.rendition), msgspec.json.encode(manifest.rows_message()))


async def load_manifest(store: Store, rendition: str) -> Manifest | None:
    """The finished manifest, None where there is none (never finished, or not readable by this version)."""
    try:
        message = msgspec.json.decode(await store.get(manifest_name(rendition)), type=ManifestRows)
    except (KeyError, msgspec.MsgspecError):
        return None
    manifest = Manifest.of(message)
    return manifest if manifest.complete else None
