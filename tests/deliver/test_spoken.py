"""Subtitles on their way to a screen, in parts that follow what the page says it has."""

from __future__ import annotations

from courtcast.deliver.spoken import AGAIN, PART, Spoken
from courtcast.wire.screen import Anchor, Cue, Report, Scene, Stage, Words

REST = Anchor(0.0, 0.0, 0.0)


def scene(subtitles: str | None) -> Scene:
    return Scene(exhibit="e", rendition="0" * 16, anchor=REST, subtitles=subtitles)


def cues(count: int) -> list[Cue]:
    return [Cue(n, n + 0.9, f"{n} " + "x" * 90) for n in range(count)]


def test_a_page_gets_all_of_it_part_by_part_whatever_is_lost() -> None:
    lists = {"aa": cues(900), "bb": cues(3)}
    spoken = Spoken(lists.get)
    stage = Stage(revision=1, shown=scene("aa"), cue=scene("bb"))
    held: dict[str, list[Cue]] = {}
    now, said = 0.0, 0
    while sum(len(cues) for cues in held.values()) < 903:
        report = Report(revision=1, words={id_: len(cues) for id_, cues in held.items()})
        for part in spoken.due(stage, report, now):
            said += 1
            assert part.total == len(lists[part.id])
            assert sum(len(cue.text) for cue in part.cues) < 2 * PART
            if said % 3:  # every third one is lost
                assert part.first == len(held.setdefault(part.id, []))
                held[part.id] += part.cues
        now += 0.25
        assert now < 60
    assert held == lists
    assert list(spoken.due(stage, Report(revision=1, words={"aa": 900, "bb": 3}), now)) == []


def test_what_is_on_its_way_is_not_sent_again_at_once() -> None:
    spoken = Spoken({"aa": cues(2)}.get)
    stage, report = Stage(revision=1, shown=scene("aa")), Report(revision=1)
    sent = [len(list(spoken.due(stage, report, now))) for now in (0.0, 0.25, 0.9, AGAIN, AGAIN + 0.1)]
    assert sent == [1, 0, 0, 1, 0]


def test_nothing_is_sent_that_no_stage_names() -> None:
    spoken = Spoken({"aa": cues(2)}.get)
    for stage in (None, Stage(revision=1), Stage(revision=1, shown=scene(None)), Stage(revision=1, cue=scene("gone"))):
        assert list(spoken.due(stage, Report(revision=1), 0.0)) == []
    (part,) = spoken.due(Stage(revision=1, cue=scene("aa")), Report(revision=1, words={"zz": 7}), 0.0)
    assert part == Words(id="aa", first=0, total=2, cues=cues(2))
