"""What a list of DASH says: which renditions are taken, where their pieces lie, and what is refused."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from fractions import Fraction
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.evidence.came import Came
from courtcast.evidence.guard import Guard
from courtcast.evidence.limits import Limits
from courtcast.evidence.links import Link, dash
from courtcast.evidence.links.found import Part, Stream, Web, choosing
from courtcast.evidence.links.reach import Several, reach
from courtcast.evidence.spool import Spool
from courtcast.evidence.stream import fetch_stream
from courtcast.problems import Refused
from tests.evidence.test_together import units
from tests.stand_ins import streams
from tests.stand_ins.evidence_server import serving

GUARD = Guard([ip_network("127.0.0.0/8")])
QUICK = Limits(connect=1.0, answer=1.0, idle=0.5, tries=3, backoff=0.01, backoff_most=0.05)
WEB = Web(GUARD, QUICK)
BASE = Link("https://cdn.example/a/list.mpd?key=1", {"X-Key": "1"})
BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "aaaaaaaaaa"}">' for n in range(12))


def mpd(*periods: str, head: str = 'type="static" mediaPresentationDuration="PT10S"', lead: str = "") -> bytes:
    """A list with these periods; a bare line is what its only representation has."""
    inside = "".join(one if one.startswith("<Period") else f"<Period>{picture(one)}</Period>" for one in periods)
    return f'{lead}<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" {head}>{inside}</MPD>'.encode()


def picture(inside: str, more: str = "", form: str = 'id="v" bandwidth="4200000" width="1920" height="1080"') -> str:
    return (
        f'<AdaptationSet mimeType="video/mp4" {more}><Representation {form}>{inside}</Representation></AdaptationSet>'
    )


def sound(inside: str, more: str = 'lang="en"', form: str = 'id="a" bandwidth="128000"') -> str:
    return f'<AdaptationSet contentType="audio" {more}><Representation {form}>{inside}</Representation></AdaptationSet>'


def template(attributes: str = "", inside: str = "") -> str:
    return f'<SegmentTemplate media="$RepresentationID$-$Number$.m4s" {attributes}>{inside}</SegmentTemplate>'


def timeline(*rows: str, more: str = "") -> str:
    lines = "".join(f"<S {row}/>" for row in rows)
    return template(f'timescale="1000" {more}', f"<SegmentTimeline>{lines}</SegmentTimeline>").replace("Number", "Time")


def shown(parts: list[Part] | tuple[Part, ...]) -> list[str]:
    """Where each lies, and from when to when it goes."""
    return [f"{one.link.url.partition('/a/')[2]} {float(one.begins):g}–{float(one.ends):g}" for one in parts]


def pictures(data: bytes) -> list[str]:
    (period,) = dash.read(data, BASE, BASE)
    assert period.picture is not None
    return shown(list(period.picture.parts))


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        (template('duration="4"'), ["v-1.m4s 0–4", "v-2.m4s 4–8", "v-3.m4s 8–12"]),
        (template('duration="4" startNumber="7" endNumber="8"'), ["v-7.m4s 0–4", "v-8.m4s 4–8"]),
        (template('duration="8" timescale="2" presentationTimeOffset="4"'), ["v-1.m4s 0–4", "v-2.m4s 4–8", "v-3.m4s 8–12"]),
        (timeline('t="0" d="4000" r="1"', 'd="2000"'), ["v-0.m4s 0–4", "v-4000.m4s 4–8", "v-8000.m4s 8–10"]),
        (timeline('d="4000" r="-1"'), ["v-0.m4s 0–4", "v-4000.m4s 4–8", "v-8000.m4s 8–12"]),
        (timeline('d="4000" r="-1"', 't="8000" d="1000"'), ["v-0.m4s 0–4", "v-4000.m4s 4–8", "v-8000.m4s 8–9"]),
        (timeline('t="9000" d="1000"', more='presentationTimeOffset="9000"'), ["v-9000.m4s 0–1"]),
        (template('duration="10"').replace("$Number$", "$$$Bandwidth$$Number%05d$"), ["v-$420000000001.m4s 0–10"]),
        ('<SegmentList duration="5"><SegmentURL media="x.mp4"/><SegmentURL mediaRange="5-9"/></SegmentList>',
         ["x.mp4 0–5", "list.mpd?key=1 5–10"]),
    ],
)  # fmt: skip
def test_pieces(inside: str, said: list[str]) -> None:
    assert pictures(mpd(inside)) == said


def test_what_is_said_around_holds_within() -> None:
    what = template('duration="2" initialization="i"')
    period = (
        f'<Period start="PT1M" duration="PT0H0M4S"><BaseURL>p/</BaseURL>{what}'
        f'<AdaptationSet mimeType="video/mp4"><BaseURL>s/</BaseURL><SegmentTemplate startNumber="5"/>'
        f'<Representation id="v"><BaseURL>http://other.example/</BaseURL></Representation></AdaptationSet></Period>'
    )
    (found,) = dash.read(mpd(period), BASE, BASE)
    assert found.picture is not None
    assert [one.link.url for one in found.picture.parts] == [
        "http://other.example/v-5.m4s",
        "http://other.example/v-6.m4s",
    ]
    assert [one.link.headers for one in found.picture.parts] == [{}, {}], "given headers stay at their origin"
    assert found.picture.head is not None
    assert found.picture.head.link.url == "http://other.example/i"
    assert found.picture.zero == 60


def test_the_best_of_both_is_taken_and_said() -> None:
    what = template('duration="10"')
    sets = (
        picture(what, form='id="low" bandwidth="800000" width="640" height="360"')
        + picture(what)
        + picture(what, form='id="trick" bandwidth="9" height="4000"').replace("<Rep", "<EssentialProperty/><Rep")
        + picture(what, more="", form='id="webm" mimeType="video/webm" bandwidth="9" height="4000"')
        + sound(what, form='id="loud" bandwidth="640000"').replace("<Rep", '<Role value="commentary"/><Rep')
        + sound(what, form='id="more" bandwidth="192000"')
        + sound(what)
        + '<AdaptationSet contentType="text"><Representation id="t"/></AdaptationSet>'
    )
    (period,) = dash.read(mpd(f"<Period>{sets}</Period>"), BASE, BASE)
    assert period.picture is not None
    assert period.sound is not None
    assert shown([*period.picture.parts, *period.sound.parts]) == ["v-1.m4s 0–10", "more-1.m4s 0–10"]
    assert dash.said_of(period) == "1920 × 1080, 4.2 Mb/s, the best of 2, its sound apart (en, 192 kb/s)"


NINE = template('duration="9"')


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (mpd(template('duration="4"'), head='type="dynamic" mediaPresentationDuration="PT9S"'), "link-is-live"),
        (mpd(template('duration="4"')).replace(b"<Rep", b'<ContentProtection schemeIdUri="x"/><Rep'), "link-protected"),
        (mpd(f"<Period>{picture(NINE)}{sound('<ContentProtection/>')}</Period>"), "link-protected"),
        (mpd(template('duration="4"'), lead=f"<!DOCTYPE MPD [{BOMB}]>").replace(b"PT10S", b"&a11;"), "link-is-stream"),
        (mpd(template('duration="4"'), lead='<!DOCTYPE MPD SYSTEM "http://10.0.0.1/">'), "link-is-stream"),
        (mpd(template('duration="4"'), lead=f"<!DOCTYPE MPD [{BOMB}]>").decode().encode("utf-16"), "link-is-stream"),
        (mpd(template('duration="1" timescale="1000000000"')), "link-too-large"),
        (mpd(template('duration="1"'), head='mediaPresentationDuration="PT9999999999S"'), "link-too-large"),
        (mpd(timeline('d="1" r="1000000000"')), "link-too-large"),
        (mpd(timeline('d="1" r="-1"'), head='mediaPresentationDuration="PT99999999S"'), "link-too-large"),
        (mpd(timeline('d="1" r="999999999999999999"')), "link-too-large"),
        (mpd(timeline(*['d="1" r="20000"'] * 3)), "link-too-large"),
        (mpd(timeline('d="1" r="-1"'), head=""), "link-is-stream"),
        (mpd(timeline('t="-5" d="1"')), "link-is-stream"),
        (mpd(timeline('t="5" d="0"')), "link-is-stream"),
        (mpd(timeline('t="5" d="9"', 't="6" d="9"')), "link-is-stream"),
        (mpd(timeline('t="1e9" d="9"')), "link-is-stream"),
        (mpd(timeline(f't="{"9" * 40}" d="9"')), "link-is-stream"),
        (mpd(timeline('d="1" r="-1"', 't="0" d="9"')), "link-is-stream"),
        (mpd(template('duration="4" timescale="0"')), "link-is-stream"),
        (mpd(template('duration="4"').replace("$Number$", "$SubNumber$")), "link-is-stream"),
        (mpd(template('duration="4"').replace("$Number$", "$Time%99999d$")), "link-is-stream"),
        (mpd(template('duration="4"'), head='mediaPresentationDuration="-PT9S"'), "link-is-stream"),
        (mpd(template('duration="4"'), head='mediaPresentationDuration="P1Y"'), "link-is-stream"),
        (mpd(template('duration="4"'), head='mediaPresentationDuration="PT"'), "link-is-stream"),
        (mpd('<Period start="PT9S"/>', '<Period start="PT3S"/>'), "link-is-stream"),
        (mpd(*["<Period/>"] * 51), "link-is-stream"),
        (mpd("<Period/>"), "link-is-stream"),
        (mpd(), "link-is-stream"),
        (mpd('<SegmentList duration="5"><SegmentURL mediaRange="9-5"/></SegmentList>'), "link-is-stream"),
        (mpd('<SegmentList><SegmentURL media="a"/><SegmentURL media="b"/></SegmentList>'), "link-is-stream"),
        (mpd(template('duration="4"')).replace(b"<Rep", b'<X xmlns:l="http://www.w3.org/1999/xlink" l:href="y"/><Rep'),
         "link-is-stream"),
        (mpd("<BaseURL>file:///etc/passwd</BaseURL>" + template('duration="4"')), "link-is-stream"),
        (mpd(template('duration="4"').replace("$Rep", "ftp://x/$Rep")), "link-is-stream"),
        (b"<html><body>", "link-is-page"),
        (b"<MPD", "link-is-stream"), (b"", "link-is-stream"), (b"<x/>", "link-is-stream"), (b"words", "link-is-stream"),
        (b"<MPD>" * 100_000, "link-is-stream"),
    ],
)  # fmt: skip
def test_lists_that_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(Refused) as refused:
        dash.read(data, BASE, BASE)
    assert refused.value.type == said


@given(
    st.lists(
        st.sampled_from(re.findall(rb"<[^>]*>|[^<]+", mpd(timeline('t="0" d="4000" r="1"')))) | st.binary(max_size=9)
    )
)
def test_any_list_is_read_or_refused(tokens: list[bytes]) -> None:
    with suppress(Refused):
        dash.read(b"".join(tokens), BASE, BASE)


def test_many_periods_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dash, "MOST_PARTS", 100)
    many = timeline('d="1" r="59"')
    periods = [f'<Period start="PT{n}S">{picture(many)}</Period>' for n in range(2)]
    assert len(dash.read(mpd(periods[0]), BASE, BASE)) == 1
    with pytest.raises(Refused, match="link-too-large"):
        dash.read(mpd(*periods), BASE, BASE)


# the whole way


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return streams.source(tmp_path_factory.mktemp("dash"))


async def fetched(folder: Path, files: dict[str, bytes], name: str = "list.mpd") -> tuple[bytes, Came, Stream]:
    folder.mkdir(exist_ok=True)
    async with serving(files) as server:
        source = (await reach(Link(server.url(name)), WEB)).source
        assert isinstance(source, Stream)
        came = Came(folder / "spool.pieces")
        async with await Spool.open(folder / "spool") as spool:
            await fetch_stream(source, spool, GUARD, came, on_progress=lambda _: None, limits=QUICK)
            data = await spool.read(0, spool.length or 0)
            assert spool.sha256 == hashlib.sha256(data).hexdigest()
        return data, came, source


def based(files: dict[str, bytes], *, said: bool) -> dict[str, bytes]:
    """With the files' own indexes in the place of lists of pieces."""
    found = {name: data for name, data in files.items() if name.endswith(".mp4")}
    text = files["list.mpd"].decode()
    for data in found.values():
        at = data.index(b"sidx") - 4
        end = at + int.from_bytes(data[at : at + 4], "big")
        inside = (
            f'<SegmentBase indexRange="{at}-{end - 1}"><Initialization range="0-{at - 1}"/></SegmentBase>'
            if said
            else ""
        )
        text = re.sub(r"<SegmentList.*?</SegmentList>", inside, text, count=1, flags=re.S)
    return {**found, "list.mpd": text.encode()}


