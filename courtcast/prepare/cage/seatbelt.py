"""The sandbox of macOS, by the two profiles that its own header names (`sandbox.h`, sandbox_init(3)).

It has been called deprecated since 10.8 and nothing took its place for programs without a bundle; browsers use it too.
"""

from __future__ import annotations

import ctypes


def restrict(*, folder: bool) -> bool:
    """Give up all services of the system; with a private folder the network alone, since no named profile is between.

    Descriptors that are open stay so. False where the system refuses.
    """
    try:
        libc = ctypes.CDLL(None)
        name = "kSBXProfileNoNetwork" if folder else "kSBXProfilePureComputation"
        profile = ctypes.addressof(ctypes.c_char.in_dll(libc, name))
        fault = ctypes.c_char_p()
        named = 1
        answer: int = libc.sandbox_init(ctypes.c_void_p(profile), ctypes.c_uint64(named), ctypes.byref(fault))
    except (AttributeError, OSError, ValueError):
        return False
    return answer == 0
