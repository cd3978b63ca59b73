"""Sets of discs and pictures tried, on the page in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser import choose, file
from tests.fakes import drawn
from tests.people import zipped
from tests.served import Server


def taught(server: Server, page: Page, *, sets: tuple[str, ...] = (), each: int = 3) -> None:
    """Fill the sets warm (red discs) and cold (blue), and more `sets` of two white discs each."""
    files = {
        f"discs/{name}/{seed}.png": drawn(seed, colour)
        for name, colour in (("warm", "red"), ("cold", "blue"))
        for seed in range(each)
    }
    for seed in range(2 * len(sets)):
        files[f"discs/{sets[seed // 2]}/{seed}.png"] = drawn(100 + seed, "white")
    page.goto(server.url)
    choose(page, "Add pictures to Set 1", file("discs.zip", zipped(files)))
    expect(page.get_by_text(re.compile(r"^\d+ of \d+ right$|^No score yet$")).first).to_be_visible()


def tried(page: Page, *discs: tuple[str, int]) -> None:
    files = [file(f"{colour}{seed}.png", drawn(seed, colour)) for colour, seed in discs]
    choose(page, "Choose pictures", *files)


def many(page: Page, each: int = 6) -> None:
    """Try `each` red, blue and purple discs; wait until all are there and have a prediction."""
    discs = [(colour, 21 + seed) for colour in ("red", "blue", "purple") for seed in range(each)]
    tried(page, *discs)
    expect(chip(page, "All")).to_have_text(f"All{3 * each}")
    expect(chip(page, "Waiting")).to_be_hidden()


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=f"Prediction for {name}")


def chip(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name="Show").get_by_role("button", name=name)


def tiles(page: Page) -> Locator:
    return page.get_by_role("group", name="Pictures tried", exact=True).get_by_role("button")


def opened(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Pictures tried")
