"""A page that says anything at all: what it holds, what it shows, in any order. The presenter goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from courtcast.core.estimate import Line
from courtcast.core.manifest import Manifest
from courtcast.deliver.talk import Talk
from courtcast.wire.media import MediaHeader, Row, Track, unpack
from courtcast.wire.screen import Anchor, Hello, Holding, Holdings, Ping, Report, Scene, Stage

RENDITION = "00000000000000aa"
FRAGMENTS = 8


def manifest() -> Manifest:
    track = Track(index=0, kind="video", mime="v", timescale=1000, init_sha256="i", init_bytes=4, first=0)
    made = Manifest("e", RENDITION, Fraction(0), [track])
    made.add([Row(0, n, n * 500, 500, 100, n % 4 == 0, f"{n}", [n * 500]) for n in range(FRAGMENTS)])
    made.finish(Fraction(FRAGMENTS, 2))
    return made


class Files:
    async def init(self, rendition: str, track: Track) -> bytes:
        return b"init"

    async def fragment(self, rendition: str, row: Row) -> bytes:
        return bytes(row.bytes)


class Wire:
    """A path on which everything has arrived as soon as it is sent."""

    name = "webrtc"
    line: Line | None = None
    buffered = waiting = 0

    def __init__(self) -> None:
        self.on_progress: Callable[[], None] = lambda: None
        self.closed = False
        self.sent = 0
        self.media: list[MediaHeader] = []
        self.hear: Callable[[str], None] = lambda _: None

    def listen(self, on_control: Callable[[str], None]) -> None:
        self.hear = on_control

    def send_control(self, text: str) -> None:
        pass

    def send_media(self, piece: bytes) -> None:
        self.sent += len(piece)
        self.media.append(unpack(piece)[0])

    async def close(self) -> None:
        self.closed = True
        self.on_progress()


numbers = st.integers(-(2**53), 2**53) | st.integers(-2, FRAGMENTS + 2)
renditions = st.sampled_from([RENDITION, "00000000000000bb", "", "no rendition"])
ranges = st.lists(st.tuples(numbers, numbers), max_size=4)
holdings = st.builds(
    Holdings,
    tracks=st.lists(
        st.builds(
            Holding,
            rendition=renditions,
            track=st.integers(-1, 2),
            init=st.booleans(),
            fragments=st.lists(st.tuples(numbers, numbers), max_size=4),
        ),
        max_size=4,
    ),
    rows=st.dictionaries(renditions, st.lists(st.tuples(st.integers(-1, 2), numbers, numbers), max_size=4)),
    bytes=numbers,
    refused=numbers,
)
words = st.lists(
    holdings
    | st.builds(Hello, protocol=st.just(1), budget=numbers)
    | st.builds(Ping, numbers)
    | st.builds(
        Report,
        revision=numbers,
        rtt=st.none() | st.floats(allow_nan=False),
        media_time=st.none() | st.floats(allow_nan=False, allow_infinity=False),
        held=st.lists(st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False)), max_size=3),
        skipped=st.lists(st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False)), max_size=3),
    ),
    max_size=8,
)


async def listened(said: list[Any], *, honest: bool) -> Wire:
    """The presenter's side after all of that, and after a page that then says how it is where `honest`."""
    now, known, wire = 0.0, manifest(), Wire()
    talk = Talk(
        "left", presenter="x", manifests=lambda r: known if r == RENDITION else None, fragments=Files(),
        clock=lambda: now, monotonic=lambda: now, build="", on_change=lambda: None, on_pumped=lambda: None,
        on_other_version=lambda: None,
    )  # fmt: skip
    scene = Scene(exhibit="e", rendition=RENDITION, anchor=Anchor(1.0, 0.0, 0.0), end=4.0)
    talk.set_stage(Stage(revision=1, shown=scene, blank=False))
    talk.use(wire)  # type: ignore[arg-type]
    for message in said:
        wire.hear(msgspec.json.encode(message).decode())
        await asyncio.sleep(0)
    if honest:
        wire.media.clear()
        for message in (Hello(protocol=1, budget=10**9), Holdings(), Report(revision=1)):
            now += 60
            wire.hear(msgspec.json.encode(message).decode())
        for _ in range(200):
            await asyncio.sleep(0)
        assert talk.online
    assert talk.pumping is not None
    assert not talk.pumping.done(), talk.pumping.exception()
    await talk.close()
    return wire


@settings(max_examples=150, deadline=None)
@given(words)
def test_whatever_a_page_says_it_is_gone_on_with(said: list[Any]) -> None:
    wire = asyncio.run(listened(said, honest=False))
    assert len(wire.media) <= 40


@settings(max_examples=100, deadline=None)
@given(words)
def test_a_page_that_lied_and_then_holds_nothing_gets_everything(said: list[Any]) -> None:
    wire = asyncio.run(listened(said, honest=True))
    whole = {(header.kind, header.index) for header in wire.media if header.rendition == RENDITION}
    assert {(3, index) for index in range(FRAGMENTS)} <= whole
