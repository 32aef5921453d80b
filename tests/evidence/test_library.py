"""The library: exhibits in running order, against a plain list."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courtcast.evidence.database import Database
from courtcast.evidence.library import Change, Entry, Library
from courtcast.evidence.links import Link
from courtcast.problems import Refused


def entry(id_: str, ref: str = "") -> Entry:
    link = Link(f"https://h.example/{id_}?sig=1", {"Authorization": "x"})
    return Entry(id=id_, ref=ref, title=f"title {id_}", link=link, sha256=None, added=1.0)


async def test_it_keeps_what_it_is_given(tmp_path: Path) -> None:
    async with Database(tmp_path / "db") as db:
        library = Library(db)
        first = await library.add(entry("a", "JM/1"))
        hearing = (await library.hearings.list())[0]
        assert hearing.open
        assert first == msgspec.structs.replace(entry("a", "JM/1"), hearing=hearing.id)
        assert (await library.add(entry("b"))).ref == "2"
        await library.add(entry("c", "4"))
        assert (await library.add(entry("d"))).ref == "5", "4 is taken"
    async with Database(tmp_path / "db") as db:
        library = Library(db)
        assert await library.get("a") == first
        changed = await library.change("a", Change(ref="JM/9", title="other"))
        assert (changed.ref, changed.title, changed.link) == ("JM/9", "other", first.link)
        assert (await library.change("a", Change())) == changed
        assert (await library.relink("a", Link("https://x.example/"))).link == Link("https://x.example/", {})
        await library.delete("a", remains=b"[]")
        assert [one.id for one in await library.list()] == ["b", "c", "d"]
        assert await db.items("remains") == [("a", b"[]")]


@pytest.mark.parametrize("call", ["get", "change", "relink", "delete"])
async def test_what_is_not_there_is_unknown(tmp_path: Path, call: str) -> None:
    async with Database(tmp_path / "db") as db:
        library = Library(db)
        calls = {
            "get": library.get("x"),
            "change": library.change("x", Change(ref="y")),
            "relink": library.relink("x", Link("https://h.example/")),
            "delete": library.delete("x", remains=b""),
        }
        with pytest.raises(Refused, match="exhibit-unknown"):
            await calls.pop(call)
        for other in calls.values():
            other.close()
        assert await db.items("remains") == []


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["add", "move", "delete"]), st.integers(0, 9), st.integers(-2, 12)), max_size=15
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
async def test_the_running_order_is_a_list(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int, int]]
) -> None:
    model: list[str] = []
    async with Database(tmp_path_factory.mktemp("library") / "db") as db:
        library = Library(db)
        for number, (what, which, where) in enumerate(actions):
            if what == "add":
                model.append(f"e{number}")
                await library.add(entry(f"e{number}"))
            elif model:
                id_ = model[which % len(model)]
                model.remove(id_)
                if what == "move":
                    model.insert(max(0, where), id_)
                    await library.change(id_, Change(position=where))
                else:
                    await library.delete(id_, remains=b"")
            assert [one.id for one in await library.list()] == model
