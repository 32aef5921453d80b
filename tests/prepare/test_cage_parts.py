"""The parts of the cage that decide: what the filter answers on each machine, how an end is named, what is allowed."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from courtcast.prepare.cage import landlock, seccomp
from courtcast.prepare.cage.allowance import Allowance
from courtcast.prepare.cage.confine import OUT_OF_MEMORY
from courtcast.prepare.cage.ends import ended, refused
from courtcast.prepare.cage.kinds import KINDS
from courtcast.prepare.cage.scratch import Scratch, used
from courtcast.prepare.cage.syscalls import FOLDER, MACHINES, NEVER, NONE, NUMBERS, PLAIN
from courtcast.prepare.messages import Failed, Limits
from courtcast.problems import Refused

ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
PID = 4711
CLONE3, NEW_ONE, NOT_LISTED = 435, 460, {"x86_64": 41, "aarch64": 198}
"""clone3, one of tomorrow, socket."""


def answer(machine: str, number: int, *arguments: int, folder: bool = False, arch: int | None = None) -> int:
    """What the kernel's interpreter makes of the filter, for those instructions that it uses."""
    data = struct.pack(
        "<IIQ6Q", number, ARCH[machine] if arch is None else arch, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6]
    )
    steps = list(struct.iter_unpack("=HBBI", seccomp.program(machine, PID, folder=folder)))
    at = value = 0
    while True:
        code, yes, no, k = steps[at]
        at += 1
        if code == 0x20:
            (value,) = struct.unpack_from("<I", data, k)
        elif code == 0x54:
            value &= k
        elif code == 0x15:
            at += yes if value == k else no
        elif code == 0x35:
            at += yes if value >= k else no
        else:
            assert code == 0x06
            return k


def number(machine: str, name: str) -> int:
    return NUMBERS[name][MACHINES.index(machine)]


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_answers(machine: str) -> None:
    for name in PLAIN:
        if number(machine, name) != NONE:
            assert answer(machine, number(machine, name)) == ALLOW, name
    for name in NEVER:
        if number(machine, name) != NONE:
            assert answer(machine, number(machine, name)) == KILL, name
    for name in FOLDER:
        if number(machine, name) != NONE:
            assert answer(machine, number(machine, name)) == EPERM, name
            assert answer(machine, number(machine, name), folder=True) == ALLOW, name
    assert answer(machine, NOT_LISTED[machine]) == EPERM
    assert answer(machine, CLONE3) == answer(machine, NEW_ONE) == ENOSYS
    assert answer(machine, number(machine, "read"), arch=0x40000003) == KILL, "another calling convention"
    assert answer(machine, 0x40000000) == KILL, "x32"
    assert answer(machine, number(machine, "seccomp")) == EPERM


THREAD = 0x3D0F00
"""What glibc gives clone for a thread."""


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "arguments", "allowed"),
    [
        ("mmap", (0, 4096, 3), True),
        ("mmap", (0, 4096, 7), False),
        ("mprotect", (0, 4096, 1), True),
        ("mprotect", (0, 4096, 5), False),
        ("clone", (THREAD,), True),
        ("clone", (0x1200011,), False),
        ("clone", (THREAD | 0x10000000,), False),
        ("clone", (THREAD | 0x40000000,), False),
        ("fcntl", (0, 3), True),
        ("fcntl", (0, 0), False),
        ("fcntl", (0, 8), False),
        ("prctl", (15,), True),
        ("prctl", (4,), False),
        ("prlimit64", (0, 7, 0), True),
        ("prlimit64", (0, 7, 1), False),
        ("prlimit64", (0, 7, 1 << 32), False),
        ("prlimit64", (1, 7, 0), False),
        ("kill", (PID, 6), True),
        ("kill", (1, 9), False),
        ("kill", (0xFFFFFFFFFFFFFFFF, 9), False),
        ("tgkill", (PID, PID, 6), True),
        ("tgkill", (1, 1, 6), False),
    ],
)
def test_what_depends_on_arguments(machine: str, name: str, arguments: tuple[int, ...], allowed: bool) -> None:
    assert answer(machine, number(machine, name), *arguments) == (ALLOW if allowed else EPERM)


def test_a_program_is_not_too_long() -> None:
    for machine in MACHINES:
        assert len(seccomp.program(machine, PID, folder=True)) // 8 < 4096  # BPF_MAXINSNS


