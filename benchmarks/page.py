"""How long a person waits: for the first paint, the samples' matrix, uploads, a rerun."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import PIL.Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import FLAGS, ensure

PORT = 8719
URL = f"http://localhost:{PORT}/"
PATIENCE = 600_000
ROUNDS = 5
RERUNS = 15
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: the median of several rounds, and all of them."""

    what: str
    seconds: list[float]


@contextmanager
def server(data: Path) -> Iterator[float]:
    """Run `featclass app`; gives the moment at which it was started."""
    command = [sys.executable, "-m", "featclass", "app", "--port", str(PORT)]
    environment = os.environ | {"FEATCLASS_DATA": str(data), "FEATCLASS_OFFLINE": "1"}
    environment.pop("DISPLAY", None)  # no browser of the person's own
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield started
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def arrive(page: Page) -> float:
    """Load the page as soon as the server answers, and wait until the sets are drawn.

    Returns the moment of the browser's own first paint.
    """
    while True:
        try:
            urllib.request.urlopen(f"{URL}_stcore/health", timeout=1).close()
            break
        except OSError:
            time.sleep(0.01)
    asked = time.perf_counter()
    page.goto(URL)
    page.get_by_text("Drop pictures here").first.wait_for()
    painted = page.evaluate("performance.getEntriesByName('first-paint')[0].startTime")
    return asked + float(painted) / 1000


def first_visit(browser: Browser) -> tuple[float, float, float]:
    """Return seconds to the first paint, to the page drawn, and from the click to the matrix."""
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as started:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        painted = arrive(page)
        drawn = time.perf_counter()
        page.get_by_role("button", name="Load sample pictures").click()
        page.locator(".js-plotly-plot .heatmaplayer").wait_for()
        seen = time.perf_counter()
        page.close()
    return painted - started, drawn - started, seen - drawn


def pictures(folder: Path, count: int) -> Path:
    """Draw `count` small JPEGs of about 10 kB into two subfolders."""
    chance = Random(0)
    root = folder / "many"
    for number in range(count):
        noise = PIL.Image.frombytes("RGB", (24, 24), chance.randbytes(24 * 24 * 3))
        path = root / "ab"[number % 2] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise.resize((256, 256)).save(path, quality=80)
    return root


def upload(browser: Browser, count: int) -> tuple[float, list[float]]:
    """Return seconds until `count` files are shown as added; then, of reruns of the page."""
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)):
        root = pictures(Path(folder), count)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        arrive(page)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Folder of folders").click()
        started = time.perf_counter()
        chooser.value.set_files(root)
        page.get_by_text(f"Added {count:,} pictures").wait_for()
        added = time.perf_counter() - started
        page.get_by_text(f"of {count:,} right").wait_for()
        page.locator(IDLE).wait_for()
        reruns = [rerun(page) for _ in range(RERUNS)]
        page.close()
    return added, reruns


def rerun(page: Page) -> float:
    """Return the seconds from a click that adds an empty set to the page that shows it."""
    started = time.perf_counter()
    page.get_by_role("button", name="Add a set").click()
    page.get_by_label("Name of the set Set").last.wait_for()
    seconds = time.perf_counter() - started
    page.get_by_role("button", name="Remove the set Set").last.click()
    page.get_by_label("Name of the set Set").wait_for(state="detached")
    return seconds


def rows(say: Callable[[str], None]) -> list[Row]:
    """Measure everything; `say` hears what is being measured."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=ensure(), args=[*FLAGS])
        visits = []
        for turn in range(ROUNDS):
            say(f"first visit, round {turn + 1} of {ROUNDS}")
            visits.append(first_visit(browser))
        say("1,000 files")
        thousand, reruns = upload(browser, 1000)
        say("5,000 files")
        five_thousand, slow_reruns = upload(browser, 5000)
        browser.close()
    return [
        Row("`make run` to the browser's first paint", [painted for painted, _, _ in visits]),
        Row("`make run` to the sets drawn", [drawn for _, drawn, _ in visits]),
        Row(
            "sample pictures clicked, to matrix, encoder not loaded", [seen for *_, seen in visits]
        ),
        Row("1,000 files of 10 kB dropped to added", [thousand]),
        Row("5,000 files of 10 kB dropped to added", [five_thousand]),
        Row("click to redrawn page, 1,000 pictures", reruns),
        Row("click to redrawn page, 5,000 pictures", slow_reruns),
    ]


def table(measured: list[Row]) -> str:
    """Return the figures as Markdown: medians, smallest and largest, in seconds."""
    lines = ["| what a person waits for | median s | min | max | runs |", "|---|--:|--:|--:|--:|"]
    for row in measured:
        middle, low, high = statistics.median(row.seconds), min(row.seconds), max(row.seconds)
        lines.append(f"| {row.what} | {middle:.2f} | {low:.2f} | {high:.2f} | {len(row.seconds)} |")
    return "\n".join(lines)
