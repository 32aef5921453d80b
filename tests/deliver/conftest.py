"""A presenter's screens and one real receiver, for the tests of what goes on between them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.deliver.test_screens import Room
from tests.stand_ins.screen import Screen, screen


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    made = Room(tmp_path / "presenter")
    async with made.open():
        yield made


@pytest.fixture
async def jury(tmp_path: Path) -> AsyncIterator[Screen]:
    async with screen(tmp_path / "jury") as running:
        yield running
