"""A presenter that stands still in a named state of the room: the review page, and what the remote's tests look at.

A real program on a real socket, with the project's own templates, files and messages. It tells the remote one of the
states in this folder, keeps its reports fresh, answers stills and screens' pictures with drawn ones, and writes down every
command without carrying it out, but for the part of a picture that is seen: the next part follows from it. Look at every state with

    python -m tests.states.presenter [--port 8099]

and open http://127.0.0.1:8099/.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import json
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import jinja2
import msgspec
from aiohttp import WSMsgType, web

from courtcast.wire.api import Change, RoomState, Snapshot
from courtcast.wire.assets import Assets
from courtcast.wire.library import Hearing
from courtcast.wire.sheet import Sheet

FOLDER = Path(__file__).parent
FRESH_SECONDS = 0.5
"""Reports are said again so often; a remote takes three seconds without one for silence."""


class NamedState(msgspec.Struct, frozen=True):
    """One file of this folder."""

    what: str
    state: Snapshot
    link: str = "live"
    expect: dict[str, Any] = {}


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> NamedState:
    return msgspec.json.decode((FOLDER / f"{name}.json").read_bytes(), type=NamedState)


class Presenter:
    """The program. `commands` holds what was asked of it: (method, path below the API, body)."""

    def __init__(self, name: str) -> None:
        self.show(name)
        self.commands: list[tuple[str, str, Any]] = []
        self.refuse: dict[str, web.Response] = {}
        """Answers for paths below the API, instead of the usual ones."""
        self.hearings = [
            Hearing(id="h1", case="R v Example", court="Court 4", day="2026-11-30", open=True, exhibits=8, bytes=3_100_000_000),
            Hearing(id="h2", case="R v Marlow", court="Court 2", day="2026-12-02", note="Two days", came="3f" * 32, exhibits=3, bytes=48_000_000),
            Hearing(id="h3"),
        ]  # fmt: skip
        self.sheets: dict[str, tuple[Sheet, bytes]] = {}
        """Contact sheets of exhibits, and their strips."""
        self.websockets = True
        self.signed_in = True
        self.answers = asyncio.Event()
        """Cleared: nothing is answered any more. The network is gone, and no connection was closed."""
        self.answers.set()
        self.assets = Assets.find()
        self._sockets: set[web.WebSocketResponse | web.StreamResponse] = set()
        self._changes: set[asyncio.Queue[Change]] = set()
        self._templates = jinja2.Environment(
            loader=jinja2.FunctionLoader(lambda file: self.assets.read(f"web/templates/{file}").decode()),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
        )
        self._runner: web.AppRunner | None = None
        self.url = ""

    def show(self, name: str) -> None:
        """Stands in another state from now on; remotes that come hear it."""
        self.named = load(name)
        self._since = time.monotonic()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> str:
        app = web.Application(middlewares=[self._silence])
        app.router.add_get("/", self._page)
        app.router.add_get("/sign-in", self._sign_in)
        app.router.add_get("/static/{build}/{path:.+}", self._static)
        app.router.add_get("/states/{name}", self._choose)
        app.router.add_get("/api/v1/events", self._events)
        app.router.add_get("/api/v1/room", self._room)
        app.router.add_get("/api/v1/hearings", self._hearings)
        app.router.add_get("/api/v1/joins", self._joins)
        app.router.add_get("/api/v1/exhibits/{id}/still", self._still)
        app.router.add_get("/api/v1/exhibits/{id}/sheet", self._sheet)
        app.router.add_get("/api/v1/exhibits/{id}/sheet/strip", self._strip)
        app.router.add_get("/api/v1/screens/{id}/picture", self._picture)
        app.router.add_route("*", "/api/v1/{path:.+}", self._command)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        bound = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{bound}/"
        return self.url

    async def stop(self) -> None:
        await self.cut()
        if self._runner is not None:
            await self._runner.cleanup()

    async def cut(self) -> None:
        """Breaks every event stream, as a network does."""
        for socket in list(self._sockets):
            if isinstance(socket, web.WebSocketResponse):
                with suppress(ConnectionError):
                    await socket.close()
            else:
                socket.force_close()
        self._sockets.clear()
        self._changes.clear()

    def tell(self, change: Change) -> None:
        """Says a change to every remote."""
        for queue in self._changes:
            queue.put_nowait(change)

    def snapshot(self) -> Snapshot:
        """The state, with its clock and its reports brought up to now."""
        state = self.named.state
        build = self.assets.build
        return msgspec.structs.replace(state, room=self.room(), build=build, screens=self._fresh())

    def _enlarge(self, view: tuple[float, float, float, float] | None) -> None:
        state = self.named.state
        room = msgspec.structs.replace(state.room, view=view)
        self.named = msgspec.structs.replace(self.named, state=msgspec.structs.replace(state, room=room))

    def room(self) -> RoomState:
        room = self.named.state.room
        return msgspec.structs.replace(room, clock=room.clock + self._gone())

    def _gone(self) -> float:
        return time.monotonic() - self._since

    def _fresh(self) -> list[Any]:
        """Reports move on with the anchor, as a screen's own do."""
        room = self.named.state.room
        rate = room.anchor.rate if room.anchor is not None and room.playing else 0.0
        screens = []
        for screen in self.named.state.screens:
            report = screen.report
            if report is not None and report.playing and report.media_time is not None:
                on = report.media_time + self._gone() * rate
                report = msgspec.structs.replace(report, media_time=on)
                screen = msgspec.structs.replace(screen, report=report)  # noqa: PLW2901
            screens.append(screen)
        return screens

    @web.middleware
    async def _silence(self, request: web.Request, handler: Any) -> web.StreamResponse:
        await self.answers.wait()
        if not self.signed_in and request.path.startswith("/api/"):
            return problem(401, "not-signed-in", "Open the remote with the link that the presenter printed.")
        response: web.StreamResponse = await handler(request)
        return response

    async def _page(self, request: web.Request) -> web.Response:
        if not self.signed_in:
            return await self._sign_in(request)
        return self._render("remote.html")

    async def _sign_in(self, _: web.Request) -> web.Response:
        return self._render("sign-in.html", problem=None)

    def _render(self, template: str, **fields: object) -> web.Response:
        text = self._templates.get_template(template).render(
            prefix=self.assets.prefix, build=self.assets.build, **fields
        )
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'"
        )
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})

    async def _static(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        return web.Response(body=self.assets.read(path), headers={"Content-Type": self.assets.content_type(path)})

    async def _choose(self, request: web.Request) -> web.Response:
        self.show(request.match_info["name"])
        self.assets = Assets.find()
        raise web.HTTPSeeOther("/")

    async def _room(self, _: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(self.room()), content_type="application/json")

    async def _hearings(self, _: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(self.hearings), content_type="application/json")

    async def _joins(self, _: web.Request) -> web.Response:
        return web.json_response([])

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self.named.link == "reconnecting" and self._gone() > 1.5:
            return problem(503, "internal", "Away.")
        if web.WebSocketResponse().can_prepare(request).ok:
            return await self._over_websocket(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        self._sockets.add(response)

        async def send(text: str) -> None:
            await response.write(f"data: {text}\n\n".encode())

        await self._say(response, send)
        return response

    async def _over_websocket(self, request: web.Request) -> web.StreamResponse:
        if not self.websockets:
            return problem(403, "other-origin", "No WebSocket here.")
        socket = web.WebSocketResponse(timeout=0.2)
        await socket.prepare(request)
        self._sockets.add(socket)
        saying = asyncio.create_task(self._say(socket, socket.send_str))
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
        saying.cancel()
        await asyncio.gather(saying, return_exceptions=True)
        return socket

    async def _say(self, stream: Any, send: Any) -> None:
        queue: asyncio.Queue[Change] = asyncio.Queue(100)
        self._changes.add(queue)
        with suppress(ConnectionError):
            await send(msgspec.json.encode(self.snapshot()).decode())
            while stream in self._sockets and self.answers.is_set():
                try:
                    change = await asyncio.wait_for(queue.get(), FRESH_SECONDS)
                except TimeoutError:
                    change = Change(revision=self.named.state.revision, screens=self._fresh())
                await send(msgspec.json.encode(change).decode())
                if self.named.link == "reconnecting" and self._gone() > 1.0:
                    await self.cut()
            await self.answers.wait()
        self._changes.discard(queue)

    async def _still(self, request: web.Request) -> web.Response:
        exhibit = next(e for e in self.named.state.exhibits if e.id == request.match_info["id"])
        if exhibit.kind == "document":
            return drawn_page(int(request.query.get("frame") or 0) + 1, None)
        place = request.query.get("t") or f"frame {request.query.get('frame')}"
        return drawn(exhibit.id, f"{exhibit.ref} · {place}")

    def give_sheet(self, exhibit: str, sheet: Sheet, strip: bytes = b"") -> None:
        """From now on that exhibit has one."""
        self.sheets[exhibit] = (sheet, strip)
        state = self.named.state
        exhibits = [
            msgspec.structs.replace(one, sheet=True, duration=sheet.duration, prepared=sheet.duration)
            if one.id == exhibit
            else one
            for one in state.exhibits
        ]
        self.named = msgspec.structs.replace(self.named, state=msgspec.structs.replace(state, exhibits=exhibits))
        self.tell(Change(revision=state.revision, exhibits=[one for one in exhibits if one.id == exhibit]))

    async def _sheet(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in self.sheets:
            return problem(409, "sheet-not-yet", "Not yet.")
        body = msgspec.json.encode(self.sheets[request.match_info["id"]][0])
        return web.Response(body=body, content_type="application/json")

    async def _strip(self, request: web.Request) -> web.Response:
        return web.Response(body=self.sheets[request.match_info["id"]][1], content_type="image/jpeg")

    async def _picture(self, request: web.Request) -> web.Response:
        screen = next(s for s in self.named.state.screens if s.id == request.match_info["id"])
        exhibit = screen.report.exhibit if screen.report is not None else None
        kinds = {known.id: known.kind for known in self.named.state.exhibits}
        if screen.report is not None and kinds.get(exhibit or "") == "document":
            return drawn_page((screen.report.frame or 0) + 1, self.named.state.room.view)
        return drawn(exhibit or "", screen.name)

    async def _command(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        body = await request.read()
        said = json.loads(body) if body and request.content_type == "application/json" else body.decode() or None
        self.commands.append((request.method, f"{path}?look=1" if "look" in request.query else path, said))
        if path in self.refuse:
            return self.refuse[path]
        if request.method == "DELETE":
            return web.Response(status=204)
        if path == "room/view":
            self._enlarge(json.loads(body)["view"])
        if path.startswith("room/"):
            return await self._room(request)
        things = self.named.state.screens if path.startswith("screens") else self.named.state.exhibits
        wanted = path.split("/")[1] if "/" in path else None
        found = next((thing for thing in things if thing.id == wanted), things[0] if things else None)
        return web.Response(body=msgspec.json.encode(found), content_type="application/json")


def problem(status: int, type_: str, detail: str) -> web.Response:
    """RFC 9457."""
    body = {"type": type_, "title": detail, "status": status, "detail": detail}
    return web.Response(status=status, text=json.dumps(body), content_type="application/problem+json")


def drawn(seed: str, words: str) -> web.Response:
    """A picture that says what it is of, in a colour of its own."""
    hue = sum(map(ord, seed)) * 47 % 360
    text = html.escape(words)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="960" height="540" viewBox="0 0 960 540">'
        f'<rect width="960" height="540" fill="hsl({hue} 30% 30%)"/><rect y="330" width="960" height="210" fill="hsl({hue} 25% 22%)"/>'
        f'<circle cx="700" cy="180" r="70" fill="hsl({hue} 45% 60%)"/>'
        f'<text x="60" y="300" font-family="sans-serif" font-size="56" fill="#fff">{text}</text></svg>'
    )
    return picture(svg)


def drawn_page(number: int, view: tuple[float, float, float, float] | None) -> web.Response:
    """A page of a document, or a part of it."""
    x, y, w, h = view or (0.0, 0.0, 1.0, 1.0)
    box = f"{x * 744:.1f} {y * 1052:.1f} {w * 744:.1f} {h * 1052:.1f}"
    lines = "".join(
        f'<rect x="90" y="{170 + 26 * line}" width="{560 - line * 53 % 190}" height="9" fill="#556"/>'
        for line in range(30)
        if line % 8
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w * 744:.0f}" height="{h * 1052:.0f}" viewBox="{box}">'
        f'<rect width="744" height="1052" fill="#fdfdf8"/><text x="90" y="120" font-family="serif" font-size="34">'
        f"Record of interview</text>{lines}"
        f'<text x="372" y="1010" font-family="serif" font-size="24" text-anchor="middle">{number}</text></svg>'
    )
    return picture(svg)


def picture(svg: str) -> web.Response:
    return web.Response(text=svg, content_type="image/svg+xml", headers={"Cache-Control": "no-store"})


async def main() -> None:
    parser = argparse.ArgumentParser(description="Look at every named state of the remote.")
    parser.add_argument("--port", type=int, default=8099)
    presenter = Presenter("playing")
    print(f"{await presenter.start(parser.parse_args().port)}  states: /states/{', /states/'.join(names())}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
