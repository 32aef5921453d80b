"""Linux system calls that the standard library has no name for. Linux only; Python's own `os` for all else."""

from __future__ import annotations

import ctypes
import os
import platform
from functools import cache
from typing import Final

from courtcast.prepare.cage.syscalls import MACHINES, NUMBERS

PR_SET_DUMPABLE: Final = 4
PR_SET_NO_NEW_PRIVS: Final = 38
"""prctl(2)."""


@cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def call(name: str, *values: int | ctypes.Array[ctypes.c_char] | None) -> int:
    """What the kernel answers. Raises OSError; also where this machine's numbers are not known (ENOSYS)."""
    if platform.machine() not in MACHINES:
        raise OSError(38, "system calls of this machine are not known")  # ENOSYS
    number = NUMBERS[name][MACHINES.index(platform.machine())]
    given = [ctypes.c_long(value) if isinstance(value, int) else value for value in values]
    answer: int = _libc().syscall(ctypes.c_long(number), *given)
    if answer < 0:
        fault = ctypes.get_errno()
        raise OSError(fault, os.strerror(fault))
    return answer


def prctl(option: int, value: int) -> None:
    """Raises OSError."""
    call("prctl", option, value, 0, 0, 0)


def address(data: ctypes.Array[ctypes.c_char]) -> int:
    """Of a buffer; it has to be kept for as long as the kernel reads it."""
    return ctypes.addressof(data)
