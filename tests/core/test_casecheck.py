"""The case check: what is found, in which words, how grave it is, and that nothing is passed over."""

from __future__ import annotations

import re
import string
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core.casecheck import CASE_KINDS, READY, CaseFacts, CaseFile, LinkFacts, check_case, looked_at
from courtcast.core.checks import ORDER, RESERVE, sum_up

NOW, UNTIL = 1_000_000.0, 1_086_400.0
LINK = LinkFacts(ends=UNTIL + 60)
FILE = CaseFile(
    ref="JM/1", link=LINK, held=10**8, total=10**8, complete=True, intact=True, sha256="ab" * 32, prepared=True,
    seconds=79.167,
)  # fmt: skip
PART = msgspec.structs.replace(FILE, held=4 * 10**7, complete=False, intact=None, prepared=False, sha256=None)
WELL = CaseFacts(files=(FILE,), now=NOW, until=UNTIL, free=10**11, wall_off=0.3)
WHY = "The server says that there is nothing at this link any more (404)."


def spoken(moment: float) -> str:
    return f"on day {moment / 86400:.1f}"


def file(base: CaseFile = FILE, **change: Any) -> CaseFacts:
    return msgspec.structs.replace(WELL, files=(msgspec.structs.replace(base, **change),))


def link(base: CaseFile = FILE, **change: Any) -> CaseFacts:
    return file(base, link=msgspec.structs.replace(LINK, **change))


def case(**change: Any) -> CaseFacts:
    return msgspec.structs.replace(WELL, **change)


CASES: list[tuple[CaseFacts, set[str], str]] = [
    (case(files=()), {"order-empty"}, "The running order is empty."),
    (file(problem="It is damaged."), {"file-problem"}, "JM/1 cannot be shown: It is damaged."),
    (link(problem=WHY), {"link-dead-kept"}, f"The link of JM/1 is dead: {WHY}"),
    (link(PART, problem=WHY), {"link-dead", "file-not-whole"},
     f"Not all of JM/1 is here, and nothing comes from its link: {WHY}"),
    (link(PART, problem="No answer.", passing=True), {"link-silent", "file-not-whole"},
     "Not all of JM/1 is here, and its link does not answer just now: No answer."),
    (file(PART, link=None), {"link-not-asked", "file-not-whole"}, "The link of JM/1 was not asked."),
    (link(PART, ends=NOW - 1), {"link-ended", "file-not-whole"},
     "The link of JM/1 ended on day 11.6, and not all of it is here."),
    (link(PART, ends=UNTIL - 1), {"link-ends", "file-not-whole"},
     "The link of JM/1 ends on day 12.6, before the hearing does, and not all of it is here."),
    (link(ends=UNTIL - 1), {"link-ends-kept"},
     "The link of JM/1 does not hold until the end of the hearing: on day 12.6."),
    (link(ends=NOW - 1), {"link-ends-kept"},
     "The link of JM/1 does not hold until the end of the hearing: on day 11.6."),
    (link(changed=True), {"link-changed"}, "Another file lies at the link of JM/1 now than the one that was fetched."),
    (file(intact=False), {"copy-damaged"}, "The copy of JM/1 on this machine is not what was fetched."),
    (link(PART, sent=True), {"sent-not-whole"}, "Not all of JM/1 has been sent here: 40 MB of 100 MB."),
    (file(link=LinkFacts(sent=True), intact=False), {"sent-damaged"},
     "The copy of JM/1 on this machine is not what was sent."),
    (file(intact=None), {"file-not-checked"},
     "Whether the copy of JM/1 is as it was fetched was not looked at."),
    (file(PART), {"file-not-whole"}, "JM/1 is not all here yet: 40 MB of 100 MB."),
    (file(PART, total=None), {"file-not-whole"}, "JM/1 is not all here yet: 40 MB of an unknown length."),
    (file(prepared=False), {"file-not-prepared"}, "JM/1 is not all prepared yet."),
    (file(notes=("Silence was put there.",)), {"file-note"}, "JM/1: Silence was put there."),
    (case(files=(msgspec.structs.replace(PART, total=10**12),)), {"disk-short", "file-not-whole"},
     "The disk has 100.0 GB left; 1999.9 GB are still to come."),
    (case(free=RESERVE - 1), {"disk-tight"}, "The disk will have 2.0 GB left."),
    (case(free=None), {"disk-unknown"}, "How much room the disk has is not known."),
    (case(wall_off=4000.0), {"wall-wrong"}, "This machine's time is 67 min fast."),
    (case(wall_off=None), {"wall-unknown"}, "This machine's time was not compared with another's."),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "types", "says"), CASES, ids=[c[2] for c in CASES])
