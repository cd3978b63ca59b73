"""Sets and pictures to ask about, on the page in a real browser."""

from __future__ import annotations

from playwright.sync_api import FilePayload, Page, expect

from tests.browser import choose, file
from tests.fakes import drawn


def fill(page: Page, url: str) -> None:
    """Give two sets three pictures each, and a dozen to try."""
    page.goto(url)
    for name, colour in (("Set 1", "red"), ("Set 2", "blue")):
        choose(page, f"Add pictures to {name}", *some(colour, 3))
        card = page.get_by_role("region", name=f"Set {name}")
        expect(card.get_by_text("3 pictures", exact=True)).to_be_visible()
    choose(page, "Choose pictures", *some("red", 6, 50), *some("blue", 6, 70))
    expect(page.get_by_role("button", name="Label the most useful of 12 pictures")).to_be_visible()


def some(colour: str, number: int, first: int = 0) -> list[FilePayload]:
    return [file(f"{colour}{n}.png", drawn(n, colour)) for n in range(first, first + number)]
