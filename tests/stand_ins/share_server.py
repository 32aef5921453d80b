"""Folders that are shared as Nextcloud and ownCloud share them: a page for people, WebDAV for programs. A real program.

/s/TOKEN                          the page, which names no file
/public.php/dav/files/TOKEN/…     PROPFIND and GET, as Nextcloud has it since 29 (`new`)
/public.php/webdav/…              the same with the token as the user (`old`)
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from aiohttp import web

from tests.stand_ins.served import part

PAGE = "<!DOCTYPE html><html><head><title>Evidence</title></head><body><main>Loading</main></body></html>"


@dataclass
class Shares:
    """shares: by their tokens, the files of each by their paths; a path that ends with a slash is an empty folder

    style: which of the two ways there is; password: the shares have one
    """

    shares: Mapping[str, Mapping[str, bytes]]
    style: Literal["new", "old"] = "new"
    password: bool = False
    address: str = ""
    asked: list[str] = field(default_factory=list)

    def url(self, token: str, base: str = "") -> str:
        return f"{self.address}{base}/s/{token}"

    async def page(self, request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def dav(self, request: web.Request) -> web.StreamResponse:
        token, path = request.match_info.get("token"), request.match_info["path"]
        self.asked.append(f"{request.method} {path}")
        if (token is None) != (self.style == "old"):
            return web.Response(status=404)
        if token is None:
            named = request.headers.get("Authorization", "").removeprefix("Basic ")
            token = base64.b64decode(named).decode().removesuffix(":")
        if self.password or token not in self.shares:
            return web.Response(status=401, headers={"WWW-Authenticate": "Basic"})
        files, root = self.shares[token], request.path.removesuffix(path)
        if request.method == "PROPFIND":
            return self._listed(files, root, path)
        if path not in files:
            return web.Response(status=404)
        return part(request, files[path])

    def _listed(self, files: Mapping[str, bytes], root: str, path: str) -> web.Response:
        within: dict[str, int | None] = {path: None}
        for name, data in files.items():
            if name.startswith(path) and name != path:
                first, slash, _ = name.removeprefix(path).partition("/")
                within[path + first + slash] = None if slash else len(data)
        responses = "".join(
            f"<d:response><d:href>{quote(root + name)}</d:href><d:propstat><d:prop>"
            + (
                "<d:resourcetype><d:collection/></d:resourcetype>"
                if size is None
                else f"<d:resourcetype/><d:getcontentlength>{size}</d:getcontentlength>"
            )
            + "</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
            for name, size in within.items()
        )
        text = f'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">{responses}</d:multistatus>'
        return web.Response(status=207, text=text, content_type="application/xml")


@asynccontextmanager
async def sharing(
    shares: Mapping[str, Mapping[str, bytes]], *, style: Literal["new", "old"] = "new", password: bool = False
) -> AsyncIterator[Shares]:
    """A running server, also below `/cloud`."""
    made = Shares(shares, style, password)
    app = web.Application()
    for base in ("", "/cloud", "/index.php"):
        app.router.add_get(base + "/s/{token}", made.page)
        app.router.add_route("*", base + "/public.php/dav/files/{token}/{path:.*}", made.dav)
        app.router.add_route("*", base + "/public.php/webdav/{path:.*}", made.dav)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield made
    finally:
        await runner.cleanup()
