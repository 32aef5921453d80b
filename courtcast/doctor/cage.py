"""What of the cage for strangers' files this machine has: asked of a child that has just gone into it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

from courtcast.doctor.lines import Line
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.messages import Caged
from courtcast.problems import Refused

PAGE = "docs/security.md"


async def cage() -> AsyncIterator[Line]:
    """One line."""
    try:
        async with Cage(warm=False) as kept:
            held = await kept.holds()
    except Refused:
        yield Line(
            "stop", "No process that reads files can be started.", "Look at the limits of this user's processes."
        )
        return
    yield line(held, sys.platform)


def line(held: Caged, system: str) -> Line:
    """What there is; and where something is missing what that means, the gravest first. Pure."""
    if system == "win32":
        return Line(
            "note",
            "Files are read in a process of its own with limits on time; Windows lets it give up no more.",
            f"Take Linux where evidence comes from strangers ({PAGE}).",
        )
    if system == "darwin":
        if held.seatbelt:
            return Line("good", "Files are read in a cage: the sandbox of macOS")
        return Line(
            "look",
            "The sandbox of macOS does not hold what reads files: a file that takes it over can open others.",
            f"Run the presenter as a user that owns nothing else ({PAGE}).",
        )
    there = ", ".join(_there(held))
    if not held.seccomp:
        return Line(
            "look",
            f"The cage for files lacks seccomp ({there}): a file that takes over its reader meets all of the kernel.",
            "Use a kernel with CONFIG_SECCOMP_FILTER on x86-64 or ARM64, or allow seccomp in the container.",
        )
    if not held.landlock:
        return Line(
            "look",
            f"The cage for files lacks Landlock ({there}): a reader with a folder of its own could read beyond it.",
            "Use Linux 5.13 or later with landlock among its security modules (lsm=), or allow it in the container.",
        )
    if held.user == "root":
        return Line(
            "look",
            f"The cage for files cannot give up root ({there}).",
            "Run the presenter as a user of its own, or let its container change users (CAP_SETUID, CAP_SETGID).",
        )
    return Line("good", f"Files are read in a cage: {there}")


def _there(held: Caged) -> list[str]:
    said = []
    if held.landlock:
        said.append(f"Landlock ABI {held.landlock}")
    if held.seccomp:
        said.append("seccomp")
    said.append("a network namespace of its own" if held.network else "no network namespace of its own")
    users = {"own": "a user of its own", "presenter": "the presenter's user, without capabilities", "root": "root"}
    return [*said, users[held.user]]
