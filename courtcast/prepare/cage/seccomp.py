"""seccomp: a list of the system calls that a decoder needs; all others the kernel refuses, for good.

What is on no list fails with EPERM, as where somebody may not; from number 424 on with ENOSYS, as on a kernel that does
not have it yet, since every C library knows how to live with an older kernel but not with one that forbids. What nobody
calls by mistake ends the process. The program is classic BPF as in the kernel's
`Documentation/userspace-api/seccomp_filter.rst` and `include/uapi/linux/{seccomp,filter,audit}.h`. Linux only.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from courtcast.prepare.cage import kernel
from courtcast.prepare.cage.syscalls import CHECKED, FOLDER, MACHINES, NEVER, NONE, PLAIN, Numbers

_AUDIT_ARCH: Final = (0xC000003E, 0xC00000B7)
"""By which a filter knows the calling convention, in the order of `MACHINES`."""
_X32: Final = 0x40000000
"""Numbers from here on are x86_64's other calling convention."""
_NEW: Final = 424
"""From here on calls have the same number everywhere, and are younger than Linux 5.1."""

_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_EPERM: Final = 0x00050000 | 1
_ENOSYS: Final = 0x00050000 | 38

_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
"""Where they lie in `struct seccomp_data`; arguments are eight bytes each."""


class Word(NamedTuple):
    """That half of an argument, under a mask, is so much. Both machines are little-endian."""

    argument: int
    wanted: int
    mask: int = 0xFFFFFFFF
    high: bool = False


_THREAD: Final = 0x00010000
_NAMESPACES: Final = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
_PROT_EXEC: Final = 4
_PR_SET_NAME, _PR_SET_VMA = 15, 0x53564D41
_F_GETFD, _F_SETFD, _F_GETFL = 1, 2, 3


def checked(pid: int) -> dict[str, list[list[Word]]]:
    """Calls that are allowed in one of these forms, each all of its words. `pid` is this process."""
    no_new_code = [[Word(2, 0, _PROT_EXEC)]]
    return {
        "mmap": no_new_code,
        "mprotect": no_new_code,
        # Threads, no processes; and none in a namespace of its own, which would open half the kernel again.
        "clone": [[Word(0, _THREAD, _THREAD | _NAMESPACES)]],
        # F_SETOWN among the others would let the kernel send signals to anybody.
        "fcntl": [[Word(1, one)] for one in (_F_GETFD, _F_SETFD, _F_GETFL)],
        "prctl": [[Word(0, one)] for one in (_PR_SET_NAME, _PR_SET_VMA)],
        # Its own limits may be read. (The new ones are a pointer: both halves.)
        "prlimit64": [[Word(0, 0), Word(2, 0), Word(2, 0, high=True)]],
        # abort() sends a signal to its own thread.
        "kill": [[Word(0, pid)]],
        "tgkill": [[Word(0, pid)]],
    }


def program(machine: str, pid: int, *, folder: bool) -> bytes:
    """The filter as the kernel takes it. Pure. Raises ValueError where the machine's numbers are not known."""
    column = MACHINES.index(machine)

    def numbers(calls: Numbers) -> Iterator[int]:
        return (each[column] for each in calls.values() if each[column] != NONE)

    steps = [(_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, _AUDIT_ARCH[column]), (_RETURN, 0, 0, _KILL)]
    steps += [(_LOAD, 0, 0, _NUMBER), (_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _KILL)]
    for answer, calls in ((_ALLOW, {**PLAIN, **(FOLDER if folder else {})}), (_KILL, NEVER)):
        for number in numbers(calls):
            steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, answer)]
    for name, forms in checked(pid).items():
        inner = [step for form in forms for step in _form(form)] + [(_RETURN, 0, 0, _EPERM)]
        steps += [(_EQUAL, 0, len(inner), CHECKED[name][column]), *inner]
    steps += [(_AT_LEAST, 0, 1, _NEW), (_RETURN, 0, 0, _ENOSYS), (_RETURN, 0, 0, _EPERM)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _form(words: list[Word]) -> list[tuple[int, int, int, int]]:
    """Allows where all words are as wanted; else goes on behind it."""
    steps: list[tuple[int, int, int, int]] = [(_RETURN, 0, 0, _ALLOW)]
    for word in reversed(words):
        at = _ARGUMENTS + 8 * word.argument + 4 * word.high
        masked = [] if word.mask == 0xFFFFFFFF else [(_AND, 0, 0, word.mask)]
        steps = [(_LOAD, 0, 0, at), *masked, (_EQUAL, 0, len(steps), word.wanted), *steps]
    return steps


def restrict(*, folder: bool) -> bool:
    """Put it on all threads of this process. Needs `no_new_privs`. False where the kernel does not have it."""
    if platform.machine() not in MACHINES:
        return False
    code = program(platform.machine(), os.getpid(), folder=folder)
    steps = ctypes.create_string_buffer(code, len(code))
    head = ctypes.create_string_buffer(struct.pack("@HP", len(code) // 8, kernel.address(steps)), 16)
    try:
        # SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC; a number above 0 names a thread that could not follow.
        return kernel.call("seccomp", 1, 1, kernel.address(head)) == 0
    except OSError:
        return False
