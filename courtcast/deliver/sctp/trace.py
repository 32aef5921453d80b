"""What a sender did, as lines of JSON: one object each, so that a broken-off file is good up to its last line.

Switched on by the environment: with `COURTCAST_SCTP_TRACE=FOLDER` each association writes `FOLDER/PID-NUMBER.jsonl`.
In spirit it is qlog's recovery events (draft-ietf-quic-qlog-main-schema, "recovery:metrics_updated" and
"recovery:packet_lost") with SCTP's words. Every line has `time`, in seconds since the association began to send, and
`event`. Sizes are bytes of user data, rates bytes of user data a second, times seconds.

`start`     the first line. `version` (1), `chunk` (most user data in one packet), `overhead` (bytes of SCTP around it),
            `rtt` (of the handshake) and `clock` (the monotonic clock at time 0).
`metrics`   at most every `PERIOD`:
            `state`      startup | drain | cruise | up | down | probe-rtt | share | dip | idle
            `pacing`     the rate at which it sends now
            `bandwidth`  the rate that the line is believed to carry
            `window`     bytes that may be out
            `in_flight`  bytes sent and neither acknowledged nor given up for lost
            `waiting`    bytes in the outbox, not sent yet
            `rtt`        the last round trip, `min_rtt` the line's own, `queueing` the least queue of the last round
            `sent`, `delivered`, `lost`, `resent`, `spurious`   totals since the beginning; the last three in packets
            `holes`      gap blocks in the last SACK
            `rwnd`       the window that the other side announces
`state`     `old`, `new`, `why`: each change of state.
`lost`      `tsn`, `size`, `age` (seconds since it was sent), `times` (how often it was), `why`: rack | rto | reneged.
`timeout`   `kind`: probe | rto, `backoff`: how many in a row.
`dip`       `share` (of the line that is ours, 0 … 1), `capacity`: what a look at a rival has found.
`dead`      the last line of an association that ended, `why`.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

VARIABLE: Final = "COURTCAST_SCTP_TRACE"
PERIOD: Final = 0.010
"""Seconds between two lines of metrics: a tenth of what the eye needs, and 100 lines a second."""
MOST: Final = 512 * 1024 * 1024
"""Bytes of one trace. A forgotten switch must not fill a disk."""

_numbers = itertools.count(1)

Value = str | int | float | None


class Trace:
    """Where events go: `write` is given one line at a time. Without one it costs a comparison."""

    __slots__ = ("_due", "_left", "_start", "_write", "on")

    def __init__(self, write: Callable[[str], object] | None = None) -> None:
        self.on = write is not None
        self._write = write
        self._start: float | None = None
        self._due = 0.0
        self._left = MOST

    def event(self, event: str, now: float, **values: Value) -> None:
        """One line."""
        if self._write is None:
            return
        if self._start is None:
            self._start = now
        line = {"time": round(now - self._start, 6), "event": event}
        line |= {key: round(value, 6) if isinstance(value, float) else value for key, value in values.items()}
        text = json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n"
        self._left -= len(text)
        if self._left < 0:
            self.on, self._write = False, None
            return
        self._write(text)

    def due(self, now: float) -> bool:
        """It is time for another line of metrics."""
        if not self.on or now < self._due:
            return False
        self._due = now + PERIOD
        return True


def from_environment() -> tuple[Trace, Callable[[], None]]:
    """The trace that the environment asks for, and how to close its file. A folder that cannot be written is no
    reason not to send."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return Trace(), lambda: None
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        file = (Path(folder) / f"{os.getpid()}-{next(_numbers)}.jsonl").open("w", buffering=1 << 16)
    except OSError:
        return Trace(), lambda: None

    def write(text: str) -> None:
        try:
            file.write(text)
        except (OSError, ValueError):  # a full disk, or written after closing
            trace.on = False

    trace = Trace(write)
    return trace, file.close
