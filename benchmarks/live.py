"""The live camera in a real browser: predictions a second, and the time from frame to bars."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.page import IDLE, PATIENCE, arrive, server
from benchmarks.processes import LeftOut
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table
from tests import camera
from tests.browser import FLAGS, find

ROUNDS = 5
SECONDS, QUICK_SECONDS = 10.0, 4.0
SETTLING = 3000  # milliseconds, until the bars move
WATCH = """() => {
    // A frame is grabbed, then sent; its bars are drawn, then painted with the next frame.
    const drawImage = OffscreenCanvasRenderingContext2D.prototype.drawImage;
    window.live = {taken: [], shares: []};
    let grabbed = 0;
    OffscreenCanvasRenderingContext2D.prototype.drawImage = function (...given) {
        grabbed = performance.now();
        return drawImage.apply(this, given);
    };
    const Real = WebSocket;
    window.WebSocket = class extends Real {
        constructor(url, ...given) {
            super(url, ...given);
            if (!String(url).endsWith('/live')) return;
            this.addEventListener('message', event => {
                const start = grabbed;
                requestAnimationFrame(() => {
                    const now = performance.now();
                    window.live.taken.push([now, now - start, JSON.parse(event.data).ms]);
                });
            });
        }
    };
}"""


def watched(page: Page, seconds: float) -> list[list[float]]:
    """Return moment, milliseconds from frame to bars, and those on the server, of each answer."""
    page.evaluate("window.live.taken = []")
    page.wait_for_timeout(1000 * seconds)
    found: list[list[float]] = page.evaluate("window.live.taken")
    return found


def started(page: Page) -> None:
    """Teach the sample pictures, and open the camera once they are learned."""
    arrive(page)
    page.get_by_role("button", name="Load sample pictures").click()
    page.get_by_text("of 24 right").first.wait_for()
    page.locator(IDLE).wait_for()
    page.get_by_role("button", name="Camera", exact=True).click()
    page.get_by_role("region", name="Live prediction").get_by_text("a second").wait_for()
    page.wait_for_timeout(SETTLING)


def measure(settings: Settings) -> list[Table]:
    """Measure with the built-in encoder; raises `LeftOut` where there is no browser."""
    chromium = find()
    if chromium is None:
        raise LeftOut("there is no Chromium; `python -m tests.browser` fetches one")
    rounds, seconds = (1, QUICK_SECONDS) if settings.quick else (ROUNDS, SECONDS)
    taken: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        film = camera.shoot(Path(folder) / "film.mjpeg", camera.members(), seconds=3)
        (Path(folder) / "data").mkdir()
        with server(Path(folder) / "data"):
            flags: list[Any] = [*FLAGS, *camera.flags(film)]
            browser = playwright.chromium.launch(executable_path=chromium, args=flags)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(PATIENCE)
            page.add_init_script(f"({WATCH})()")
            started(page)
            for turn in range(rounds):
                settings.say(f"the live camera: round {turn + 1} of {rounds}")
                _count(taken, watched(page, seconds), seconds)
            browser.close()
    columns = ("live camera, 1280 x 720, built-in encoder", "median", "min", "max", "runs")
    rows: list[list[Cell]]
    rows = [[what, found, min(found), max(found), len(found)] for what, found in taken.items()]
    return [Table("live", "The live camera", columns, rows, "", dict.fromkeys(columns[1:4], ".1f"))]


def _count(taken: dict[str, list[float]], found: list[list[float]], seconds: float) -> None:
    waited = sorted(each[1] for each in found)
    figures = {
        "predictions a second": len(found) / seconds,
        "frame to bars, median ms": statistics.median(waited),
        "frame to bars, 95th percentile ms": waited[int(0.95 * (len(waited) - 1))],
        "of that on the server, median ms": statistics.median(each[2] for each in found),
    }
    for what, figure in figures.items():
        taken.setdefault(what, []).append(figure)
