"""The caged program that reads recordings. Started and minded by `cage.keeper`."""

from __future__ import annotations

import io
import logging  # noqa: F401  (the library imports it when it first logs)
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction

import av
import av.subtitles.codeccontext
import av.subtitles.stream

from courtcast.prepare import messages
from courtcast.prepare.cage.inside import Job, serve
from courtcast.prepare.cage.remote import Remote
from courtcast.prepare.coded import Unreadable
from courtcast.prepare.decode import Decode
from courtcast.prepare.facts import facts
from courtcast.prepare.following import Following, windows
from courtcast.prepare.glimpse import glimpse
from courtcast.prepare.plan import CHROMIUM, Needed
from courtcast.prepare.recording import Recording
from courtcast.prepare.scan import scan
from courtcast.prepare.still import Stills, png
from courtcast.problems import Refused

_SHORT = re.compile(r"not allocate|get_buffer\(\) failed|ENOMEM")
_STREAMS, _STREAMS_MOST = "max_streams", 1000
"""What the library says of more streams than it takes, and how many it takes; it then calls that want of memory."""
_LINES = 100
"""Of the library's log that are kept."""

IsShort = Callable[[], bool]


@contextmanager
def _library(remote: Remote, level: int | None) -> Iterator[IsShort]:
    """Under it what cannot be read is the file's fault, or memory's: the library says only in its log that memory is
    short, and then that the data are not valid. Gives a look at whether it said so lately.

    Raises Refused (file-damaged), MemoryError.
    """
    av.logging.set_level(level)
    with av.logging.Capture(local=False) as log:

        def forget() -> None:
            del log[:-_LINES]

        def is_short() -> bool:
            return any(_SHORT.search(line) for _, _, line in log)

        def many_streams() -> bool:
            return any(_STREAMS in line for _, _, line in log)

        remote.on_send = forget
        try:
            yield is_short
        except Refused as refused:
            if refused.type in ("file-damaged", "file-not-media") and many_streams():
                raise Refused("streams-too-many", most=_STREAMS_MOST) from None
            if refused.type == "file-damaged" and is_short():
                raise MemoryError from None
            raise
        except (av.error.FFmpegError, Unreadable, UnicodeError) as fault:  # names in no alphabet
            if many_streams():
                raise Refused("streams-too-many", most=_STREAMS_MOST) from None
            if isinstance(fault, MemoryError) or is_short():
                raise MemoryError from None
            raise Refused("file-damaged") from None


def _prepare(remote: Remote, work: messages.Work) -> None:
    remote.ahead = True
    first, *others = windows(remote, work.parts) if work.parts else [remote]
    with _library(remote, av.logging.ERROR):
        try:
            Recording(
                first,
                work.parts[0].length if work.parts else work.length,
                remote.send,
                name=work.name,
                plays=_plays(work),
                need=work.need,
                heard=work.heard,
                zero=None if work.zero is None else Fraction(*work.zero),
                following=Following(work.parts, others, work.heard) if work.parts else None,
                made=work.made,
                order=work.order,
                lies=None if work.parts else remote.lies,
            ).run()
        except Needed as needed:
            remote.send(messages.Needed(need=needed.need))


def _plays(work: messages.Work) -> frozenset[str]:
    return CHROMIUM if work.plays is None else frozenset(work.plays)


def _scan(remote: Remote, work: messages.Work) -> None:
    with _library(remote, av.logging.ERROR):
        scan(remote, work.length, remote.send, name=work.name, plays=_plays(work), heard=work.heard)


def _decode(remote: Remote, work: messages.Work) -> None:
    with _library(remote, av.logging.ERROR) as is_short:
        Decode(remote, work.length, remote.send, is_short, name=work.name, heard=work.heard).run()


def _stills(remote: Remote, work: messages.Work) -> None:
    with _library(remote, None):
        Stills(remote, work.length, remote.send, linear=work.linear, name=work.name).run(remote.next)


def _sheet(remote: Remote, work: messages.Work) -> None:
    with _library(remote, av.logging.ERROR):
        glimpse(remote, work.length, remote.send)
        remote.send(messages.Finished())


def _inspect(remote: Remote, work: messages.Work) -> None:
    with _library(remote, av.logging.ERROR):
        remote.send(messages.Inspected(facts(remote, work.length, work.name)))


JOBS: dict[str, Job] = {
    "prepare": _prepare, "decode": _decode, "stills": _stills, "sheet": _sheet, "inspect": _inspect, "scan": _scan,
}  # fmt: skip


def rehearse() -> None:
    """Go through what a job does once, in memory."""
    av.logging.set_level(None)
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuv420p"
        out.mux(stream.encode(av.VideoFrame(16, 16, "yuv420p")))
        out.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r") as back:
        for frame in back.decode(video=0):
            png(frame, Fraction(1), 8)
    with suppress(av.error.FFmpegError):
        av.open(io.BytesIO(b"?"), format="mov")


def main() -> None:
    """One job."""
    serve(rehearse, JOBS)
