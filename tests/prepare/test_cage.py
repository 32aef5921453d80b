"""The cage from inside: a child that was taken over tries to get out, and does not."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest

from courtcast.prepare import messages
from courtcast.prepare.cage.keeper import Cage, Child
from courtcast.prepare.cage.kinds import Kind
from courtcast.prepare.messages import Limits
from courtcast.problems import Refused
from tests.prepare.cage_prisoner import TRIES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is proved here is Linux's")

PRISONER = "tests.prepare.cage_prisoner"
SMALL = Limits(memory=1 << 30, silence=20.0, threads=40)


@asynccontextmanager
async def prisoner(tries: list[str], limits: Limits = SMALL, scratch: Path | None = None) -> AsyncIterator[Child]:
    """A child at its list, which it has read."""
    paper = "\n".join(tries).encode()
    kinds = {"attempt": Kind(PRISONER, limits)}
    work = messages.Work(do="attempt", length=len(paper))
    async with Cage(warm=False, kinds=kinds, scratch=scratch) as cage, cage.child(work) as child:
        child.assign(Limits(), len(paper))  # a machine that is busy may take its time to start it
        message, _ = await child.receive()
        assert message == messages.Read(0, 64 * 1024)
        await child.send(messages.Data(), paper)
        child.assign(limits, len(paper))
        yield child


async def outcomes(tries: list[str], limits: Limits = SMALL) -> dict[str, str]:
    """What came of each."""
    async with prisoner(tries, limits) as child:
        message, data = await child.receive()
        assert isinstance(message, messages.Image)
        told: dict[str, str] = json.loads(data)
        return told


async def end_of(way: str, limits: Limits = SMALL, scratch: Path | None = None) -> Refused:
    """The problem in which it ends; bytes are given to it meanwhile."""
    try:
        async with prisoner([way], limits, scratch) as child, asyncio.timeout(60):
            while True:
                message, _ = await child.receive()
                if isinstance(message, messages.Read):
                    await child.send(messages.Data(), bytes(message.n))
    except Refused as refused:
        return refused


async def held() -> messages.Caged:
    async with prisoner(["list its folder"]) as child:
        await child.receive()
        assert child.held is not None
        return child.held


async def needs_a_whole_cage() -> None:
    has = await held()
    if not has.seccomp or not has.landlock:
        pytest.skip(f"this machine lacks some of it: {has}")


async def test_root_is_given_up() -> None:
    """And the network left: what both need is asked of this process itself."""
    privileged = os.geteuid() == 0 and int(_status("CapEff"), 16) >> 21 & 1  # CAP_SYS_ADMIN
    if not privileged:
        pytest.skip("needs root with all its capabilities")
    has = await held()
    assert has.user == "own"
    assert has.network


def _status(name: str, pid: int | str = "self") -> str:
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(f"{name}:")]
    return line.split(maxsplit=1)[1]


async def test_as_the_kernel_sees_it() -> None:
    """Not by the child's word: no capability, nothing gained by another program, a filter, an id of its own."""
    await needs_a_whole_cage()
    async with prisoner(["sleep"], Limits(silence=0.5)) as child:
        pid = child.process.pid
        assert int(_status("CapEff", pid), 16) == int(_status("CapPrm", pid), 16) == 0
        assert _status("NoNewPrivs", pid) == "1"
        assert _status("Seccomp", pid) == "2"
        assert child.held is not None
        if child.held.user == "own":
            assert set(_status("Uid", pid).split()) == set(_status("Gid", pid).split()) == {str(0x70000000 + pid)}
        if child.held.network and os.geteuid() == 0:
            assert Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()


WITH_FOLDER = [name for name in TRIES if "its folder" in name]
UNTIL_NUMBERS_RUN_OUT = "more threads than it may"


async def test_nothing_is_within_reach() -> None:
    """Each is refused with an error, and the process is there to say so."""
    await needs_a_whole_cage()
    tries = [name for name in TRIES if name != UNTIL_NUMBERS_RUN_OUT]
    told = await outcomes(tries)
    refused = {"EPERM", "ENOSYS", "EMFILE", "not allowed to raise maximum limit"}
    assert {name: outcome for name, outcome in told.items() if outcome not in refused} == {}
    assert list(told) == tries
    assert not Path("/tmp/courtcast-prisoner-was-here").exists()


async def test_threads_are_counted() -> None:
    """By the kernel, which counts them by user: where the child has an id of its own."""
    if (await held()).user != "own":
        pytest.skip("needs root")
    assert (await outcomes([UNTIL_NUMBERS_RUN_OUT]))[UNTIL_NUMBERS_RUN_OUT] == "EAGAIN"
    assert "done" in (await outcomes([UNTIL_NUMBERS_RUN_OUT], Limits(threads=512)))[UNTIL_NUMBERS_RUN_OUT]


