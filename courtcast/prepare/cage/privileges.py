"""Who the child is for the rest of the system: nobody that anything belongs to, and on no network. Linux only."""

from __future__ import annotations

import ctypes
import os
import struct
from contextlib import suppress
from typing import Final

from courtcast.prepare.cage import kernel
from courtcast.prepare.messages import User

_NEWUSER: Final = 0x10000000
_NEWNET: Final = 0x40000000
"""unshare(2)."""
_CAPABILITIES: Final = 0x20080522
"""_LINUX_CAPABILITY_VERSION_3 (capset(2))."""
_NOBODY: Final = 65534
_OWN: Final = 0x70000000
"""Ids of this and above, up to the highest number of a process, are given to nobody else (systemd's UIDS-GIDS)."""


def leave_network() -> bool:
    """Into a network namespace of its own, with no interface up. Has to come before any second thread.

    Whoever is not root has to take a user namespace with it, which many systems do not allow.
    """
    try:
        kernel.call("unshare", _NEWNET if os.geteuid() == 0 else _NEWNET | _NEWUSER)
    except OSError:
        return False
    return True


def own_id() -> int:
    """Each child has one to itself, so none of them can reach another one, and its threads can be counted."""
    return _OWN + os.getpid()


def drop_user(root: bool, folder: int | None) -> User:
    """Become somebody who owns nothing (but the private folder, a descriptor), and give up every capability.

    `root` is whether it was root before it left the network.
    """
    user: User = "root" if root else "presenter"
    if root:
        for number in (own_id(), _NOBODY):
            with suppress(OSError):
                if folder is not None:
                    os.fchown(folder, number, number)
                os.setgroups([])
                os.setresgid(number, number, number)
                os.setresuid(number, number, number)
                user = "own"
                break
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITIES, 0), 8)
    nothing = ctypes.create_string_buffer(24)
    with suppress(OSError):
        kernel.call("capset", kernel.address(header), kernel.address(nothing))
    return user
