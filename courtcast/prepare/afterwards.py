"""What is done with an exhibit that is ready, while nobody waits for it: its contact sheet, and counting its frames."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from courtcast.core.manifest import Manifest
from courtcast.evidence.spool import Spool
from courtcast.evidence.turns import Rank
from courtcast.prepare import sheet
from courtcast.prepare.house import House
from courtcast.prepare.tally import Tally, count
from courtcast.problems import Refused
from courtcast.wire.api import Treatment

log = logging.getLogger(__name__)

SOON = 3.0
"""Seconds that an exhibit has been ready before its contact sheet is made: it is what people look for places with."""
QUIET = 15.0
"""Seconds that an exhibit has been ready before its frames are counted: it may be wanted on a screen at once."""


async def sketch(
    house: House, exhibit: str, position: Callable[[], int], manifest: Manifest, made: list[Treatment]
) -> bool:
    """Once for each rendition, when nothing is on the screens: whether its contact sheet is in the store.

    position: where it is in the running order now; made: what was done to its parts
    """
    try:
        if await sheet.load(house.store, manifest.rendition) is None:
            await asyncio.sleep(SOON)
            drawn = any(one.done == "drawn" for one in made)
            # It takes seconds, and does not wait for whole recordings that are being counted.
            async with house.counting.turn(lambda: Rank(-1, position())):
                await sheet.make(house.store, manifest, drawn=drawn, quiet=house.quiet)
    except (Refused, KeyError) as fault:
        log.warning("exhibit %s: no contact sheet: %s", exhibit, fault)
    except Exception:
        log.exception("exhibit %s: no contact sheet", exhibit)
    else:
        return True
    return False


async def confirm(
    house: House,
    exhibit: str,
    position: Callable[[], int],
    spool: Spool,
    manifest: Manifest,
    *,
    name: str,
    heard: int | None,
) -> Tally | None:
    """Once for each rendition, when all has been quiet for a while: are its frames what decoding gives?"""
    try:
        await asyncio.sleep(QUIET)
        async with house.counting.turn(lambda: Rank(0, position())):
            return await count(spool, manifest, house.quiet, name=name, heard=heard)
    except Refused as refused:
        log.warning("exhibit %s: frames not counted: %s", exhibit, refused)
    except Exception:
        log.exception("exhibit %s: frames not counted", exhibit)
    return None
