"""Two sets with pictures in the wrong one, on the page in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser import choose, file
from tests.fakes import drawn
from tests.people import zipped
from tests.served import Server

HOSTILE = "<img src=x onerror=alert(1)>"
STRAYED = f"red taken for {HOSTILE}: 1"
NONE = f"red taken for {HOSTILE}: 0"


def strayed(server: Server, page: Page, *, strays: int = 1) -> None:
    """Fill the sets red and HOSTILE (blue pictures), with `strays` blue pictures among the red."""
    files = {f"pets/red/{seed}.png": drawn(seed, "red") for seed in range(10)}
    files |= {f"pets/{HOSTILE}/{seed}.png": drawn(seed, "blue") for seed in range(10)}
    files[f"pets/red/{HOSTILE}.png"] = drawn(90, "blue")
    files |= {f"pets/red/stray{n}.png": drawn(90 + n, "blue") for n in range(1, strays)}
    page.goto(server.url)
    choose(page, "Add pictures to Set 1", file("pets.zip", zipped(files)))
    expect(page.get_by_role("gridcell", name=f"red taken for {HOSTILE}: {strays}")).to_be_visible()
