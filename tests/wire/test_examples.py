"""The examples of every message, which node reads as well (tests/js/wire.test.js): what one takes, the other takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from courtcast.wire import api, link, media, screen

FOLDER = Path(__file__).parent / "examples"
FILES = sorted(path for path in FOLDER.glob("*.json") if path.stem != "media")


def examples(kind: str) -> list[Any]:
    found = []
    for path in FILES:
        document = json.loads(path.read_text(encoding="utf-8"))
        for example in document[kind]:
            found.append(pytest.param(document["message"], example, id=f"{path.stem}: {example['why']}"))
    return found


def message_type(name: str) -> Any:
    return next(getattr(module, name) for module in (screen, media, link, api) if hasattr(module, name))


def plain(value: Any) -> Any:
    """With the names of all fields, as JavaScript has it, also where a message travels as a list."""
    if isinstance(value, msgspec.Struct):
        tag = value.__struct_config__.tag
        fields = {name: plain(getattr(value, name)) for name in value.__struct_fields__}
        return fields if tag is None else {"type": tag, **fields}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


@pytest.mark.parametrize(("message", "example"), examples("good"))
def test_good_examples_read_as_they_say(message: str, example: dict[str, Any]) -> None:
    read = msgspec.json.decode(example["text"], type=message_type(message))
    assert plain(read) == example["reads"]
    again = msgspec.json.decode(msgspec.json.encode(read), type=message_type(message))
    assert again == read


@pytest.mark.parametrize(("message", "example"), examples("bad"))
def test_bad_examples_are_refused(message: str, example: dict[str, Any]) -> None:
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(example["text"], type=message_type(message))


def test_every_message_of_the_pages_has_a_good_example() -> None:
    told = {
        (path.stem, example["reads"].get("type"))
        for path in FILES
        for example in json.loads(path.read_text(encoding="utf-8"))["good"]
    }
    for stem, union in (
        ("to_screen", screen.ToScreen),
        ("from_screen", screen.FromScreen),
        ("from_page", link.FromPage),
        ("to_page", link.ToPage),
        ("event", api.Event),
    ):
        assert {tag for found, tag in told if found == stem} == {kind.__struct_config__.tag for kind in union.__args__}


MEDIA = json.loads((FOLDER / "media.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("example", MEDIA["good"])
def test_media_headers_pack_and_unpack(example: dict[str, Any]) -> None:
    header, payload = media.unpack(bytes.fromhex(example["message"]))
    assert {**plain(header), "payload": payload.hex(), "message": media.pack(header, payload).hex()} == example


@pytest.mark.parametrize("example", MEDIA["bad"], ids=lambda example: example["why"])
def test_what_is_no_piece_of_media_is_refused(example: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"shorter|version|beyond"):
        media.unpack(bytes.fromhex(example["message"]))
