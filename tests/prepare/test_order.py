"""The part that somebody wants to see is converted first; what comes out is the same, whatever the order."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import Callable, Coroutine
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest

from courtcast.core.manifest import Manifest
from courtcast.prepare import laying, messages, order, parts, sounds
from courtcast.prepare.assemble import Assembly
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.job import prepare
from courtcast.prepare.making import Making, outlined
from courtcast.prepare.plan import Needed
from courtcast.prepare.scan import scan
from courtcast.prepare.sought import Wish
from courtcast.prepare.store import FolderStore
from courtcast.wire.media import ManifestRows, Row
from tests.prepare.media import Recipe, make
from tests.prepare.sources import Local
from tests.prepare.test_resume import KINDS, clip, numbers, pieces, run
from tests.stand_ins.house import TRACK

RENDITION = "00000000000000a1"


def scanned(path: Path) -> order.Scan | None:
    said: list[tuple[Any, bytes]] = []
    with path.open("rb") as file:
        scan(file, path.stat().st_size, lambda message, data=b"": said.append((message, bytes(data))), name=path.name)
    return order.read(*said[-1])


def begun(said: list[tuple[messages.FromChild, bytes]]) -> Assembly:
    """With nothing but the first fragment of each track."""
    assembly = Assembly("e", RENDITION)
    for message, data in said:
        if isinstance(message, messages.Begin):
            assembly.begin(message, data)
        if isinstance(message, messages.Piece) and not message.index:
            assembly.add(assembly.piece(message, data)[0])
    return assembly


SOUNDS = {
    "AC-3": ("mkv", "mpeg4", {"audio": "ac3", "timescale": 1000}),
    "MP3": ("avi", "mpeg4", {"audio": "libmp3lame", "timescale": 30}),
    "PCM": ("mov", "mpeg4", {"audio": "pcm_s16le", "timescale": 30}),
    "AC-3 with a hole": ("mkv", "mpeg4", {
        "audio": "ac3", "timescale": 1000, "audio_hole": (Fraction(5, 2), Fraction(4))}),
    "MP3 that ends early": ("avi", "mpeg4", {"audio": "libmp3lame", "timescale": 30, "audio_seconds": Fraction(3)}),
    "PCM that begins late": ("mkv", "mpeg4", {"audio": "pcm_s16le", "timescale": 1000, "audio_start": Fraction(2)}),
    "G.711": ("avi", "mpeg4", {"audio": "pcm_mulaw", "rate": 8000, "timescale": 30}),
}  # fmt: skip
HEARD = {"sound that stays as it is"}
"""Only from the beginning to the end."""


@pytest.mark.parametrize("kind", [*SOUNDS, *(kind for kind in KINDS if kind != "10 bits")])
def test_any_order_gives_the_same_to_the_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    for module in ("picture_lane", "order"):
        monkeypatch.setattr(f"courtcast.prepare.{module}.STRETCH", 2)
    monkeypatch.setattr(laying, "RENEWED", 20)
    check_orders(clip(tmp_path, (KINDS | SOUNDS)[kind]), random.Random(kind), heard=kind in HEARD)


def check_orders(path: Path, dice: random.Random, *, heard: bool) -> None:
    whole = run(path)
    straight = {(piece.track, piece.index): (msg(piece), data) for piece, data in pieces(whole)}
    assembly, found = begun(whole), scanned(path)
    manifest = assembly.manifest
    assert manifest is not None
    assert found is not None
    assert (found.sounds is None) == heard
    outline = outlined(found, manifest, None, 0)
    assert outline is not None
    assert (outline.sound is None) == heard
    assert outline.lay(manifest)
    assert manifest.frames == sum(len(piece.pts) for piece, _ in pieces(whole))
    wanted = order.order(manifest, outline, len(outline.rows) // 2)
    mixed = list(wanted.stretches)
    dice.shuffle(mixed)
    for stretches in (wanted.stretches, mixed):
        said = run(path, order=messages.Order(stretches=stretches, fragments=[1, 1], heard=heard))
        again = [(piece.track, piece.index) for piece, _ in pieces(said)]
        assert heard or len(again) <= len(set(again)) + len(stretches), "nothing is made twice but where two meet"
        there = {(piece.track, piece.index): (msg(piece), data) for piece, data in pieces(said)}
        first = next(piece for piece, _ in pieces(said) if piece.track == 0)
        assert first.index == stretches[0].index + stretches[0].have
        assert there == {place: one for place, one in straight.items() if place[1]}
        done = next(message for message, _ in said if isinstance(message, messages.Done))
        assert done.duration == next(message for message, _ in whole if isinstance(message, messages.Done)).duration


def test_sound_that_is_not_found_again_is_heard_from_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("picture_lane", "order"):
        monkeypatch.setattr(f"courtcast.prepare.{module}.STRETCH", 2)
    monkeypatch.setattr(laying, "RENEWED", 20)
    path = clip(tmp_path, SOUNDS["G.711"])
    whole, found = run(path), scanned(path)
    manifest = begun(whole).manifest
    assert manifest is not None
    assert found is not None
    assert found.sounds is not None
    entries = [msgspec.structs.replace(one, packet=(one.packet[0], 0)) for one in found.sounds.entries]
    lost = msgspec.structs.replace(found, sounds=msgspec.structs.replace(found.sounds, entries=entries))
    outline = outlined(lost, manifest, None, 0)
    assert outline is not None
    assert outline.lay(manifest)
    wanted = order.order(manifest, outline, 8)
    with pytest.raises(Needed, match="heard"):
        run(path, order=wanted)
    again = order.order(manifest, msgspec.structs.replace(outline, sound=None), 8)
    made = {(piece.track, piece.index): data for piece, data in pieces(run(path, order=again))}
    assert made == {(piece.track, piece.index): data for piece, data in pieces(whole) if piece.index}


@pytest.mark.parametrize("runs", [[(0, 100), (50, 100)], [(0, 100), (1 << 60, 100)]], ids=["overlap", "far apart"])
def test_what_is_said_of_sound_is_checked(runs: list[tuple[int, int]]) -> None:
    track = msgspec.structs.replace(TRACK, index=1, kind="audio", timescale=8000)
    found = messages.Sounds(rate=8000, runs=runs, entries=[messages.Sounding(0, (0, 0), 0, 0)])
    with pytest.raises(ValueError, match="order"):
        sounds.foresee(found, track, Row(1, 0, 0, 2000, 1, True, ""))


def msg(piece: messages.Piece) -> tuple[Any, ...]:
    return piece.start, piece.duration, piece.keyframe, piece.pts, piece.added


async def test_the_part_that_is_sought_comes_first_and_what_was_made_outlives_a_kill(tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    recipe = Recipe(codec="mpeg4", audio="mp2", rate=44_100, timescale=25, width=320, height=240, fps=Fraction(25))
    path = make(tmp_path / "made.avi", Recipe(**{**vars(recipe), "frames": 1250}))
    wish, store = Wish(), FolderStore(tmp_path / "store")
    live: list[Manifest] = []
    wish.put(25.0)

    def watch(_: object) -> None:
        if live[-1].made_until(Fraction(25)) > 43:
            raise Killed

    def convert(wish: Wish, watch: Callable[[ManifestRows], None], cage: Cage) -> Coroutine[Any, Any, Manifest]:
        return prepare(
            Local(path), exhibit="e", rendition=RENDITION, store=store, on_rows=watch, on_probe=lambda _: None,
            on_manifest=live.append, cage=cage, name=path.name, wish=wish,
        )  # fmt: skip

    async with Cage() as cage:
        with pytest.raises(Killed):
            await convert(wish, watch, cage)
        assert live[-1].gap_ahead(Fraction(0)), "all that lies between is still to come"
        left = await parts.left(store, RENDITION)
        assert left is not None
        assert left.manifest.made_until(Fraction(25)) >= 40
        manifest = await convert(Wish(), lambda _: None, cage)
    assert list(numbers(manifest, store)) == list(range(1250))
    assert await parts.left(store, RENDITION) is None


def laid(*made: int) -> tuple[Manifest, order.Outline]:
    """Four stretches of ten fragments of a second, of which these are made."""
    manifest = Manifest("e", RENDITION, Fraction(0), [msgspec.structs.replace(TRACK, timescale=1000)])
    outline = order.Outline(
        [(messages.Entry(n * 10_000, n * 10_000), n * 10) for n in range(4)],
        [Row(0, n, n * 1000, 1000, 0, True, "", [n * 1000]) for n in range(40)],
        (40, 1),
    )
    fill(manifest, outline, 0)
    assert outline.lay(manifest)
    fill(manifest, outline, *made)
    return manifest, outline


def fill(manifest: Manifest, outline: order.Outline, *made: int) -> None:
    manifest.add(msgspec.structs.replace(outline.rows[n], sha256="0" * 64, bytes=1) for n in made)


def test_what_is_seen_comes_before_what_is_cued_and_both_before_the_rest() -> None:
    manifest, outline = laid()
    lacking = lambda *places: order.lacking(manifest, outline, places)  # noqa: E731
    assert (lacking(0.0), lacking(25.5), lacking(25.5, 12.0), lacking()) == (1, 25, 25, None)
    fill(manifest, outline, *range(20, 30))
    assert (lacking(25.5), lacking(25.5, 12.0), lacking(25.5, 28.0)) == (30, 12, 30)
    fill(manifest, outline, *range(30, 39))
    assert lacking(25.5) is None, "the last one waits for all else"


def test_who_seeks_twice_is_heard_though_no_child_has_begun_yet(tmp_path: Path) -> None:
    manifest, outline = laid(1)
    making = Making(
        FolderStore(tmp_path), "e", RENDITION, parts.Left(manifest, None, outline, None, [], 0),
        plays=None, on_rows=lambda _: None, on_manifest=None,
    )  # fmt: skip
    assert making.turn_to((25.0,))
    first = making.order()
    assert first is not None
    assert first.stretches[0].index == 20
    assert not making.turn_to((25.0,)), "it is made already"
    assert making.turn_to((15.0,))
    second = making.order()
    assert second is not None
    assert second.stretches[0].index == 10


async def test_only_the_last_of_many_places_counts() -> None:
    wish = Wish()
    for at in range(10):
        asyncio.get_running_loop().call_later(at / 100, wish.put, float(at))
    assert await wish.next() == (9.0,)


@pytest.mark.parametrize("data", [b"", bytes(7), bytes(24)], ids=["nothing", "half a number", "more than it says"])
def test_what_a_scan_says_is_checked(data: bytes) -> None:
    with pytest.raises(ValueError, match="times"):
        order.read(messages.Scanned(timescale=25, pictures=1, keyframes=1, last=1), data)
    assert order.read(messages.Scanned(timescale=25, pictures=0, keyframes=0, last=0), b"") is None
    found = order.read(messages.Scanned(timescale=25, pictures=1, keyframes=1, last=1), struct.pack(">2q", 3, 3))
    assert found == order.Scan(25, [3], [3], 1)
