"""What several tests of preparing use."""

from __future__ import annotations

import pytest

from tests.prepare.watch import grainy


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Two clips, big enough for a slow line to show, and what is none."""
    folder = tmp_path_factory.mktemp("clips")
    files = {f"{name}.mp4": grainy(folder / f"{name}.mp4", frames) for name, frames in (("one", 240), ("two", 210))}
    assert all(len(data) > 1_500_000 for data in files.values())
    page = b"<!doctype html><title>Sign in</title>" + bytes(2000)
    return {**files, "page.html": page, "text.mp4": b"words " * 5000, "empty.mp4": b""}
