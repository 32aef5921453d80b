"""The documents against the code: nothing that can be set or met is missing from them, and every link leads somewhere."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from courtcast.cli import build_parser
from courtcast.problems import TABLE, document
from receiver.cli import build_parser as build_receiver_parser

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Those that do something: of `audit`, what it can do."""
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                inner = subparsers(command)
                found.update({f"{name} {word}": one for word, one in inner.items()} or {name: command})
    return found


def test_every_command_and_option_is_in_the_operations_document() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    for program, parser in (("courtcast", build_parser()), ("courtcast-receiver", build_receiver_parser())):
        assert subparsers(parser)
        for name, command in subparsers(parser).items():
            line = next((line for line in text.splitlines() if line.startswith(f"| `{program} {name}")), None)
            assert line, f"{program} {name}"
            for action in command._actions:
                for option in action.option_strings:
                    if option.startswith("--") and option != "--help":
                        assert option in line, f"{program} {name} {option}"


def test_the_document_of_problems_is_fresh() -> None:
    assert (ROOT / "docs/problems.md").read_text() == document(), "make generate"


def test_problems_speak_plainly() -> None:
    """They say what happened and what to do: no blame, no jargon of programs, no exception's text."""
    for type_, kind in TABLE.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", type_)
        assert kind.detail.endswith((".", "{why}")), type_
        for word in ("invalid", "error", "please", "sorry", "oops", "exception"):
            assert not re.search(rf"\b{word}\b", kind.detail, re.IGNORECASE), (type_, word)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_every_figure_names_its_command() -> None:
    text = (ROOT / "docs/performance.md").read_text()
    assert "make bench" in text
