"""A program for the cage that tries to get out of it. Its file is the list of what to try, one a line.

Started like the product's own, by the keeper; the product knows nothing of it (`tests/prepare/test_cage.py` names it).
"""
# What is tried are the plain calls.
# ruff: noqa: PTH102, PTH116, PTH123, PTH208, PTH211, SIM115

from __future__ import annotations

import ctypes
import errno
import fcntl
import io
import json
import mmap
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from fractions import Fraction

import av

from courtcast.prepare import messages
from courtcast.prepare.cage.inside import serve
from courtcast.prepare.cage.kernel import address, call
from courtcast.prepare.cage.remote import Remote
from courtcast.prepare.cage.syscalls import MACHINES, NUMBERS

LIBC = ctypes.CDLL(None, use_errno=True)
PARENT = os.getppid()
IO_URING_SETUP, CLONE3, PIDFD_OPEN = 425, 435, 434
COLUMN = MACHINES.index(os.uname().machine)


def raw(number: int, *values: int) -> int:
    """A system call by its number, as code that was taken over would make it. Raises OSError."""
    answer = LIBC.syscall(ctypes.c_long(number), *[ctypes.c_long(value) for value in values])
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer


def own_signals_to_parent() -> None:
    fcntl.fcntl(1, fcntl.F_SETOWN, PARENT)


def code() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def turn_into_code() -> None:
    page = mmap.mmap(-1, 4096)
    raw(NUMBERS["mprotect"][COLUMN], ctypes.addressof(ctypes.c_char.from_buffer(page)), 4096, 5)


def thread_in_a_namespace() -> None:
    raw(NUMBERS["clone"][COLUMN], 0x10000 | 0x10000000)


def look_at(path: str) -> None:
    os.stat(path)


def threads() -> None:
    """As many as it gets."""
    held = threading.Event()
    made = []
    try:
        for _ in range(100):
            thread = threading.Thread(target=held.wait, daemon=True)
            thread.start()
            made.append(thread)
    except RuntimeError as full:
        raise OSError(errno.EAGAIN, "no more threads") from full
    finally:
        held.set()
        for thread in made:
            thread.join()


TRIES: dict[str, Callable[[], object]] = {
    "open a file": lambda: open("/etc/passwd").close(),
    "open its own code": lambda: open(__file__).close(),
    "list a folder": lambda: os.listdir("/"),
    "ask for a file": lambda: look_at("/etc/passwd"),
    "write a file": lambda: open("/tmp/courtcast-prisoner-was-here", "w").close(),
    "read its parent's memory": lambda: open(f"/proc/{PARENT}/mem", "rb").close(),
    "read its parent's words": lambda: open(f"/proc/{PARENT}/environ", "rb").close(),
    "make a folder": lambda: os.mkdir("/tmp/courtcast-prisoner"),
    "make a link": lambda: os.symlink("/", "/tmp/courtcast-prisoner"),
    "make a file of memory": lambda: os.memfd_create("x"),
    "make a pipe": os.pipe,
    "copy a descriptor": lambda: os.dup(0),
    "TCP": lambda: socket.create_connection(("127.0.0.1", 80)),
    "UDP": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "UNIX socket": lambda: socket.socket(socket.AF_UNIX),
    "pair of sockets": socket.socketpair,
    "fork": os.fork,
    "thread in a namespace": thread_in_a_namespace,
    "kill its parent": lambda: os.kill(PARENT, signal.SIGKILL),
    "kill everybody": lambda: os.kill(-1, signal.SIGKILL),
    "have signals sent to its parent": own_signals_to_parent,
    "get hold of its parent": lambda: raw(PIDFD_OPEN, PARENT, 0),
    "raise its memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40)),
    "lower its memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)),
    "change its parent's limits": lambda: resource.prlimit(PARENT, resource.RLIMIT_NOFILE),
    "become root": lambda: os.setuid(0),
    "be quicker than others": lambda: os.nice(-10),
    "be readable": lambda: call("prctl", 4, 1, 0, 0, 0),
    "code": code,
    "turn into code": turn_into_code,
    "io_uring": lambda: raw(IO_URING_SETUP, 8, 0),
    "clone3": lambda: raw(CLONE3, 0, 0),
    "more threads than it may": threads,
    # With a private folder
    "write in its folder": lambda: open("note", "w").write("so"),
    "read in its folder": lambda: open("note").read(),
    "list its folder": lambda: os.listdir("."),
    "leave its folder": lambda: open("../note", "w").close(),
    "make a folder in its folder": lambda: os.mkdir("inner"),
    "make a link in its folder": lambda: os.symlink("/etc/passwd", "link"),
    "make a file larger than its folder": lambda: open("large", "wb").write(bytes(2 << 20)),
}
"""Refused with an error that the process lives on with."""


def exchange_memory() -> None:
    pair = ctypes.create_string_buffer(16)
    raw(NUMBERS["process_vm_readv"][COLUMN], PARENT, address(pair), 1, address(pair), 1, 0)


