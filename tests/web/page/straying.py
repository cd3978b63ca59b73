"""Photographs that are like none of the sets of discs, tried on the page."""

from __future__ import annotations

import io
import re
from functools import cache

import PIL.Image
from playwright.sync_api import Page, expect
from sklearn.datasets import load_sample_image

from tests.browser import choose, file
from tests.fakes import drawn
from tests.web.page.trying import chip

LARGE, STEP = 240, 100
"""Pixels: of a photograph's part, and from one to the next."""


@cache
def photograph(number: int = 0) -> bytes:
    """Return a part of a photograph of a temple, which is like no disc; each is another one."""
    across, down = number % 4 * STEP, number // 4 * STEP
    whole = PIL.Image.fromarray(load_sample_image("china.jpg"))
    data = io.BytesIO()
    whole.crop((across, down, across + LARGE, down + LARGE)).save(data, "PNG")
    return data.getvalue()


def strayed(page: Page, number: int = 1, *discs: tuple[str, int]) -> None:
    """Try discs, and then so many photographs; wait until something is said of every picture."""
    files = [file(f"{colour}{seed}.png", drawn(seed, colour)) for colour, seed in discs]
    files += [file(f"temple{n}.png", photograph(n)) for n in range(number)]
    choose(page, "Choose pictures", *files)
    if len(files) <= 8:
        said = page.get_by_role("article").get_by_text(re.compile("^(Looks like|Unlike your sets)"))
        expect(said).to_have_count(len(files))
    else:
        expect(chip(page, "All")).to_have_text(f"All{len(files)}")
        expect(chip(page, "Waiting")).to_be_hidden()


def strangers(page: Page, number: int) -> None:
    """Wait until the set that is no class has so many pictures; with none it is not shown."""
    kept = page.get_by_role("region", name="None of these")
    if number:
        words = "1 picture" if number == 1 else f"{number} pictures"
        expect(kept.get_by_text(words, exact=True)).to_be_visible()
    else:
        expect(kept).to_be_hidden()
