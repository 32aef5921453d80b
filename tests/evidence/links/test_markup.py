"""XML of strangers: what declares anything is not read."""

from __future__ import annotations

import pytest

from courtcast.evidence.links.markup import read

BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "aaaaaaaaaa"}">' for n in range(12))
FILE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [f"<!DOCTYPE a [{BOMB}]><a>&a11;</a>", FILE, "<!DOCTYPE a><a/>", "<a>&x;</a>"])
def test_what_declares_anything_is_refused(text: str, encoding: str) -> None:
    with pytest.raises(ValueError, match=r"document type|no XML"):
        read(text.encode(encoding))


@pytest.mark.parametrize(
    "data",
    [b"", b"words", b"<a", b"<a/><b/>", b"<a></b>", b"\xff\xfe\0", b'<?xml version="1.0" encoding="nope"?><a/>',
     b'<?xml version="1.0" encoding="utf-7"?><a/>'],
)  # fmt: skip
def test_what_is_no_xml(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(data)


def test_what_is_plain_is_read() -> None:
    assert read('<?xml version="1.0" encoding="utf-16"?><a b="ü"/>'.encode("utf-16")).get("b") == "ü"
    assert read(b"<a>" * 100_000 + b"</a>" * 100_000).tag == "a"
