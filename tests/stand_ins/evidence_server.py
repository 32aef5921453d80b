"""A server of evidence that can be asked to misbehave: a real program on a real socket of this machine.

What it does is in the link's query, so that one server serves every test and a link shows what it stands for:

    /clip.mp4                     all as it should be: ranges, length, strong ETag
    ?ranges=no|lie|bare|star      200 to every range; another place than asked; no Content-Range; an unknown total
    ?length=no|chunked|endless    the end shows by closing; chunks; chunks for ever
    ?status=503&after=1           this status (with Retry-After: seconds or a date)
    ?status=403&body=xml|html     with such a body, as object stores and portals answer
    ?every=N                      misbehaves at every Nth request only
    ?cut=N, ?cutat=N, ?reset=N    closes after N bytes of each answer; at byte N of the file; resets after N
    ?hang=answer|N                never answers; falls silent after N bytes of each answer
    ?drip=N                       N bytes a second
    ?type=T                       Content-Type
    ?etag=no|weak|flap            none; weak; another one at every answer
    ?change=N                     another file of the same length from the (N+1)th request on
    ?grow=N                       a file longer by one byte from the (N+1)th request on
    ?redirect=URL|loop|N          leads there; to itself; N times on before the file
    ?garbage=1, ?headers=endless  something that is not HTTP; a header without end
    ?expire=N                     403 from the (N+1)th request on
    ?fresh=1                      leads to an address that is good for two requests only
    ?needs=VALUE                  401 unless the request has `X-Key: VALUE`
    ?name=N                       Content-Disposition with this file name
    ?date=D                       what it says the time is
    ?wait=S                       seconds before each answer (a far server)
    ?modified=SECONDS             Last-Modified so long before Date, and `If-Range` with a date understood
    ?ifrange=no                   200 to every `If-Range`
    ?packed=gzip                  Content-Encoding
    ?part=N                       N bytes of each range at most
    ?over=N                       N bytes more than were asked for
    ?multipart=1                  a range as multipart/byteranges
    ?at=accept|head               resets before the first byte, and in the middle of the header
    ?closes=1                     closes after each answer, and does not say so before
    ?early=1                      some answers of 100 and 103 before the real one
    ?length=twice|less|more       two lengths that differ; one that is too small, too large; of bytes sent
    ?chunk=bad                    a chunk whose size is no number
    ?old=1                        HTTP/1.0
    ?most=N&refuse=S              more than N connections at a time get this status (or `reset`)
    ?each=RATE                    bytes a second of each connection
    ?times=N                      misbehaves at the first N requests only

`rate` is what the line carries, bytes a second, shared by all connections as on a thin line.

    python -m tests.stand_ins.evidence_server FOLDER [--port P] [--rate BYTES]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import itertools
import mimetypes
import re
import ssl
import struct
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from tests.stand_ins.served import listening

PAGES = {
    "": b"<html>no</html>",
    "html": b"<!DOCTYPE html><html><title>403</title><p>This link has expired.</html>",
    "xml": b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
}
OTHER = bytes(byte ^ 0x55 for byte in range(256))
SLICE = 16 << 10
"""Bytes written at a time, so that a slow line is slow evenly."""


@dataclass
class Request:
    """One request as it came in."""

    target: str
    headers: dict[str, str]
    connection: int
    at: float
    range: tuple[int, int | None] | None = None
    sent: int = 0
    """Bytes of body written."""


@dataclass
class EvidenceServer:
    """What it serves and what it was asked. Start it with `serving`."""

    files: dict[str, bytes]
    rate: float | None = None
    address: str = ""
    requests: list[Request] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)
    _connections: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _line_free: float = 0.0
    _each_free: dict[int, float] = field(default_factory=dict)
    busy: Counter[str] = field(default_factory=Counter)
    """Answers that are under way, by path."""

    def url(self, name: str, **how: object) -> str:
        query = urlencode({key: str(value) for key, value in how.items()})
        return f"{self.address}/{quote(name)}{'?' + query if query else ''}"

    @property
    def sent(self) -> int:
        """Bytes of bodies written so far."""
        return sum(request.sent for request in self.requests)

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(self._connections)
        try:
            while await self._one(reader, writer, number):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        """Answers one request; False when the connection ends."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        target = head[0].split(" ")[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        request = Request(target, headers, number, asyncio.get_running_loop().time(), _range(headers.get("range", "")))
        self.requests.append(request)
        self._counts[target] += 1
        return await _Answer(self, request, writer, self._counts[target]).give()

    async def each(self, connection: int, rate: float, n: int) -> None:
        """Waits until that connection has carried n bytes more."""
        loop = asyncio.get_running_loop()
        free = max(self._each_free.get(connection, 0.0), loop.time()) + n / rate
        self._each_free[connection] = free
        await asyncio.sleep(free - loop.time())

    async def line(self, n: int) -> None:
        """Waits until the line has carried n bytes more."""
        if self.rate is None:
            return
        loop = asyncio.get_running_loop()
        self._line_free = max(self._line_free, loop.time()) + n / self.rate
        await asyncio.sleep(self._line_free - loop.time())


