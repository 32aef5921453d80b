"""The pages' program, which all worlds of a module share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.histories.world import Pages


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    """`COURTCAST_SCREEN`: another folder with the screen's modules."""
    root = os.environ.get("COURTCAST_SCREEN")
    running = Pages(Path(root) if root else None)
    yield running
    running.close()
