"""`GET /api/v1/openapi.json`: OpenAPI 3.1, made from the same table of routes that answers the requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from courtcast.control.routes import PREFIX, Query, Route
from courtcast.control.web import PROBLEM_TYPE, ProblemDocument
from courtcast.problems import TABLE

EVERYWHERE = ("not-signed-in", "not-allowed", "other-origin", "internal")
WITH_BODY = ("malformed", "too-large", "too-slow")
_PATH_PARAMETER = re.compile(r"{(\w+)}")


def describe(routes: Sequence[Route]) -> dict[str, Any]:
    """The whole document."""
    kinds = [kind for route in routes for kind in (route.takes, route.gives) if kind is not None]
    schemas, components = msgspec.json.schema_components(
        [*kinds, ProblemDocument], ref_template="#/components/schemas/{name}"
    )
    schema_of = {str(kind): schema for kind, schema in zip(kinds, schemas, strict=False)}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "courtcast",
            "version": version("courtcast"),
            "description": "Times are seconds of media time. Errors are problem documents (RFC 9457).",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "From `courtcast token`."},
                "session": {"type": "apiKey", "in": "cookie", "name": "courtcast-PORT"},
            },
        },
        "security": [{"token": []}, {"session": []}],
    }


def _operation(route: Route, schema_of: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _name(route),
        "summary": route.says,
        "responses": {str(route.status): _success(route, schema_of), **_failures(route)},
    }
    parameters = [*_in_path(route.path), *map(_in_query, route.query)]
    if parameters:
        operation["parameters"] = parameters
    if route.takes is not None:
        fields = msgspec.structs.fields(route.takes)
        operation["requestBody"] = {
            "required": any(field.required for field in fields),
            "content": {"application/json": {"schema": schema_of[str(route.takes)]}},
        }
    return operation


def _name(route: Route) -> str:
    words = [part.strip("{}") for part in route.path.split("/") if part]
    return "-".join([route.method.lower(), *words])


def _success(route: Route, schema_of: dict[str, Any]) -> dict[str, Any]:
    if route.status == 204:
        return {"description": "Done"}
    if route.gives is None:
        return {"description": route.says, "content": {route.media: {}}}
    return {"description": route.says, "content": {route.media: {"schema": schema_of[str(route.gives)]}}}


def _failures(route: Route) -> dict[str, Any]:
    types = [*route.problems, *EVERYWHERE, *(WITH_BODY if route.takes is not None and not route.lenient else ())]
    if route.query:
        types.append("malformed")
    by_status: dict[int, list[str]] = {}
    for type_ in dict.fromkeys(types):
        by_status.setdefault(TABLE[type_].status, []).append(type_)
    return {str(status): _failure(found) for status, found in sorted(by_status.items())}


def _failure(types: Iterable[str]) -> dict[str, Any]:
    said = " · ".join(f"`{type_}`: {TABLE[type_].title}" for type_ in types)
    return {
        "description": said,
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
    }


def _in_path(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PATH_PARAMETER.findall(path)
    ]


def _in_query(query: Query) -> dict[str, Any]:
    return {"name": query.name, "in": "query", "description": query.says, "schema": {"type": query.kind}}
