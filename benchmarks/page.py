"""How long a person waits: for the first paint, the samples' matrix, uploads, a rerun.

And what of a rerun is the server's, where there is nothing to compute.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import PIL.Image
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.processes import LeftOut, Process
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table
from tests.browser import FLAGS, find

PORT = 8719
URL = f"http://localhost:{PORT}/"
PATIENCE = 600_000
ROUNDS = 5
RERUNS = 15
QUESTIONS = 200
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"


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
        page.get_by_role("gridcell").first.wait_for()
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


def at_server(root: Path, data: Path) -> Callable[[str], list[float]]:
    """Learn the pictures of a folder's two subfolders, and return what measures the server alone.

    Of "run" it returns the seconds of runs of the page, drawn for nobody and with nothing to
    compute; of "changed" those of asking whether the sets are still those that were learned.
    """
    os.environ |= {"FEATCLASS_DATA": str(data), "FEATCLASS_OFFLINE": "1"}
    from streamlit.testing.v1 import AppTest

    import featclass.web.page
    from featclass.server.state import sets_key
    from featclass.server.studio import studio
    from featclass.workspaces import NewPicture

    store, trainer = studio().workspaces, studio().trainer
    token = store.create()
    for labelled, folder in zip(store.open(token).sets, sorted(root.iterdir()), strict=True):
        files = [NewPicture(path.name, path.read_bytes()) for path in sorted(folder.iterdir())]
        store.add_pictures(token, labelled.id, files)
    while trainer.follow(store.open(token)).is_busy:
        trainer.wait(1)
    script = Path(featclass.web.page.__file__).with_name("script.py")
    page = AppTest.from_file(str(script), default_timeout=PATIENCE / 1000)
    page.query_params["w"] = token
    page.run()

    def changed() -> None:
        workspace = store.open(token)
        sets_key(workspace, trainer.choice.in_use(workspace))

    def seconds(what: str) -> list[float]:
        if what == "run":
            return [_seconds(page.run) for _ in range(RERUNS)]
        return [_seconds(changed) for _ in range(QUESTIONS)]

    return seconds


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def server_alone(settings: Settings) -> Table:
    """Measure what of a rerun is the server's."""
    count = 100 if settings.quick else 1000
    settings.say(f"the page: {count:,} pictures, the server alone")
    root = pictures(settings.folder / "server", count)
    with Process(at_server, root, settings.folder / "server-data") as process:
        rows: list[list[Cell]] = []
        for what, order in (
            (f"a run of the page with nothing to compute, {count:,} pictures", "run"),
            (f"asking whether a workspace changed, {count:,} pictures", "changed"),
        ):
            times = [1000 * seconds for seconds in process.ask(order).value]
            rows.append([what, times, min(times), max(times), len(times)])
    columns = ("what a server does", "median ms", "min", "max", "runs")
    return Table("server", "The page at the server", columns, rows, "")


def measure(settings: Settings) -> list[Table]:
    """Measure the server alone, and where there is a browser, all that is seen in it."""
    alone = server_alone(settings)
    try:
        return [alone, in_browser(settings)]
    except LeftOut as reason:
        return [replace(alone, note=f"Without what is seen in a browser: {reason}.")]


def in_browser(settings: Settings) -> Table:
    """Measure everything in a browser; raises `LeftOut` where there is none."""
    chromium = find()
    if chromium is None:
        raise LeftOut("there is no Chromium; `python -m tests.browser` fetches one")
    rounds = 1 if settings.quick else ROUNDS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS])
        visits = []
        for turn in range(rounds):
            settings.say(f"the page: first visit, round {turn + 1} of {rounds}")
            visits.append(first_visit(browser))
        painted, drawn, seen = (list(each) for each in zip(*visits, strict=True))
        taken = {
            "`make run` to the browser's first paint": painted,
            "`make run` to the sets drawn": drawn,
            "sample pictures clicked, to matrix, encoder not loaded": seen,
        }
        for count in () if settings.quick else (1000, 5000):
            settings.say(f"the page: {count:,} files")
            added, reruns = upload(browser, count)
            taken[f"{count:,} files of 10 kB dropped to added"] = [added]
            taken[f"click to redrawn page, {count:,} pictures"] = reruns
        browser.close()
    columns = ("what a person waits for", "median s", "min", "max", "runs")
    rows: list[list[Cell]]
    rows = [[what, found, min(found), max(found), len(found)] for what, found in taken.items()]
    formats = dict.fromkeys(columns[1:4], ".2f")
    return Table("page", "The page", columns, rows, "", formats)
