"""Asks at links on a machine to which every address there is belongs, and where a resolver of its own answers.

Prints what came of each as JSON. Run as a program, on a machine made by `rig.every_address_its_own`.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
import sys
from collections import Counter
from ipaddress import ip_address
from pathlib import Path
from typing import cast
from urllib.parse import quote, unquote

from courtcast.evidence.ask import Asker, Trouble
from courtcast.evidence.guard import Guard
from courtcast.evidence.limits import Limits
from courtcast.evidence.links import Link
from courtcast.problems import Refused
from tests.evidence.spellings import NAMES, ODD, links

QUICK = Limits(connect=1.0, answer=3.0, idle=1.0)
PUBLIC = "8.8.8.8"
TURNING = "turning.example"
"""Public when it is asked for the first time, this machine's own when it is asked again, and so on."""
BOTH = "both.example"
"""Has an address that is public and one that is not."""
OPEN = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "fd00::1", "64:ff9b::a00:1", PUBLIC]
"""That they are all this machine's own is tried out at some."""
ROUNDS = 12

A, AAAA = 1, 28


class Resolver(asyncio.DatagramProtocol):
    """Answers questions for A and AAAA (RFC 1035 §4). `asked` counts them."""

    def __init__(self, names: dict[str, list[str]], asked: Counter[tuple[str, int]]) -> None:
        self.names, self.asked = names, asked

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, where: tuple[str, int]) -> None:
        labels, at = [], 12
        while n := data[at]:
            labels.append(data[at + 1 : at + 1 + n].decode())
            at += 1 + n
        question, (kind,) = data[12 : at + 5], struct.unpack("!H", data[at + 1 : at + 3])
        name = ".".join(labels).lower()
        self.asked[name, kind] += 1
        found = [address for address in self.addresses(name, kind) if (":" in address) == (kind == AAAA)]
        records = b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(packed)) + packed
            for packed in (ip_address(address).packed for address in found)
        )
        known = name in self.names or name in {TURNING, BOTH}
        head = data[:2] + struct.pack("!HHHHH", 0x8180 if known else 0x8183, 1, len(found), 0, 0)
        self.transport.sendto(head + question + records, where)

    def addresses(self, name: str, kind: int) -> list[str]:
        if name == TURNING:
            return [PUBLIC if self.asked[name, kind] % 2 else "127.0.0.1"]
        if name == BOTH:
            return ["10.0.0.1", PUBLIC]
        return self.names.get(name, [])


async def main() -> None:
    loop = asyncio.get_running_loop()
    reached: list[str] = []

    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """`/on?LINK` leads on to that link; everything else is a file."""
        reached.append(writer.get_extra_info("sockname")[0])
        try:
            while line := await reader.readline():
                while (await reader.readline()).strip():
                    pass
                target = line.split()[1].decode()
                if target.startswith("/on?"):
                    to = unquote(target[4:], errors="surrogateescape").encode(errors="surrogateescape")
                    writer.write(b"HTTP/1.1 302 -\r\nLocation: " + to + b"\r\nContent-Length: 0\r\n\r\n")
                else:
                    writer.write(b"HTTP/1.1 200 -\r\nContent-Length: 4\r\n\r\nfile")
                await writer.drain()
        finally:
            writer.close()

    for host in ("0.0.0.0", "::"):
        await asyncio.start_server(web, host, 80)
        await asyncio.start_server(web, host, 443)
    names = {
        name.rstrip(".").lower().encode("idna").decode() if name.isascii() or "ü" in name else "localhost": addresses
        for name, addresses in NAMES.items()
    }
    asked: Counter[tuple[str, int]] = Counter()
    for server in resolvers():
        await loop.create_datagram_endpoint(lambda: Resolver(names, asked), local_addr=(server, 53))

    async def ask(url: str, guard: Guard) -> str:
        try:
            async with asyncio.timeout(6), Asker(Link(url), guard, QUICK) as asker:
                (await asker.ask(0)).response.close()
        except Refused as refused:
            return refused.type
        except Trouble as trouble:
            return trouble.problem.type
        return "came"

    for address in OPEN:
        await asyncio.to_thread(lambda a=address: socket.create_connection((a, 80), timeout=2).close())
    await asyncio.sleep(0.1)
    said = {"open": len(reached)}
    reached.clear()
    told: dict[str, str] = {}
    for link in [*links(), *ODD, *(f"http://{name}/x" for name in NAMES)]:
        told[link] = await ask(link, Guard())
    said["straight"] = sorted(set(reached))
    reached.clear()
    for link in list(told):
        if link and not re.search(r"[\0\r\n\ud800]", link):
            told[f"→ {link}"] = await ask(f"http://{PUBLIC}/on?{quote(link)}", Guard())
    said["on"] = sorted(set(reached))
    reached.clear()
    said["turning"] = [await ask(f"http://{TURNING}/x", Guard()) for _ in range(ROUNDS)]
    said["both"] = await ask(f"http://{BOTH}/x", Guard())
    said["public"] = sorted(set(reached))
    said["told"] = told
    json.dump(said, sys.stdout)


def resolvers() -> list[str]:
    """Those that this system asks."""
    try:
        text = Path("/etc/resolv.conf").read_text()
    except OSError:
        text = ""
    return re.findall(r"^nameserver\s+([0-9a-fA-F.:]+)", text, re.M) or ["127.0.0.1"]


if __name__ == "__main__":
    asyncio.run(main())
