"""The report's tables, for Markdown and for a browser. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from bench.media.row import APART, LATE, Row
from tests.prepare.likeness import LIKE

Cell = Callable[[Row], str]


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _counts(row: Row) -> str:
    """Pictures; nothing where there are none."""
    found = row.measured
    if found is None or (not found.packets and not found.decoded):
        return ""
    if found.leaves:
        return f"{found.decoded} leaves / {found.listed} ours"
    parts = (found.header, found.packets, found.decoded, found.discarded, found.listed)
    return " / ".join("–" if part is None else str(part) for part in parts)


def _likeness(row: Row) -> str:
    found = row.measured
    return f"{min(found.likeness):.4f} of {len(found.likeness)}" if found and found.likeness else ""


SHORT: dict[str, Cell] = {
    "file": lambda row: row.file,
    "plan": lambda row: row.plan,
    "header / packets / decoded / cut off / ours": _counts,
    "late, ms": lambda row: _number(row.measured and row.measured.late, 2),
    "A/V, ms": lambda row: _number(row.measured and row.measured.offset, 2),
    "SSIM, worst": _likeness,
    "first, s": lambda row: _number(row.outcome.first, 2),
    "ready, s": lambda row: _number(row.outcome.ready, 2),
    "verdict": lambda row: row.verdict,
}
LONG: dict[str, Cell] = {
    **SHORT,
    "colours compared": lambda row: row.measured.colours if row.measured else "",
    "why": lambda row: row.reasons,
}


def figures(rows: Sequence[Row]) -> str:
    """The worst of everything, beside what it has to be."""
    found = [row.measured for row in rows if row.measured is not None and row.outcome.problem is None]
    likeness = [least for one in found for least in one.likeness if not one.leaves]
    leaves = [one for one in found if one.leaves]
    same = sum(one.listed == one.decoded for one in found if one.packets)
    late = [one.late for one in found if one.late is not None]
    offsets = [one.offset for one in found if one.offset is not None]
    lines = ["| over all that shows | measured | to reach | |", "|---|---|---|---|"]

    def add(what: str, measured: str, target: str, reached: bool) -> None:
        lines.append(f"| {what} | {measured} | {target} | {'✓' if reached else '✗'} |")

    pictures = sum(bool(one.packets) for one in found)
    add(
        "frames are the pictures that the pinned decoder gives inside the edit list",
        f"{same} of {pictures}",
        "all",
        same == pictures,
    )
    if late:
        add(
            "a frame's time against the decoder's",
            f"worst {max(late):.2f} ms (n = {len(late)})",
            f"≤ {LATE:g} ms",
            max(late) <= LATE,
        )
    if offsets:
        add(
            "sound beside picture against the file's",
            f"worst {max(offsets):.2f} ms (n = {len(offsets)})",
            f"≤ {APART:g} ms",
            max(offsets) <= APART,
        )
    if likeness:
        add(
            "SSIM of luma of pictures converted",
            f"worst {min(likeness):.4f} (n = {len(likeness)})",
            f"≥ {LIKE}",
            min(likeness) >= LIKE,
        )
    if leaves:
        alike = [least for one in leaves for least in one.likeness]
        right = sum(one.listed == one.decoded for one in leaves)
        add(
            "leaves of photographs and documents are the file's, all of them",
            f"{right} of {len(leaves)}",
            "all",
            right == len(leaves),
        )
        add(
            "SSIM of luma of leaves beside Pillow's and PDFium's own",
            f"worst {min(alike):.4f} (n = {len(alike)})",
            f"≥ {LIKE}",
            min(alike) >= LIKE,
        )
    faults = sum(bool(row.faults) for row in rows)
    add("files that do not come out as they should", str(faults), "0", faults == 0)
    return "\n".join(lines)


def table(rows: Sequence[Row]) -> str:
    """In Markdown, what fits a page."""
    return _markdown(SHORT, rows)


def details(rows: Sequence[Row]) -> str:
    """In Markdown, with every reason."""
    return "\n".join(f"- **{row.file}**: {row.reasons}" for row in rows if row.reasons)


def _markdown(cells: dict[str, Cell], rows: Sequence[Row]) -> str:
    lines = ["| " + " | ".join(cells) + " |", "|" + "---|" * len(cells)]
    lines += ["| " + " | ".join(cell(row).replace("|", "\\|") for cell in cells.values()) + " |" for row in rows]
    return "\n".join(lines)


STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem; color: #1a1a1a; background: #fff }
table { border-collapse: collapse } caption { text-align: left; padding-bottom: 1rem }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #ccc }
tr.fault td { background: #fde3e1 }
"""


def html(title: str, caption: str, rows: Sequence[Row]) -> str:
    """One page that needs nothing else."""
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in LONG)
    body = "".join(
        f"<tr{' class=fault' if row.faults else ''}>"
        + "".join(
            f'<th scope="row">{escape(cell(row))}</th>' if not n else f"<td>{escape(cell(row))}</td>"
            for n, cell in enumerate(LONG.values())
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Media report: {escape(title)}</title>'
        f"<style>{STYLE}</style><table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></html>\n"
    )
