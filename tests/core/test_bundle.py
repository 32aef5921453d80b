"""What a sealed bundle says: written in one way, and nothing else is believed."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core import bundle as form
from courtcast.core.bundle import Bundle, CameraClock, Clip, Exhibit, File, Hearing, Range, beside_of, name_of
from courtcast.core.chain import canonical
from courtcast.core.signing import Signer
from courtcast.problems import Refused

SIGNER = Signer.make()


def file(at: str, **other: Any) -> File:
    return File(at=at, bytes=3, sha256="ab" * 32, **other)


def bundle(*exhibits: Exhibit, **other: Any) -> Bundle:
    return Bundle(
        format=form.FORMAT,
        made=1_795_962_942_158_827,
        hearing=Hearing(case="R v Moss"),
        exhibits=list(exhibits),
        **other,
    )


def sealed(document: object) -> tuple[bytes, bytes]:
    """Signed, whatever it says."""
    says = canonical(document, form.DEEPEST)  # type: ignore[arg-type]
    return says, canonical({"key": SIGNER.key, "signature": SIGNER.sign(form.LABEL + says)})


def refused(says: bytes, seal: bytes, key: str | None = None) -> str:
    with pytest.raises(Refused) as caught:
        form.read(says, seal, key=key)
    return caught.value.type


WHOLE = bundle(
    Exhibit(
        id="a1",
        ref="JM/1",
        title="Body-worn video",
        evidential=0,
        restricted=1,
        source="handed over by PC 4711",
        received=-5,
        added=7,
        remark="sound is faint",
        camera_clock=CameraClock(error=-123_000_000, declared="by the installer"),
        clips=[Clip(name="The door", agreed="12 November", ranges=[Range(start="1.5", stop="12", silent=1)])],
        file=file("001 JM_1 Body-worn video.mp4", name="bwv.mp4", path="DCIM/100", modified=1),
        beside=[file("001 JM_1 Body-worn video - with it/001 index.dat")],
    ),
    Exhibit(id="a2", ref="JM/2", file=file("002 JM_2.mp4")),
    Exhibit(id="a3", ref="JM/3", parts=["a1", "a2"]),
    others=[file("list.csv")],
)


def test_what_was_written_is_read() -> None:
    says, seal = form.write(WHOLE, SIGNER)
    assert form.read(says, seal) == (WHOLE, SIGNER.key)
    assert form.read(says, seal, key=SIGNER.key.upper()) == (WHOLE, SIGNER.key)
    assert says.startswith(b'{"exhibits":')


def test_of_another_key() -> None:
    says, seal = form.write(WHOLE, SIGNER)
    assert refused(says, seal, key="00" * 32) == "bundle-key"


def test_each_changed_byte_is_found() -> None:
    says, seal = form.write(WHOLE, SIGNER)
    for at in range(0, len(says), 7):
        changed = bytearray(says)
        changed[at] ^= 1
        assert refused(bytes(changed), seal) in ("bundle-changed", "bundle-newer")
    for at in range(len(seal) - 1):
        changed = bytearray(seal)
        changed[at] ^= 1
        assert refused(says, bytes(changed)) in ("bundle-changed", "bundle-unreadable")


@pytest.mark.parametrize("cut", [0, 1, 50])
def test_cut_short(cut: int) -> None:
    says, seal = form.write(WHOLE, SIGNER)
    assert refused(says[:cut], seal) == "bundle-changed"
    assert refused(says, seal[:cut]) == "bundle-unreadable"


def test_a_later_form_is_known_as_that() -> None:
    later = {**msgspec.to_builtins(WHOLE), "format": "courtcast bundle 2", "something": ["else"]}
    assert refused(*sealed(later)) == "bundle-newer"


def test_what_is_signed_may_still_be_nonsense() -> None:
    good = msgspec.to_builtins(WHOLE)
    bad = [
        {},
        [],
        {**good, "more": 1},
        {**good, "exhibits": [*good["exhibits"], good["exhibits"][0]]},
        {**good, "exhibits": [{"id": "a1", "ref": "JM/1"}]},
        {**good, "exhibits": [{"id": "a1", "ref": "JM/1", "parts": ["a1"]}]},
        {**good, "exhibits": [{"id": "a1", "ref": "JM/1", "parts": ["a9"]}]},
        {**good, "exhibits": [{"id": "../a1", "ref": "JM/1", "parts": ["a9"]}]},
        {**good, "exhibits": [{**good["exhibits"][1], "file": {**good["exhibits"][1]["file"], "bytes": -1}}]},
        {**good, "exhibits": [{**good["exhibits"][1], "file": {**good["exhibits"][1]["file"], "sha256": "AB" * 32}}]},
        {
            **good,
            "exhibits": [{**good["exhibits"][1], "clips": [{"name": "x", "ranges": [{"start": "x", "stop": "1"}]}]}],
        },
        {**good, "made": "yesterday"},
        {**good, "program": ""},
    ]
    for document in bad:
        assert refused(*sealed(document)) == "bundle-unreadable", document


@pytest.mark.parametrize(
    "at",
    [
        "", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "C:\\x", "C:x", "a\\b", "a\0b", "a\nb", "a ", "a.", "bundle.json",
        "BUNDLE.SIG", "\u202efdp.exe", "a/", "a\u200b",
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere(at: str) -> None:
    assert refused(*form.write(bundle(Exhibit(id="a", ref="1", file=file(at))), SIGNER)) == "bundle-unreadable"


def test_one_name_is_one_file() -> None:
    """Also where a disk does not tell capitals."""
    one = Exhibit(id="a", ref="1", file=file("x.mp4"), beside=[file("with it.dat")])
    other = File(at="X.mp4", bytes=4, sha256="cd" * 32)
    assert refused(*form.write(bundle(one, Exhibit(id="b", ref="2", file=other)), SIGNER)) == "bundle-unreadable"
    same = Exhibit(id="b", ref="2", file=file("x.mp4"))
    assert refused(*form.write(bundle(one, same), SIGNER)) == "bundle-unreadable"
    says, seal = form.write(bundle(one, Exhibit(id="b", ref="2", file=file("y.mp4"), beside=one.beside)), SIGNER)
    assert form.read(says, seal)[0].bytes == 9


@pytest.mark.parametrize(
    "ranges", [[], [("2", "1")], [("1", "1")], [("0", "2"), ("1", "3")], [("5", "6"), ("0", "11/2")]], ids=str
)
def test_clips_that_are_none(ranges: list[tuple[str, str]]) -> None:
    clip = Clip(name="x", ranges=[Range(start=start, stop=stop) for start, stop in ranges])
    made = bundle(Exhibit(id="a", ref="1", file=file("x.mp4"), clips=[clip]))
    assert refused(*form.write(made, SIGNER)) == "bundle-unreadable"


def test_no_float_gets_in() -> None:
    says, seal = form.write(WHOLE, SIGNER)
    text = says.replace(b'"made":1795962942158827', b'"made":1795962942158827.0')
    assert refused(text, json.dumps({"key": SIGNER.key, "signature": SIGNER.sign(form.LABEL + text)}).encode()) == (
        "bundle-unreadable"
    )
    assert refused(says.replace(b"{", b"{ ", 1), seal) == "bundle-changed"


@given(st.integers(1, 999), st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_every_name_that_is_made_is_taken(number: int, ref: str, title: str, original: str) -> None:
    name = name_of(number, ref, title, original)
    assert len(name) <= form.NAME_MOST
    beside = beside_of(name, number, original)
    made = bundle(Exhibit(id="a", ref=ref[:50], file=file(name), beside=[file(beside)]))
    says, seal = form.write(made, SIGNER)
    assert form.read(says, seal) == (made, SIGNER.key)


@pytest.mark.parametrize(
    ("text", "means"), [("12", 12), ("1.5", Fraction(3, 2)), ("1001/24000", Fraction(1001, 24000))]
)
def test_times_are_exact(text: str, means: Fraction) -> None:
    assert form.seconds(text) == means


@pytest.mark.parametrize("text", ["", "x", "-1", "1e9", "1e999999999", "1/0", " 1", "1_0", "nan", "1." + "0" * 40])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(Refused, match="bundle-unreadable"):
        form.seconds(text)


def test_names_are_for_people() -> None:
    assert name_of(3, "JM/1", "Body-worn video", "VID 01.MP4") == "003 JM_1 Body-worn video.mp4"
    assert name_of(4, "", "", "camera.mov") == "004 camera.mov"
    assert beside_of("003 JM_1", 1, "Player: setup.exe") == "003 JM_1 - with it/001 Player_ setup.exe"
