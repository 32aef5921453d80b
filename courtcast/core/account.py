"""The record in plain words: a sentence for each entry, and the sheet of what was shown, from when to when. Pure.

Times of day come in as a function, since which zone they are written in is the reader's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Final, NamedTuple

from courtcast.core.chain import Entry
from courtcast.core.entries import KINDS, LATE, MICRO, SENT
from courtcast.core.timeline import in_words

When = Callable[[int], str]
"""A time of day in words."""

APART: Final = 2 * MICRO
"""Screens that begin or end the same thing within this are named in one line."""
FRAMES_APART: Final = 60
"""… and whose frames are no further apart: reports come four times a second."""
EVERYONE: Final = "courtcast"
NEEDED: Final = frozenset(["screen", "exhibit", "how", "since", "media_from", "media_to", "ended"])
"""What has to be known of a stretch."""
UNSAID: Final = frozenset(("checkpoint",))
"""Kinds that say nothing to people."""


class Line(NamedTuple):
    """One entry, for the court file."""

    n: int
    at: int
    says: str


class Shown(NamedTuple):
    """One line of the sheet for the transcript: something that was to be seen without a break."""

    since: int
    until: int
    exhibit: str
    ref: str
    title: str
    how: str
    first: int | None
    last: int | None
    """Frames."""
    media_from: int
    media_to: int
    screens: tuple[str, ...]
    """Names, with their zones."""
    sound: tuple[str, ...]
    """Of them, those that were the room's sound."""
    breaks: int
    """Times that it stopped by itself on one of them."""


def told(entries: Iterable[Entry], when: When) -> Iterator[Line]:
    """A sentence for each entry that says something to people."""
    for entry in entries:
        if entry.kind not in UNSAID:
            yield Line(entry.n, entry.at, _sentence(entry, when))


def shown(entries: Iterable[Entry]) -> list[Shown]:
    """The sheet: pieces of one stretch joined, screens that showed the same named together, in order of time."""
    titles: dict[str, str] = {}
    joined: list[dict[str, Any]] = []
    open_: dict[str, dict[str, Any]] = {}
    for entry in entries:
        what = entry.what
        if "title" in what:
            titles[str(what["exhibit"])] = str(what["title"])
        if entry.kind != "shown" or not set(what) >= NEEDED:
            continue
        piece = {**what, "until": entry.at}
        before = open_.get(str(what["screen"]))
        if before is not None and _continues(before, piece):
            _join(before, piece)
        else:
            open_[str(what["screen"])] = piece
            joined.append(piece)
    rows: list[list[dict[str, Any]]] = []
    for piece in sorted(joined, key=lambda one: (one["since"], str(one.get("name")))):
        group = next((row for row in reversed(rows[-16:]) if _together(row[0], piece)), None)
        if group is None:
            rows.append([piece])
        else:
            group.append(piece)
    return [_row(group, titles) for group in rows]


def named(what: Mapping[str, Any]) -> str:
    """A screen: its name and zone."""
    name, zone = what.get("name") or what.get("screen") or "a screen", what.get("zone")
    return f"{name} ({zone})" if zone and str(zone).lower() != str(name).lower() else str(name)


def media(microseconds: int) -> str:
    """A media time as people say it: 1:19.167."""
    return in_words(Fraction(microseconds, MICRO))


def _continues(before: Mapping[str, Any], piece: Mapping[str, Any]) -> bool:
    same = all(before.get(name) == piece.get(name) for name in ("exhibit", "rendition", "how", "name", "zone"))
    return same and before["ended"] == "goes-on" and abs(piece["since"] - before["until"]) <= APART


def _join(before: dict[str, Any], piece: Mapping[str, Any]) -> None:
    if before["how"] == "stepped":
        for name, pick in (("from", min), ("to", max)):
            if name in before and name in piece:
                before[name] = pick(before[name], piece[name])
    elif "to" in piece:
        before["to"] = piece["to"]
    before["media_to"] = max(before["media_to"], piece["media_to"])
    before["stalls"] = before.get("stalls", 0) + piece.get("stalls", 0)
    before["sound"] = max(before.get("sound", 0), piece.get("sound", 0))
    before["until"], before["ended"] = piece["until"], piece["ended"]


