"""Do other WebRTC stacks get everything, intact? Each receives a bulk under loss, reordering and duplication.

    python -m bench.channel.others                          # every stack that is here, 200 MB each
    python -m bench.channel.others firefox --megabytes 20
    python -m bench.channel.others --npm FOLDER             # FOLDER/node_modules holds node-datachannel and werift

chromium (dcSCTP); firefox (Debian's firefox-esr); node-datachannel (libdatachannel over usrsctp) and werift (its own,
in TypeScript) in Node: `npm install --ignore-scripts node-datachannel werift` in any folder. A stack that is not here
is named and left out. What arrived is compared by SHA-256.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.channel.program import ProgramFailed, module
from bench.channel.stand import OURS, SCREEN, STOCK, Stand
from bench.net.line import Conditions
from bench.net.network import ROOT, missing

LINE = Conditions(rate=100e6, delay=0.005, buffer=0.05, loss=0.01, reorder=0.01, reorder_by=0.003, duplicate=0.01)
"""Each direction."""
MEGABYTE = 1_000_000
SLOWEST = 0.5e6
"""Bytes a second that count as still moving."""
ARRIVED = 5.0
"""Seconds for the other side to hand on what it has acknowledged."""
NODE = Path(__file__).with_name("peer.mjs")


def commands(npm: Path) -> dict[str, Sequence[str] | str]:
    """For each stack the program of the far end, or what is missing for it."""
    node = shutil.which("node", path=str(ROOT / ".venv/bin")) or shutil.which("node")
    firefox = shutil.which("firefox-esr") or shutil.which("firefox")
    found: dict[str, Sequence[str] | str] = {
        "chromium": SCREEN,
        "firefox": module("bench.channel.firefox", firefox) if firefox else "needs firefox-esr",
    }
    for stack in ("node-datachannel", "werift"):
        there = node is not None and (npm / "node_modules" / stack).is_dir()
        found[stack] = [str(node), str(NODE), stack, str(npm.resolve())] if there else f"needs {stack} (see --help)"
    return found


def receive(page: Sequence[str], count: int, sender: str) -> tuple[str, float, str]:
    """The stack's own name, Mb/s, and what was wrong (empty: nothing)."""
    with Stand(page=page) as stand:
        stand.network.set(out=LINE, back=LINE, seed=5)
        with stand.channels(sender) as channels:
            number = channels.ids[0]
            stand.screen.ask("keep", id=number)
            sent = channels.ask("bulk", id=number, bytes=count, seed=5, within=60 + count / SLOWEST)
            end = time.monotonic() + ARRIVED
            got = stand.screen.ask("digest", id=number, within=60)
            while got["bytes"] < count and time.monotonic() < end:
                time.sleep(0.1)
                got = stand.screen.ask("digest", id=number, within=60)
        rate = count * 8 / sent["seconds"] / 1e6
        if got["bytes"] != sent["bytes"]:
            return stand.browser, rate, f"{got['bytes']} of {sent['bytes']} bytes"
        return stand.browser, rate, "" if got["sha256"] == sent["sha256"] else "other bytes than were sent"


def main() -> int:
    parser = argparse.ArgumentParser(
        "python -m bench.channel.others", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("stacks", nargs="*")
    parser.add_argument("--megabytes", type=float, default=200)
    parser.add_argument("--npm", type=Path, default=ROOT)
    parser.add_argument("--sender", choices=(OURS, STOCK), default=OURS)
    asked = parser.parse_args()
    if (why := missing()) is not None:
        print(f"not here: {why}")
        return 2
    known = commands(asked.npm)
    if unknown := [name for name in asked.stacks if name not in known]:
        parser.error(f"no such stack: {', '.join(unknown)} (of {', '.join(known)})")
    bad = 0
    for name in asked.stacks or known:
        page = known[name]
        if isinstance(page, str):
            print(f"{name}: not here, {page}", flush=True)
            continue
        try:
            version, rate, wrong = receive(page, int(asked.megabytes * MEGABYTE), asked.sender)
        except ProgramFailed as error:
            version, rate, wrong = name, 0.0, str(error)
        bad += bool(wrong)
        print(f"{name} ({version}): {asked.megabytes:g} MB, {rate:.1f} Mb/s: {wrong or 'intact'}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
