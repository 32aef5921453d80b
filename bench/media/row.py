"""What is said of one file, and whether it is as it should be. Pure."""

from __future__ import annotations

from typing import NamedTuple

from bench.media.measure import SAMPLED, Measured
from bench.media.run import Outcome
from courtcast.wire.api import Treatment
from tests.prepare.likeness import LIKE

LATE = 1.0
"""Milliseconds by which a frame may lie elsewhere than in the file."""
APART = 5.0
"""Milliseconds by which sound may lie elsewhere beside its picture."""
NOT_YET = "format-not-yet"
"""The product says that it does not show this kind of file; a recording that FFmpeg decodes is no such kind."""


class Row(NamedTuple):
    """A line of the table."""

    file: str
    outcome: Outcome
    measured: Measured | None
    faults: tuple[str, ...]

    @property
    def crashed(self) -> bool:
        """The parser was ended, or the product had no words."""
        return bool(self.outcome.fault) or _crash(self.outcome)

    @property
    def verdict(self) -> str:
        if self.faults:
            return "FAULT: " + "; ".join(self.faults)
        return "shows" if self.outcome.problem is None else f"says {self.outcome.problem.type}"

    @property
    def treatments(self) -> list[Treatment]:
        return [] if self.outcome.probe is None else self.outcome.probe.treatments

    @property
    def plan(self) -> str:
        return "; ".join(
            f"{one.part} {one.done}" + (f": {one.codec or ''} → {one.into}".replace(":  →", " →") if one.into else "")
            for one in self.treatments
        )

    @property
    def reasons(self) -> str:
        if self.outcome.problem is not None:
            return self.outcome.problem.detail
        return " ".join(dict.fromkeys(reason for one in self.treatments for reason in one.reasons))


def judge(file: str, outcome: Outcome, measured: Measured | None) -> Row:
    """`measured` None: the measuring itself was ended by the file."""
    return Row(file, outcome, measured, tuple(_faults(outcome, measured)))


def _crash(outcome: Outcome) -> bool:
    return outcome.problem is not None and outcome.problem.type.startswith("parser-")


def _faults(outcome: Outcome, measured: Measured | None) -> list[str]:
    if outcome.fault:
        return [outcome.fault]
    if outcome.problem is not None:
        return [outcome.problem.type] if _crash(outcome) else _refused(outcome.problem.type, measured)
    if measured is None:
        return ["it shows, and could not be measured"]
    found = [measured.note] if measured.note else []
    drawn = any(one.done == "drawn" for one in (outcome.probe.treatments if outcome.probe else []))
    if not drawn and measured.listed != measured.decoded:
        found.append(f"{measured.listed} frames listed, {measured.decoded} decoded")
    elif not drawn and measured.late is None and not measured.leaves:
        found.append("the decoder gives no times to compare")
    if measured.late is not None and measured.late > LATE:
        found.append(f"a frame {measured.late:.1f} ms from its time")
    if measured.offset is not None and measured.offset > APART:
        found.append(f"sound and picture moved {measured.offset:.1f} ms apart")
    treatments = outcome.probe.treatments if outcome.probe else []
    if measured.leaves or any(one.part == "picture" and one.done == "converted" for one in treatments):
        least = min(SAMPLED, measured.decoded)
        if len(measured.likeness) < least:
            found.append(f"{len(measured.likeness)} pictures compared of at least {least}")
        if measured.likeness and min(measured.likeness) < LIKE:
            found.append(f"SSIM {min(measured.likeness):.4f}")
    return found


def _refused(problem: str, measured: Measured | None) -> list[str]:
    if measured is not None and problem != NOT_YET and (measured.decoded or measured.heard > 0):
        return [f"{problem}, and FFmpeg decodes {measured.decoded} pictures and {measured.heard} samples of it"]
    return []
