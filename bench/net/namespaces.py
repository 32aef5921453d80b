"""Network namespaces as hosts: what the link emulator and the tests that need several machines stand on. Needs root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress

CALL = 20.0
"""Seconds for a command that sets something up."""


def run(*command: str, text: str | None = None) -> str:
    """What it printed. Raises CalledProcessError where it failed."""
    return subprocess.run(command, input=text, text=True, check=True, capture_output=True, timeout=CALL).stdout


class Machine:
    """One namespace."""

    def __init__(self, name: str, address: str) -> None:
        self.name, self.address = name, address

    def command(self, *command: str) -> list[str]:
        """That command, run on this machine; it becomes the program itself.

        Not by `ip netns exec` or `ip -n`: these mount /sys anew, and cannot where the root is no mount point, as in a
        chroot.
        """
        return ["nsenter", f"--net=/run/netns/{self.name}", *command]

    def begin(self) -> None:
        """It is there from now on; `delete` ends it."""
        run("ip", "netns", "add", self.name)

    def delete(self) -> None:
        """With all that was on it. Never raises."""
        with suppress(subprocess.SubprocessError, OSError):
            run("ip", "netns", "delete", self.name)


def missing(*tools: str) -> str | None:
    """Why there can be no such machines here; None where there can. `tools`: programs needed besides."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "needs Linux and root"
    absent = [tool for tool in ("ip", "nsenter", *tools) if shutil.which(tool) is None]
    if absent:
        return f"needs {', '.join(absent)}"
    probe = Machine(f"cc{os.getpid()}p", "")
    try:
        probe.begin()
        run(*probe.command("true"))
    except (subprocess.SubprocessError, OSError):
        return "network namespaces may not be made here"
    finally:
        probe.delete()
    return None