def test_each_thing_is_found_and_said(facts: CaseFacts, types: set[str], says: str) -> None:
    found = check_case(facts, spoken)
    assert {finding.type for finding in found} == types
    assert says in {finding.says for finding in found}
    assert all(finding.severity == CASE_KINDS[finding.type].severity for finding in found)


def test_every_kind_has_a_case() -> None:
    assert {type_ for case in CASES for type_ in case[1]} == set(CASE_KINDS)


def test_a_case_that_is_well() -> None:
    assert check_case(WELL, spoken) == []
    assert sum_up([], READY) == "The case is ready."
    assert looked_at(WELL, spoken)[0].says == [
        "all here, 100 MB, read again from the disk and unchanged",
        f"SHA-256 {'ab' * 32}",
        "prepared, 1:19.167 long",
        "its link answers",
        "its link says that it ends on day 12.6",
    ]


def test_what_was_sent_here_needs_no_link() -> None:
    sent = file(link=LinkFacts(sent=True))
    assert check_case(sent, spoken) == []
    assert "sent here, so that no link is needed" in looked_at(sent, spoken)[0].says


def test_a_link_that_nobody_needs_any_more_is_only_good_to_know() -> None:
    for change in ({"problem": WHY}, {"ends": NOW - 5}, {"ends": UNTIL - 5}):
        assert {finding.severity for finding in check_case(link(**change), spoken)} == {"note"}
    assert check_case(link(problem="No answer.", passing=True), spoken) == [], "it may be back, and nobody needs it"


def test_the_same_sentence_is_not_said_twice() -> None:
    failed = file(PART, problem=WHY, link=LinkFacts(problem=WHY))
    assert [finding.type for finding in check_case(failed, spoken)] == ["file-problem"]


@pytest.mark.parametrize("kind", CASE_KINDS.values(), ids=CASE_KINDS)
def test_the_words(kind: Any) -> None:
    """Whole sentences that say what is and what to do, blame nobody and hide nothing."""
    assert kind.says.endswith((".", "{why}"))
    assert kind.do.endswith(".")
    assert not re.search(r"\b(error|invalid|please|sorry|oops|failed|null)\b", f"{kind.says} {kind.do}", re.IGNORECASE)
    named = {field for text in (kind.says, kind.do) for _, field, _, _ in string.Formatter().parse(text) if field}
    assert named <= {"name", "why", "when", "held", "total", "free", "need", "left", "off"}


links = st.builds(
    LinkFacts,
    problem=st.none() | st.just("{why} not."),
    passing=st.booleans(),
    changed=st.booleans(),
    ends=st.none() | st.floats(NOW - 10**6, UNTIL + 10**6),
)
files = st.builds(
    CaseFile,
    ref=st.sampled_from(["JM/1", "{0}"]),
    link=st.none() | links,
    held=st.integers(0, 10**12),
    total=st.none() | st.integers(0, 10**12),
    complete=st.booleans(),
    intact=st.none() | st.booleans(),
    sha256=st.none() | st.just("0" * 64),
    prepared=st.booleans(),
    seconds=st.none() | st.floats(0, 10**6),
    problem=st.none() | st.just("Why."),
    notes=st.lists(st.just("A note."), max_size=2).map(tuple),
)


@given(st.lists(files, max_size=4).map(tuple))
def test_nothing_is_passed_over(some: tuple[CaseFile, ...]) -> None:
    facts = msgspec.structs.replace(WELL, files=some)
    found = check_case(facts, spoken)
    assert [ORDER.index(one.severity) for one in found] == sorted(ORDER.index(one.severity) for one in found)
    assert len(looked_at(facts, spoken)) == len(some)
    for one in some:
        about = [finding for finding in found if finding.about == one.ref]
        good = one.complete and one.intact and one.prepared and one.problem is None
        if not good:
            assert any(finding.severity != "note" for finding in about), "what is not ready is never only a note"
        if not one.complete and (one.link is None or one.link.problem is not None or (one.link.ends or NOW + 1) <= NOW):
            assert any(
                finding.type in ("link-dead", "link-silent", "link-not-asked", "link-ended") for finding in about
            )
