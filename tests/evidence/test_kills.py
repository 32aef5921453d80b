"""Nothing that came is lost to kill -9 but the last mebibyte of each connection."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from courtcast.evidence.company import MOST
from courtcast.evidence.pieces import PIECE
from tests.evidence.kills import play


async def test_killed_twenty_times(tmp_path: Path) -> None:
    toll = await play(tmp_path, 20, seed=1)
    assert toll.worst <= PIECE
    assert toll.most_connections <= MOST
    assert toll.finished >= 1


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_killed_two_hundred_times(tmp_path: Path) -> None:
    toll = await play(tmp_path, int(os.environ.get("KILLS", "200")), seed=2)
    print(
        f"{toll.kills} kills, {toll.finished} files; most that has to be fetched again: {toll.worst} bytes a connection"
    )
    assert toll.worst <= PIECE
    assert 1 < toll.most_connections <= MOST
