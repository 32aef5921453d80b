"""Preparing one exhibit: its coded samples, unchanged, as fragments in the store and a manifest that grows.

A job is described by plain data (`messages.Work`) and reads its source by ranges; it could run anywhere. Here each
runs in a caged child of this machine, which can begin while the file is still arriving.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from fractions import Fraction
from typing import Literal, NamedTuple, Required, TypedDict, Unpack

import msgspec

from courtcast.core.manifest import Manifest
from courtcast.prepare import cues, messages
from courtcast.prepare.assemble import Unexpected
from courtcast.prepare.behind import Behind
from courtcast.prepare.boxes import Bytes
from courtcast.prepare.cage.ends import refused
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.cues import Cues
from courtcast.prepare.draft import Draft
from courtcast.prepare.leaves import signs
from courtcast.prepare.making import Making
from courtcast.prepare.names import in_line
from courtcast.prepare.parts import Straight, left
from courtcast.prepare.plan import Need, Needed
from courtcast.prepare.sought import Wish, sought
from courtcast.prepare.source import Source, answer
from courtcast.prepare.store import Store
from courtcast.prepare.viewer import Original, Viewer
from courtcast.problems import Refused
from courtcast.tasks import first_of
from courtcast.wire.api import AudioInfo, Chapter, Problem, SoundTrack, Treatment, VideoInfo
from courtcast.wire.media import ManifestRows

VERSION = 7
"""Of what preparing gives: raise it when fragments of the same source would come out differently."""


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What an exhibit is, known before its first fragment."""

    container: str
    video: VideoInfo | None
    audio: AudioInfo | None
    treatments: list[Treatment] = []
    sounds: list[SoundTrack] = []
    chapters: list[Chapter] = []
    leaves: Literal["image", "document"] | None = None
    """It is no recording: pictures that stand."""


class Same(TypedDict, total=False):
    """What is the same for each rendition of one exhibit."""

    exhibit: Required[str]
    store: Required[Store]
    cage: Cage | None
    """Give the one that the program keeps: its child is warm already. Without one a child is started for this alone."""
    name: str
    """Of the file."""
    plays: frozenset[str] | None
    """What the screens decode (see `plan.make`)."""
    need: Need | None
    heard: int | None
    """Number of the sound that was chosen."""
    password: str | None
    """Of a document that is locked."""


async def prepare(
    source: Source,
    *,
    rendition: str,
    on_rows: Callable[[ManifestRows], None],
    on_probe: Callable[[Probe], None],
    on_manifest: Callable[[Manifest], None] | None = None,
    on_subtitles: Callable[[Cues], None] = lambda _: None,
    on_note: Callable[[Problem], None] = lambda _: None,
    on_starts: Callable[[list[Fraction]], None] = lambda _: None,
    zero: Fraction | None = None,
    parts: Sequence[messages.Part] = (),
    wish: Wish | None = None,
    **same: Unpack[Same],
) -> Manifest:
    """Make a source's rendition in the store.

    on_manifest: gets the live manifest before the first rows; on_rows: each part; on_subtitles: each list of those in
    the file; on_note: what else has to be known of it; zero: media time 0 in the file's own seconds, where another
    rendition has decided it; parts: the source is these files in a row, which are one recording; on_starts: where each
    but the first of them begins, in seconds of media time; wish: which place somebody wants to see; without one, and
    where there are parts, it is made from the beginning to the end

    The finished manifest is in the store when this returns (`store.load_manifest`). What an earlier call has left of
    the same rendition is not made again.

    Raises Refused: of the file (file-…, picture-…, document-…, office-document, format-not-yet, parser-…), and whatever
    the source or store raised; Needed, Stale.
    """
    store, cage = same["store"], same.get("cage")
    # What lies in a row of files is found by its place in all of them: such a one begins anew.
    former = None if parts else await left(store, rendition)
    said = same.get("plays")
    plays = sorted(said) if said is not None else None if former is None else former.plays
    making = Making(store, same["exhibit"], rendition, former, plays=plays, on_rows=on_rows, on_manifest=on_manifest)
    do = "prepare" if same.get("need") == "motion" else await _kind_of_job(source, same.get("name", ""))
    work = messages.Work(
        do=do,
        length=source.length,
        name=same.get("name", ""),
        plays=plays,
        need=same.get("need"),
        heard=same.get("heard"),
        zero=None if zero is None else (zero.numerator, zero.denominator),
        password=same.get("password"),
        parts=list(parts),
    )
    hears = _Hears(on_probe, on_subtitles, on_note, on_starts)
    async with AsyncExitStack() as stack:
        kept = cage if cage is not None else await stack.enter_async_context(Cage(warm=False))
        while True:
            work = msgspec.structs.replace(work, length=source.length, made=making.made, order=making.order())
            one = _one(work, making, source, kept, hears)
            if wish is None or parts or do != "prepare":
                return await one
            try:
                manifest = await first_of(one, sought(making, wish, source, kept, work))
            except _Heard:
                making.hear_all()
                manifest = None
            if manifest is not None:
                return manifest
            await making.reorder()


