"""`courtcast add FILE`: sends a file of this machine to the presenter that runs here, as the remote does."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from courtcast.beside import Beside
from courtcast.problems import Refused
from courtcast.wire.api import Sent

PIECE = 1 << 20
"""Bytes with one checksum: what is lost where the presenter is killed."""
HEAD = 1 << 20
"""Bytes of a file's beginning that it is recognised by; the remote takes as many."""
AGAIN = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between tries while the presenter does not answer."""
TUS = {"Tus-Resumable": "1.0.0"}
PASSING = frozenset(("no-presenter", "upload-busy", "upload-not-now", "upload-checksum", "too-slow"))
"""What is tried again."""


async def send_file(
    presenter: Beside, path: Path, words: dict[str, str], on_progress: Callable[[int, int], None]
) -> str:
    """Returns when all of it is there, with the exhibit's id; of a bundle, with the upload's. What was half sent before
    goes on.

    words: `ref`, `title`, `restricted`, `bundle` for tus's metadata; on_progress: gets the bytes that are there, and
    the whole

    Raises Refused: what the presenter says; no-presenter where it stays away; file-unreadable.
    """
    try:
        with path.open("rb") as file:
            return await _Sending(presenter, path, file, words, on_progress).run()
    except OSError:
        raise Refused("file-unreadable", path=path) from None


class _Sending:
    def __init__(
        self,
        presenter: Beside,
        path: Path,
        file: IO[bytes],
        words: dict[str, str],
        on_progress: Callable[[int, int], None],
    ) -> None:
        self._presenter, self._path, self._file, self._on_progress = presenter, path, file, on_progress
        self._words = {name: text for name, text in words.items() if text}
        status = path.stat()
        self._length, self._modified = status.st_size, status.st_mtime_ns // 1_000_000

    async def run(self) -> str:
        head = await self._read(0, HEAD)
        mark = f"{self._length}-{self._modified}-{hashlib.sha256(head).hexdigest()}"
        known = await self._presenter.call("GET", "/uploads", list[Sent])
        upload = next((one for one in known if one.fingerprint == mark and self._fits(one)), None)
        where, offset = (upload.id, upload.offset) if upload is not None else (await self._begin(mark), 0)
        tries = 0
        while offset < self._length:
            self._on_progress(offset, self._length)
            try:
                offset = await self._piece(where, offset)
                tries = 0
            except Refused as refused:
                passes = refused.type in PASSING
                if not passes or tries == len(AGAIN):
                    raise
                await asyncio.sleep(AGAIN[tries])
                tries += 1
        self._on_progress(offset, self._length)
        answer = await self._presenter.request("HEAD", f"/uploads/{where}", TUS)
        return answer.headers.get("Exhibit", where)

    def _fits(self, one: Sent) -> bool:
        """It is of the kind that is sent: the same file may be there as a companion, or as a bundle."""
        return one.bundle if "bundle" in self._words else one.exhibit is not None

    async def _begin(self, mark: str) -> str:
        words = {**self._words, "filename": self._path.name, "fingerprint": mark, "lastModified": str(self._modified)}
        metadata = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in words.items())
        headers = {**TUS, "Upload-Length": str(self._length), "Upload-Metadata": metadata}
        answer = await self._presenter.request("POST", "/uploads", headers)
        return answer.headers["Location"].rpartition("/")[2]

    async def _piece(self, where: str, offset: int) -> int:
        """Sends the next one; where the presenter holds more or less than was thought, says how much."""
        data = await self._read(offset, PIECE)
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        headers = {
            **TUS,
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {digest}",
        }
        try:
            answer = await self._presenter.request("PATCH", f"/uploads/{where}", headers, data)
        except Refused as refused:
            if refused.type != "upload-offset":
                raise
            answer = await self._presenter.request("HEAD", f"/uploads/{where}", TUS)
        return int(answer.headers["Upload-Offset"])

    async def _read(self, offset: int, n: int) -> bytes:
        def read() -> bytes:
            self._file.seek(offset)
            return self._file.read(n)

        return await asyncio.to_thread(read)
