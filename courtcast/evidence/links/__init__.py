"""One file per kind of link. Each says which links are its own, and what to ask of the server for them."""

from __future__ import annotations

from courtcast.evidence.links.direct import Link, parse

__all__ = ["Link", "parse"]
