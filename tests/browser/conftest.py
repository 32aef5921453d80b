"""What tests of whole pages stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser import picture_bench
from tests.browser.page_stand import FLAGS, Receiver


@pytest_asyncio.fixture(scope="session", loop_scope="session", autouse=True)
async def browsers_close() -> AsyncIterator[None]:
    yield
    await picture_bench.close_browsers()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver
