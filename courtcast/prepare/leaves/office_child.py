"""Holds LibreOffice while it makes a PDF: `python -m courtcast.prepare.leaves.office_child FOLDER PROGRAM [DOCUMENT]`.

It is a program of others, with a document of strangers. On Linux it is kept, as far as kernel and container let it, to
the folder FOLDER and to what is installed (Landlock), off the network, and without the rights of whoever started it; on
macOS off the network. Its memory, its files and its processor time end at a limit. The cage's filter of system calls
cannot be had: it starts programs and threads of its own.

This process stays beside it, since it is what ends it when the presenter is no more. It says first what holds
(`messages.Caged`, as JSON on a line of its own); what LibreOffice says goes into files in FOLDER.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from courtcast.prepare.messages import Caged, User

if sys.platform != "win32":
    import resource
    import signal
if sys.platform == "linux":
    import ctypes
    import struct

    from courtcast.prepare.cage import kernel, landlock, privileges
elif sys.platform == "darwin":
    from courtcast.prepare.cage import seatbelt

MEMORY: Final = 6 << 30
"""Bytes of address space; it asks for 1 to 2 GiB and uses a tenth of that."""
FILE: Final = 512 << 20
"""Bytes of each file that it writes."""
THREADS: Final = 256
PROCESSOR: Final = 300
"""Seconds of processor time of each of its processes."""
SAID, VERSION = "said", "version"
"""Files for its words."""
_FILES: Final = 1024
_LOOK: Final = 0.25
"""Seconds between two looks whether the presenter is there."""

_EXECUTE, _WRITE, _READ, _LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_NEVER: Final = 1 << 6 | 1 << 11
"""Rights of Landlock: to make devices."""
_REMOVE_FILE, _MAKE_SOCKET = 1 << 5, 1 << 9
_MEETING: Final = "/tmp"  # noqa: S108
"""Where its processes find each other, whatever they are told, as long as everybody may write there. It gets to make a
socket there and nothing else; with an id of its own also to remove it, and the folder lets it remove only its own."""
_INSTALLED: Final = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/opt", "/nix/store", "/gnu/store", "/proc", "/sys",
    "/var/lib/libreoffice", "/var/cache/fontconfig",
)  # fmt: skip
"""What programs are made of on Linux. Nobody's data lies there."""
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")

_PROFILE: Final = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop>
</item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update">
<prop oor:name="Link" oor:op="fuse"><value>1</value></prop>
</item>
</oor:items>
"""
"""No macros, and nothing that a document only points to."""


def main(folder: Path, program: Path, document: str | None) -> int:
    """What the program ended with."""
    parent = os.getppid()
    held = _confine(folder, program)
    sys.stdout.buffer.write(msgspec.json.encode(held) + b"\n")
    sys.stdout.flush()
    here = Path.cwd() if sys.platform == "win32" else folder
    with suppress(OSError):
        (Path("profile") / "user").mkdir(parents=True)
        (Path("profile") / "user" / "registrymodifications.xcu").write_text(_PROFILE)
        Path("tmp").mkdir()
    own = [f"-env:UserInstallation={(here / 'profile').as_uri()}"]
    environment = _environment(here)
    status = _run([str(program), *own, "--version"], environment, VERSION, parent)
    if document is None or status:
        return status
    convert = [
        str(program), *own, "--headless", "--invisible", "--nologo", "--norestore", "--nolockcheck", "--nodefault",
        "--convert-to", "pdf", "--outdir", str(here), str(here / document),
    ]  # fmt: skip
    return _run(convert, environment, SAID, parent)


def _environment(here: Path) -> dict[str, str]:
    kept = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "PROGRAMFILES", "COMSPEC")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    temporary = str(here / "tmp")
    environment |= {"HOME": str(here), "TMPDIR": temporary, "TEMP": temporary, "TMP": temporary}
    return environment | {"LANG": "C.UTF-8", "SAL_USE_VCLPLUGIN": "svp"}


def _run(command: list[str], environment: dict[str, str], said: str, parent: int) -> int:
    """With its words in a file. Ends all of it where the presenter has gone."""
    words = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        process = subprocess.Popen(  # noqa: S603 (names of ours, and no shell)
            command, stdin=subprocess.DEVNULL, stdout=words, stderr=words, env=environment
        )
    except OSError:
        return 127
    finally:
        os.close(words)
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_LOOK)
        if os.getppid() != parent:
            process.kill()
            if sys.platform != "win32":
                os.killpg(0, signal.SIGKILL)
            return 1


def _confine(folder: Path, program: Path) -> Caged:
    """Before the first file of a stranger is opened."""
    os.chdir(folder)
    if sys.platform == "win32":
        return Caged()
    os.nice(5)
    os.umask(0o077)
    root = os.geteuid() == 0
    if sys.platform == "linux":
        return _linux(root, program)
    _limit(own=False)
    held = sys.platform == "darwin" and seatbelt.restrict(folder=True)
    return Caged(seatbelt=held, network=held, user="root" if root else "presenter")


def _linux(root: bool, program: Path) -> Caged:
    """In an order in which each step can still be made after the one before."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    network = privileges.leave_network()
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    abi = landlock.abi()
    rules = _rules(abi, here, program)
    user: User = privileges.drop_user(root, here)
    if rules is not None:
        with suppress(OSError):
            _open_and_allow(rules, _MEETING, _MAKE_SOCKET | (_REMOVE_FILE if user == "own" else 0))
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if rules is None or not landlock.restrict(rules, abi):
        abi = 0
    for descriptor in (here, rules):
        if descriptor is not None:
            os.close(descriptor)
    _limit(own=user == "own")
    return Caged(landlock=abi, network=network, user=user)


def _rules(abi: int, here: int, program: Path) -> int | None:
    """None where the kernel has no Landlock."""
    if not abi:
        return None
    files = landlock.rights(landlock.FILES, abi)
    try:
        rules = landlock.ruleset(abi, None)
    except OSError:
        return None
    _allow(rules, here, files & ~_NEVER)
    read = _EXECUTE | _READ | _LIST
    for path in (*_INSTALLED, str(program.resolve().parent.parent)):
        with suppress(OSError):
            _open_and_allow(rules, path, read)
    for path in _DEVICES:
        with suppress(OSError):
            _open_and_allow(rules, path, _READ | _WRITE)
    return rules


def _open_and_allow(rules: int, path: str, rights: int) -> None:
    """Raises OSError where there is no such path."""
    descriptor = os.open(path, os.O_PATH)
    try:
        _allow(rules, descriptor, rights)
    finally:
        os.close(descriptor)


def _allow(rules: int, descriptor: int, rights: int) -> None:
    beneath = ctypes.create_string_buffer(struct.pack("=Qi", rights, descriptor), 12)
    kernel.call("landlock_add_rule", rules, 1, kernel.address(beneath), 0)  # LANDLOCK_RULE_PATH_BENEATH


def _limit(*, own: bool) -> None:
    """`own`: it has an id of its own, by which the kernel counts threads."""
    if sys.platform == "win32":
        return
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: FILE,
        resource.RLIMIT_CPU: PROCESSOR,
        resource.RLIMIT_NOFILE: _FILES,
    }
    if sys.platform == "linux":
        limits[resource.RLIMIT_AS] = MEMORY
        if own:
            limits[resource.RLIMIT_NPROC] = THREADS
    for which, value in limits.items():
        given = resource.getrlimit(which)[1]
        most = value if given == resource.RLIM_INFINITY else min(value, given)
        resource.setrlimit(which, (most, most))


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None))
