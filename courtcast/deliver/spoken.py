"""Subtitles on their way to one screen: which part of which list is due. Pure.

The page says in each report how far it holds each list, and gets what follows: so what is lost, comes twice or meets a
page that was loaded anew needs no thought. A part is small: what is said behind it, a blank above all, waits for no
more than that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from courtcast.wire.screen import Cue, Report, Stage, Words

PART = 8 * 1024
"""Bytes of text in one part, or a little more: 7 ms of a line of 10 Mb/s. Two hours of film have some ten of them."""
AGAIN = 1.0
"""Seconds after which a part is sent again that the page does not have yet."""


class Spoken:
    """For one screen. `cues`: a list by its id; None where it is gone."""

    def __init__(self, cues: Callable[[str], Sequence[Cue] | None]) -> None:
        self._cues = cues
        self._sent: dict[str, tuple[int, float]] = {}
        """Of each list: the first of the last part, and when it was sent."""

    def due(self, stage: Stage | None, report: Report, now: float) -> Iterator[Words]:
        """What to say to this report, at `now` (seconds, monotonic). What is shown comes before what is cued."""
        scenes = () if stage is None else (stage.shown, stage.cue)
        wanted = [scene.subtitles for scene in scenes if scene is not None and scene.subtitles is not None]
        self._sent = {id_: sent for id_, sent in self._sent.items() if id_ in wanted}
        for id_ in dict.fromkeys(wanted):
            cues, first = self._cues(id_), report.words.get(id_, 0)
            if cues is None or first >= len(cues):
                continue
            before = self._sent.get(id_)
            if before is None or before[0] != first or now - before[1] >= AGAIN:
                self._sent[id_] = first, now
                yield Words(id=id_, first=first, total=len(cues), cues=_part(cues, first))
            return


def _part(cues: Sequence[Cue], first: int) -> list[Cue]:
    part: list[Cue] = []
    size = 0
    for cue in cues[first:]:
        part.append(cue)
        size += len(cue.text.encode()) + 32
        if size >= PART:
            break
    return part
