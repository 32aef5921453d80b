"""The pages' files: found, named by content, and nothing else reachable."""

from __future__ import annotations

import pytest

from courtcast.wire.assets import Assets


def test_the_installation_has_both_pages() -> None:
    assets = Assets.find()
    assert "receiver/screen/index.html" in assets.paths("receiver/screen/")
    assert "web/shared/wire.js" in assets.paths("web/shared/")
    assert not [path for path in assets.paths() if path.endswith((".py", ".keep"))]


def test_every_file_has_a_content_type() -> None:
    assets = Assets.find()
    for path in assets.paths():
        assert "/" in assets.content_type(path)


def test_build_changes_with_a_name_and_with_a_byte() -> None:
    one = Assets({"web/a.js": b"1", "web/b.js": b"2"})
    assert one.build == Assets({"web/b.js": b"2", "web/a.js": b"1"}).build
    assert one.build != Assets({"web/a.js": b"1", "web/b.js": b"3"}).build
    assert one.build != Assets({"web/a.js": b"1", "web/c.js": b"2"}).build
    assert one.build != Assets({"web/a.js": b"12", "web/b.js": b""}).build
    assert len(one.build) == 16


def test_paths_are_names_only() -> None:
    assets = Assets.find()
    for path in ("web/../courtcast/problems.py", "/etc/passwd", "", "web", "web/shared/../../README.md"):
        with pytest.raises(KeyError):
            assets.read(path)
        with pytest.raises(KeyError):
            assets.url(path)


def test_a_page_is_bound_to_its_build() -> None:
    assets = Assets({"receiver/screen/index.html": b'<script src="{{prefix}}/x.js" data-build="{{build}}">'})
    page = assets.page("receiver/screen/index.html").decode()
    assert page == f'<script src="/static/{assets.build}/x.js" data-build="{assets.build}">'
