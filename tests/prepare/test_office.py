"""Office documents become PDF through LibreOffice's command line, held; here by a program that has its command line."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from courtcast.doctor.office import line
from courtcast.doctor.office import office as office_lines
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.leaves import instead
from courtcast.prepare.leaves import office as office_module
from courtcast.prepare.leaves.office import SETTINGS, Known, Office, find
from courtcast.prepare.messages import Caged
from courtcast.problems import Refused
from tests.prepare.sources import Local
from tests.prepare.watch import watching
from tests.stand_ins.evidence_server import serving

STAND_IN = Path(__file__).parents[1] / "stand_ins" / "soffice"
NOBODY = ("sit0", "tunl0", "ip6tnl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6gre0")
"""Interfaces that kernels put into each new network; nothing is behind them."""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script of the shell")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """On the way where programs are looked for, and where anybody may walk, as programs lie."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "program" / "soffice"
        program.parent.mkdir()
        shutil.copy(STAND_IN, program)
        Path(folder).chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        yield


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(office_module, "_PLACES", ())


async def converted(folder: Path, says: str, name: str = "statement.rtf") -> Path:
    """The PDF. Raises Refused."""
    file, pdf = folder / "1.spool", folder / "1.pdf"
    file.write_bytes(b"{\\rtf1 " + says.encode() + b"}")
    async with Office() as office:
        assert await office.pdf(Local(file), "rich text", name, pdf) == "LibreOffice 24.8.0.0"
    return pdf


def findings(pdf: Path) -> dict[str, str]:
    lines = [line[1:] for line in pdf.read_text().splitlines() if line.startswith("%") and ": " in line]
    return dict(line.split(": ", 1) for line in lines)


async def test_what_is_no_office_document_is_read_as_it_is(tmp_path: Path, installed: None) -> None:
    file = tmp_path / "1.spool"
    file.write_bytes(b"%PDF-1.7 and so on")
    source = Local(file)
    async with Office() as office, Cage(warm=False) as cage:
        assert (await instead.read(source, "statement.docx", file, office, cage)).source is source
    assert [path.name for path in tmp_path.glob("1.*")] == ["1.spool"]


async def test_it_meets_nothing_of_this_machine(tmp_path: Path, installed: None) -> None:
    async with Office() as office:
        known = await office.known()
    assert known is not None
    secret = tmp_path / "secret"
    secret.write_text("of another case")
    secret.chmod(0o644)
    found = findings(await converted(tmp_path, f"SECRET {secret} ", "$(touch x); '`reboot`' \n.rtf"))
    assert (found["name"], found["home"]) == ("document.rtf", "own")
    if known.held.landlock:
        assert (found["secret"], found["written"]) == ("none", "no")
    if known.held.network:
        assert {"lo", *NOBODY} >= set(found["interfaces"].split()) >= {"lo"}
    assert not list(tmp_path.glob("secret.*"))


@pytest.mark.parametrize("how", ["CRASH", "NOTHING", "REFUSED"])
async def test_no_pdf(tmp_path: Path, installed: None, how: str) -> None:
    with pytest.raises(Refused) as refused:
        await converted(tmp_path, how)
    assert refused.value.type == "office-not-converted"
    assert not list(tmp_path.glob("*.p*"))


async def test_a_link_in_its_place_is_not_followed(tmp_path: Path, installed: None) -> None:
    (tmp_path / "secret").write_text("%PDF-1.7 of another case")
    with pytest.raises(Refused) as refused:
        await converted(tmp_path, f"LINK {tmp_path / 'secret'} ")
    assert refused.value.type == "office-not-converted"
    assert not (tmp_path / "1.pdf").exists()


async def test_one_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office_module, "SECONDS", 3.0)
    before = sleeping()
    began = time.monotonic()
    with pytest.raises(Refused) as refused:
        await converted(tmp_path, "HANG")
    assert refused.value.type == "office-out-of-time"
    assert time.monotonic() - began < 60
    await asyncio.sleep(0.2)
    assert sleeping() <= before


def sleeping() -> int:
    """Processes that do what a stand-in does which hangs."""
    found = 0
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += process.read_bytes() == b"sleep\x001000\0"
        except OSError:
            continue
    return found


async def test_one_that_writes_without_end_is_ended(
    tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office_module, "FOLDER", 8 << 20)
    with pytest.raises(Refused) as refused:
        await converted(tmp_path, "FILL")
    assert refused.value.type in ("parser-out-of-memory", "office-not-converted")
    assert not list(tmp_path.glob("*.p*"))


async def test_what_is_too_large_is_not_tried(tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office_module, "LARGEST", 10)
    with pytest.raises(Refused) as refused:
        await converted(tmp_path, "many words")
    assert refused.value.type == "parser-out-of-memory"


async def test_without_it_a_pdf_is_asked_for(tmp_path: Path, missing: None) -> None:
    assert find() is None
    with pytest.raises(Refused) as refused:
        await converted(tmp_path, "words")
    assert refused.value.type == "office-document"
    assert [each.mark async for each in office_lines()] == ["note"]


async def test_messages_of_outlook_are_asked_for_as_pdf(tmp_path: Path, installed: None) -> None:
    file = tmp_path / "1.spool"
    file.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    async with Office() as office:
        with pytest.raises(Refused) as refused:
            await office.pdf(Local(file), "Outlook message", "letter.msg", file.with_suffix(".pdf"))
    assert refused.value.type == "office-document"


async def test_from_a_link_to_pages_and_over_a_restart(tmp_path: Path, installed: None) -> None:
    data = tmp_path / "data"
    data.mkdir()
    async with serving({"statement.rtf": b"{\\rtf1 words}"}) as server:
        async with watching(data) as watch:
            added = await watch.add(server.url("statement.rtf"))
            exhibit = await watch.over(added.id)
            assert (exhibit.state, exhibit.kind, exhibit.frames) == ("ready", "document", 2)
            (treatment,) = exhibit.treatments
            assert (treatment.codec, treatment.into) == ("rich text", "PDF, drawn as PNG or JPEG")
            assert "LibreOffice 24.8.0.0" in treatment.reasons[0]
            assert treatment.settings == SETTINGS
            assert exhibit.converted
            assert (await watch.intake.still(added.id, frame=1)).startswith(b"\x89PNG")
        (pdf,) = (data / "evidence").glob("*/*.pdf")
        made = pdf.stat().st_mtime_ns
        async with watching(data) as watch:
            await watch.over(added.id)
            assert pdf.stat().st_mtime_ns == made, "it is not made again"
            assert (await watch.intake.still(added.id, frame=0)).startswith(b"\x89PNG")
        pdf.unlink()
        async with watching(data) as watch:
            assert (await watch.over(added.id)).state == "ready"
            assert pdf.exists(), "it was made again"
            await watch.intake.delete(added.id)


def test_what_the_doctor_says() -> None:
    held = Caged(landlock=7, network=True, user="own")
    assert line(Known("LibreOffice 24.8", held), True, "linux").mark == "good"
    assert line(Known("LibreOffice 24.8", Caged(landlock=3)), True, "linux").mark == "look"
    assert line(Known("LibreOffice 24.8", Caged(network=True)), True, "linux").mark == "look"
    assert line(None, True, "linux").mark == "look"
    assert line(None, False, "linux").mark == "note"
