"""A Chromium for the tests, and what a person does in it.

`python -m tests.browser` makes sure that there is one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserType, FilePayload, FloatRect, Locator, Page

NAMES = (
    "chromium-headless-shell",  # the same engine without windows: a fifth less work
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
PACKAGES = ("chromium-headless-shell", "chromium")
"""Of Debian, best first; others know the second alone."""
# Without a GPU and in a container: no sandbox of its own, no /dev/shm of 64 MB.
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")
REMEDY = "sudo apt-get install chromium"
DOWNLOAD_SECONDS = 600
MILLISECONDS = 90_000
"""How long a test waits for what it expects of the page."""


def find() -> str | None:
    """Return the path of a Chromium: the one on the PATH, else Playwright's own."""
    return _on_path() or _playwrights_own()


def _on_path() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def _attempt(*command: str) -> None:
    try:
        subprocess.run(command, check=False, timeout=DOWNLOAD_SECONDS)
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"{' '.join(command)} took too long.\n")


def ensure() -> str:
    """Return the path of a Chromium, installing one where there is none; exits 1 if it cannot."""
    if path := find():
        return path
    _attempt(sys.executable, "-m", "playwright", "install", "chromium")
    if path := find():
        return path
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _attempt("apt-get", "update", "-qq")
        for package in PACKAGES:
            _attempt("apt-get", "install", "-y", "-qq", "--no-install-recommends", package)
            if path := find():
                return path
    sys.exit(f"The tests need Chromium, and none could be installed. Run: {REMEDY}")


@contextmanager
def launched(chromium: BrowserType, *flags: str) -> Iterator[Browser]:
    """Launch the Chromium on the PATH, else Playwright's own, with these flags and ours."""
    opened = chromium.launch(executable_path=_on_path(), args=[*FLAGS, *flags])
    yield opened
    opened.close()


def choose(page: Page, button: str, *files: FilePayload | str) -> None:
    """Press a button that opens the file dialog, and choose files."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=button, exact=True).click()
    chooser.value.set_files(list(files))  # type: ignore[arg-type]


def file(name: str, data: bytes) -> FilePayload:
    """Return a file to choose."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def box_of(where: Locator) -> FloatRect:
    """Measure a part of the page, which a page run may be drawing anew at this moment."""
    for _ in range(100):
        if (box := where.bounding_box()) is not None:
            return box
        where.page.wait_for_timeout(50)
    raise AssertionError(f"{where} has no place on the page")


def drop(where: Locator, *paths: Path) -> None:
    """Drop files and folders of this disk on a place of the page, as a person does."""
    where.scroll_into_view_if_needed()
    box = box_of(where)
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    session = where.page.context.new_cdp_session(where.page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})
    session.detach()


if __name__ == "__main__":
    sys.stdout.write(f"{ensure()}\n")
