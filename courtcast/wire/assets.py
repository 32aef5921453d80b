"""The pages' files: where they are, what they hold, and under which address they are served.

The addresses mirror the repository (`web/…`, `receiver/screen/…`), so an import between modules is written once and
holds in the browser, in node and for the type check alike. Everything is read once, when the program starts: what is
served always belongs to `build`, the hash of the whole tree, and a page never mixes two versions. Pages (HTML) are
served without caching; all else under `/static/<build>/…`, where it may be kept for ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path, PurePosixPath

PREFIX = "/static"
FOREVER = "public, max-age=31536000, immutable"
"""`Cache-Control` of everything under `/static/<build>/`."""
NEVER = "no-store"
"""`Cache-Control` of the pages themselves."""

SCREEN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""`Content-Security-Policy` of the screen's page: its own files, its own origin's WebSocket, media from memory."""

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
"""What travels; a file with another ending is none of the pages' files. (Python's own table depends on the system.)"""


class Assets:
    """All files of the pages, in memory. Paths are relative to the repository, with forward slashes."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = dict(contents)
        digest = hashlib.sha256()
        for path in sorted(self._contents):
            body = self._contents[path]
            digest.update(f"{path}\0{len(body)}\0".encode())
            digest.update(body)
        self.build = digest.hexdigest()[:16]
        """Hash of the whole tree: 16 hexadecimal digits."""

    @classmethod
    def find(cls) -> Assets:
        """Of this installation: a checkout, or an installed wheel (where `web/` lies in `courtcast/_web`).

        Raises FileNotFoundError where the installation is incomplete.
        """
        package = Path(str(files("courtcast")))
        screen = Path(str(files("receiver"))) / "screen"
        installed, checkout = package / "_web", package.parent / "web"
        web = installed if installed.is_dir() else checkout
        contents: dict[str, bytes] = {}
        for root, folder in (("web", web), ("receiver/screen", screen)):
            if not folder.is_dir():
                raise FileNotFoundError(folder)
            contents.update(_tree(root, folder))
        return cls(contents)

    @property
    def prefix(self) -> str:
        """Address below which the files of this build are served, without a slash at its end."""
        return f"{PREFIX}/{self.build}"

    def url(self, path: str) -> str:
        """Address of a file. Raises KeyError where there is none."""
        if path not in self._contents:
            raise KeyError(path)
        return f"{self.prefix}/{path}"

    def read(self, path: str) -> bytes:
        """Bytes of a file. Raises KeyError where there is none (no way out of the tree: paths are only names)."""
        return self._contents[path]

    def content_type(self, path: str) -> str:
        """Of a file, by the end of its name. Raises KeyError where it is none of ours."""
        return CONTENT_TYPES[PurePosixPath(path).suffix]

    def page(self, path: str) -> bytes:
        """An HTML file with `{{prefix}}` and `{{build}}` filled in; to be served with `NEVER`."""
        body = self.read(path)
        return body.replace(b"{{prefix}}", self.prefix.encode()).replace(b"{{build}}", self.build.encode())

    def paths(self, under: str = "") -> list[str]:
        """Names of all files whose path begins with `under`, sorted."""
        return sorted(path for path in self._contents if path.startswith(under))


def _tree(root: str, folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.suffix in CONTENT_TYPES and path.is_file() and not any(part.startswith(".") for part in relative.parts):
            yield f"{root}/{relative.as_posix()}", path.read_bytes()
