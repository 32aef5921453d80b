"""One request to the server of a link, redirects followed by hand, and what its answer means.

The session takes nothing from the environment (proxies, netrc), unpacks nothing, and opens sockets only through the
guard. What goes wrong becomes one of two things: `Refused` where another try would be no use, `Trouble` where it may.
"""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from types import MappingProxyType, TracebackType
from typing import NamedTuple, Self

import aiohttp
from aiohappyeyeballs import AddrInfoType
from multidict import CIMultiDict
from yarl import URL

from courtcast.evidence.guard import Forbidden, Guard
from courtcast.evidence.limits import Limits
from courtcast.evidence.links import Link, parse
from courtcast.problems import Refused

READ = 64 << 10
"""Bytes that are enough to judge a file's beginning by."""
BUFFER = 256 << 10
"""Bytes that a connection buffers while those before are written, before the server is made to wait."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_BUSY = frozenset({408, 425, 429})
_STALE = frozenset({401, 403, 404, 410})
"""Answers of an address that redirects led to earlier: it may have run out, and the link leads to a new one."""
_CONTENT_RANGE = re.compile(r"\s*bytes\s+(\d{1,19})-(\d{1,19})/(\d{1,19}|\*)\s*\Z", re.I)
_UNSATISFIED = re.compile(r"\s*bytes\s+\*/(\d{1,19})\s*\Z", re.I)


class Trouble(Exception):
    """The server or the way to it fails just now. `problem` says it in words, `after` how long the server asked for."""

    def __init__(self, problem: Refused, after: float = 0.0) -> None:
        super().__init__(problem.type)
        self.problem = problem
        self.after = after


class NoRanges(Exception):
    """The server answers ranges with something else than what was asked for."""


class Answer(NamedTuple):
    """A body that is on its way. It has to be closed or released.

    start: offset of its first byte in the file
    end: offset behind its last one, None where the server does not say
    length: of the whole file, None where the server does not say
    ranged: the server gives parts of the file
    """

    response: aiohttp.ClientResponse
    start: int
    end: int | None
    length: int | None
    ranged: bool

    @property
    def etag(self) -> str | None:
        """Strong ones only (RFC 9110 §8.8.1): weak ones do not promise the same bytes."""
        tag = self.response.headers.get("ETag", "").strip()
        return tag if tag.startswith('"') and tag.endswith('"') and 2 < len(tag) < 1024 else None

    @property
    def last_modified(self) -> str | None:
        """Where it is a strong validator: a second or more before the answer's own date (RFC 9110 §8.8.2.2)."""
        date = self.response.headers.get("Last-Modified", "").strip()[:64]
        changed, now = _unix(date), _unix(self.response.headers.get("Date", ""))
        return date if changed is not None and now is not None and changed + 1 <= now else None


class Document(NamedTuple):
    """All of something small that a server has: a page, a list."""

    url: URL
    """Where it was found in the end."""
    type: str
    """Content-Type, in lower case and without parameters."""
    data: bytes