@pytest.mark.parametrize(
    ("machine", "header"),
    [("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), ("aarch64", "/usr/include/asm-generic/unistd.h")],
)
def test_numbers_are_the_kernels(machine: str, header: str) -> None:
    if not Path(header).exists():
        pytest.skip("the kernel's headers are not here")
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\s", Path(header).read_text())
    kernels = {"newfstatat" if name == "fstatat" else name: int(number) for name, number in found}
    for name in NUMBERS:
        ours, theirs = number(machine, name), kernels.get(name, NONE)
        # aarch64's table is the general one: it also has what that machine lacks.
        assert ours == theirs, name


@pytest.mark.parametrize(
    ("abi", "files", "network", "scopes"),
    [(1, 0x1FFF, 0, 0), (2, 0x3FFF, 0, 0), (3, 0x7FFF, 0, 0), (4, 0x7FFF, 3, 0), (5, 0xFFFF, 3, 0), (6, 0xFFFF, 3, 3),
     (8, 0xFFFF, 3, 3), (9, 0x1FFFF, 3, 3), (10, 0x1FFFF, 15, 3), (99, 0x1FFFF, 15, 3)],
)  # fmt: skip
def test_rights_by_version(abi: int, files: int, network: int, scopes: int) -> None:
    assert landlock.rights(landlock.FILES, abi) == files
    assert landlock.rights(landlock.NETWORK, abi) == network
    assert landlock.rights(landlock.SCOPES, abi) == scopes


@pytest.mark.parametrize(
    ("status", "words", "problem"),
    [
        (OUT_OF_MEMORY, b"", "parser-out-of-memory"),
        (-9, b"", "parser-out-of-memory"),
        (-24, b"", "parser-out-of-time"),
        (-11, b"", "parser-crashed"),
        (-31, b"", "parser-crashed"),
        (0, b"MemoryError", "parser-crashed"),
        (1, b"Traceback\nMemoryError\n", "parser-out-of-memory"),
        (-6, b"terminate called: std::bad_alloc", "parser-out-of-memory"),
        (-5, b"GLib-ERROR: failed to allocate 99 bytes", "parser-out-of-memory"),
        (0xC0000017, b"", "parser-out-of-memory"),
        (0xC0000005, b"", "parser-crashed"),
        (None, b"", "parser-crashed"),
    ],
)
def test_ends_are_told_apart(status: int | None, words: bytes, problem: str) -> None:
    assert ended(status, words, 3.0).type == problem


def test_what_a_child_says_is_believed_no_further() -> None:
    assert refused(Failed(problem="memory")).type == "parser-out-of-memory"
    assert refused(Failed(problem="file-damaged")).type == "file-damaged"
    assert refused(Failed(problem="<script>")).type == "parser-crashed"
    assert refused(Failed(problem="parser-out-of-time")).type == "parser-crashed", "fields are missing"


def test_time_grows_with_what_was_read() -> None:
    allowance = Allowance(Limits(seconds=10.0, pace=1000.0, longest=100.0), 1_000_000)
    allowance.worked(9.0)
    assert allowance.left == 1.0
    allowance.read(20_000)
    assert allowance.left == 21.0
    allowance.worked(20.0)
    with pytest.raises(Refused, match="no progress for 30 s, or"):
        allowance.worked(1.5)
    # Whatever it reads, there is an end: reading the same again earns nothing, and nothing earns more than `longest`.
    allowance = Allowance(Limits(seconds=10.0, pace=1000.0, longest=100.0), 20_000)
    for _ in range(100):
        allowance.read(20_000)
    assert allowance.left == 30.0
    allowance = Allowance(Limits(seconds=10.0, pace=1000.0, longest=100.0), 1_000_000)
    allowance.read(1_000_000)
    assert allowance.left == 100.0


def test_short_messages_weigh_something() -> None:
    allowance = Allowance(Limits(spare=1 << 20), 0)
    for _ in range(512):
        allowance.sent(20)
    with pytest.raises(Refused):
        allowance.sent(20)


def test_every_kind_ends() -> None:
    for kind in KINDS.values():
        limits = kind.limits
        assert 0 < limits.seconds <= limits.longest < float("inf")
        assert 0 < limits.silence <= limits.longest
        assert limits.memory < 1 << 40


def test_private_folders(tmp_path: Path) -> None:
    scratch, other = Scratch(tmp_path), Scratch(tmp_path)
    one, two = scratch.make(), scratch.make()
    assert one != two
    (one / "a").write_bytes(bytes(100_000))
    with (one / "b").open("wb") as file:
        file.truncate(1 << 30)
    size, files = used(one)
    assert 100_000 <= size < 1 << 20, "holes take no room"
    assert files == 2
    other.sweep()
    assert one.exists(), "it is held"
    scratch.remove(one)
    assert not one.exists()
    stranger = tmp_path / "courtcast-cage-being-made"
    stranger.mkdir()
    scratch.close()
    other.sweep()
    assert list(tmp_path.iterdir()) == [stranger]
