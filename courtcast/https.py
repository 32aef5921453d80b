"""The certificate of the remote where it is reached over the network: one given, or one of our own making.

A browser has to be told once to trust a certificate that nobody vouches for; so it stays the same for as long as it
fits, and lives no longer than browsers accept (398 days, CA/Browser Forum Baseline Requirements §6.3.2).
"""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
from pathlib import Path

import ifaddr
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from courtcast.problems import Refused
from courtcast.settings import write_private

LIFE = datetime.timedelta(days=397)
RENEW_BEFORE = datetime.timedelta(days=60)
"""So that no certificate runs out in the middle of a trial."""
ANY = ("0.0.0.0", "::", "")  # noqa: S104 (compared with, not bound to)


def addresses() -> list[str]:
    """This machine's addresses but loopback and link-local ones."""
    found = []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            address = ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
            if not address.is_loopback and not address.is_link_local:
                found.append(str(address))
    return found


def names_for(host: str) -> list[str]:
    """Every name and address under which the remote is reached when it listens on `host`."""
    named = [host] if host not in ANY else addresses()
    return [*dict.fromkeys([*named, socket.gethostname(), "localhost", "127.0.0.1"])]


def context(folder: Path, host: str, cert: Path | None, key: Path | None) -> ssl.SSLContext:
    """What the remote is served with. Raises Refused `certificate-file` where a given file is none."""
    result = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    result.minimum_version = ssl.TLSVersion.TLSv1_2
    if cert is None:
        cert = key = _own(folder, names_for(host))
    try:
        result.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError):
        raise Refused("certificate-file", path=cert) from None
    return result


def _own(folder: Path, names: list[str]) -> Path:
    """Our own certificate with its key, made anew only where the one we have does not fit any more."""
    file = folder / "remote.pem"
    now = datetime.datetime.now(datetime.UTC)
    if file.exists():
        try:
            kept = x509.load_pem_x509_certificate(file.read_bytes())
            if _covers(kept, names) and kept.not_valid_before_utc < now < kept.not_valid_after_utc - RENEW_BEFORE:
                return file
        except ValueError:
            pass  # not a certificate any more: made anew
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now - datetime.timedelta(days=1) + LIFE)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    write_private(file, pem)
    return file


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _covers(certificate: x509.Certificate, names: list[str]) -> bool:
    try:
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    return {_general(name) for name in names} <= set(held)