class _Answer:
    def __init__(self, server: EvidenceServer, request: Request, writer: asyncio.StreamWriter, count: int) -> None:
        self.server, self.request, self.writer = server, request, writer
        self.count = count
        """How often this very address was asked for, this time included."""
        parts = urlsplit(request.target)
        self.path = parts.path
        self.how = dict(parse_qsl(parts.query, keep_blank_values=True))
        if count > int(self.how.get("times", count)) or count % int(self.how.get("every", 1)):
            self.how = {}

    async def give(self) -> bool:
        self.server.busy[self.path] += 1
        try:
            if self.server.busy[self.path] > int(self.how.get("most", 99)):
                if self.how.get("refuse") == "reset":
                    return self.reset()
                return await self.head(int(self.how["refuse"]), {"Content-Length": "0"})
            return await self.do()
        finally:
            self.server.busy[self.path] -= 1

    def reset(self) -> bool:
        self.writer.get_extra_info("socket").setsockopt(1, 13, struct.pack("ii", 1, 0))
        return False

    async def do(self) -> bool:
        how = self.how
        await asyncio.sleep(float(how.get("wait", 0)))
        if how.get("hang") == "answer":
            await asyncio.sleep(3600)
        if how.get("at") == "accept":
            return self.reset()
        if how.get("at") == "head":
            self.writer.write(b"HTTP/1.1 206 Partial Content\r\nContent-Le")
            await self.writer.drain()
            await asyncio.sleep(0.02)
            return self.reset()
        if "early" in how:
            self.writer.write(
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n" * 3
            )
        if "garbage" in how:
            self.writer.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n" * 20)
            await self.writer.drain()
            return False
        if "headers" in how:
            self.writer.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                self.writer.write(b"X-More: and more\r\n" * 100)
                await self.writer.drain()
        if "redirect" in how:
            return await self.head(302, {"Location": self.redirect(how["redirect"]), "Content-Length": "0"})
        if "fresh" in how:
            rest = urlencode({key: value for key, value in how.items() if key != "fresh"})
            lead = f"{self.path}?expire=2&n={self.count}&{rest}"
            return await self.head(302, {"Location": lead, "Content-Length": "0"})
        if "status" in how:
            after = {"Retry-After": how["after"]} if "after" in how else {}
            page = PAGES[how.get("body", "")] if int(how["status"]) not in {204, 304} else b""
            await self.head(
                int(how["status"]),
                {**after, "Content-Type": f"text/{how.get('body') or 'html'}", "Content-Length": str(len(page))},
            )
            self.writer.write(page)
            return True
        if self.count > int(how.get("expire", self.count)):
            return await self.head(403, {"Content-Length": "0"})
        if "needs" in how and self.request.headers.get("x-key") != how["needs"]:
            return await self.head(401, {"Content-Length": "0"})
        data = self.server.files.get(self.path.lstrip("/"))
        if data is None:
            return await self.head(404, {"Content-Length": "0"})
        return await self.file(self.version(data))

    def redirect(self, to: str) -> str:
        if to == "loop":
            return self.request.target
        if to.isdigit():
            return self.path if to == "0" else f"{self.path}?redirect={int(to) - 1}"
        return to

    def version(self, data: bytes) -> bytes:
        if self.count > int(self.how.get("change", self.count)):
            return data.translate(OTHER)
        if self.count > int(self.how.get("grow", self.count)):
            return data + b"+"
        return data

    def etag(self, data: bytes) -> str:
        tag = hashlib.sha256(data).hexdigest()[:16]
        kind = self.how.get("etag", "")
        return {"no": "", "weak": f'W/"{tag}"', "flap": f'"{tag}-{self.count}"'}.get(kind, f'"{tag}"')

    async def file(self, data: bytes) -> bool:
        how, asked = self.how, self.request.range
        headers = {"Content-Type": how.get("type") or mimetypes.guess_type(self.path)[0] or "application/octet-stream"}
        etag = self.etag(data)
        if etag:
            headers["ETag"] = etag
        if "name" in how:
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(how['name'])}"
        if "modified" in how:
            headers["Date"] = formatdate(usegmt=True)
            headers["Last-Modified"] = formatdate(
                1.7e9 + 100 * (self.count > int(how.get("change", self.count)))
                if how["modified"] == "long"
                else time.time(),
                usegmt=True,
            )
        if "packed" in how:
            headers["Content-Encoding"] = how["packed"]
        if_range = self.request.headers.get("if-range")
        same = if_range is None or (if_range in {etag, headers.get("Last-Modified")} and how.get("ifrange") != "no")
        status, start, end = 200, 0, len(data)
        if asked and how.get("ranges") != "no" and same:
            start, end = asked[0], min(asked[1] or len(data), len(data))
            if start >= len(data):
                return await self.head(416, {"Content-Range": f"bytes */{len(data)}", "Content-Length": "0"})
            if how.get("ranges") == "lie" and start:
                start = max(0, start - 100)
            end = min(end + int(how.get("over", 0)), start + int(how.get("part", len(data))), len(data))
            status = 206
            total = "*" if how.get("ranges") == "star" else len(data)
            if "multipart" in how:
                headers["Content-Type"] = "multipart/byteranges; boundary=part"
            elif how.get("ranges") != "bare":
                headers["Content-Range"] = f"bytes {start}-{end - 1}/{total}"
        length = how.get("length")
        if length in {"chunked", "endless"}:
            headers["Transfer-Encoding"] = "chunked"
        elif length == "no":
            headers["Connection"] = "close"
        else:
            headers["Content-Length"] = str(end - start + {"less": -1000, "more": 1000}.get(length or "", 0))
        if length == "twice":
            headers["content-length"] = str(end - start + 1)
        await self.head(status, headers)
        if how.get("chunk") == "bad":
            self.writer.write(b"xyz\r\n")
            return False
        whole = await self.body(data, start, end, chunked=length in {"chunked", "endless"})
        if length == "endless":
            while True:
                await self.send(bytes(SLICE), chunked=True)
        if length == "chunked" and whole:
            self.writer.write(b"0\r\n\r\n")
            await self.writer.drain()
        return whole and length not in {"no", "more", "less"} and "closes" not in how

    async def body(self, data: bytes, start: int, end: int, *, chunked: bool) -> bool:
        """Writes it; False where it was cut."""
        how = self.how
        stops = [start + int(how[name]) for name in ("cut", "reset", "hang") if name in how]
        stops += [int(how["cutat"])] if "cutat" in how and int(how["cutat"]) >= start else []
        stop = min([end, *stops])
        slice_ = SLICE * (8 if "each" in how else 1) if "drip" not in how else max(1, int(how["drip"]) // 10)
        for offset in range(start, stop, slice_):
            await self.send(data[offset : min(offset + slice_, stop)], chunked=chunked)
            if "drip" in how:
                await asyncio.sleep(0.1)
        if stop == end:
            return True
        if "hang" in how:
            await asyncio.sleep(3600)
        if "reset" in how:
            await asyncio.sleep(0.05)  # a reset throws away what is still on its way
            return self.reset()
        return False

    async def send(self, data: bytes, *, chunked: bool) -> None:
        await self.server.line(len(data))
        if "each" in self.how:
            await self.server.each(self.request.connection, float(self.how["each"]), len(data))
        self.writer.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
        await self.writer.drain()
        self.request.sent += len(data)

    async def head(self, status: int, headers: Mapping[str, str]) -> bool:
        lines = [
            f"HTTP/1.{0 if 'old' in self.how else 1} {status} -",
            "Server: stand-in",
            "Set-Cookie: seen=1; Path=/",
            *map(": ".join, headers.items()),
        ]
        if "date" in self.how:
            lines.append(f"Date: {self.how['date']}")
        if status == 200 and self.how.get("ranges") != "no":
            lines.append("Accept-Ranges: bytes")
        self.writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        await self.writer.drain()
        return True


def _range(text: str) -> tuple[int, int | None] | None:
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", text)
    return (int(match[1]), int(match[2]) + 1 if match[2] else None) if match else None


@asynccontextmanager
async def serving(
    files: Mapping[str, bytes],
    *,
    rate: float | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[EvidenceServer]:
    """A running server. Connections that are still open when the block ends are cut."""
    server = EvidenceServer(dict(files), rate)
    async with listening(server.connection, host, port, tls=tls) as (name, number):
        server.address = f"{'https' if tls else 'http'}://{f'[{name}]' if ':' in name else name}:{number}"
        yield server


async def main() -> None:
    arguments = argparse.ArgumentParser(description="A server of evidence that can be asked to misbehave.")
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--rate", type=float, help="bytes a second that the line carries")
    given = arguments.parse_args()
    files = {path.name: path.read_bytes() for path in sorted(given.folder.iterdir()) if path.is_file()}
    async with serving(files, rate=given.rate, port=given.port) as server:
        print(server.address, flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
