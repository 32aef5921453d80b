"""A court's compulsory proxy that looks into TLS: a real program on a real socket of this machine.

It finds servers by its own list of names, ends the TLS of whoever asks with certificates of its own authority, and
passes on what is inside, unencrypted. Start it with `proxying`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import ssl
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.stand_ins.served import listening


class Authority:
    """Vouches for any name. `pem` is what has to be believed in."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Court proxy")])
        made = self._begun(self._name, self._key.public_key())
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self._certificate = made.add_extension(
            x509.KeyUsage(
                digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        ).sign(self._key, hashes.SHA256())  # fmt: skip
        self.pem = self._certificate.public_bytes(serialization.Encoding.PEM)
        self._contexts: dict[str, ssl.SSLContext] = {}

    def context(self, host: str) -> ssl.SSLContext:
        """To answer as that server."""
        if host not in self._contexts:
            key = ec.generate_private_key(ec.SECP256R1())
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
            try:
                other: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
            except ValueError:
                other = x509.DNSName(host)
            made = self._begun(name, key.public_key()).add_extension(
                x509.SubjectAlternativeName([other]), critical=False
            )
            certificate = made.sign(self._key, hashes.SHA256())
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            with tempfile.NamedTemporaryFile() as file:
                file.write(
                    key.private_bytes(
                        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                    )
                )
                file.write(certificate.public_bytes(serialization.Encoding.PEM))
                file.flush()
                context.load_cert_chain(file.name)
            self._contexts[host] = context
        return self._contexts[host]

    def write(self, folder: Path) -> Path:
        """The file for `--ca`."""
        file = folder / "authority.pem"
        file.write_bytes(self.pem)
        return file

    def _begun(self, name: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        made = x509.CertificateBuilder(subject_name=name, issuer_name=self._name, public_key=key)
        made = made.serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        return made.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )


@dataclass
class Proxy:
    """names: where the servers are that it knows, each a host and a port that speak plain HTTP

    needs: `user:password`, where it asks for that; refuses: what it answers instead of letting somebody through
    """

    names: Mapping[str, tuple[str, int]]
    authority: Authority
    needs: str = ""
    refuses: int = 0
    address: str = ""
    connections: int = 0
    asked: list[str] = field(default_factory=list)
    """`host:port` of tunnels, whole addresses of plain requests."""

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, _ = head.split("\r\n", 1)[0].split(" ")
        self.asked.append(target)
        named = base64.b64encode(self.needs.encode()).decode()
        if self.needs and f"proxy-authorization: basic {named}".lower() not in head.lower():
            writer.write(b"HTTP/1.1 407 -\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
            return
        if self.refuses:
            writer.write(b"HTTP/1.1 %d -\r\nContent-Length: 0\r\n\r\n" % self.refuses)
            return
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        if (parts.hostname or "") not in self.names:
            writer.write(b"HTTP/1.1 502 -\r\nContent-Length: 0\r\n\r\n")
            return
        host, port = self.names[parts.hostname or ""]
        ahead, behind = await asyncio.open_connection(host, port)
        try:
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 -\r\n\r\n")
                await writer.drain()
                await writer.start_tls(self.authority.context(parts.hostname or ""))
            else:
                lines = [line for line in head.split("\r\n")[1:] if not line.lower().startswith(("proxy-", "connect"))]
                path = parts.path + (f"?{parts.query}" if parts.query else "")
                said = "\r\n".join([f"{method} {path} HTTP/1.1", "Connection: close", *lines])
                behind.write(said.encode("latin-1"))
            await asyncio.wait(
                [asyncio.create_task(_pass_on(reader, behind)), asyncio.create_task(_pass_on(ahead, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            behind.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := await reader.read(64 << 10):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def proxying(
    names: Mapping[str, str], authority: Authority, *, needs: str = "", refuses: int = 0
) -> AsyncIterator[Proxy]:
    """A running proxy. names: the address (`http://host:port`) of the server that each of them means."""
    places = {name: urlsplit(address) for name, address in names.items()}
    proxy = Proxy(
        {name: (place.hostname or "", place.port or 80) for name, place in places.items()}, authority, needs, refuses
    )

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
                await proxy.connection(reader, writer)
                await writer.drain()
        finally:
            writer.close()

    async with listening(connection) as (name, number):
        proxy.address = f"http://{name}:{number}"
        yield proxy
