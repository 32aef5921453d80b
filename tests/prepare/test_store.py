"""A folder as a store."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from courtcast.prepare.store import FolderStore, load_manifest, manifest_name
from courtcast.problems import Refused


async def test_there_and_back(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    await store.put("r1/aa", b"0123456789")
    await store.put("r1/bb", b"")
    await store.put("r2/aa", b"x")
    assert await store.get("r1/aa") == b"0123456789"
    assert await store.get("r1/aa", 3, 4) == b"3456"
    assert await store.get("r1/aa", 8, 40) == b"89"
    assert await store.list("r1") == ["r1/aa", "r1/bb"]
    assert await store.list("r9") == []
    await store.delete("r1/bb")
    await store.delete("r2")
    await store.delete("r2")
    assert await store.list("r1") == ["r1/aa"]
    with pytest.raises(KeyError):
        await store.get("r2/aa")


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../b", "", ".hidden", "a//b", "a\\b", "a/b\n"])
async def test_no_way_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        await FolderStore(tmp_path).put(name, b"")


async def test_nowhere_to_write(tmp_path: Path) -> None:
    (tmp_path / "r1").write_bytes(b"a file where a folder should be")
    with pytest.raises(Refused) as refused:
        await FolderStore(tmp_path).put("r1/aa", b"x")
    assert refused.value.type == "data-not-writable"


async def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Refused) as refused:
        await FolderStore(tmp_path).put("r1/aa", b"x")
    assert refused.value.type == "disk-full"
    assert await FolderStore(tmp_path).list("r1") == []


async def test_a_manifest_that_was_not_finished(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    assert await load_manifest(store, "r1") is None
    await store.put(manifest_name("r1"), b'{"exhibit": "half')
    assert await load_manifest(store, "r1") is None


async def test_parts_of_files_are_not_listed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    await store.put("r1/aa", b"x")
    (tmp_path / "r1" / ".bb.1-1.part").write_bytes(b"half")
    assert await store.list("r1") == ["r1/aa"]