class Asker:
    """Asks for parts of the file behind one link. An async context manager."""

    def __init__(self, link: Link, guard: Guard, limits: Limits) -> None:
        self._first = parse(link.url)
        self._given = dict(link.headers)
        self._guard = guard
        self._limits = limits
        self._found: URL | None = None
        """Where redirects led to: later requests go there straight away."""
        self._forbidden: str | None = None
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            socket_factory=self._socket,
            resolver=self._guard.resolver(),
            ssl=self._guard.tls or True,
            limit=8,
            keepalive_timeout=60,
        )
        timeout = aiohttp.ClientTimeout(
            total=None, connect=None, sock_connect=self._limits.connect, sock_read=self._limits.idle
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            trust_env=False,
            auto_decompress=False,
            read_bufsize=BUFFER,
            headers={"User-Agent": "courtcast", "Accept": "*/*", "Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def ask(self, start: int, end: int | None = None, *, if_range: str | None = None) -> Answer:
        """The file from `start` to `end` (to its end where None), or all of it where the server has no ranges.

        Raises Refused, Trouble or NoRanges; Refused `link-changed` where the file ends before `start`.
        """
        headers = {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
        if if_range is not None:
            headers["If-Range"] = if_range
        response = await self._follow(headers)
        if response.status == 416 and start == 0 and _unsatisfied(response) != 0:
            response.close()  # no reason to refuse the whole: a server that is muddled about ranges
            return await self.ask_whole()
        return self._understand(response, start)

    async def ask_whole(self) -> Answer:
        """The file from its first byte, without a word about ranges. Raises Refused or Trouble."""
        return self._understand(await self._follow({}), 0)

    async def document(
        self,
        most: int,
        *,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Document:
        """What lies there, where it has so many bytes at most. What is posted is not sent on to where that leads.

        Raises Refused (`link-…`; `link-too-large`) or Trouble.
        """
        response = await self._follow(dict(headers), method, body)
        try:
            if response.status not in {200, 207}:
                raise _refusal(response, 1)
            if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
                raise Refused("link-packed")  # nothing is unpacked here
            data = bytearray()
            async with asyncio.timeout(self._limits.answer):
                while chunk := await response.content.read(READ):
                    data += chunk
                    if len(data) > most:
                        raise Refused("link-too-large")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Trouble(Refused("link-unreachable")) from error
        finally:
            response.close()
        type_ = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Document(self.url, type_, bytes(data))

    def turn_to(self, link: Link) -> None:
        """Asks there from now on, over the same connections where that is the same server."""
        self._first, self._given, self._found = parse(link.url), dict(link.headers), None

    @property
    def url(self) -> URL:
        """Where the file lies, as far as is known."""
        return self._found or self._first

    def _socket(self, addr_info: AddrInfoType) -> socket.socket:
        try:
            return self._guard.socket_factory(addr_info)
        except Forbidden as error:
            self._forbidden = error.address
            raise

    async def _follow(
        self, headers: dict[str, str], method: str = "GET", body: bytes | None = None
    ) -> aiohttp.ClientResponse:
        if self._found is not None and body is None:
            response = await self._get(self._found, headers, method)
            if response.status not in _STALE and response.status not in _REDIRECTS:
                return response
            response.close()
            self._found = None
        url = self._first
        seen: dict[URL, int] = {}
        for _ in range(self._limits.redirects + 1):
            seen[url] = seen.get(url, 0) + 1
            if seen[url] > 2:  # once more may be meant: the first time set a cookie
                break
            response = await self._get(url, headers, method, body)
            if response.status not in _REDIRECTS or method == "POST":
                if url != self._first:
                    self._found = url
                return response
            response.release()
            url = parse(response.headers.get("Location", ""), url)
        raise Refused("link-redirect-loop")

    async def _get(
        self, url: URL, headers: dict[str, str], method: str = "GET", body: bytes | None = None
    ) -> aiohttp.ClientResponse:
        await self._guard.admit(url)
        asked = CIMultiDict(self._given if url.origin() == self._first.origin() else {})
        asked.update(headers)
        self._forbidden = None
        unreachable = Trouble(Refused("link-unreachable"))
        try:
            async with asyncio.timeout(self._limits.answer):
                response = await self._send(url, asked, method, body)
        except (aiohttp.InvalidURL, UnicodeError) as error:
            raise Refused("link-malformed") from error
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
            raise Refused("link-certificate" if self._guard.proxy is None else "proxy-certificate") from error
        except aiohttp.ClientConnectorError as error:
            if self._guard.proxy is not None:  # nothing else is ever connected to
                raise Trouble(Refused("proxy-unreachable", host=self._guard.proxy.host)) from error
            if self._forbidden is not None:
                raise Refused("link-forbidden-address", host=self._forbidden) from error
            if isinstance(error.os_error, socket.gaierror) and error.os_error.errno != socket.EAI_AGAIN:
                raise Refused("link-unknown-host", host=url.host) from error
            raise unreachable from error
        except aiohttp.ClientHttpProxyError as error:
            raise _of_proxy(error.status) from error
        except aiohttp.ClientResponseError as error:
            raise Trouble(Refused("link-server", status="something that is not HTTP")) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreachable from error
        except (ValueError, IndexError) as error:  # of yarl and idna
            raise Refused("link-malformed") from error
        if response.status == 407:
            response.close()
            raise _of_proxy(407)
        return response

    async def _send(
        self, url: URL, headers: CIMultiDict[str], method: str, body: bytes | None
    ) -> aiohttp.ClientResponse:
        """Straight to the server, or to the proxy: in the request itself, or in that for a tunnel (RFC 9110 §9.3.6)."""
        proxy, who = self._guard.proxy, self._guard.headers_for_proxy()
        if proxy is not None and url.scheme == "http":
            headers.update(who)
        return await self._session.request(
            method,
            url,
            headers=headers,
            data=body,
            allow_redirects=False,
            proxy=proxy,
            proxy_headers=None if proxy is None else who,
        )

    def _understand(self, response: aiohttp.ClientResponse, start: int) -> Answer:
        """Closes the response where it raises."""
        packed = response.headers.get("Content-Encoding", "").strip().lower() not in {"", "identity"}
        if packed and response.status < 300:
            response.close()  # packed bytes are not those of the file, and parts of them cannot be unpacked
            raise Refused("link-packed")
        if response.status == 200:
            length = response.content_length
            ranged = response.headers.get("Accept-Ranges", "").strip().lower() == "bytes" and length is not None
            return Answer(response, 0, length, length, ranged)
        found = _part(response, start) if response.status == 206 else _refusal(response, start)
        if isinstance(found, Answer):
            return found
        response.close()
        raise found


def _of_proxy(status: int) -> Exception:
    """What it means that a proxy lets nothing through to the server."""
    if status == 407:
        return Refused("proxy-sign-in")
    if status in {502, 504}:  # RFC 9110 §15.6: it did not get through either, or does not know the name
        return Trouble(Refused("link-unreachable"))
    if status >= 500 or status == 429:
        return Trouble(Refused("proxy-refused", status=status))
    return Refused("proxy-refused", status=status)


def _part(response: aiohttp.ClientResponse, start: int) -> Answer | NoRanges:
    match = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    if match is None or int(match[1]) != start or int(match[2]) < start:
        return NoRanges()
    end = int(match[2]) + 1
    if match[3] == "*":  # the end of this answer need not be the end of the file
        return Answer(response, 0, None, None, ranged=False) if start == 0 else NoRanges()
    length = int(match[3])
    return Answer(response, start, end, length, ranged=True) if end <= length else NoRanges()


def _unsatisfied(response: aiohttp.ClientResponse) -> int | None:
    """The length of a file that a range lay outside of (RFC 9110 §15.5.17)."""
    match = _UNSATISFIED.match(response.headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def _refusal(response: aiohttp.ClientResponse, start: int) -> Exception:
    status = response.status
    if status == 416:
        return Refused("link-empty" if start == 0 else "link-changed")
    if status in {204, 205}:
        return Refused("link-empty")
    if status in _GONE:
        return Refused("link-not-found")
    if status in _BUSY or status >= 500:
        return Trouble(Refused("link-server", status=status), _after(response.headers.get("Retry-After", "").strip()))
    if 400 <= status < 500:
        return Refused("link-refused", status=status)
    return Trouble(Refused("link-server", status=status))


def _after(said: str) -> float:
    """Seconds that a server asks to be left alone: so many, or until a date (RFC 9110 §10.2.3)."""
    if re.fullmatch(r"\d{1,5}", said):
        return float(said)
    until = _unix(said)
    return 0.0 if until is None else max(0.0, until - time.time())


def _unix(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
