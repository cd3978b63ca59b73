"""One server and one browser for all tests of the page; each test is a new visitor.

They live as long as the package and not the session: while Playwright runs, the main thread has a
running loop, and tests of other rooms call `asyncio.run` there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    Page,
    expect,
    sync_playwright,
)

from tests.absent import TORCHES, without
from tests.browser import MILLISECONDS, launched
from tests.served import ROOT, Server, serving

COLD_MILLISECONDS = 4 * MILLISECONDS


@pytest.fixture(scope="package")
def chromium() -> Iterator[BrowserType]:
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="package")
def server(chromium: BrowserType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page, for all tests that neither stop it nor need settings of their own.

    It has learned once before the clock of a test runs: the first time, it loads the encoder.
    torch cannot be imported there: with the built-in encoder nothing on the page needs it.
    """
    absent = without(TORCHES, tmp_path_factory.mktemp("absent"))
    path = os.pathsep.join([absent, str(ROOT)])
    folder = tmp_path_factory.mktemp("server")
    with serving(folder, PYTHONPATH=path, FEATCLASS_DEVICE="cpu") as running:
        with launched(chromium) as browser:
            visitor = browser.new_page()
            visitor.goto(running.url, timeout=COLD_MILLISECONDS)
            load = visitor.get_by_role("button", name="Load sample pictures")
            load.click(timeout=COLD_MILLISECONDS)
            score = visitor.get_by_text("of 24 right").first
            score.wait_for(timeout=COLD_MILLISECONDS)
        yield running


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page, for a test that stops it."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="package")
def browser(chromium: BrowserType) -> Iterator[Browser]:
    """A browser that lends its fake camera without asking."""
    flags = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    with launched(chromium, *flags) as opened:
        yield opened


@pytest.fixture(scope="package")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """What the visitors share: Streamlit's scripts, fetched and compiled once."""
    opened = browser.new_context(viewport={"width": 1440, "height": 900})
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A new visitor: cookies of their own; any error in the page's own code fails the test."""
    opened = context.new_page()
    opened.set_default_timeout(MILLISECONDS)
    expect.set_options(timeout=MILLISECONDS)
    faults: list[str] = []
    outside: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("request", lambda request: outside.append(request.url))
    yield opened
    opened.close()
    assert context.pages == [], "a test closes the pages that it opens itself"
    context.clear_cookies()
    context.clear_permissions()
    assert faults == []
    assert [
        url for url in outside if not url.startswith(("http://localhost", "data:", "blob:"))
    ] == []
