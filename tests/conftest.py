"""Fixtures that all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """The folder of real, awkward files; tests that need it skip where it is not there."""
    folder = SHARED / "media"
    if not folder.is_dir():
        pytest.skip("the folder of real recordings (../shared/media) is not here")
    return folder
