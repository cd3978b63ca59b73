"""Take the page's portraits: `python -m benchmarks.screenshots FOLDER`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from benchmarks.page import IDLE, PATIENCE, arrive, server
from tests.browser import FLAGS, ensure

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
SETTLING = 1500  # milliseconds of transitions: a portrait should not be blurred


def portraits(browser: Browser, folder: Path, scheme: Scheme, size: str) -> None:
    """Take the first visit, the result, and a prediction."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=width < 500
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)

    def take(what: str) -> None:
        page.locator(IDLE).wait_for()
        page.wait_for_timeout(SETTLING)
        page.screenshot(path=folder / f"{what}-{size}-{scheme}.png")

    arrive(page)
    take("welcome")
    page.get_by_role("button", name="Load sample pictures").click()
    page.get_by_role("gridcell").first.wait_for()
    page.get_by_text("Most like").first.wait_for()
    take("page")
    page.get_by_text("How good is it?").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('#score')?.scrollIntoView()")
    take("score")
    page.evaluate("document.querySelector('#try')?.scrollIntoView()")
    take("prediction")
    context.close()


def main() -> None:
    """Take all portraits into the folder named on the command line."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        server(Path(data)),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=ensure(), args=[*FLAGS])
        for scheme in SCHEMES:
            for size in SIZES:
                portraits(browser, folder, scheme, size)
        browser.close()


if __name__ == "__main__":
    main()
