"""One TCP connection that sends all it can, for comparison. Run by the bench on the two hosts.

    python -m bench.channel.tcp sink ADDRESS SECONDS
    python -m bench.channel.tcp source ADDRESS ALGORITHM SECONDS

Both answer with one line of JSON at the end; the sink says `ready` once it listens. Times are ms of the wall clock. A
connection that does not come about in `WAIT` has carried nothing: bursts of loss take every packet of a handshake.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from contextlib import suppress

PORT = 9010
BIN = 0.1
WAIT = 20.0


def sink(address: str, seconds: float) -> None:
    """Counts for `seconds` from the first byte on; how the connection ends does not matter then."""
    with socket.create_server((address, PORT)) as server:
        server.settimeout(WAIT)
        print(json.dumps("ready"), flush=True)
        bins: list[int] = []
        try:
            connection, _ = server.accept()
        except TimeoutError:
            print(json.dumps({"began": time.time() * 1e3, "bins": bins, "bytes": 0}), flush=True)
            return
        buffer = bytearray(1 << 18)
        with connection:
            began = time.time()
            with suppress(TimeoutError, ConnectionError):
                while (left := began + seconds - time.time()) > 0:
                    connection.settimeout(left)
                    if not (got := connection.recv_into(buffer)):
                        break
                    place = int((time.time() - began) / BIN)
                    bins += [0] * (place + 1 - len(bins))
                    bins[place] += got
    print(json.dumps({"began": began * 1e3, "bins": bins, "bytes": sum(bins)}), flush=True)


def source(address: str, algorithm: str, seconds: float) -> None:
    data = bytes(1 << 16)
    with socket.socket() as out:
        out.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, algorithm.encode())
        out.settimeout(WAIT)
        try:
            out.connect((address, PORT))
        except TimeoutError:
            print(json.dumps({"began": time.time() * 1e3, "cpu": 0.0}), flush=True)
            return
        cpu, began = time.process_time(), time.time()
        end = time.monotonic() + seconds
        with suppress(TimeoutError, ConnectionError):
            while time.monotonic() < end:
                out.send(data)
        spent = time.process_time() - cpu
        # what still waits here would go on for seconds: the run is over
        out.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    print(json.dumps({"began": began * 1e3, "cpu": spent}), flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["sink", address, seconds]:
            sink(address, float(seconds))
        case ["source", address, algorithm, seconds]:
            source(address, algorithm, float(seconds))
