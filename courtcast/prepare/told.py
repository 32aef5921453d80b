"""An exhibit as people and programs see it, from what is known of its way in. Pure."""

from __future__ import annotations

from courtcast.core import clip
from courtcast.core.expiry import expires
from courtcast.core.manifest import Manifest
from courtcast.evidence.clips import Cut
from courtcast.evidence.library import Entry
from courtcast.evidence.links import parse
from courtcast.evidence.links.direct import name_of
from courtcast.evidence.links.found import Seen as Found
from courtcast.evidence.links.upload import upload_of
from courtcast.prepare import another, subtitles
from courtcast.prepare.job import Probe
from courtcast.prepare.kept import Kept
from courtcast.problems import Refused
from courtcast.wire.api import Choice, Exhibit, ExhibitState, Kind, Problem, Treatment
from courtcast.wire.library import Clip


def told(
    entry: Entry,
    kept: Kept,
    manifest: Manifest | None,
    state: ExhibitState,
    problem: Problem | None,
    *,
    held: int,
    cleared: bool,
    sheet: bool,
) -> Exhibit:
    """`held`: bytes of the file that are here; `cleared`: nothing stands against showing it; `sheet`: it has one.

    `safe` and `safe_at` are left to whoever knows the screens.
    """
    usable = state != "failed" or (problem is not None and problem.type.startswith(("link-", "disk-")))
    probe, made = kept.probe, treatments(kept)
    return Exhibit(
        id=entry.id,
        ref=entry.ref,
        title=entry.title or name(entry, kept),
        state=state,
        problem=problem,
        bytes_fetched=held,
        bytes_total=kept.version.length if kept.version is not None else None,
        sha256=kept.sha256,
        duration=None if manifest is None else float(manifest.duration or manifest.prepared),
        frames=None if manifest is None else manifest.frames,
        video=None if probe is None else probe.video,
        audio=None if probe is None else probe.audio,
        kind=_kind(probe),
        converted=any(one.done in ("lossless", "converted") for one in made),
        treatments=made,
        url=entry.link.shown() or None,
        link_ends=expires(entry.link.url),
        found="" if kept.found is None else kept.found.says,
        choices=[] if kept.found is None or problem is None else choices(kept.found),
        upload=upload_of(entry.link) if kept.sha256 is None else None,
        restricted=entry.restricted,
        showable=usable and cleared and manifest is not None and manifest.showable,
        prepared=0.0 if manifest is None else manifest.prepared,
        sounds=another.tracks(kept),
        subtitles=subtitles.seen(kept),
        chapters=[] if probe is None else probe.chapters,
        notes=_notes(kept, manifest),
        sheet=sheet,
        hearing=entry.hearing,
        evidential=entry.evidential,
        source=entry.source or origin(entry, kept),
        received=entry.received,
        added=entry.added,
        remark=entry.remark,
        camera_clock=entry.camera_clock,
        clips=[seen(cut) for cut in entry.clips],
    )


def seen(cut: Cut) -> Clip:
    """A clip as it is shown."""
    return Clip(
        id=cut.id,
        name=cut.name,
        ranges=clip.written(cut.ranges),
        agreed=cut.agreed,
        duration=float(clip.duration(cut.ranges)),
    )


def origin(entry: Entry, kept: Kept) -> str:
    """From where it came, where nobody wrote that down: the link's server, or the name of the file that was sent."""
    if entry.parts:
        return ""
    return name(entry, kept) if upload_of(entry.link) is not None else parse(entry.link.url).host or ""


def name(entry: Entry, kept: Kept) -> str:
    """Of the file: the folder's or portal's that it lies in, else the server's, else the link's."""
    if entry.parts:
        return f"{len(entry.parts)} recordings played as one"
    named = kept.version.name if kept.version is not None else ""
    if upload_of(entry.link) is not None:
        return named
    found = kept.found.name if kept.found is not None else ""
    if kept.found is not None and kept.found.kind == "page":  # which knows an address, and no name
        found = named or found
    return found or named or name_of(parse(entry.link.url))


def choices(found: Found) -> list[Choice]:
    """Files that somebody has to choose from."""
    return [Choice(id=id_, name=name, says=says, size=size) for id_, name, says, size in found.files]


def treatments(kept: Kept) -> list[Treatment]:
    """What was done to each part of it."""
    return kept.probe.treatments if kept.probe is not None else []


def _kind(probe: Probe | None) -> Kind:
    if probe is None:
        return "video"
    return probe.leaves or ("audio" if probe.video is None else "video")


def _notes(kept: Kept, manifest: Manifest | None) -> list[Problem]:
    if manifest is None:
        return []
    added = Refused("silence-added", seconds=f"{float(manifest.added):.1f}").problem() if manifest.added else None
    counted = None if kept.tally is None or not manifest.complete else kept.tally.note(manifest.frames)
    return [note for note in (*kept.told, added, counted, kept.unheard) if note is not None]
