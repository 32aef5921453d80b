"""Signing in, staying signed in, and who is kept out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path

import aiohttp
import msgspec
import pytest

from courtcast.control import auth as module
from courtcast.control.auth import Auth, digest, issue_token
from courtcast.evidence.database import Database
from tests.control.conftest import API, Caller, problem
from tests.stand_ins.house import House


@pytest.fixture
async def browser(call: Caller) -> AsyncIterator[aiohttp.ClientSession]:
    """Keeps cookies and follows nothing."""
    jar = aiohttp.CookieJar(unsafe=True)  # "unsafe" is aiohttp's word for hosts that are addresses
    async with aiohttp.ClientSession(f"http://127.0.0.1:{call.client.port}", cookie_jar=jar) as session:
        yield session


async def sign_in(place: House, browser: aiohttp.ClientSession) -> aiohttp.ClientResponse:
    return await browser.get(f"/?key={place.auth.new_key()}", allow_redirects=False)


async def test_a_key_signs_in_once(place: House, browser: aiohttp.ClientSession) -> None:
    key = place.auth.new_key()
    response = await browser.get(f"/?key={key}", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, "/")
    cookie = next(iter(SimpleCookie(response.headers["Set-Cookie"]).values()))
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/"
    assert int(cookie["max-age"]) > 24 * 3600
    page = await browser.get("/")
    assert page.status == 200
    assert "remote" in (await page.text()).lower()
    assert (await browser.get(API + "/room")).status == 200
    async with aiohttp.ClientSession(browser._base_url) as other:
        again = await other.get(f"/?key={key}", allow_redirects=False)
        assert again.status == 403
        assert "signs in once" in await again.text()
        assert "Set-Cookie" not in again.headers


async def test_without_a_session_there_is_the_way_in(browser: aiohttp.ClientSession) -> None:
    response = await browser.get("/")
    assert response.status == 401
    assert response.headers["Cache-Control"] == "no-store"
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert 'name="key"' in await response.text()


async def test_looking_at_the_link_does_not_use_it_up(place: House, browser: aiohttp.ClientSession) -> None:
    url = f"/?key={place.auth.new_key()}"
    assert (await browser.head(url)).status == 204
    assert (await browser.get(url, headers={"Sec-Purpose": "prefetch;prerender"})).status == 204
    assert (await browser.get(url, allow_redirects=False)).status == 303


async def test_whoever_is_signed_in_may_use_an_old_link(place: House, browser: aiohttp.ClientSession) -> None:
    await sign_in(place, browser)
    assert (await browser.get("/?key=old", allow_redirects=False)).status == 303


async def test_coming_from_a_page_elsewhere(place: House, browser: aiohttp.ClientSession) -> None:
    """A redirect would still be the other site's, and carry no strict cookie."""
    response = await browser.get(f"/?key={place.auth.new_key()}", headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status == 200
    assert 'http-equiv="refresh"' in await response.text()
    assert (await browser.get(API + "/session")).status == 200


async def test_the_whole_link_or_a_token_can_be_pasted(place: House, browser: aiohttp.ClientSession) -> None:
    link = f"http://127.0.0.1:1/?key={place.auth.new_key()}"
    assert (await browser.get("/", params={"key": link}, allow_redirects=False)).status == 303
    await browser.delete(API + "/session", headers={"Origin": str(browser._base_url).rstrip("/")})
    token = place.tokens["advocate"]
    assert (await browser.get("/", params={"key": token}, allow_redirects=False)).status == 303
    assert await (await browser.get(API + "/session")).json() == {"role": "advocate"}


async def test_a_session_survives_the_presenter(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db") as db:
        before = Auth(db)
        signed_in = await before.sign_in(before.new_key())
        assert signed_in is not None
    async with Database(tmp_path / "a.db") as db:
        after = Auth(db)
        await after.open()
        principal = await after.who(bearer=None, cookie=signed_in[0])
        assert principal is not None
        assert (principal.role, principal.by_cookie) == ("clerk", True)
        assert await after.who(bearer=signed_in[0], cookie=None) is None  # a session is no token


async def test_secrets_are_not_kept(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db") as db:
        auth = Auth(db)
        key = auth.new_key()
        signed_in = await auth.sign_in(key)
        token = await issue_token(db, "viewer")
    assert signed_in is not None
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for secret in (key, signed_in[0], token):
        assert secret.encode() not in written
    assert digest(token).encode() in written


async def test_a_token_made_beside_the_running_presenter(place: House, call: Caller) -> None:
    async with Database(place.data / "courtcast.db", presenter=False) as beside:
        token = await issue_token(beside, "viewer")
    response = await call.client.get(API + "/room", headers={"Authorization": f"Bearer {token}"})
    assert response.status == 200
    response = await call.client.post(API + "/room/blank", headers={"Authorization": f"Bearer {token}"})
    assert response.status == 403


async def test_a_session_ends_in_time(
    place: House, browser: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SESSION_SECONDS", -1.0)
    await sign_in(place, browser)
    assert (await browser.get(API + "/room")).status == 401


async def test_signing_out(place: House, browser: aiohttp.ClientSession) -> None:
    await sign_in(place, browser)
    origin = {"Origin": str(browser._base_url).rstrip("/")}
    async with browser.ws_connect(API + "/events", headers=origin) as socket:
        await socket.receive()
        assert (await browser.delete(API + "/session", headers=origin)).status == 204
        message = await socket.receive()
        while message.type is aiohttp.WSMsgType.TEXT:
            message = await socket.receive()
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    assert (await browser.get(API + "/room")).status == 401


async def test_signing_in_by_call(place: House, browser: aiohttp.ClientSession) -> None:
    await problem(await browser.post(API + "/session", json={"key": "wrong"}), 401, "not-signed-in")
    response = await browser.post(API + "/session", json={"key": place.tokens["clerk"]})
    assert (response.status, await response.json()) == (201, {"role": "clerk"})
    assert (await browser.get(API + "/room")).status == 200


async def test_signing_in_when_nothing_can_be_written(place: House, browser: aiohttp.ClientSession) -> None:
    pages = await place.db.run(lambda db: int(db.execute("PRAGMA page_count").fetchone()[0]))
    await place.db.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages}") and None)
    await place.db.run(lambda db: db.execute("PRAGMA query_only = 1") and None)
    await sign_in(place, browser)
    origin = {"Origin": str(browser._base_url).rstrip("/")}
    assert (await browser.post(API + "/room/blank", headers=origin)).status == 200


class TestOtherPages:
    """What another page in the same browser may make this one do: nothing."""

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1"])
    async def test_their_requests_are_not_carried_out(
        self, place: House, browser: aiohttp.ClientSession, origin: str
    ) -> None:
        await sign_in(place, browser)
        for path in ("/room/blank", "/room/cue", "/exhibits"):
            response = await browser.post(API + path, headers={"Origin": origin}, data=b"{}")
            await problem(response, 403, "other-origin")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await browser.ws_connect(API + "/events", headers={"Origin": origin})
        assert refused.value.status == 403

    async def test_without_an_origin_the_browser_says_where_it_comes_from(
        self, place: House, browser: aiohttp.ClientSession
    ) -> None:
        await sign_in(place, browser)
        for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
            response = await browser.post(API + "/room/blank", headers={"Sec-Fetch-Site": site})
            assert (site, response.status) == (site, status)

    @pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
    async def test_a_name_that_is_pointed_here_is_not_ours(
        self, place: House, browser: aiohttp.ClientSession, host: str
    ) -> None:
        await sign_in(place, browser)
        response = await browser.get(API + "/room", headers={"Host": host})
        assert response.status in (400, 403)

    async def test_our_own_page_may(self, place: House, browser: aiohttp.ClientSession) -> None:
        await sign_in(place, browser)
        origin = str(browser._base_url).rstrip("/")
        assert (await browser.post(API + "/room/blank", headers={"Origin": origin})).status == 200

    async def test_a_token_is_sent_on_purpose(self, call: Caller) -> None:
        response = await call.send(
            "POST", "/room/blank", headers={"Origin": "https://evil.example", "Host": "presenter"}
        )
        assert response.status == 200


async def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SESSIONS", 3)
    async with Database(tmp_path / "a.db") as db:
        auth = Auth(db)
        secrets = [(await auth.sign_in(auth.new_key()) or ("", ""))[0] for _ in range(5)]
        alive = [await auth.who(bearer=None, cookie=secret) is not None for secret in secrets]
        assert alive == [False, False, True, True, True]
        assert len(await db.items(module.SPACE)) == 3
        keys = [auth.new_key() for _ in range(module.MAX_KEYS + 1)]
        assert await auth.sign_in(keys[0]) is None
        assert await auth.sign_in(keys[-1]) is not None


async def test_what_is_kept_but_cannot_be_read_lets_nobody_in(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db") as db:
        await db.put(module.SPACE, digest("s"), b"{}")
        await db.put(module.SPACE, digest("t"), msgspec.json.encode({"kind": "token", "role": "king", "made": 0}))
        auth = Auth(db)
        assert await auth.who(bearer="t", cookie=None) is None
        await auth.open()
        assert await auth.who(bearer=None, cookie="s") is None
        assert await auth.who(bearer="", cookie=None) is None
        assert await auth.who(bearer="x" * 10_000, cookie=None) is None
        assert await auth.who(bearer="\ud800", cookie=None) is None
