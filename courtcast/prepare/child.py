"""The caged process: `python -m courtcast.prepare.child`. Started and minded by `courtcast.prepare.cage.keeper`.

It waits for one job on its standard input, asks for the bytes it wants there, and sends what it makes to its standard
output. It has no other way to the world.
"""

from __future__ import annotations

import io
import logging  # noqa: F401  (the library imports it when it first logs)
import os
import re
import sys
from collections import OrderedDict
from contextlib import suppress
from fractions import Fraction
from typing import BinaryIO

import av
import av.subtitles.codeccontext
import av.subtitles.stream

from courtcast.prepare import messages
from courtcast.prepare.cage.confine import OUT_OF_MEMORY, confine, follow_parent, idle
from courtcast.prepare.coded_lane import Needed
from courtcast.prepare.decode import Decode
from courtcast.prepare.plan import CHROMIUM
from courtcast.prepare.recording import Recording
from courtcast.prepare.still import Stills, png
from courtcast.problems import Refused

_BLOCK = 64 * 1024
_BLOCKS = 192
"""Blocks of the file that are kept: sound and picture that lie far apart are read in turns, a little of each."""


_SHORT = re.compile(r"not allocate|get_buffer\(\) failed|ENOMEM")
_FAR = 1 << 62
"""Where the end is taken to be while it is not known; reading says where it really is."""
_LINES = 100
"""Of the library's log that are kept."""


class Unread(OSError):
    """The parent says that these bytes will not come."""


class Remote:
    """The file, as the demuxer wants one; its bytes come from the parent, in whole blocks."""

    def __init__(self, stdin: BinaryIO, stdout: BinaryIO, length: int | None) -> None:
        self._stdin = stdin
        self._stdout = stdout
        self.length = length
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self.log: list[tuple[int, str, str]] = []

    def read(self, n: int = -1) -> bytes:
        """Up to n bytes from where it stands, no more than what one block holds; none at the end. Raises Unread."""
        if n < 0:
            n = _BLOCK
        number, inside = divmod(self._at, _BLOCK)
        if self.length is not None and self._at >= self.length:
            return b""
        data = self._block(number)[inside : inside + n]
        self._at += len(data)
        return data

    def _block(self, number: int) -> bytes:
        if (kept := self._blocks.get(number)) is not None:
            self._blocks.move_to_end(number)
            return kept
        self.send(messages.Read(number * _BLOCK, _BLOCK))
        message, data = messages.receive(self._stdin)
        if not isinstance(message, messages.Data) or not message.there:
            raise Unread("not there")
        self._blocks[number] = data
        if len(self._blocks) > _BLOCKS:
            self._blocks.popitem(last=False)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """As files have it."""
        if whence == 1:
            offset += self._at
        elif whence == 2:
            offset += _FAR if self.length is None else self.length
        self._at = max(offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True

    def send(self, message: messages.FromChild, data: bytes = b"") -> None:
        """To the parent."""
        del self.log[:-_LINES]
        self._stdout.write(messages.pack(message, data))
        self._stdout.flush()

    def next(self) -> messages.ToChild:
        """The parent's next message. Raises EOFError when it has gone."""
        return messages.receive(self._stdin)[0]


def _is_short(log: list[tuple[int, str, str]]) -> bool:
    """Memory was short, by what the library wrote lately."""
    return any(_SHORT.search(line) for _, _, line in log)


def rehearse() -> None:
    """Go through what a job does once, in memory: whatever the library loads late is loaded before files are closed."""
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
    """One job, then the end."""
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    av.logging.set_level(None)
    follow_parent()
    rehearse()
    try:
        work, _ = messages.receive(stdin)
    except EOFError:
        return
    assert isinstance(work, messages.Work)
    confine(work.memory)
    if work.do == "decode":
        idle()
    remote = Remote(stdin, stdout, work.length)
    # The pictures' decoder says that memory is short only in its log, and then that the data are not valid.
    av.logging.set_level(None if work.do == "stills" else av.logging.ERROR)
    with av.logging.Capture(local=False) as log:
        remote.log = log
        try:
            if work.do == "prepare":
                plays = CHROMIUM if work.plays is None else frozenset(work.plays)
                Recording(remote, work.length, remote.send, name=work.name, plays=plays, need=work.need).run()
            elif work.do == "decode":
                Decode(remote, work.length, remote.send, lambda: _is_short(log), work.name).run()
            else:
                Stills(remote, work.length, remote.send, linear=work.linear, name=work.name).run(remote.next)
        except Needed as needed:
            remote.send(messages.Needed(need=needed.need))
        except Refused as refused:
            short = refused.type == "file-damaged" and _is_short(log)
            fields = {name: str(value) for name, value in refused.fields.items()}
            remote.send(messages.Failed(problem="memory" if short else refused.type, fields=fields))
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        except Unread:
            remote.send(messages.Failed(problem="unread"))
        except av.error.FFmpegError:
            remote.send(messages.Failed(problem="file-damaged"))
        except (EOFError, BrokenPipeError):
            pass
    # Whatever the library would still do to tidy up is not worth waiting for.
    os._exit(0)


if __name__ == "__main__":
    main()
