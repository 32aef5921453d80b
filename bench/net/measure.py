"""What the emulator itself carries on this machine, and how exact it is.

    python -m bench.net.measure [MBIT]...        # 40, 100, 200, 300 unless told

One process sends frames of 1267 bytes at the rate asked for from the near host, one counts them on the far host and
how long each was on its way. Printed: what arrived, one-way delay against the one asked for, the relay's processor.
"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import time

from bench.net.line import ETHERNET, Conditions
from bench.net.network import ROOT, Network

FRAME = 1267
"""Bytes of a frame that carries 1160 of a data channel."""
PAYLOAD = FRAME - ETHERNET - 28
DELAY = 0.015
SECONDS = 5.0
PORT = 9009
FIRST = 8.0
"""Seconds until the first frame must be there."""
SILENCE = 0.7
"""Seconds without a frame: the end."""
SHARES = ("0.01", "0.5", "0.99", "1")
STAMP = struct.Struct("!d")


def send(address: str, rate: float, seconds: float) -> None:
    """Paced in bursts of half a millisecond."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.connect((address, PORT))
        gap, rest = FRAME * 8 / rate, bytes(PAYLOAD - STAMP.size)
        begun = time.monotonic()
        sent = 0
        while (now := time.monotonic()) - begun < seconds:
            while sent * gap <= now - begun:
                out.send(STAMP.pack(time.monotonic()) + rest)
                sent += 1
            time.sleep(0.0005)
    print(json.dumps({"sent": sent, "cpu": time.process_time()}), flush=True)


def receive(address: str) -> None:
    delays = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as from_:
        from_.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        from_.bind((address, PORT))
        print("ready", flush=True)
        from_.settimeout(FIRST)
        try:
            while True:
                data = from_.recv(2048)
                delays.append(time.monotonic() - STAMP.unpack_from(data)[0])
                from_.settimeout(SILENCE)
        except TimeoutError:
            pass
    delays.sort()
    shares = {share: delays[int(float(share) * (len(delays) - 1))] for share in SHARES} if delays else {}
    print(json.dumps({"received": len(delays), "delays": shares, "cpu": time.process_time()}), flush=True)


def run(
    network: Network, megabits: float, conditions: Conditions, *, pair: int = 0, seconds: float = SECONDS
) -> dict[str, float]:
    """Frames at that rate through these conditions: shares, and milliseconds by which the delay was off."""
    network.set(out=conditions, back=Conditions(delay=conditions.delay), seed=1)
    module = [sys.executable, "-m", "bench.net.measure"]
    near, far = network.near[pair], network.far[pair]
    sink = subprocess.Popen(far.command(*module, "receive", far.address), stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert sink.stdout is not None
    sink.stdout.readline()
    before = network.counts()
    source = subprocess.run(
        near.command(*module, "send", far.address, str(megabits * 1e6), str(seconds)),
        capture_output=True, text=True, check=True, cwd=ROOT, timeout=60,
    )  # fmt: skip
    after = network.counts()
    said, heard = json.loads(source.stdout), json.loads(sink.communicate(timeout=60)[0])
    off = {share: (delay - conditions.delay) * 1e3 for share, delay in heard["delays"].items()}
    return {
        "packets": said["sent"],
        "sent": said["sent"] * FRAME * 8 / seconds / 1e6,
        "carried": heard["received"] / said["sent"],
        "off p1": off.get("0.01", 0.0),
        "off median": off.get("0.5", 0.0),
        "off p99": off.get("0.99", 0.0),
        "off worst": off.get("1", 0.0),
        "relay": (after.cpu - before.cpu) / (after.now - before.now),
        "ends": (said["cpu"] + heard["cpu"]) / seconds,
    }


def main(rates: list[str]) -> None:
    with Network() as network:
        for megabits in [float(rate) for rate in rates] or [40.0, 100.0, 200.0, 300.0]:
            found = run(network, megabits, Conditions(rate=megabits * 1.5e6, delay=DELAY))
            print(
                f"{found['sent']:.0f} Mb/s offered, {found['carried']:.2%} carried; delay off by median "
                f"{found['off median']:.2f}, p1 {found['off p1']:.2f}, p99 {found['off p99']:.2f}, worst "
                f"{found['off worst']:.2f} ms; relay {found['relay']:.0%} of a core, both ends {found['ends']:.0%}"
            )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["send", address, rate, seconds]:
            send(address, float(rate), float(seconds))
        case ["receive", address]:
            receive(address)
        case rates:
            main(rates)
