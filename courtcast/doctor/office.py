"""Whether this machine makes PDF of office documents, and what holds the program that does."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

from courtcast.doctor.lines import Line
from courtcast.prepare.leaves.office import Known, Office, find


async def office() -> AsyncIterator[Line]:
    """One line."""
    async with Office() as here:
        known = await here.known()
    yield line(known, find() is not None, sys.platform)


def line(known: Known | None, installed: bool, system: str) -> Line:
    """Pure."""
    if known is None and installed:
        return Line(
            "look",
            "LibreOffice is installed and does not start, so office documents are not shown.",
            "Try soffice --version, and install LibreOffice anew.",
        )
    if known is None:
        return Line(
            "note",
            "There is no LibreOffice: Word, Excel, PowerPoint and the like are asked for as PDF.",
            "Install it where such evidence is to be shown as it comes (on Debian: apt install libreoffice-nogui).",
        )
    held = known.held
    if not held.network and held.landlock < 4:
        return Line(
            "look",
            f"{known.version} makes PDF of office documents, and this system does not keep it off the network.",
            "On Linux allow user namespaces, or use 6.7 or later with Landlock.",
        )
    if system == "linux" and not held.landlock:
        return Line(
            "look",
            f"{known.version} makes PDF of office documents, and could read what belongs to its user.",
            "Use Linux 5.13 or later with landlock among its security modules (lsm=).",
        )
    return Line("good", f"{known.version} makes PDF of office documents, off the network and in a folder of its own")
