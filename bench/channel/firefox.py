"""The far end in Firefox: the same page as in Chromium, through WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi/),
since Playwright drives a Firefox of its own only. Run by the bench on the far host.

    python -m bench.channel.firefox PROGRAM
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

PAGE = Path(__file__).with_name("page.html")
STARTED = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")
START_WITHIN = 40.0
STOP_WITHIN = 5.0
MESSAGE = 1 << 24
AS_JSON = "(result) => JSON.stringify(result ?? null)"
PREFERENCES = {
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "app.update.enabled": False,
    "toolkit.telemetry.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}


class Browser:
    """One BiDi session with one page."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)
        self._context = ""

    async def open(self, url: str) -> str:
        """The browser's version."""
        session = await self._do("session.new", capabilities={})
        tree = await self._do("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]
        await self._do("browsingContext.navigate", context=self._context, url=url, wait="complete")
        return str(session["capabilities"]["browserVersion"])

    async def call(self, function: str, *arguments: object) -> Any:
        """What the function gives in the page; arguments and result are JSON."""
        answer = await self._do(
            "script.evaluate",
            expression=f"Promise.resolve(({function})(...{json.dumps(arguments)})).then({AS_JSON})",
            target={"context": self._context},
            awaitPromise=True,
        )
        if answer["type"] != "success":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    async def _do(self, method: str, **parameters: object) -> Any:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async for message in self._socket:
            answer = json.loads(message.data)
            if answer.get("id") == number:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
                return answer["result"]
        raise ConnectionError("the browser has ended")


async def obey(browser: Browser, asked: dict[str, Any]) -> Any:
    match asked:
        case {"do": "answer", "id": number, "sdp": sdp}:
            return await browser.call("(id, sdp) => far.answer(id, sdp)", number, sdp)
        case {"do": "keep" | "digest" as what, "id": number}:
            return await browser.call(f"(id) => far.{what}(id)", number)
        case {"do": "close", "ids": numbers}:
            return await browser.call("(ids) => ids.forEach((id) => far.close(id))", numbers)
    raise ValueError(f"not known: {asked}")


async def main(program: str) -> None:
    with tempfile.TemporaryDirectory(prefix="courtcast-firefox-", ignore_cleanup_errors=True) as profile:
        lines = [f"user_pref({json.dumps(key)}, {json.dumps(value)});\n" for key, value in PREFERENCES.items()]
        (Path(profile) / "user.js").write_text("".join(lines))
        process = await asyncio.create_subprocess_exec(
            program, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            await _serve(process)
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_WITHIN)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _serve(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    async with asyncio.timeout(START_WITHIN):
        while (found := STARTED.search(line := await process.stderr.readline())) is None:
            if not line:
                raise ConnectionError("Firefox did not start")
    drained = asyncio.create_task(process.stderr.read())
    reader = asyncio.StreamReader(MESSAGE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{found[1].decode()}/session", max_msg_size=MESSAGE) as socket,
    ):
        browser = Browser(socket)
        print(json.dumps(f"Firefox {await browser.open(PAGE.as_uri())}"), flush=True)
        while line := await reader.readline():
            try:
                answer = await obey(browser, json.loads(line))
            except (RuntimeError, ValueError) as error:
                answer = {"failed": str(error)}
            print(json.dumps(answer), flush=True)
    drained.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
