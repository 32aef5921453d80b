"""Fixtures that all tests share."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests import own_network

NODE = Path(sys.executable).with_name("node")
if NODE.exists():  # as the Makefile has it, for those who call pytest themselves
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(NODE))


settings.register_profile("here", deadline=None)  # how long an example takes is the machine's affair
settings.load_profile("here")


def pytest_configure(config: pytest.Config) -> None:
    """Workers that run side by side do not hear each other."""
    if hasattr(config, "workerinput"):
        own_network.enter()


SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """The folder of real, awkward files; tests that need it skip where it is not there."""
    folder = SHARED / "media"
    if not folder.is_dir():
        pytest.skip("the folder of real recordings (../shared/media) is not here")
    return folder