def _together(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    if any(one.get(name) != two.get(name) for name in ("exhibit", "how")) or one["screen"] == two["screen"]:
        return False
    if max(abs(one["since"] - two["since"]), abs(one["until"] - two["until"])) > APART:
        return False
    return all(abs(one.get(name, 0) - two.get(name, 0)) <= FRAMES_APART for name in ("from", "to"))


def _row(group: list[dict[str, Any]], titles: Mapping[str, str]) -> Shown:
    first = group[0]
    exhibit = str(first["exhibit"])
    return Shown(
        since=min(one["since"] for one in group),
        until=max(one["until"] for one in group),
        exhibit=exhibit,
        ref=str(first.get("ref", "")),
        title=titles.get(exhibit, ""),
        how=str(first["how"]),
        first=first.get("from"),
        last=max((one["to"] for one in group if "to" in one), default=None),
        media_from=min(one["media_from"] for one in group),
        media_to=max(one["media_to"] for one in group),
        screens=tuple(dict.fromkeys(named(one) for one in group)),
        sound=tuple(dict.fromkeys(named(one) for one in group if one.get("sound"))),
        breaks=max(one.get("stalls", 0) for one in group),
    )


def _sentence(entry: Entry, when: When) -> str:
    what: Mapping[str, Any] = entry.what
    try:
        text = SENTENCES[entry.kind](what, when)
    except (LookupError, TypeError, ValueError):  # of a later version, or one that could not be written as it was
        kind = KINDS.get(entry.kind)
        text = f"{entry.kind}." if kind is None else kind.says
    if LATE in what:
        text += f" (Written {_seconds(what[LATE])} later: the disk took nothing, or nobody was there to say it.)"
    return text


def _seconds(microseconds: int) -> str:
    return f"{microseconds / MICRO:.0f} s" if microseconds < 120 * MICRO else f"{microseconds / MICRO / 60:.0f} min"


def _who(what: Mapping[str, Any]) -> str:
    by, who = what.get("by", ""), what.get("who", "")
    if by in {"", EVERYONE}:
        return "Courtcast"
    return f"The {by} ({who})" if who else f"The {by}"


def _exhibit(what: Mapping[str, Any]) -> str:
    if "exhibit" not in what:
        return "nothing"
    ref = what.get("ref") or f"exhibit {what['exhibit']}"
    title = what.get("title")
    return f"{ref}, {title}" if title else str(ref)


def _place(what: Mapping[str, Any]) -> str:
    """The exhibit, and where in it."""
    at = f" at {media(what['media'])}" if "media" in what else ""
    frame = f" (frame {what['frame']})" if "frame" in what else ""
    clip = f", clip {what['clip']}" if "clip" in what else ""
    return f"{_exhibit(what)}{clip}{at}{frame}"


def _parts(what: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{media(one['from'])} to {media(one['to'])}" + (" without sound" if one.get("silent") else "")
        for one in what["ranges"]
    )


def _of_parts(what: Mapping[str, Any]) -> str:
    """Empty where all of the exhibit was meant."""
    return f" The clip is {_parts(what)}." if what.get("ranges") else ""


def _zones(what: Mapping[str, Any]) -> str:
    return " and ".join(map(str, what["zones"])) if what.get("zones") else "all screens"


def _received(what: Mapping[str, Any], _: When) -> str:
    source = _sent(what) or (f" from {what['source']}" if what.get("source") else "")
    held = " It is restricted." if what.get("restricted") else ""
    return f"{_who(what)} added {_exhibit(what)}{source}.{held}"


def _relinked(what: Mapping[str, Any], _: When) -> str:
    if sent := _sent(what):
        return f"{_who(what)} gave the file for {_exhibit(what)}{sent}."
    return f"{_who(what)} gave another link for {_exhibit(what)}: {what.get('source', '')}."


def _sent(what: Mapping[str, Any]) -> str:
    """Empty where it came by a link."""
    if what.get("source") != SENT:
        return ""
    return f", {SENT}" + (f" ({what['file']})" if what.get("file") else "")


def _described(what: Mapping[str, Any], when: When) -> str:
    says = ["it is evidence" if what.get("evidential", 1) else "it is shown beside the evidence"]
    if "origin" in what:
        says.append(f"received from {what['origin']}")
    if "received" in what:
        says.append(f"received on {when(what['received'])}")
    if "clock" in what:
        ahead = what["clock"] / MICRO
        declared = f" ({what['declared']})" if "declared" in what else ""
        says.append(f"its camera's clock is {abs(ahead):g} s {'ahead' if ahead >= 0 else 'behind'}{declared}")
    return f"{_who(what)} wrote down of {_exhibit(what)}: {', '.join(says)}."


def _clip(what: Mapping[str, Any]) -> str:
    agreed = f". Agreed: {what['agreed']}" if "agreed" in what else ""
    return f"the clip {what['clip']} of {_exhibit(what)}: {_parts(what)}{agreed}"


def _clip_changed(what: Mapping[str, Any], _: When) -> str:
    was = f"; it was called {what['was']}" if "was" in what else ""
    return f"{_who(what)} changed {_clip(what)}{was}."


def _hearing(what: Mapping[str, Any]) -> str:
    says = [str(what[name]) for name in ("case", "court", "day") if name in what]
    return f"the hearing {', '.join(says) or what['hearing']}"


def _hearing_made(what: Mapping[str, Any], _: When) -> str:
    came = f", out of a bundle signed with the key {what['came']}" if "came" in what else ""
    return f"{_who(what)} added {_hearing(what)}{came}."


def _prepared(what: Mapping[str, Any], _: When) -> str:
    done = [f"{one.get('part')} {one.get('done')}" for one in what.get("treatments", [])]
    how = f": {', '.join(done)}" if done else ""
    frames = f", {what['frames']} frames" if "frames" in what else ""
    return f"{_exhibit(what)} was ready for the screens{how}{frames}."


def _blanked(what: Mapping[str, Any], _: When) -> str:
    if what.get("found"):
        return (
            "The screens had been blanked just before the presenter ended; it was found so when it was started again."
        )
    up = f" {_place(what)} was on." if "exhibit" in what else ""
    return f"{_who(what)} blanked {_zones(what)}.{up}"


def _shown(what: Mapping[str, Any], when: When) -> str:
    verb = {"played": "played", "still": "showed", "stepped": "showed, step by step,"}[what["how"]]
    frames = "" if "from" not in what else f" (frame {what['from']} to {what.get('to', '?')})"
    if what["how"] == "still":
        frames = "" if "from" not in what else f" (frame {what['from']})"
        place = media(what["media_from"])
    else:
        place = f"{media(what['media_from'])} to {media(what['media_to'])}"
    sound = ", with the room's sound" if what.get("sound") else ""
    stops = f" It stopped by itself {what['stalls']} times." if what.get("stalls") else ""
    end = " Then it fell silent." if what.get("ended") == "silent" else ""
    clip = f", clip {what['clip']}," if "clip" in what else ""
    return f"{named(what)} {verb} {_exhibit(what)}{clip} {place}{frames} from {when(what['since'])}{sound}.{stops}{end}"


def _part(what: Mapping[str, Any], _: When) -> str:
    if "part" not in what:
        return f"{_who(what)} showed the whole picture of {_place(what)} again."
    left, top, width, height = (number / 10_000 for number in what["part"])
    part = f"{width:.0f} by {height:.0f} per cent, from {left:.0f} and {top:.0f} per cent"
    return f"{_who(what)} enlarged a part of {_place(what)}: {part}."


def _due(what: Mapping[str, Any], when: When) -> str:
    if not what.get("due"):
        return f"{_who(what)} took back that {_exhibit(what)} is removed by itself."
    return f"{_who(what)} had {_exhibit(what)} be removed by itself on {when(what['due'])}."


SENTENCES: Final[Mapping[str, Callable[[Mapping[str, Any], When], str]]] = {
    "started": lambda what, _: (
        f"{what.get('program', 'The presenter')} was started, Courtcast {what.get('version', '')}."
    ),
    "stopped": lambda _, __: "It was stopped in order.",
    "clock": lambda what, _: f"The time of day on this machine was set by {what['moved'] / MICRO:+.1f} s.",
    "gap": lambda what, when: f"{what['count']} facts since {when(what['since'])} are missing: the disk took nothing.",
    "exported": lambda what, _: f"{_who(what)} took out the record ({what['form']}).",
    "signed-in": lambda what, _: f"{_who(what)} signed in.",
    "token": lambda what, _: f"A token was made for the {what['role']} ({what['who']}).",
    "received": _received,
    "relinked": _relinked,
    "renamed": lambda what, _: (
        f"{_who(what)} changed its entry to {_exhibit(what)}" + (", restricted." if what.get("restricted") else ".")
    ),
    "moved": lambda what, _: f"{_who(what)} moved {_exhibit(what)} to {_hearing(what)}.",
    "described": _described,
    "clip-made": lambda what, _: f"{_who(what)} made {_clip(what)}.",
    "clip-changed": _clip_changed,
    "clip-removed": lambda what, _: f"{_who(what)} removed {_clip(what)}.",
    "hearing-made": _hearing_made,
    "hearing-changed": lambda what, _: f"{_who(what)} changed what is said of {_hearing(what)}.",
    "hearing-opened": lambda what, _: f"{_who(what)} opened {_hearing(what)}.",
    "hearing-removed": lambda what, _: f"{_who(what)} removed {_hearing(what)}.",
    "complete": lambda what, _: f"All of {_exhibit(what)} was here. SHA-256 {what.get('sha256', '')}.",
    "prepared": _prepared,
    "failed": lambda what, _: f"{_exhibit(what)} could not be fetched or prepared ({what.get('problem', '')}).",
    "deleted": lambda what, _: f"{_who(what)} removed {_exhibit(what)}.",
    "purged": lambda what, _: f"The files of {_exhibit(what)} are gone ({what['files']} files, {what['bytes']} bytes).",
    "retention": _due,
    "cued": lambda what, _: f"{_who(what)} made {_place(what)} ready, unseen.{_of_parts(what)}",
    "put-up": lambda what, _: (
        f"{_who(what)} showed {_place(what)} on {_zones(what)}"
        + (", playing." if what.get("playing") else ".")
        + _of_parts(what)
    ),
    "played": lambda what, _: (
        f"{_who(what)} played {_place(what)}"
        + (", although it was not safe to its end." if what.get("anyway") else ".")
    ),
    "paused": lambda what, _: f"{_who(what)} paused {_place(what)}.",
    "sought": lambda what, _: f"{_who(what)} went to {_place(what)}.",
    "stepped": lambda what, _: f"{_who(what)} stepped by {what.get('frames', 0):+d} to {_place(what)}.",
    "enlarged": _part,
    "speed": lambda what, _: f"{_who(what)} set the speed to {what['rate'] / 1000:g}.",
    "volume": lambda what, _: (
        f"{_who(what)} set the sound{' of ' + named(what) if 'screen' in what else ''} to "
        f"{what['level'] / 10:.0f} per cent."
    ),
    "sound-moved": lambda what, _: (
        f"{_who(what)} gave the room's sound to {named(what) if 'screen' in what else 'no screen'}."
    ),
    "delayed": lambda what, _: f"{_who(what)} set {named(what)} {what['delay'] / 1000:g} ms later.",
    "card-up": lambda what, _: f"{_who(what)} put the test card on {named(what)}.",
    "card-down": lambda what, _: f"{_who(what)} took the test card down from {named(what)}.",
    "withdrawn": lambda what, _: f"{_exhibit(what)} went off the screens: its file is not the one that was announced.",
    "blanked": _blanked,
    "not-done": lambda what, _: f"What is said before ({what['kind']}) was not carried out: a blank came first.",
    "paired": lambda what, _: f"{_who(what)} paired the screen {named(what)}.",
    "unpaired": lambda what, _: f"{_who(what)} removed the screen {named(what)}.",
    "placed": lambda what, _: f"{_who(what)} called a screen {named(what)}.",
    "appeared": lambda what, _: f"{named(what)} said that it shows {_place(what)}.",
    "shown": _shown,
    "fault": lambda what, _: (
        f"{named(what)} could not show {_exhibit(what)} as it is ({what['type']})"
        + (f", {media(what['media_from'])} to {media(what['media_to'])}." if "media_from" in what else ".")
    ),
}
