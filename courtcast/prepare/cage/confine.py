"""What a child gives up before it reads its first byte. Imports as little as it can: it is on the way to every picture.

On Linux, where kernel and container let it: its user, its network, all files and signals (Landlock), all system calls
but those of computing (seccomp); and always its memory, time, threads and descriptors beyond a limit. On macOS the
system's sandbox and those limits that it keeps (it takes the one on memory and does not keep it). On Windows none of
this can be done from within; there the cage is the separate process and its parent's limits.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from courtcast.prepare.messages import Bounds, Caged

if sys.platform != "win32":
    import resource
if sys.platform == "linux":
    from courtcast.prepare.cage import kernel, landlock, privileges, seccomp
elif sys.platform == "darwin":
    from courtcast.prepare.cage import seatbelt

_GONE = 2.0
"""Seconds between two looks whether the parent is there: a child that hangs in a decoder does not read its pipe."""
_OPEN_FILES = 32
"""Of a private folder, at once."""
_GRACE = 5
"""Seconds of processor time between the signal that ends a child and the one that nobody can ignore."""

OUT_OF_MEMORY = 71
"""The exit status of a child that had not even the memory to say so."""


class Prepared(NamedTuple):
    """What was done while there was time."""

    root: bool
    network: bool


def prepare() -> Prepared:
    """What takes long and can be done before it is known what for. Before any second thread.

    Nice to the presenter, and the first to go when memory is short on the whole machine.
    """
    if sys.platform == "win32":
        return Prepared(root=False, network=False)
    os.nice(5)
    root = os.geteuid() == 0
    if sys.platform != "linux":
        return Prepared(root=root, network=False)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    return Prepared(root=root, network=privileges.leave_network())


def confine(bounds: Bounds, prepared: Prepared) -> Caged:
    """Give up what is not needed, and say what of it this machine can hold. Import everything before."""
    if sys.platform == "win32":
        return Caged()
    if bounds.idle:
        os.nice(19)
    folder = None
    if bounds.folder is not None:
        # From here on by its descriptor and as "here": whoever it becomes may not walk the way there.
        folder = os.open(bounds.folder, os.O_RDONLY | os.O_DIRECTORY)
    os.chdir("/" if folder is None else folder)
    if sys.platform == "linux":
        held = _linux(bounds, prepared, folder)
    else:
        _follow_parent()
        _limit(bounds, own=False)
        held = Caged(
            seatbelt=sys.platform == "darwin" and seatbelt.restrict(folder=folder is not None),
            user="root" if prepared.root else "presenter",
        )
    if folder is not None:
        os.close(folder)
    return held


def _linux(bounds: Bounds, prepared: Prepared, folder: int | None) -> Caged:
    """In an order in which each step can still be made after the one before."""
    alone = len(list(Path("/proc/self/task").iterdir())) == 1
    abi = landlock.abi()
    rules = None
    with suppress(OSError):
        rules = landlock.ruleset(abi, folder) if abi else None
    user = privileges.drop_user(prepared.root, folder)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if rules is None or not landlock.restrict(rules, abi) or not (alone or abi >= landlock.ALL_THREADS_SINCE):
        abi = 0
    if rules is not None:
        os.close(rules)
    _follow_parent()
    _limit(bounds, own=user == "own")
    filtered = seccomp.restrict(folder=folder is not None)
    return Caged(landlock=abi, seccomp=filtered, network=prepared.network, user=user)


def _limit(bounds: Bounds, *, own: bool) -> None:
    """`own` is whether it has an id of its own. Not on Windows."""
    if sys.platform == "win32":
        return

    def limit(which: int, value: int, hard: int | None = None) -> None:
        given = resource.getrlimit(which)[1]
        most = value if hard is None else hard
        if given != resource.RLIM_INFINITY:
            value, most = min(value, given), min(most, given)
        resource.setrlimit(which, (value, most))

    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_FSIZE, bounds.scratch)
    limit(resource.RLIMIT_CPU, bounds.cpu, bounds.cpu + _GRACE)
    if sys.platform == "linux":
        if own:
            limit(resource.RLIMIT_NPROC, bounds.threads)
        limit(resource.RLIMIT_AS, bounds.memory)
    limit(resource.RLIMIT_NOFILE, 3 + (_OPEN_FILES + 1 if bounds.folder is not None else 0))


def _follow_parent() -> None:
    """End when the parent has gone, whatever this process is busy with. It is held like the thread that begins it."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_GONE)
        os._exit(0)

    threading.Thread(target=watch, name="parent", daemon=True).start()