@pytest.mark.parametrize("way", ["timeline", "numbers", "listed", "based", "unsaid"])
async def test_what_a_packager_writes_is_the_recording_again(tmp_path: Path, file: Path, way: str) -> None:
    more = {"numbers": {**streams.DASH, "use_timeline": "0"}, "listed": streams.LISTED, "timeline": streams.DASH}
    files = streams.packaged(file, more.get(way, streams.INDEXED))
    if way in ("based", "unsaid"):
        files = based(files, said=way == "based")
    data, came, _ = await fetched(tmp_path / "here", files)
    whole, found = units(file.read_bytes()), units(data)
    lost = 1 if way == "numbers" else 0  # the list itself leaves the last frames of sound out
    for track in ("video", "audio"):
        mine, theirs = found[track], whole[track]
        assert [unit.data for unit in mine] == [unit.data for unit in theirs[: len(mine)]]
        assert len(theirs) - len(mine) <= 4 * lost * (track == "audio")
        assert all(abs(one.at - other.at) <= Fraction(1, 1000) for one, other in zip(mine, theirs, strict=False))
    for row in came.rows:
        path, _, span = row.place.rpartition("/")[2].partition("#bytes=")
        one = files[path]
        if span:
            first, last = map(int, span.split("-"))
            one = one[first : last + 1]
        assert (row.sha256, row.came) == (hashlib.sha256(one).hexdigest(), len(one)), "as a piece that is fetched again"


