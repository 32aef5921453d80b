"""The pages for people: the remote, the sign-in page, and the files that they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import jinja2
from aiohttp import web

from courtcast.control.gate import check_origin, recognise, set_cookie
from courtcast.control.services import SERVICES
from courtcast.problems import Refused
from courtcast.wire.assets import FOREVER, NEVER, PREFIX, Assets

TEMPLATES: web.AppKey[jinja2.Environment] = web.AppKey("templates")

USED_KEY = (
    "That link has been used already, or it is of an earlier start. Each one signs in once: take the newest that the "
    "presenter printed, or paste a token."
)
ONWARD = (
    '<!doctype html><html lang="en-GB"><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=/">'
    '<title>Courtcast</title><p>Signed in. <a href="/">Open the remote</a>.</p></html>'
)
"""Where another site's page led here, a redirect would still count as that site's and carry no SameSite=Strict cookie;
a step from a page of our own does."""


def setup(app: web.Application, assets: Assets) -> None:
    """Adds the pages to the application."""
    app[TEMPLATES] = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: _template(assets, name)),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
    )
    app.router.add_get("/", home)
    app.router.add_get(PREFIX + "/{build}/{path:.+}", static)


async def home(request: web.Request) -> web.StreamResponse:
    """The remote for whoever is signed in; with `?key=` it signs in first, once."""
    key = request.query.get("key", "").strip()
    principal = await recognise(request)
    if principal is not None and principal.by_cookie:
        check_origin(request, request.app[SERVICES].auth)
    if not key:
        return _page(request, "remote.html") if principal is not None else _page(request, "sign-in.html", status=401)
    if request.method == "HEAD" or "prefetch" in _purpose(request):
        return web.Response(status=204)
    signed_in = await request.app[SERVICES].auth.sign_in(_bare(key))
    if signed_in is None:
        return _onward(request) if principal is not None else _page(request, "sign-in.html", status=403, said=USED_KEY)
    response = _onward(request)
    set_cookie(request, response, signed_in[0])
    return response


async def static(request: web.Request) -> web.StreamResponse:
    """A file of this build; another build's are gone, and its page reloads."""
    assets = request.app[SERVICES].assets
    path = request.match_info["path"]
    if request.match_info["build"] != assets.build or not path.startswith("web/") or path.startswith("web/templates/"):
        raise Refused("not-found")
    try:
        data, kind = assets.read(path), assets.content_type(path)
    except KeyError:
        raise Refused("not-found") from None
    return web.Response(body=data, headers={"Content-Type": kind, "Cache-Control": FOREVER})


def policy(host: str) -> str:
    """`Content-Security-Policy`: our own files and event stream (whose address older Safari wants spelled out)."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob: data:; "
        f"connect-src 'self' ws://{host} wss://{host}; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


def _template(assets: Assets, name: str) -> str | None:
    try:
        return assets.read(f"web/templates/{name}").decode("utf-8")
    except KeyError:
        return None


def sheet(request: web.Request, name: str, **words: object) -> web.Response:
    """A page of words alone."""
    return _page(request, name, words=words)


def _page(
    request: web.Request,
    name: str,
    *,
    status: int = 200,
    said: str | None = None,
    words: Mapping[str, object] | None = None,
) -> web.Response:
    assets = request.app[SERVICES].assets
    template = request.app[TEMPLATES].get_template(name)
    text = template.render(prefix=assets.prefix, build=assets.build, problem=said, **(words or {}))
    return web.Response(
        text=text,
        status=status,
        content_type="text/html",
        headers={"Cache-Control": NEVER, "Content-Security-Policy": policy(request.host)},
    )


def _onward(request: web.Request) -> web.Response:
    if request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
        return web.Response(status=303, headers={"Location": "/", "Cache-Control": NEVER})
    return web.Response(
        text=ONWARD,
        content_type="text/html",
        headers={"Cache-Control": NEVER, "Content-Security-Policy": policy(request.host)},
    )


def _purpose(request: web.Request) -> str:
    return (request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")).lower()


def _bare(key: str) -> str:
    """People paste the whole link."""
    if "key=" not in key:
        return key
    try:
        return parse_qs(urlsplit(key).query).get("key", [key])[0]
    except ValueError:
        return key
