"""What is generated from the messages is what is committed."""

from __future__ import annotations

from types import ModuleType

import msgspec
import pytest

from courtcast.wire import api, generate, link, media, screen
from courtcast.wire.docstrings import field_notes, sentence


@pytest.mark.parametrize("path", sorted(generate.OUTPUTS))
def test_committed_output_is_fresh(path: str) -> None:
    committed = (generate.ROOT / path).read_text(encoding="utf-8")
    assert committed == generate.OUTPUTS[path](), f"{path} is stale: run python -m courtcast.wire.generate"


@pytest.mark.parametrize("module", [api, link, media, screen])
def test_every_message_is_described(module: ModuleType) -> None:
    protocol = generate.markdown()
    for name, thing in vars(module).items():
        ours = isinstance(thing, type) and issubclass(thing, msgspec.Struct) and thing is not msgspec.Struct
        if ours and thing.__module__ == module.__name__ and thing is not media.MediaHeader:
            assert f"### {name}\n" in protocol


def test_a_struct_stands_after_its_parts_and_once() -> None:
    script = generate.javascript()
    for name in ("Anchor", "Stalls", "Track", "Row", "Problem"):
        assert script.count(f"export const {name} = ") == 1
    assert script.index("export const Anchor") < script.index("export const Scene") < script.index("export const Stage")


def test_notes_are_those_that_stand_under_a_name() -> None:
    notes = field_notes(screen.Scene)
    assert notes["rendition"] == "16 hexadecimal digits, unique for all time."
    assert "anchor" not in notes
    assert sentence(screen.Scene) == "One exhibit at one place on its timeline."
    assert field_notes(media)["HEADER"].startswith("24 bytes")


def test_the_page_holds_any_stretch_that_the_preparer_lets_pass() -> None:
    """Its window of whole stretches is as large as the largest one."""
    script = (generate.ROOT / "receiver/screen/mse.js").read_text(encoding="utf-8")
    assert "feed.budget ?? GOP_MOST" in script
    assert f"export const GOP_MOST = {media.GOP_MOST};" in (generate.ROOT / "web/shared/wire.js").read_text("utf-8")


def test_a_type_without_a_twin_is_refused() -> None:
    class Odd(msgspec.Struct):
        when: bytes

    with pytest.raises(TypeError):
        list(generate.js_struct(generate.struct_of(Odd)))