class _Heard(Exception):
    """Its sound can only be made from the beginning to the end."""


class _Hears(NamedTuple):
    """Whom `prepare` tells of what."""

    probe: Callable[[Probe], None]
    subtitles: Callable[[Cues], None]
    note: Callable[[Problem], None]
    starts: Callable[[list[Fraction]], None]


async def _one(work: messages.Work, making: Making, source: Source, cage: Cage, hears: _Hears) -> Manifest:
    """One child, to the end. Raises what `prepare` does."""
    texts: list[Cues] = []
    async with cage.child(work) as child, Behind() as keeping, Behind() as taking:

        async def take(piece: messages.Piece, data: Bytes | Draft) -> None:
            """The next one is copied while this one is hashed."""
            await keeping.do(making.keep(piece, await making.whole(piece, data, source)))

        try:
            while True:
                message, data = await child.receive_into(making.draft)
                match message:
                    case messages.Read():
                        await child.send(messages.Data(), await answer(source, message, roomy=child.roomy))
                    case messages.Looked():
                        making.looked(message.treatments)
                        if work.do == "prepare" and any(one.done != "unchanged" for one in message.treatments):
                            child.assign(cage.limits("convert"), source.length)
                        hears.probe(
                            Probe(
                                container=message.container,
                                video=message.video,
                                audio=message.audio,
                                treatments=message.treatments,
                                sounds=message.sounds,
                                chapters=message.chapters,
                                leaves=message.leaves,
                            )
                        )
                    case messages.Begin() if not isinstance(data, Draft):
                        await making.begin(message, data)
                    case messages.Piece():
                        await taking.do(take(message, data))
                    case messages.Subtitles():
                        texts.append(cues.checked(message.subtitles))
                    case messages.Done():
                        await taking.done()
                        await keeping.done()
                        for text in texts:
                            hears.subtitles(text)
                        for note in message.notes:
                            hears.note(_said(note))
                        hears.starts([Fraction(*start) for start in message.starts if start[1]])
                        return await making.done(message)
                    case messages.Needed(need="straight"):
                        raise Straight
                    case messages.Needed(need="heard") if work.order is not None:
                        raise _Heard
                    case messages.Needed():
                        raise Needed(message.need)
                    case messages.Failed():
                        raise refused(message)
                    case _:
                        raise Refused("parser-crashed")
        except Unexpected:
            raise Refused("parser-crashed") from None


async def _kind_of_job(source: Source, name: str) -> str:
    """By its first bytes. Raises Refused (office-document), and what the source raises."""
    found = signs.sign(await source.read(0, signs.HEAD), name)
    if found is not None and found.format is None:
        raise Refused("office-document", what=found.office)
    return "prepare" if found is None else "leaves"


def _said(note: messages.Note) -> Problem:
    """Raises Unexpected."""
    try:
        return Refused(note.type, **{key: in_line(text, 60) for key, text in note.fields.items()}).problem()
    except (KeyError, TypeError):
        raise Unexpected("a note without what it says") from None


async def still(original: Original, frame: int, width: int | None = None, *, cage: Cage | None = None) -> bytes:
    """PNG of exactly that counted frame, turned and with square pixels as a display would show it.

    Opens the source anew; a `Viewer` keeps it open for the next one.

    Raises Refused: outside-exhibit where there is no such frame, still-not-yet where its bytes are not there,
    file-damaged where it does not decode, parser-….
    """
    async with AsyncExitStack() as stack:
        kept = cage if cage is not None else await stack.enter_async_context(Cage(warm=False))
        viewer = await stack.enter_async_context(Viewer(kept))
        return await viewer.png(original, frame, width)
