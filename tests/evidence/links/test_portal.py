"""An evidence portal's partner API: a real server in its shapes, and what may go wrong with it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path

import pytest

from courtcast.evidence.fetch import fetch
from courtcast.evidence.guard import Guard
from courtcast.evidence.limits import Limits
from courtcast.evidence.links import Link
from courtcast.evidence.links.found import Web, choosing
from courtcast.evidence.links.portal import Portal, load, recognises
from courtcast.evidence.links.reach import Several, reach
from courtcast.evidence.spool import Spool
from courtcast.problems import Refused
from tests.stand_ins import portal as stand_in
from tests.stand_ins.portal import CASE, CLIENT, PARTNER, SECRET, Evidence

GUARD = Guard([ip_network("127.0.0.0/8")])
LIMITS = Limits(connect=1.0, answer=2.0, idle=1.0)
CLIP = bytes(range(256)) * 400
ONE = "aaaaaaaa-0000-4000-8000-000000000001"
TWO = "bbbbbbbb-0000-4000-8000-000000000002"
CASES = {
    CASE: [
        Evidence(ONE, "Body camera", {"cccccccc-0000-4000-8000-000000000003": ("axon_1.mp4", CLIP)}),
        Evidence(TWO, "Interview", {"dddddddd-0000-4000-8000-000000000004": ("room.mp4", b"x" * 500)}),
    ]
}
HOST = "court.evidence.example"


def web(running: stand_in.Portal, secret: str = SECRET, partner: str = PARTNER) -> Web:
    return Web(GUARD, LIMITS, (Portal(HOST, partner, CLIENT, secret, running.address),))


def case(path: str = f"/axon/cases/{CASE}/evidence") -> Link:
    return Link(f"https://{HOST}{path}")


async def test_a_shared_case_is_offered_file_by_file_and_one_of_them_fetched(tmp_path: Path) -> None:
    async with stand_in.portal(CASES) as running:
        with pytest.raises(Several) as several:
            await reach(case(), web(running))
        offered = several.value.seen.files
        assert [(name, says, size) for _, name, says, size in offered] == [
            ("axon_1.mp4", "Body camera", len(CLIP)),
            ("room.mp4", "Interview", 500),
        ]
        reached = await reach(choosing(case(), "portal", offered[0][0]), web(running))
        assert reached.seen.says == f"Found in the portal at {HOST}, chosen by hand."
        async with await Spool.open(tmp_path / "spool") as spool:
            await fetch(reached.link, spool, GUARD, on_progress=lambda _: None, limits=LIMITS)
            assert spool.sha256 == hashlib.sha256(CLIP).hexdigest()
        assert all("Authorization" not in request.headers for request in running.stored), "the store is sent no token"


async def test_one_piece_of_evidence_needs_no_choice() -> None:
    async with stand_in.portal(CASES) as running:
        reached = await reach(case(f"/axon/evidence/{TWO}"), web(running))
        assert reached.seen.name == "room.mp4"


async def test_a_token_is_used_until_it_ends_and_then_another_asked_for() -> None:
    async with stand_in.portal(CASES) as running:
        there = web(running)
        await reach(case(f"/axon/evidence/{TWO}"), there)
        await reach(case(f"/axon/evidence/{TWO}"), there)
        assert running.asked.count("token") == 1
    async with stand_in.portal(CASES, ends=2) as running:
        with pytest.raises(Several):
            await reach(case(), web(running))
        assert running.asked.count("token") == 2
    async with stand_in.portal(CASES, lasts=61) as running:
        await reach(case(f"/axon/evidence/{TWO}"), web(running))
        assert 1 <= running.asked.count("token") <= 2
    async with stand_in.portal(CASES, lasts="soon") as running:
        await reach(case(f"/axon/evidence/{TWO}"), web(running))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"/axon/cases/{TWO}", "portal-not-shared"),
        (f"/axon/evidence/{CASE}", "portal-not-shared"),
    ],
)
async def test_what_is_not_shared(path: str, said: str) -> None:
    async with stand_in.portal(CASES) as running:
        with pytest.raises(Refused, match=said):
            await reach(case(path), web(running))


async def test_a_key_that_is_not_accepted() -> None:
    async with stand_in.portal(CASES) as running:
        for there in (web(running, secret="other"), web(running, partner="other")):
            with pytest.raises(Refused, match="portal-key"):
                await reach(case(), there)
        assert running.asked == ["token", "token"]


async def test_a_case_without_files() -> None:
    for cases in ({CASE: []}, {CASE: [Evidence(ONE, "Nothing", {})]}):
        async with stand_in.portal(cases) as running:
            with pytest.raises(Refused, match="link-folder-empty"):
                await reach(case(), web(running))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("<html>", "portal-answer"),
        ("[]", "portal-answer"),
        ("[" * 100_000, "portal-answer"),
        ("{}", "link-folder-empty"),
        ('{"data": 7}', "link-folder-empty"),
        ('{"data": [7, {"id": 7}, {"id": "../../../x"}]}', "link-folder-empty"),
        ('{"data": [{"id": "' + ONE + '"}], "x": "' + "y" * (1 << 20) + '"}', "link-too-large"),
    ],
)
async def test_portals_that_answer_what_they_like(answer: str, said: str) -> None:
    async with stand_in.portal(CASES, answer=answer) as running:
        with pytest.raises(Refused) as refused:
            await reach(case(), web(running))
        assert refused.value.type == said


@pytest.mark.parametrize(
    ("link", "ours"),
    [
        (f"https://{HOST}/axon/cases/{CASE}", True),
        (f"https://{HOST}/axon/case/{CASE.upper()}/x?y", True),
        (f"https://{HOST}/?class=UIX&proc=Case&caseid={CASE.replace('-', '')}", True),
        (f"https://{HOST}/#/evidence/{ONE}", True),
        (f"https://{HOST.upper()}/axon/evidence/{ONE}", True),
        (f"https://{HOST}/axon/login", False),
        (f"https://other.example/axon/cases/{CASE}", False),
        (f"https://{HOST}.evil.example/axon/cases/{CASE}", False),
        (f"https://{HOST}@evil.example/axon/cases/{CASE}", False),
        (f"https://evil.example/{HOST}/cases/{CASE}", False),
        ("", False),
    ],
)
def test_which_links_are_a_portals(link: str, ours: bool) -> None:
    assert recognises(Link(link), Web(GUARD, portals=(Portal(HOST, "p", "c", "s", f"https://{HOST}"),))) == ours


async def test_the_gate_holds_for_portals_too() -> None:
    there = Web(Guard(), LIMITS, (Portal(HOST, PARTNER, CLIENT, SECRET, "http://10.0.0.1"),))
    with pytest.raises(Refused, match="link-forbidden-address"):
        await reach(case(), there)


# the key

TABLE = f"""
[[portal]]
host = "{HOST}"
partner = "{PARTNER}"
client = "{CLIENT}"
"""


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        (TABLE + f'secret = "{SECRET}"', {}),
        (TABLE + 'secret_from = "COURT_KEY"', {"COURT_KEY": SECRET}),
        (TABLE + f'secret = "{SECRET}"\napi = "https://api.evidence.example"', {}),
    ],
)
def test_where_the_key_lies(tmp_path: Path, text: str, environment: Mapping[str, str]) -> None:
    (tmp_path / "portals.toml").write_text(text)
    (found,) = load(tmp_path, environment)
    assert (found.host, found.partner, found.client, found.secret) == (HOST, PARTNER, CLIENT, SECRET)
    assert found.origin == ("https://api.evidence.example" if "api" in text else f"https://{HOST}")
    assert SECRET not in repr(found)
    assert CLIENT not in repr(found)


@pytest.mark.parametrize(
    "text",
    ["[[portal]", "portal = 7", '[[portal]]\nhost = "x"', TABLE, TABLE + 'secret = ""', TABLE + 'secret_from = "NONE"',
     TABLE.replace(PARTNER, "a/b") + 'secret = "s"', TABLE + 'secret = "s"\napi = "ftp://x"', "portal = [7]"],
)  # fmt: skip
def test_a_file_of_keys_that_cannot_be_used(tmp_path: Path, text: str) -> None:
    (tmp_path / "portals.toml").write_text(text)
    with pytest.raises(Refused, match="portals-file"):
        load(tmp_path, {})


def test_no_file_is_no_portal(tmp_path: Path) -> None:
    assert load(tmp_path, {}) == ()


async def test_the_key_is_in_no_log_and_no_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with stand_in.portal(CASES) as running:
        reached = await reach(case(f"/axon/evidence/{TWO}"), web(running))
        with pytest.raises(Refused) as refused:
            await reach(case(), web(running, secret="another secret"))
    for text in (caplog.text, reached.seen.says, refused.value.detail, str(refused.value)):
        assert not any(secret in text for secret in (SECRET, "another secret", "token-1"))
