"""Pages, files, health, metrics and the description of the API."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from courtcast.control.api import ROUTES
from courtcast.control.openapi import describe
from courtcast.control.pages import policy
from courtcast.evidence.library import Library
from courtcast.problems import TABLE
from courtcast.wire.assets import Assets
from tests.control.conftest import API, Caller, problem
from tests.stand_ins.house import House

CONTRACT = {
    "GET /exhibits", "POST /exhibits", "GET /exhibits/{id}", "PATCH /exhibits/{id}", "DELETE /exhibits/{id}",
    "POST /exhibits/{id}/link", "GET /exhibits/{id}/still", "GET /screens", "POST /screens", "POST /screens/{id}/pair",
    "PATCH /screens/{id}", "DELETE /screens/{id}", "GET /room", "GET /events",
    *(f"POST /room/{name}" for name in ("cue", "show", "blank", "play", "pause", "seek", "step", "rate", "volume")),
}  # fmt: skip
"""Calls that programs outside rely on."""


async def test_the_files_of_the_page(place: House, call: Caller) -> None:
    page = await (await call.client.get("/", headers=call.headers())).text()
    links = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert links
    for link in links:
        response = await call.client.get(link)
        assert response.status == 200, link
        assert "immutable" in response.headers["Cache-Control"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_files_that_are_none(call: Caller) -> None:
    build = Assets.find().build
    for path in (
        "/static/0000000000000000/web/remote/main.js",
        f"/static/{build}/web/templates/remote.html",
        f"/static/{build}/receiver/screen/main.js",
        f"/static/{build}/web/remote/nothing.js",
        f"/static/{build}/web/../courtcast/cli.py",
        f"/static/{build}/..%2f..%2fetc/passwd",
        "/static/",
        "/nowhere",
        "/api/v2/room",
    ):
        response = await call.client.get(path)
        await problem(response, 404, "not-found")
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    for directive in policy("127.0.0.1:8460").split("; "):
        name, *sources = directive.split()
        allowed = {"'none'", "'self'", "blob:", "data:", "ws://127.0.0.1:8460", "wss://127.0.0.1:8460"}
        assert set(sources) <= allowed, name


@pytest.mark.parametrize("prefix", ["", API])
async def test_health_and_metrics_need_no_sign_in(place: House, call: Caller, ids: dict[str, str], prefix: str) -> None:
    health = await call.client.get(prefix + "/healthz")
    assert (health.status, (await health.json())["status"]) == (200, "ok")
    await call.post("/room/cue", exhibit=ids["JM/1"])
    await call.post("/room/show", play=True)
    response = await call.client.get(prefix + "/metrics")
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    text = await response.text()
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) courtcast_\w+ .+|courtcast_\w+(\{\w+="[^"]*"\})? [0-9.e+-]+', line), line
    assert "courtcast_screens_online 2.0" in text
    assert "courtcast_room_playing 1.0" in text
    assert 'courtcast_exhibits{state="ready"} 2.0' in text
    for private in ("JM/1", "Exhibit JM", "Jury"):
        assert private not in text


class TestDescription:
    async def test_it_is_served(self, call: Caller) -> None:
        response = await call.client.get(API + "/openapi.json")
        assert (response.status, response.content_type) == (200, "application/json")
        assert (await response.json())["openapi"] == "3.1.0"

    def test_it_has_every_call_of_the_contract(self) -> None:
        there = {
            f"{method.upper()} {path.removeprefix(API)}"
            for path, methods in describe(ROUTES)["paths"].items()
            for method in methods
        }
        assert there >= CONTRACT

    def test_every_reference_leads_somewhere(self) -> None:
        document = describe(ROUTES)

        def references(node: Any) -> Any:
            if isinstance(node, dict):
                if "$ref" in node:
                    yield node["$ref"]
                for value in node.values():
                    yield from references(value)
            elif isinstance(node, list):
                for value in node:
                    yield from references(value)

        found = set(references(document))
        assert found
        for reference in found:
            node: Any = document
            for part in reference.removeprefix("#/").split("/"):
                node = node[part]

    def test_every_problem_is_in_the_table_under_its_status(self) -> None:
        for route in ROUTES:
            for type_ in route.problems:
                assert type_ in TABLE, (route.path, type_)

    def test_names_of_calls_are_their_own(self) -> None:
        names = [
            operation["operationId"] for methods in describe(ROUTES)["paths"].values() for operation in methods.values()
        ]
        assert len(names) == len(set(names))

    async def test_answers_have_the_form_that_it_says(self, place: House, call: Caller, ids: dict[str, str]) -> None:
        await call.post("/room/cue", exhibit=ids["JM/1"])
        await call.post("/room/show")
        (hearing,) = await Library(place.db).hearings.list()
        for route in ROUTES:
            # No bundle is being taken in here: test_bundles looks at that answer.
            if route.method == "GET" and route.gives is not None and route.path != "/bundles/{id}":
                path = route.path.replace("/hearings/{id}", f"/hearings/{hearing.id}").replace("{id}", ids["JM/1"])
                msgspec.convert(await call.get(path), route.gives, strict=True)