async def test_a_private_folder_is_all_there_is() -> None:
    await needs_a_whole_cage()
    limits = Limits(memory=1 << 30, scratch=1 << 20)
    tries = [*WITH_FOLDER, "open a file", "list a folder", "write a file", "open its own code",
             "read its parent's memory", "make a folder", "TCP", "fork"]  # fmt: skip
    told = await outcomes(tries, limits)
    assert told.pop("write in its folder") == "done: 2"
    assert told.pop("read in its folder") == "done: 'so'"
    assert told.pop("list its folder") == "done: ['note']"
    assert told.pop("make a file larger than its folder") == "EFBIG"
    assert set(told.values()) <= {"EPERM", "EACCES"}
    # It may open files, so the rules of Landlock speak here, and not the list of system calls.
    assert told["leave its folder"] == told["open a file"] == "EACCES"


async def test_libraries_work_inside() -> None:
    """What conversions will need: encoders with many threads, scaling, sound."""
    async with prisoner(["convert"]) as child:
        message, data = await child.receive()
        assert isinstance(message, messages.Image)
        assert json.loads(data) == {"convert": "60"}


@pytest.mark.parametrize(
    "way",
    ["exec", "ptrace its parent", "read its parent's memory from within", "mount", "bpf", "perf", "userfaultfd", "keys",
     "namespace"],
)  # fmt: skip
async def test_what_nobody_does_by_mistake_ends_it(way: str) -> None:
    await needs_a_whole_cage()
    async with prisoner([way]) as child:
        with pytest.raises(Refused) as refused:
            await child.receive()
        assert refused.value.type == "parser-crashed"
        assert child.process.returncode == -signal.SIGSYS


@pytest.mark.parametrize(
    ("way", "problem"),
    [
        ("crash", "parser-crashed"),
        ("abort", "parser-crashed"),
        ("a fault of our own", "parser-crashed"),
        ("leave without a word", "parser-crashed"),
        ("say nonsense", "parser-crashed"),
        ("eat", "parser-out-of-memory"),
        ("out of memory in Python", "parser-out-of-memory"),
        ("out of memory in a library", "parser-out-of-memory"),
        ("killed", "parser-out-of-memory"),
        ("flood", "file-damaged"),
        ("patter", "file-damaged"),
        ("greedy", "file-damaged"),
    ],
)
async def test_ways_to_end(way: str, problem: str) -> None:
    assert (await end_of(way)).type == problem


@pytest.mark.parametrize(
    ("way", "limits"),
    [
        ("sleep", Limits(silence=1.0)),
        ("spin", Limits(silence=1.0)),
        ("deaf", Limits(silence=1.0)),
        ("complain", Limits(silence=1.0)),
        ("circles", Limits(spare=8 << 20)),
        ("dawdle", Limits(seconds=2.0)),
        ("dawdle", Limits(longest=2.0)),
    ],
)
async def test_time_runs_out(way: str, limits: Limits) -> None:
    began = time.monotonic()
    assert (await end_of(way, limits)).type == "parser-out-of-time"
    assert time.monotonic() - began < 20


async def test_the_kernel_minds_the_time_where_nobody_does() -> None:
    """A parent that does not look ends nothing; then processor time does."""
    cores = os.cpu_count() or 1
    async with prisoner(["spin"], Limits(longest=1.0, silence=60.0, seconds=60.0)) as child:
        async with asyncio.timeout(60 + 10 * cores):
            assert await child.process.wait() == -signal.SIGXCPU
        with pytest.raises(Refused) as refused:
            await child.receive()
    assert refused.value.type == "parser-out-of-time"


async def test_a_folder_that_is_filled_ends_it_and_goes(tmp_path: Path) -> None:
    limits = Limits(scratch=8 << 20, silence=30.0)
    assert (await end_of("fill its folder", limits, tmp_path)).type == "parser-out-of-memory"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("way", ["flood", "patter", "complain", "deaf"])
async def test_the_presenter_does_not_notice(way: str) -> None:
    """The loop has its turn all the while."""
    late = 0.0

    async def watch() -> None:
        nonlocal late
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            late = max(late, time.monotonic() - began - 0.01)

    watching = asyncio.create_task(watch())
    try:
        await end_of(way, Limits(silence=2.0))
    finally:
        watching.cancel()
    assert late < 0.5


async def test_folders_of_a_presenter_that_was_killed_go_at_the_next_start(tmp_path: Path) -> None:
    program = f"""
import asyncio, pathlib
from courtcast.prepare import messages
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.cage.kinds import Kind
async def main():
    kinds = {{"attempt": Kind({PRISONER!r}, messages.Limits(scratch=1 << 20))}}
    async with Cage(warm=False, kinds=kinds, scratch=pathlib.Path({str(tmp_path)!r})) as cage:
        async with cage.child(messages.Work(do="attempt", length=10)) as child:
            await child.receive()
            print("ready", flush=True)
            await asyncio.sleep(3600)
asyncio.run(main())
"""
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert killed.stdout is not None
    assert await killed.stdout.readline() == b"ready\n"
    (child,) = psutil.Process(killed.pid).children()
    async with Cage(warm=False, scratch=tmp_path):
        assert len(list(tmp_path.iterdir())) == 1, "somebody holds it"
    killed.kill()
    await killed.wait()
    async with Cage(warm=False, scratch=tmp_path):
        assert list(tmp_path.iterdir()) == []
    # And the child follows its parent.
    with suppress(psutil.NoSuchProcess):
        await asyncio.to_thread(child.wait, 10)
    assert not child.is_running()
