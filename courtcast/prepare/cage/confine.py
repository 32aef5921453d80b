"""What a child gives up before it reads its first byte. Imports as little as it can: it is on the way to every picture.

On Linux and macOS: it opens no file and no socket any more (it has no more descriptors than its pipes), writes to no
file, leaves no core dump. On Linux also: its address space is limited (macOS takes the limit and does not keep it).
On Windows none of this can be done from within; there the cage is the separate process and its parent's time limits.
"""

from __future__ import annotations

import os
import sys
import threading
import time

_GONE = 2.0
"""Seconds between two looks whether the parent is there: a child that hangs in a decoder does not read its pipe."""


OUT_OF_MEMORY = 71
"""The exit status of a child that had not even the memory to say so."""


def confine(memory: int) -> None:
    """Give up what is not needed. `memory` is bytes of address space. Import everything before."""
    if sys.platform == "win32":
        return
    import resource

    def limit(which: int, value: int) -> None:
        hard = resource.getrlimit(which)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(which, (value, value))

    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_FSIZE, 0)
    limit(resource.RLIMIT_NOFILE, 3)
    if sys.platform == "linux":
        limit(resource.RLIMIT_AS, memory)
    os.nice(5)


def idle() -> None:
    """Take only the time that nobody else wants. Not on Windows."""
    if sys.platform != "win32":
        os.nice(19)


def follow_parent() -> None:
    """End when the parent has gone, whatever this process is busy with."""
    if sys.platform == "win32":
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_GONE)
        os._exit(0)

    threading.Thread(target=watch, name="parent", daemon=True).start()
