"""What `courtcast doctor` says of the cage, by what a machine has."""

from __future__ import annotations

import os
import sys

import pytest

from courtcast.doctor.cage import cage, line
from courtcast.prepare.messages import Caged

ALL = Caged(landlock=7, seccomp=True, network=True, user="own")


@pytest.mark.parametrize(
    ("held", "system", "mark", "names"),
    [
        (ALL, "linux", "good", ["Landlock ABI 7", "seccomp", "a network namespace of its own", "a user of its own"]),
        (Caged(landlock=3, seccomp=True), "linux", "good", ["no network namespace", "the presenter's user"]),
        (Caged(landlock=7), "linux", "look", ["lacks seccomp", "CONFIG_SECCOMP_FILTER"]),
        (Caged(seccomp=True), "linux", "look", ["lacks Landlock", "lsm="]),
        (Caged(landlock=7, seccomp=True, user="root"), "linux", "look", ["cannot give up root", "CAP_SETUID"]),
        (Caged(seatbelt=True), "darwin", "good", ["sandbox of macOS"]),
        (Caged(), "darwin", "look", ["does not hold", "security.md"]),
        (Caged(), "win32", "note", ["Windows", "security.md"]),
    ],
)
def test_what_is_said(held: Caged, system: str, mark: str, names: list[str]) -> None:
    said = line(held, system)
    assert said.mark == mark
    assert all(name in f"{said.says} {said.do}" for name in names)


async def test_a_child_is_asked() -> None:
    (said,) = [found async for found in cage()]
    assert "cage" in said.says
    if sys.platform == "linux" and os.geteuid() == 0:
        assert said.mark in ("good", "look")
