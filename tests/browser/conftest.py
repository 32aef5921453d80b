"""What tests of whole pages stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.browser import picture_bench
from tests.browser.page_stand import FLAGS, Receiver


@pytest_asyncio.fixture(scope="session", loop_scope="session", autouse=True)
async def browsers_close() -> AsyncIterator[None]:
    yield
    await picture_bench.close_browsers()


@pytest_asyncio.fixture(loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """For tests that share an event loop (`picture_bench.ONE_LOOP`)."""
    async with picture_bench.a_browser(FLAGS) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver
