"""What several tests of preparing use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.prepare.media import Recipe, make
from tests.prepare.watch import grainy


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Two clips, big enough for a slow line to show, and what is none."""
    folder = tmp_path_factory.mktemp("clips")
    files = {f"{name}.mp4": grainy(folder / f"{name}.mp4", frames) for name, frames in (("one", 240), ("two", 210))}
    assert all(len(data) > 1_500_000 for data in files.values())
    page = b"<!doctype html><title>Sign in</title>" + bytes(2000)
    return {**files, "page.html": page, "text.mp4": b"words " * 5000, "empty.mp4": b""}


@pytest.fixture(scope="session")
def linear(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Eight seconds each, of kinds that can be read from the front to the end."""
    folder = tmp_path_factory.mktemp("linear")
    big = Recipe(frames=240, noise=True)
    kinds = {
        "faststart": ("mp4", replace(big, container={"movflags": "faststart"})),
        "fragmented": ("mp4", replace(big, container={"movflags": "frag_keyframe+empty_moov+default_base_moof"})),
        "WebM": ("webm", replace(big, codec="libvpx-vp9", audio="libopus")),
    }
    return {kind: make(folder / f"{kind}.{end}", recipe).read_bytes() for kind, (end, recipe) in kinds.items()}
