"""The child's side of the cage: it waits for one job, confines itself, does the job, and ends.

A program of `kinds` loads what its jobs need and calls `serve`. Its jobs get the file as a `Remote`, and the way to the
parent with it; there is no other way to the world.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from courtcast.prepare import messages
from courtcast.prepare.cage.confine import OUT_OF_MEMORY, confine, prepare
from courtcast.prepare.cage.remote import Remote, Unread
from courtcast.problems import Refused

Job = Callable[[Remote, messages.Work], None]
"""Does it, and may raise Refused (it is what is wrong with the file), MemoryError, and what the remote raises."""


def serve(rehearse: Callable[[], None], jobs: Mapping[str, Job]) -> None:
    """One job, then the end.

    `rehearse` goes once through what a job does: whatever a library loads late is loaded before files are closed. It
    leaves no thread behind: on older kernels Landlock holds those only that are begun later.
    """
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    try:
        rehearse()
        prepared = prepare()
        work, _ = messages.receive(stdin)
        assert isinstance(work, messages.Work)
        assert work.bounds is not None
        remote = Remote(stdin, stdout, work.length)
        remote.send(confine(work.bounds, prepared))
        try:
            jobs[work.do](remote, work)
        except Refused as refused:
            fields = {name: str(value) for name, value in refused.fields.items()}
            remote.send(messages.Failed(problem=refused.type, fields=fields))
        except Unread:
            remote.send(messages.Failed(problem="unread"))
        with suppress(Unread):
            remote.settle()
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except (EOFError, BrokenPipeError):
        pass
    # Whatever a library would still do to tidy up is not worth waiting for.
    os._exit(0)
