"""Sentences that stand beside the messages in the source: of a class, and of each name that one stands under."""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache
from types import ModuleType


def sentence(cls: type) -> str:
    """The class's docstring on one line; empty where it has none of its own (msgspec writes none)."""
    return " ".join((cls.__doc__ or "").split())


@cache
def field_notes(owner: type | ModuleType) -> dict[str, str]:
    """What stands as a string under each assignment of a class or module, on one line, by the name assigned to."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(owner)))
    body = tree.body
    if isinstance(owner, type) and isinstance(tree.body[0], ast.ClassDef):
        body = tree.body[0].body
    notes: dict[str, str] = {}
    name: str | None = None
    for statement in body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                continue
            case ast.Expr(value=ast.Constant(value=str(note))) if name is not None:
                notes[name] = " ".join(note.split())
        name = None
    return notes