async def test_a_file_with_an_index_alone_is_that_file(tmp_path: Path, file: Path) -> None:
    files = based(streams.packaged(file, streams.INDEXED), said=True)
    text = re.sub(rb'<AdaptationSet id="1".*?</AdaptationSet>', b"", files["list.mpd"], flags=re.S)
    data, _, _ = await fetched(tmp_path / "here", {**files, "list.mpd": text})
    assert data == files["list-stream0.mp4"]


def later(fragment: bytes, ticks: int) -> bytes:
    """With its times so much later."""
    at = fragment.index(b"tfdt") + 8
    time = int.from_bytes(fragment[at : at + 8], "big") + ticks
    return fragment[:at] + time.to_bytes(8, "big") + fragment[at + 8 :]


async def test_times_that_begin_elsewhere_are_put_where_they_belong(tmp_path: Path, file: Path) -> None:
    """The sound's own clock is 1000 s ahead, and the list says so."""
    files = streams.packaged(file, streams.DASH)
    plain = units((await fetched(tmp_path / "plain", files))[0])
    ticks = 48_000 * 1000
    text = files["list.mpd"].decode()
    head, _, tail = text.partition('<AdaptationSet id="1"')
    tail = tail.replace('timescale="48000"', f'timescale="48000" presentationTimeOffset="{ticks}"')
    tail = re.sub(r' t="(\d+)"', lambda found: f' t="{int(found[1]) + ticks}"', tail)
    moved = {name: later(data, ticks) if name.startswith("chunk-stream1") else data for name, data in files.items()}
    found = units(
        (await fetched(tmp_path / "moved", {**moved, "list.mpd": f'{head}<AdaptationSet id="1"{tail}'.encode()}))[0]
    )
    for track in ("video", "audio"):
        assert [unit.data for unit in found[track]] == [unit.data for unit in plain[track]]
    assert {one.at - other.at for one, other in zip(found["audio"], plain["audio"], strict=True)} == {
        one.at - other.at for one, other in zip(found["video"], plain["video"], strict=True)
    }


