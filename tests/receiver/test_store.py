"""What a screen keeps: on the disk when the call returns, and shared by the programs that use the folder."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from courtcast.core.identity import Identity
from courtcast.core.pairing import MAX_WRONG
from courtcast.problems import Refused
from receiver.store import FILE, Store


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    first = Store.open(tmp_path, create=True)
    identity, tries = first.identity("x"), first.tries()
    me = Identity.make("me")
    first.pin(me.certificate, "me", 5.0)
    first.keep("page-port", "4711")
    first.close()
    again = Store.open(tmp_path, create=False)
    assert again.identity("y").fingerprint == identity.fingerprint
    assert [(pin.fingerprint, pin.name, pin.since) for pin in again.pins()] == [(me.fingerprint, "me", 5.0)]
    assert again.tries().code != tries.code, "the code was used"
    assert again.kept("page-port") == "4711"
    assert again.kept("other") is None


def test_a_count_is_seen_by_the_other_program_and_so_is_a_new_code(tmp_path: Path) -> None:
    run, code = Store.open(tmp_path, create=True), Store.open(tmp_path, create=False)
    right = code.tries().code
    version = run.version()
    for n in range(MAX_WRONG):
        assert code.count_try(float(n)) == right
    assert run.version() != version
    assert run.count_try(9.0) is None
    assert code.tries().locked
    fresh = code.new_code()
    assert run.count_try(10.0) == fresh.code != right


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    Store.open(tmp_path / "new", create=True)
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
    assert (tmp_path / "new" / FILE).stat().st_mode & 0o077 == 0


def test_a_second_run_is_kept_out(tmp_path: Path) -> None:
    first, second = Store.open(tmp_path, create=True), Store.open(tmp_path, create=True)
    first.hold()
    with pytest.raises(Refused, match="receiver-in-use"):
        second.hold()
    first.close()
    second.hold()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="receiver-none"):
        Store.open(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/self/nothing")):
        with pytest.raises(Refused, match="data-not-writable"):
            Store.open(path, create=True)


def test_a_file_that_is_something_else(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database " * 100)
    with pytest.raises(Refused, match="data-damaged"):
        Store.open(tmp_path, create=True)


def test_an_identity_that_was_damaged_is_not_replaced(tmp_path: Path) -> None:
    store = Store.open(tmp_path, create=True)
    store.identity("x")
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("UPDATE kept SET value = ? WHERE name = 'identity'", (b"half",))
    with pytest.raises(Refused, match="data-damaged"):
        store.identity("x")
