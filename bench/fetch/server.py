"""A server of one file that takes next to nothing of the processor: `sendfile`, ranges, a strong tag, a thread for each
connection.

    python -m bench.fetch.server FILE [BYTES_A_SECOND]      # of each connection; prints its port
"""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

PACING = getattr(socket, "SO_MAX_PACING_RATE", 47)
"""tcp(7), Linux: bytes a second that the kernel lets one connection send."""
AT_ONCE = 1 << 20


def answer(connection: socket.socket, path: Path, rate: int | None) -> None:
    size = path.stat().st_size
    if rate is not None:
        connection.setsockopt(socket.SOL_SOCKET, PACING, rate)
    descriptor = os.open(path, os.O_RDONLY)
    with suppress(OSError), connection, connection.makefile("rb") as lines:
        while first := lines.readline():
            asked = None
            while (line := lines.readline()) not in {b"\r\n", b""}:
                asked = re.match(rb"(?i)range:\s*bytes=(\d+)-(\d*)", line) or asked
            start = int(asked[1]) if asked else 0
            end = int(asked[2]) + 1 if asked and asked[2] else size
            end = min(end, size)
            head = [f"HTTP/1.1 {'206 Partial Content' if asked else '200 OK'}", f"Content-Length: {end - start}"]
            head += ["Accept-Ranges: bytes", f'ETag: "{size}"', "Content-Type: video/mp4"]
            head += [f"Content-Range: bytes {start}-{end - 1}/{size}"] if asked else []
            connection.sendall("\r\n".join([*head, "", ""]).encode())
            while start < end and not first.startswith(b"HEAD"):
                start += os.sendfile(connection.fileno(), descriptor, start, min(AT_ONCE, end - start))
    os.close(descriptor)


def main(path: Path, rate: int | None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=answer, args=(connection, path, rate), daemon=True).start()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
