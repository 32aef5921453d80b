"""Why something did not work, as everything says it."""

from __future__ import annotations

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """Why something did not work: `type` is stable (see `courtcast.problems`), `detail` is one sentence for people."""

    type: str
    detail: str