async def test_periods_of_the_same_settings_are_one_recording(tmp_path: Path, file: Path) -> None:
    """The second is the first once more: its times begin anew, and come behind those of the first."""
    files = streams.packaged(file, streams.DASH)
    once = units((await fetched(tmp_path / "once", files))[0])
    text = re.sub(r'mediaPresentationDuration="[^"]*"', 'mediaPresentationDuration="PT12S"', files["list.mpd"].decode())
    period = re.search(r"<Period.*</Period>", text, re.S)
    assert period is not None
    two = period[0].replace('start="PT0.0S"', 'start="PT6S"')
    text = text.replace(period[0], period[0].replace("<Period", '<Period duration="PT6S"') + two)
    found = units((await fetched(tmp_path / "twice", {**files, "list.mpd": text.encode()}))[0])
    for track in ("video", "audio"):
        n = len(once[track])
        assert [unit.data for unit in found[track]] == [unit.data for unit in once[track]] * 2
        assert {late.at - early.at for early, late in zip(found[track][:n], found[track][n:], strict=True)} == {6}
    other = two.replace("init-stream", "other-stream")
    short = re.sub(r'<AdaptationSet id="1".*?</AdaptationSet>', "", two, flags=re.S)
    heads = {name.replace("init", "other"): data for name, data in files.items() if name.startswith("init")}
    heads["other-stream0.m4s"] = heads["other-stream0.m4s"].replace(b"avcC\x01", b"avcC\x02")
    for changed in (other, short):
        async with serving({**files, **heads, "list.mpd": text.replace(two, changed).encode()}) as server:
            link = Link(server.url("list.mpd"))
            with pytest.raises(Several) as several:
                await reach(link, WEB)
            (_, name, _, _), (second, _, says, _) = several.value.seen.files
            assert name == "list, part 1 of 2"
            assert says.endswith("from 0:00:06 on")
            source = (await reach(choosing(link, "stream", second), WEB)).source
            assert isinstance(source, Stream)
            assert len(source.parts) == (13 if changed == other else 6)


