"""Every text on the page can be read, in light and in dark: measured in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import MILLISECONDS
from tests.contrast import faint
from tests.served import Server

SCHEMES = ("light", "dark")
MENUS = ("My pictures", "encoder", "Use it")


@pytest.fixture(params=SCHEMES)
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900},
        color_scheme=request.param,
        reduced_motion="reduce",
    )
    opened = context.new_page()
    opened.set_default_timeout(MILLISECONDS)
    expect.set_options(timeout=MILLISECONDS)
    yield opened
    context.close()


def still(page: Page) -> None:
    """Wait until nothing fades in or out any more."""
    page.wait_for_function("document.getAnimations().every(one => one.playState !== 'running')")


def test_the_welcome_and_its_menus_stand_out(server: Server, page: Page) -> None:
    page.goto(server.url)
    expect(page.get_by_role("textbox", name="Name of the set Set 2")).to_be_visible()
    expect(page.get_by_role("button", name="Load sample pictures")).to_be_enabled()
    assert faint(page) == []
    for name in MENUS:
        page.locator(".st-key-header").get_by_role("button", name=name).click()
        expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
        still(page)
        assert (name, faint(page)) == (name, [])
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("stPopoverBody")).to_be_hidden()


def test_a_filled_page_stands_out_with_all_that_opens(server: Server, page: Page) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Load sample pictures").click()
    expect(page.get_by_text("of 24 right").first).to_be_visible()
    expect(page.get_by_role("button", name="Map of the pictures")).to_be_visible()
    for opens in ("Details", "Predict a whole zip or folder"):
        page.get_by_text(opens).first.click()
    page.get_by_role("gridcell").first.click()
    expect(page.locator(".panel").first).to_be_visible()
    page.get_by_role("button", name="Remove neither-house.jpg").click()
    expect(page.get_by_role("button", name="Undo").first).to_be_visible()
    still(page)
    assert faint(page) == []
