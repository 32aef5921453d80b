"""What can be set: one record for the presenter, filled by the command line, checked before anything starts."""

from __future__ import annotations

import ipaddress
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from courtcast.problems import Refused

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DEFAULT_PORT = 8460


def default_data() -> Path:
    """Where a presenter keeps its things when it is not told."""
    return Path(platformdirs.user_data_dir("courtcast", appauthor=False))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The presenter's settings."""

    data: Path
    """Folder of everything that is kept: database, spools, fragments, identity."""
    host: str = "127.0.0.1"
    """Address that the remote is served on. Off loopback it is HTTPS only."""
    port: int = DEFAULT_PORT
    """0 takes a free one."""
    name: str = "courtcast"
    """What the screens call this presenter."""
    allow_networks: tuple[Network, ...] = ()
    """Networks that links may lead to beside public addresses."""
    proxy: str | None = None
    """Way out for links: the address of a proxy, or `system` for the one that this system has set; None is straight."""
    ca: Path | None = None
    """Authorities that servers of links may be vouched for by, beside those that this system believes in (PEM)."""
    interfaces: tuple[str, ...] = ()
    """Own addresses used towards the screens; empty is all but loopback."""
    cert: Path | None = None
    key: Path | None = None

    @property
    def loopback(self) -> bool:
        """The remote is reachable from this machine only."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_network(text: str) -> Network:
    """`--allow-network CIDR`. Raises ValueError where it is none."""
    return ipaddress.ip_network(text, strict=False)


def write_private(file: Path, data: bytes) -> None:
    """Writes a secret so that only this user reads it: whole or not at all, and still there after a power cut.

    Raises OSError.
    """
    part = file.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)


def ready_folder(path: Path) -> Path:
    """Makes the data folder, for its owner only, and proves that it can be written.

    Raises Refused `data-not-writable`.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path, prefix=".write-") as probe:
            probe.write(b"x")
            probe.flush()
            os.fsync(probe.fileno())
    except OSError:
        raise Refused("data-not-writable", path=path) from None
    return path
