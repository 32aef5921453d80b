"""No encoder may take the machine for itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.prepare.media import Recipe, make
from tests.prepare.prepared import prepared


@pytest.mark.skipif(sys.platform != "linux", reason="policies of Linux' scheduler")
def test_whoever_converts_stays_what_he_was(tmp_path: Path) -> None:
    before = os.sched_getscheduler(0), os.sched_getparam(0).sched_priority
    path = make(tmp_path / "deep.mkv", Recipe(codec="ffv1", pix_fmt="yuv420p10le", b_frames=0, timescale=1000))
    assert prepared(path).looked.treatments[0].into == "AV1 with 10 bits"
    make(tmp_path / "made.mp4", Recipe(codec="libsvtav1", b_frames=0, frames=20))
    assert (os.sched_getscheduler(0), os.sched_getparam(0).sched_priority) == before
