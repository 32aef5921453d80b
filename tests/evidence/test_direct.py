"""Links: what is one, what a file is called, what is a page."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from courtcast.evidence.links.direct import MAX_NAME, Link, check_headers, looks_like_page, name_of, parse
from courtcast.problems import Refused


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("https://h.example/a%2Fb?X=%2f+~", "/a%2Fb?X=%2f+~"),
        ("  https://h.example/x \n", "/x"),
        ("https://h.example/Müller 1.mp4", "/M%C3%BCller%201.mp4"),
        ("https://h.example", "/"),
        ("https://h.example/a?b#c", "/a?b"),
    ],
)
def test_a_link_is_kept_as_it_is_spelled(text: str, path: str) -> None:
    assert parse(text).raw_path_qs == path


@given(st.text(max_size=80) | st.text(alphabet="http://[]%:@?#.aü １\\\r\n", max_size=60).map(lambda t: "http://" + t))
@example("http://[]@")
def test_any_text_is_a_link_or_is_refused(text: str) -> None:
    try:
        url = parse(text)
    except Refused:
        url = None
    if url is not None:
        assert url.scheme in {"http", "https"}
        assert url.host
        assert "\r" not in str(url)
        assert "\n" not in str(url)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/x?y=%2F", "https://h.example/x?y=%2F"),
        ("x", "https://h.example/a/x"),
        ("?q", "https://h.example/a/b?q"),
        ("//other.example/x", "https://other.example/x"),
        ("http://other.example/", "http://other.example/"),
    ],
)
def test_redirects_may_be_relative(location: str, url: str) -> None:
    assert str(parse(location, URL("https://h.example/a/b?c"))) == url


def test_secrets_are_not_shown() -> None:
    assert Link("https://me:word@h.example/a/b.mp4?sig=secret#x").shown() == "https://h.example/a/b.mp4"


@pytest.mark.parametrize(
    ("path", "disposition", "name"),
    [
        ("/a/Clip%201.mp4", "", "Clip 1.mp4"),
        ("/download", 'attachment; filename="Body cam.mp4"', "Body cam.mp4"),
        ("/download", r'attachment; filename="a\"b.mp4"', 'a"b.mp4'),
        ("/download", "attachment; filename=plain.mov; x=y", "plain.mov"),
        ("/download", "attachment; filename=old.mp4; filename*=UTF-8''M%C3%BCller%20%E2%82%AC.mp4", "Müller €.mp4"),
        ("/download", "attachment; filename*=UTF-8''M%C3%BCller.mp4", "Müller.mp4"),
        ("/download", 'attachment; filename="../../etc/passwd"', "passwd"),
        ("/download", 'attachment; filename="C:\\\\Users\\\\x.mp4"', "x.mp4"),
        ("/x", "attachment; filename*=UTF-8''a%0d%0ab%00c%e2%80%aedcba.mp4", "a b c dcba.mp4"),
        ("/x", 'attachment; filename="' + "y" * 400 + '"', "y" * MAX_NAME),
        ("/", "", ""),
        ("/%ff%fe", "", "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_what_a_file_is_called(path: str, disposition: str, name: str) -> None:
    assert name_of(URL("https://h.example" + path, encoded=True), disposition) == name


@pytest.mark.parametrize(
    ("type_", "head", "page"),
    [
        ("text/html; charset=utf-8", b"<div>", True),
        ("TEXT/HTML", b"\xef\xbb\xbf  <!DOCTYPE", True),
        ("text/html", b"\0\0\0\x20ftypisom", False),
        ("application/xhtml+xml", b"<?xml", True),
        ("video/mp4", b"<!doctype html>", True),
        ("", b"\n\n<HTML lang=en>", True),
        ("", b"<!-- x --> <html>", True),
        ("", b"<htmlish", False),
        ("application/octet-stream", b"\x1aE\xdf\xa3", False),
        ("text/plain", b"", False),
    ],
)
def test_what_is_a_page(type_: str, head: bytes, page: bool) -> None:
    assert looks_like_page(type_, head) == page


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=0-1"},
        {"host": "x"},
        {"Transfer-Encoding": "chunked"},
        {"A B": "x"},
        {"": "x"},
        {"X": "a\r\nEvil: 1"},
        {"X": "ü"},
        {"X": "y" * 9000},
        {f"X-{n}": "y" for n in range(40)},
    ],
)
def test_headers_that_cannot_be_given(headers: dict[str, str]) -> None:
    with pytest.raises(Refused, match="malformed"):
        check_headers(headers)


def test_headers_that_can() -> None:
    check_headers({"Authorization": "Bearer x", "Cookie": "a=b; c=d", "Referer": "https://x.example/"})
