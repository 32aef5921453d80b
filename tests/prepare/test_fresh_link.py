"""A link that ends in the middle, and the fresh one: what is here is kept, and gone on with where it is the same file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from courtcast.prepare import way as way_module
from courtcast.wire.api import Exhibit, NewLink
from tests.prepare.watch import Watch, kept, spools, watching
from tests.stand_ins.evidence_server import EvidenceServer, serving


async def ended(watch: Watch, server: EvidenceServer, size: int) -> Exhibit:
    """Half of it is here, and the link leads nowhere any more."""
    added = await watch.add(server.url("one.mp4", cut=size // 2, expire=1))
    failed = await watch.until(added.id, lambda exhibit: exhibit.state == "failed")
    assert failed.problem is not None
    assert failed.problem.type == "link-refused"
    assert failed.problem.detail.endswith(f"The {failed.bytes_fetched / 1e6:.1f} MB already here are kept.")
    assert failed.bytes_fetched > 0
    return failed


@pytest.mark.parametrize("how", [{}, {"etag": "no"}, {"etag": "weak"}, {"etag": "no", "modified": "long"}])
async def test_it_goes_on_where_it_was(tmp_path: Path, clips: dict[str, bytes], how: dict[str, str]) -> None:
    size = len(clips["one.mp4"])
    async with serving(clips) as server:
        async with watching(tmp_path) as watch:
            failed = await ended(watch, server, size)
        async with watching(tmp_path) as watch:  # also after a restart
            assert watch.intake.get(failed.id).bytes_fetched == failed.bytes_fetched
            sent = server.sent
            await watch.intake.relink(failed.id, NewLink(server.url("one.mp4", **how)))
            ready = await watch.until(failed.id, lambda exhibit: exhibit.state == "ready")
            assert ready.sha256 == hashlib.sha256(clips["one.mp4"]).hexdigest()
            assert spools(tmp_path, failed.id) == ["1.spool"]
            samples = 0 if not how else 9 * 2 * 65536
            assert server.sent - sent < size - failed.bytes_fetched + samples + 400_000
            assert not (await kept(watch, failed.id)).relinked
    told = {one.problem.type for _, one in watch.told if one is not None and one.problem is not None}
    assert told <= {"link-refused"}


async def test_a_server_without_ranges_sends_all_of_it_and_it_is_compared(
    tmp_path: Path, clips: dict[str, bytes]
) -> None:
    size = len(clips["one.mp4"])
    async with serving(clips) as server, watching(tmp_path) as watch:
        failed = await ended(watch, server, size)
        await watch.intake.relink(failed.id, NewLink(server.url("one.mp4", ranges="no", etag="no")))
        await watch.until(failed.id, lambda exhibit: exhibit.state == "ready")
        assert spools(tmp_path, failed.id) == ["1.spool"]


@pytest.mark.parametrize("same_length", [True, False])
async def test_another_file_is_told_and_what_was_here_stays_until_it_is_there(
    tmp_path: Path, clips: dict[str, bytes], same_length: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(way_module, "AGAIN", (0.2,))
    size = len(clips["one.mp4"])
    other = bytes(size) if same_length else clips["two.mp4"]
    async with serving({**clips, "other.mp4": other}, rate=size * 2) as server, watching(tmp_path) as watch:
        failed = await ended(watch, server, size)
        await watch.intake.relink(failed.id, NewLink(server.url("other.mp4")))
        said = await watch.until(
            failed.id, lambda exhibit: exhibit.problem is not None and "other" in exhibit.problem.type
        )
        assert said.state in {"waiting", "fetching"}
        assert "1.spool" in spools(tmp_path, failed.id)
        over = await watch.until(failed.id, lambda exhibit: exhibit.state in {"ready", "failed"})
        assert "2.spool" in spools(tmp_path, failed.id)
        if same_length:
            assert over.problem is not None
            assert over.problem.type == "file-not-media"
        else:
            assert over.sha256 == hashlib.sha256(other).hexdigest()


async def test_a_folder_that_cannot_be_written_for_a_while(
    tmp_path: Path, clips: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something lies where the exhibit's folder would be, as on a disk that is read-only until somebody looks at it."""
    monkeypatch.setattr(way_module, "AGAIN", (0.2,))
    (tmp_path / "evidence").write_bytes(b"")
    async with serving(clips) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("one.mp4"))
        said = await watch.until(added.id, lambda exhibit: exhibit.problem is not None)
        assert said.problem is not None
        assert said.problem.type == "data-not-writable"
        (tmp_path / "evidence").unlink()
        ready = await watch.until(added.id, lambda exhibit: exhibit.state == "ready")
        assert ready.problem is None
