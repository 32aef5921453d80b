"""Runs the parts that are named (all unless told) and prints or writes the table; see the package."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figures, write_between
from bench.net.namespaces import Machine, missing, run

ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- figures: make bench-fetch -->", "<!-- end of figures: make bench-fetch -->"
ROUNDS = 5
HELD = 8_000_000
"""Bytes a second of each connection."""
SIZES = {"line": 800_000_000, "held": 192_000_000, "free": 1_500_000_000, "sparse": 20_000_000_000}
OTHERS = {
    "curl": ["curl", "-sS", "-o", "{out}", "{url}"],
    "aria2c": [
        "aria2c", "-q", "-x4", "-s4", "-k1M", "--file-allocation=none", "--allow-overwrite=true",
        "-d", "{dir}", "-o", "other", "{url}",
    ],
    "wget": ["wget", "-q", "-O", "{out}", "{url}"],
}  # fmt: skip


@contextlib.contextmanager
def serving(file: Path, rate: int | None, prefix: list[str]) -> Iterator[str]:
    command = [*prefix, sys.executable, "-m", "bench.fetch.server", str(file), *([str(rate)] if rate else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/file.mp4"
        finally:
            process.kill()


@contextlib.contextmanager
def shaped() -> Iterator[list[str]]:
    """A machine whose loopback interface carries 1 Gb/s."""
    machine = Machine(f"cc{os.getpid()}l", "127.0.0.1")
    machine.begin()
    try:
        run(*machine.command("ip", "link", "set", "lo", "mtu", "1500", "up"))
        bucket = ["root", "tbf", "rate", "1gbit", "burst", "256kb", "latency", "50ms"]
        run(*machine.command("tc", "qdisc", "add", "dev", "lo", *bucket))
        yield machine.command()
    finally:
        machine.delete()


def timed(name: str, url: str, folder: Path, prefix: list[str]) -> dict[str, float]:
    """One round of one program."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if name == "courtcast":
        command = [*prefix, sys.executable, "-m", "bench.fetch.ours", url, str(folder)]
        told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT).stdout
        return dict(json.loads(told))
    command = [part.format(url=url, out=folder / "other", dir=folder) for part in OTHERS[name]]
    began = time.monotonic()
    subprocess.run([*prefix, *command], check=True, env={**os.environ, "no_proxy": "127.0.0.1"})
    return {"seconds": time.monotonic() - began}


def part(which: str, figures: Figures, rounds: int, folder: Path) -> None:
    size = SIZES[which]
    file = folder / "file.mp4"
    with file.open("wb") as out:
        if which == "sparse":
            out.truncate(size)
        else:
            block = os.urandom(1 << 20)
            for _ in range(size // len(block) + 1):
                out.write(block)
            out.truncate(size)
    names = ["courtcast"] if which == "sparse" else ["courtcast", *(n for n in OTHERS if shutil.which(n))]
    if which == "held" and "wget" in names:
        names.remove("wget")  # one connection, as curl
    absent = [name for name in OTHERS if shutil.which(name) is None]
    if which == "line" and (why := missing("tc")) is not None:
        figures.add("on a line of 1 Gb/s", f"not measured: {why}", "")
        return
    with contextlib.ExitStack() as stack:
        prefix = stack.enter_context(shaped()) if which == "line" else []
        url = stack.enter_context(serving(file, HELD if which == "held" else None, prefix))
        took: dict[str, list[dict[str, float]]] = {name: [] for name in names}
        for n in range(1 if which == "sparse" else rounds):
            for name in [*names[n % len(names) :], *names[: n % len(names)]]:
                took[name].append(timed(name, url, folder / "out", prefix))
                print(f"    {which} {n + 1} {name}: {took[name][-1]}", flush=True)
    file.unlink()
    shutil.rmtree(folder / "out", ignore_errors=True)
    tell(which, size, took, absent, figures)


def tell(which: str, size: int, took: dict[str, list[dict[str, float]]], absent: list[str], figures: Figures) -> None:
    ours = took["courtcast"]
    if which == "sparse":
        grown = ours[0]["grown"] / 1e6
        rate = size / ours[0]["seconds"] / 1e6
        figures.add("20 GB, sparse: memory over idle", f"{grown:.0f} MB, at {rate:.0f} MB/s", "≤ 50 MB", grown <= 50)
        return
    speed = {name: size / statistics.median(one["seconds"] for one in runs) / 1e6 for name, runs in took.items()}
    said = ", ".join(f"{name} {rate:.0f}" for name, rate in speed.items())
    said += "".join(f", {name} not installed" for name in absent)
    others = {name: rate for name, rate in speed.items() if name != "courtcast"}
    best = max(others.values(), default=float("inf"))
    if which == "line":
        share = speed["courtcast"] / best
        figures.add("one line of 1 Gb/s, MB/s", f"{said}: {share:.2f} × the best", "≥ 0.95", share >= 0.95)
    elif which == "held":
        share = speed["courtcast"] / speed["curl"]
        figures.add("each connection held to 8 MB/s, MB/s", f"{said}: {share:.2f} × curl", "≥ 1.9", share >= 1.9)
    else:
        figures.add("no limit but the machine, MB/s", f"{said}: {speed['courtcast'] / best:.2f} × the best", "reported")
    used = statistics.median(one["processor"] for one in ours) / (size / 1e9)
    figures.add("… processor of courtcast", f"{used:.1f} s for each GB", "reported")


def main() -> None:
    arguments = argparse.ArgumentParser(description="The fetcher beside curl, aria2c and wget.")
    arguments.add_argument("parts", nargs="*", default=list(SIZES), help=f"of {', '.join(SIZES)}")
    arguments.add_argument("--rounds", type=int, default=ROUNDS)
    arguments.add_argument("--folder", type=Path, help="where the files lie; a folder of its own there")
    arguments.add_argument("--write", action="store_true", help="into docs/performance.md")
    given = arguments.parse_args()
    figures = Figures()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for which in given.parts:
            part(which, figures, given.rounds, Path(folder))
    print(figures.table())
    if given.write:
        write_between(ROOT / "docs/performance.md", BEGIN, END, figures.table())


if __name__ == "__main__":
    main()