@pytest.mark.parametrize("base", ["http://10.0.0.1/", "http://[::1]/", "http://0x7f.1/", "//169.254.169.254/"])
@pytest.mark.parametrize("where", ["piece", "head", "index"])
async def test_the_gate_holds_for_all_that_a_list_names(tmp_path: Path, base: str, where: str) -> None:
    inside = {
        "piece": f"<BaseURL>{base}</BaseURL>{NINE}",
        "head": template(f'duration="9" initialization="{base}x"'),
        "index": f'<BaseURL>{base}</BaseURL><SegmentBase indexRange="0-99"/>',
    }[where]
    data = mpd(f"<Period>{picture(inside)}{sound(inside)}</Period>")
    with pytest.raises(Refused) as refused:
        await fetched(tmp_path / "here", {"list.mpd": data})
    assert refused.value.type in ("link-forbidden-address", "link-malformed", "link-is-stream")


@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"\0\0\0\x0csidx\0\0\0\0",
        b"\0\0\0\x20sidx" + bytes(24),
        b"\0\0\0\x2csidx" + b"\xff" * 36,
        b"\xff\xff\xff\xffsidx",
    ],
)
async def test_indexes_that_say_nothing_of_use(tmp_path: Path, index: bytes) -> None:
    data = mpd(f'<SegmentBase indexRange="0-{max(len(index), 1) - 1}"/>')
    with pytest.raises(Refused) as refused:
        await fetched(
            tmp_path / "here",
            {"list.mpd": data.replace(b"<SegmentBase", b"<BaseURL>x.mp4</BaseURL><SegmentBase"), "x.mp4": index},
        )
    assert refused.value.type in ("link-is-stream", "link-too-large", "link-empty", "link-changed", "link-is-page")
