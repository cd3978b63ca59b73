"""What a first and a second visit load, and how soon something is seen, in a real Chromium.

The server has run for a while; the browser's cache is empty at a first visit.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.page import PATIENCE, URL, arrive, server
from benchmarks.processes import LeftOut
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table
from tests.browser import FLAGS, find
from tests.traffic import Traffic

ROUNDS = 15
NOTE = (
    "Medians of {rounds} browsers, each with an empty cache, that come once and then again. Bytes"
    " as they pass, headers included, without what the browser had; seconds from the browser's"
    " asking on."
)


@dataclass(frozen=True, slots=True)
class Visit:
    """What one visit took."""

    requests: int
    """Addresses that the server answered for."""
    loaded: int
    """Bytes of the answers."""
    spoken: int
    """Bytes that came through the page's socket."""
    painted: float
    """Seconds to the first contentful paint."""
    drawn: float
    """Seconds until the sets are drawn."""


def visit(context: BrowserContext) -> Visit:
    """Visit the page in a new tab."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    traffic = Traffic(page)
    asked = time.perf_counter()
    page.goto(URL)
    page.get_by_text("Drop pictures here").first.wait_for()
    drawn = time.perf_counter() - asked
    page.wait_for_load_state("networkidle")
    paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    painted = float(page.evaluate(paint)) / 1000
    page.close()
    return Visit(len(traffic.loaded), traffic.loaded.total(), traffic.spoken, painted, drawn)


def visits(browser: Browser, rounds: int) -> tuple[list[Visit], list[Visit]]:
    """Return first visits and second ones, by as many browsers as there are rounds."""
    first: list[Visit] = []
    second: list[Visit] = []
    for _ in range(rounds):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        first.append(visit(context))
        second.append(visit(context))
        context.close()
    return first, second


def measure(settings: Settings) -> list[Table]:
    """Measure both visits; raises `LeftOut` where there is no browser."""
    chromium = find()
    if chromium is None:
        raise LeftOut("there is no Chromium; `python -m tests.browser` fetches one")
    rounds = 3 if settings.quick else ROUNDS
    with (
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder)),
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS])
        settings.say("visits: until the server has learned once")
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        arrive(page)
        page.get_by_role("button", name="Load sample pictures").click()
        page.get_by_role("gridcell").first.wait_for()
        page.close()
        settings.say(f"visits: {rounds} first and second ones")
        first, second = visits(browser, rounds)
        browser.close()
    columns = (
        *("visit", "requests", "kB loaded", "kB through the socket"),
        *("first contentful paint, s", "min", "max", "sets drawn, s"),
    )
    rows = [_row("first", first), _row("second", second)]
    formats = dict.fromkeys(columns[1:4], ".0f") | dict.fromkeys(columns[4:], ".2f")
    return [Table("visit", "A visit", columns, rows, NOTE.format(rounds=rounds), formats)]


def _row(name: str, made: list[Visit]) -> list[Cell]:
    painted = [one.painted for one in made]
    return [
        name,
        [float(one.requests) for one in made],
        [one.loaded / 1000 for one in made],
        [one.spoken / 1000 for one in made],
        *(painted, min(painted), max(painted)),
        [one.drawn for one in made],
    ]
