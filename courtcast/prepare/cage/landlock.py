"""Landlock: the kernel takes the file system, TCP, UDP, sockets and signals away from whoever asks for it, for good.

Numbers from the kernel's `include/uapi/linux/landlock.h`, what each ABI brought from its
`Documentation/userspace-api/landlock.rst`. Linux only.
"""

from __future__ import annotations

import ctypes
import struct
from typing import Final

from courtcast.prepare.cage import kernel

_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_ALL_THREADS: Final = 1 << 3
ALL_THREADS_SINCE: Final = 8
"""Up to ABI 7 only the calling thread, and those that it starts later, are held."""

FILES: Final = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15), (9, 1 << 16))
"""(ABI, rights over files that it knows): the first thirteen, to link elsewhere, truncate, ioctl, sockets by name."""
NETWORK: Final = ((4, 0b11), (10, 0b1100))
"""(ABI, rights over the network): TCP bind and connect, UDP bind and send."""
SCOPES: Final = ((6, 0b11),)
"""(ABI, what ends at the cage): abstract sockets, signals."""

_WRITE, _READ, _LIST, _REMOVE, _MAKE, _TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 5, 1 << 8, 1 << 14
_OWN_FOLDER: Final = _WRITE | _READ | _LIST | _REMOVE | _MAKE | _TRUNCATE
"""In the private folder: plain files, and no folders, links, sockets or devices in it."""


def abi() -> int:
    """The version that this kernel has; 0 where there is none, or it is switched off."""
    try:
        return kernel.call("landlock_create_ruleset", None, 0, _ASK_VERSION)
    except OSError:
        return 0


def rights(of: tuple[tuple[int, int], ...], version: int) -> int:
    """All that this version knows. Pure."""
    return sum(bits for since, bits in of if since <= version)


def ruleset(version: int, folder: int | None) -> int:
    """A descriptor of rules that forbid all that this version can, but plain files in `folder` (a descriptor).

    Raises OSError.
    """
    files = rights(FILES, version)
    handled = (files, rights(NETWORK, version), rights(SCOPES, version))
    made = ctypes.create_string_buffer(struct.pack("=QQQ", *handled), 24)
    rules = kernel.call("landlock_create_ruleset", kernel.address(made), 24, 0)
    if folder is not None:
        beneath = ctypes.create_string_buffer(struct.pack("=Qi", _OWN_FOLDER & files, folder), 12)
        kernel.call("landlock_add_rule", rules, _PATH_BENEATH, kernel.address(beneath), 0)
    return rules


def restrict(rules: int, version: int) -> bool:
    """From here on, and for every thread that is begun later. Needs `no_new_privs`. False where the kernel refuses."""
    try:
        kernel.call("landlock_restrict_self", rules, _ALL_THREADS if version >= ALL_THREADS_SINCE else 0)
    except OSError:
        return False
    return True
