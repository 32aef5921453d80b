"""A case or a piece of evidence in an evidence portal, by the partner API that its operator gives a key for.

The shapes are those of Axon Evidence's partner API, as far as they are public:
- `POST /api/oauth2/token`, a form with `grant_type=client_credentials`, `partner_id`, `client_id` and `client_secret`
  (RFC 6749 §4.4), gives `access_token` and `expires_in`;
- `GET /api/v2/agencies/{partner}/cases/{case}/relationships/evidence` gives `meta.count` and `data`, a list with `id`s;
- `GET /api/v2/agencies/{partner}/evidence/{id}` gives `data.attributes.title` and, in `data.relationships.files.data`,
  files with `id` and `attributes` (`fileName`, `size`, `checksum`);
- `GET /api/v1/agencies/{partner}/evidence/{id}/files/{file}` gives the file, or leads on to an address in a store that
  holds for a while. Each try asks anew, so that it never matters how long.

The key is the operator's and not somebody's password; it lies in `portals.toml` of the data folder or in the
environment, goes to that portal alone, and is in no log.
"""

from __future__ import annotations

import os
import re
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import msgspec

from courtcast.evidence.ask import Asker
from courtcast.evidence.links.direct import Link, parse
from courtcast.evidence.links.found import DOCUMENT, MOST_FILES, File, Found, Kind, Web
from courtcast.problems import Refused

kind: Kind = "portal"

FILE = "portals.toml"
SPARE = 60.0
"""Seconds before its end from which on a token is not used any more."""
LONGEST = 3600.0
"""Seconds for which a token is used, whatever is said of it."""
MOST_EVIDENCE = 100
"""Of a case: each is asked for by itself."""
_ID = r"([0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})"
_CASE = re.compile(rf"\bcases?(?:id)?[/=]{_ID}", re.I)
_EVIDENCE = re.compile(rf"\bevidence(?:id)?[/=]{_ID}", re.I)


@dataclass(eq=False)
class Portal:
    """One portal and the key to its API. `repr` says neither."""

    host: str
    partner: str
    client: str = field(repr=False)
    secret: str = field(repr=False)
    origin: str = ""
    """Of the API, where that is not the host of the links."""
    _token: str = field(default="", repr=False)
    _until: float = field(default=0.0, repr=False)

    async def token(self, web: Web) -> str:
        """Raises Refused (`portal-key`, `link-…`) or Trouble."""
        if self._token and time.monotonic() < self._until:
            return self._token
        form = {
            "grant_type": "client_credentials",
            "partner_id": self.partner,
            "client_id": self.client,
            "client_secret": self.secret,
        }
        try:
            async with Asker(Link(f"{self.origin}/api/oauth2/token"), web.guard, web.limits) as asker:
                document = await asker.document(
                    DOCUMENT,
                    method="POST",
                    body=urlencode(form).encode(),
                    headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
                )
        except Refused as refused:
            if refused.type in {"link-refused", "link-not-found"}:
                raise Refused("portal-key", host=self.host) from None
            raise
        said = _object(document.data, self.host)
        token, lasts = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or re.fullmatch(r"[!-~]{1,8000}", token) is None:
            raise Refused("portal-key", host=self.host)
        seconds = float(lasts) if isinstance(lasts, int | float) and lasts > 0 else LONGEST
        self._token, self._until = token, time.monotonic() + min(seconds, LONGEST) - SPARE
        return token

    async def get(self, path: str, web: Web) -> Mapping[str, Any]:
        """JSON of the API. Raises Refused (`portal-…`, `link-…`) or Trouble."""
        for last in (False, True):
            link = Link(self.origin + path, await self.headers(web))
            try:
                async with Asker(link, web.guard, web.limits) as asker:
                    document = await asker.document(DOCUMENT, headers={"Accept": "application/json"})
                return _object(document.data, self.host)
            except Refused as refused:
                if refused.type == "link-refused" and refused.fields.get("status") == 401 and not last:
                    self._token = ""  # it ended before it said that it would
                    continue
                if refused.type in {"link-refused", "link-not-found"}:
                    raise Refused("portal-not-shared", host=self.host) from None
                raise
        raise AssertionError

    async def headers(self, web: Web) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.token(web)}"}