ENDS: dict[str, Callable[[], object]] = {
    "exec": lambda: os.execv(sys.executable, [sys.executable]),
    "ptrace its parent": lambda: raw(NUMBERS["ptrace"][COLUMN], 16, PARENT, 0, 0),
    "read its parent's memory from within": exchange_memory,
    "mount": lambda: raw(NUMBERS["mount"][COLUMN], 0, 0, 0, 0, 0),
    "bpf": lambda: raw(NUMBERS["bpf"][COLUMN], 0, 0, 0),
    "perf": lambda: raw(NUMBERS["perf_event_open"][COLUMN], 0, 0, 0, 0, 0),
    "userfaultfd": lambda: raw(NUMBERS["userfaultfd"][COLUMN], 0),
    "keys": lambda: raw(NUMBERS["keyctl"][COLUMN], 0, 0, 0, 0, 0),
    "namespace": lambda: raw(NUMBERS["unshare"][COLUMN], 0x10000000),
    "crash": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "a fault of our own": lambda: {}["there"],
    "leave without a word": lambda: os._exit(0),
    "say nonsense": lambda: os.write(1, b"\xff" * 100),
    "out of memory in Python": lambda: bytearray(1 << 40),
    "out of memory in a library": lambda: (os.write(2, b"what(): std::bad_alloc\n"), os.abort()),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "spin": lambda: [None for _ in iter(int, 1)],
    "sleep": lambda: time.sleep(3600),
    "complain": lambda: [os.write(2, bytes(65536)) for _ in iter(int, 1)],
}
"""The process ends, by itself or because somebody ends it."""


def fill(remote: Remote) -> None:
    """Its folder, with files that are each small enough."""
    number = 0
    while True:
        with open(f"file{number}", "wb") as file:
            file.write(os.urandom(512 << 10))
        number += 1
        time.sleep(0.01)


def eat(remote: Remote) -> None:
    """Memory, until there is no more."""
    held = []
    while True:
        held.append(bytearray(16 << 20))


def flood(remote: Remote) -> None:
    """Whole messages, without end."""
    while True:
        remote.send(messages.Image(), bytes(64 << 10))


def patter(remote: Remote) -> None:
    """Short messages, as fast as they come."""
    many = messages.pack(messages.Ready()) * 1000
    while True:
        os.write(1, many)


def greedy(remote: Remote) -> None:
    """Short messages that take the whole file, again and again."""
    while True:
        taken = [messages.Taken(0, 0, 1 << 20)]
        remote.send(messages.Piece(track=0, index=0, start=0, duration=1, keyframe=True, taken=taken))


def deaf(remote: Remote) -> None:
    """Asks and asks, and takes nothing."""
    while True:
        remote.send(messages.Read(0, 1 << 20))


def circles(remote: Remote) -> None:
    """Reads the same again and again."""
    while True:
        remote.send(messages.Read(0, 1 << 16))
        remote.next()


def dawdle(remote: Remote) -> None:
    """Asks for a byte now and then, to look busy."""
    while True:
        time.sleep(0.2)
        remote.send(messages.Read(0, 1))
        remote.next()


WAYS: dict[str, Callable[[Remote], None]] = {
    "fill its folder": fill,
    "eat": eat,
    "flood": flood,
    "patter": patter,
    "greedy": greedy,
    "deaf": deaf,
    "circles": circles,
    "dawdle": dawdle,
}


def convert(remote: Remote) -> None:
    """What conversions will do: scale and encode with many threads, picture and sound."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        video = file.add_stream("libx264", rate=30, options={"threads": "4", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        sound = file.add_stream("flac", rate=48000)
        for number in range(60):
            frame = av.VideoFrame(640, 480, "rgb24").reformat(320, 240, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            file.mux(video.encode(frame))
        noise = av.AudioFrame("s16", "stereo", 4096)
        noise.sample_rate, noise.pts = 48000, 0
        file.mux(sound.encode(noise))
        file.mux(video.encode(None))
        file.mux(sound.encode(None))
    out.seek(0)
    with av.open(out) as back:
        back.streams.video[0].codec_context.thread_count = 4
        count = sum(1 for _ in back.decode(video=0))
    remote.send(messages.Image(), json.dumps({"convert": str(count)}).encode())


def attempt(remote: Remote, work: messages.Work) -> None:
    outcomes = {}
    for name in remote.read(work.length or 0).decode().split("\n"):
        if name == "convert":
            convert(remote)
        elif name in WAYS:
            WAYS[name](remote)
        elif name in ENDS:
            ENDS[name]()
        else:
            try:
                outcomes[name] = f"done: {TRIES[name]()!r}"
            except OSError as refused:
                outcomes[name] = errno.errorcode[refused.errno or 0]
            except ValueError as refused:  # what setrlimit makes of EPERM
                outcomes[name] = str(refused)
    remote.send(messages.Image(), json.dumps(outcomes).encode())


def rehearse() -> None:
    """Load what is loaded late, so that what is refused is refused by the cage."""
    "".encode("idna")
    with av.open(io.BytesIO(), "w", format="mp4") as file:
        file.add_stream("flac", rate=48000)


def main() -> None:
    serve(rehearse, {"attempt": attempt})
