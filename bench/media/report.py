"""`make media-report`: every file of a folder through the product, measured against the pinned decoder, as a table.

`python -m bench.media.report [--write] [FOLDER]` writes build/media-report.html and .md; `--write` puts the summary
into docs/performance.md. Ends with 1 where a file does not come out as it should.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.figures import write_between
from bench.media import page
from bench.media.measure import Measured
from bench.media.row import Row, judge
from bench.media.run import RENDITION, Outcome, run
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.store import FolderStore

ROOT = Path(__file__).resolve().parents[2]
MEDIA = ROOT.parent / "shared/media"
BEGIN, END = "<!-- figures: make media-report -->", "<!-- end of figures: make media-report -->"
NO_MEDIA = (".tsv", ".txt", ".md", ".json", ".csv", ".sha256")
"""Endings of what lies beside recordings in such a folder."""
LONG = 1800.0
"""Seconds for measuring one file."""


async def look_at(path: Path, name: str, cage: Cage) -> Row:
    """Prepare it, measure it, judge it."""
    with tempfile.TemporaryDirectory(prefix="courtcast-media-", ignore_cleanup_errors=True) as folder:
        try:
            outcome = await run(path, FolderStore(Path(folder)), cage)
        except Exception as fault:  # the table says so, and goes on
            outcome = Outcome(fault=repr(fault))
        return judge(name, outcome, await _measured(path, outcome, folder))


async def _measured(path: Path, outcome: Outcome, folder: str) -> Measured | None:
    """None where the measuring was ended by the file."""
    arguments = [sys.executable, "-m", "bench.media.measure", str(path)]
    if outcome.manifest is not None and outcome.probe is not None:
        arguments += [folder, RENDITION, msgspec.json.encode(outcome.probe.treatments).decode()]
    child = await asyncio.create_subprocess_exec(
        *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(LONG):
            out, said = await child.communicate()
    except TimeoutError:
        child.kill()
        await child.wait()
        return None
    if child.returncode:
        print(f"  measuring {path.name}: {child.returncode} {said.decode(errors='replace')[-2000:]}", file=sys.stderr)
        return None
    return msgspec.json.decode(out, type=Measured)


def files_in(folder: Path) -> list[Path]:
    """All that may be evidence."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".") and path.suffix.lower() not in NO_MEDIA
    )


async def report(folder: Path, paths: Sequence[Path]) -> list[Row]:
    """One file after the other: times are those of a machine that does nothing else."""
    rows = []
    async with Cage() as cage:
        for path in paths:
            row = await look_at(path, path.relative_to(folder).as_posix(), cage)
            print(f"{row.file}: {row.verdict}", flush=True)
            rows.append(row)
    return rows


def summary(rows: Sequence[Row]) -> str:
    """What the whole folder comes to."""
    shown = [row for row in rows if not row.outcome.problem and not row.faults]
    refused = Counter(row.outcome.problem.type for row in rows if row.outcome.problem and not row.faults)
    words = ", ".join(f"{count} × {problem}" for problem, count in sorted(refused.items()))
    crashes = sum(row.crashed for row in rows)
    lines = [
        f"{len(rows)} files: {len(shown)} show, {sum(refused.values())} say why not ({words or 'none'}), "
        f"{sum(bool(row.faults) for row in rows)} faults, {crashes} crashes.",
        "",
        page.figures(rows),
        "",
        page.table(rows),
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=MEDIA)
    parser.add_argument("--write", action="store_true", help="the summary into docs/performance.md")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    if not folder.is_dir():
        print(f"There is no folder {folder}. Set COURTCAST_MEDIA to one with recordings.", file=sys.stderr)
        return 2
    rows = asyncio.run(report(folder, files_in(folder)))
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    text = summary(rows)
    (build / "media-report.md").write_text(f"# {folder.name}\n\n{text}\n\n{page.details(rows)}\n")
    (build / "media-report.html").write_text(page.html(folder.name, text.split("\n", 1)[0], rows))
    print(text.split("\n", 1)[0], "→ build/media-report.html")
    if arguments.write:
        write_between(ROOT / "docs/performance.md", BEGIN, END, text)
    return 1 if any(row.faults for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