def load(data: Path, environment: Mapping[str, str] = os.environ) -> tuple[Portal, ...]:
    """Those of `portals.toml` in the data folder; none where there is no such file. Raises Refused (`portals-file`)."""
    file = data / FILE
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError):
        raise Refused("portals-file", path=file) from None
    tables = said.get("portal", [])
    if not isinstance(tables, list):
        raise Refused("portals-file", path=file)
    return tuple(_portal(table, file, environment) for table in tables)


def _portal(table: Any, file: Path, environment: Mapping[str, str]) -> Portal:
    try:
        host, partner, client = (str(table[name]).strip() for name in ("host", "partner", "client"))
        secret = environment[str(table["secret_from"])] if "secret_from" in table else str(table["secret"])
        origin = str(parse(str(table.get("api", f"https://{host}"))).origin())
    except (KeyError, TypeError, ValueError, Refused):
        raise Refused("portals-file", path=file) from None
    if not (host and partner and client and secret) or re.fullmatch(r"[\w-]+", partner) is None:
        raise Refused("portals-file", path=file)
    return Portal(host.lower(), partner, client, secret, origin)


def recognises(link: Link, web: Web) -> bool:
    return _portal_of(link, web.portals) is not None


async def describe(link: Link, web: Web) -> Found | None:
    """Raises Refused (`portal-…`, `link-folder-empty`, and what asking says) or Trouble."""
    portal = _portal_of(link, web.portals)
    if portal is None:
        return None
    agency, text = f"/api/v2/agencies/{portal.partner}", _text(link)
    if (one := _EVIDENCE.search(text)) is not None:
        ids = [one[1]]
    elif (case := _CASE.search(text)) is not None:
        said = await portal.get(f"{agency}/cases/{case[1]}/relationships/evidence", web)
        ids = [found for item in _list(said.get("data")) if re.fullmatch(_ID, found := str(item.get("id")), re.I)]
    else:
        return None
    files: list[File] = []
    for id_ in ids[:MOST_EVIDENCE]:
        files.extend(_files(await portal.get(f"{agency}/evidence/{id_}", web), portal, id_))
    if not files:
        raise Refused("link-folder-empty")
    return Found(kind, files[:MOST_FILES], one=len(files) == 1)


async def open(file: File, web: Web) -> Link:
    """With a token that is good now; it goes to the portal and not to the store that this leads on to."""
    portal = next(portal for portal in web.portals if file.link.url.startswith(portal.origin + "/"))
    return Link(file.link.url, await portal.headers(web))


def _portal_of(link: Link, portals: Sequence[Portal]) -> Portal | None:
    try:
        host = (parse(link.url).host or "").lower()
    except Refused:
        return None
    there = _CASE.search(_text(link)) or _EVIDENCE.search(_text(link))
    return next((portal for portal in portals if portal.host == host and there), None)


def _text(link: Link) -> str:
    """The part of a link in which an id may stand."""
    return unquote(link.url.partition("#courtcast=")[0].partition("://")[2].partition("/")[2])


def _files(said: Mapping[str, Any], portal: Portal, evidence: str) -> list[File]:
    about = said.get("data")
    if not isinstance(about, dict):
        return []
    title = _text_of(about.get("attributes"), "title")
    relations = about.get("relationships")
    files = relations.get("files") if isinstance(relations, dict) else None
    found = []
    for item in _list(files.get("data") if isinstance(files, dict) else None):
        id_, attributes = str(item.get("id")), item.get("attributes")
        if re.fullmatch(_ID, id_, re.I) is None:
            continue
        name = _text_of(attributes, "fileName") or title or id_
        size = attributes.get("size") if isinstance(attributes, dict) else None
        url = f"{portal.origin}/api/v1/agencies/{portal.partner}/evidence/{evidence}/files/{id_}"
        is_size = isinstance(size, int) and not isinstance(size, bool) and size >= 0
        found.append(File(Link(url), name, title if title != name else "", size if is_size else None, key=id_.lower()))
    return found


def _text_of(said: object, name: str) -> str:
    """One line of it, without what cannot be seen."""
    text = said.get(name) if isinstance(said, dict) else None
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200] if isinstance(text, str) else ""


def _list(said: object) -> list[dict[str, Any]]:
    return [item for item in said if isinstance(item, dict)] if isinstance(said, list) else []


def _object(data: bytes, host: str) -> Mapping[str, Any]:
    try:
        said = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Refused("portal-answer", host=host)
    return said
