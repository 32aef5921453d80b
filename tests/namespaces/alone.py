"""Presenter and screen through their commands alone, as somebody without a network would start them.

Prints the path by which the screen is reached, or ends with what went wrong. Run as a program, on a machine of its own.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from courtcast.demo.programs import Api, Program, run
from courtcast.wire.api import Screen


@asynccontextmanager
async def screen(folder: Path) -> AsyncIterator[None]:
    """A receiver with the browser that it opens itself."""
    said = ["--data", str(folder), "--name", "Jury", "--zone", "jury", "--port", "0", "--headless"]
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "receiver.cli", "run", *said)
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def main(folder: Path) -> None:
    async with AsyncExitStack() as stack:
        serve = Program("courtcast.cli", "serve", "--data", folder / "presenter", "--port", "0", says="remote:")
        presenter = await stack.enter_async_context(serve)
        await stack.enter_async_context(screen(folder / "jury"))
        token = await run("courtcast.cli", "token", "--data", folder / "presenter", "--role", "clerk")
        where = urlsplit(presenter.answer)
        api = await stack.enter_async_context(Api(f"{where.scheme}://{where.netloc}", token))
        (found,) = await api.until("finding the screen", api.screens, lambda screens: len(screens) == 1, 20)
        code = await run("receiver.cli", "code", "--data", folder / "jury")
        await api.call("POST", f"/screens/{found.id}/pair", code=code)

        def answers(screens: list[Screen]) -> bool:
            return screens[0].online

        (there,) = await api.until("the screen to answer", api.screens, answers, 30)
        print(there.path, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
