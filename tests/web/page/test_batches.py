"""A whole zip through the page, in a real browser, with the real built-in encoder."""

from __future__ import annotations

import csv
import re
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import choose, file
from tests.fakes import drawn
from tests.people import zipped
from tests.served import Server, serving

COLOURS = ("red", "blue")


def taught(server: Server, page: Page) -> None:
    """Teach red from blue."""
    files = {f"pets/{c}/{seed}.png": drawn(seed, c) for c in COLOURS for seed in range(6)}
    page.goto(server.url)
    choose(page, "Add pictures to Set 1", file("pets.zip", zipped(files)))
    expect(page.get_by_role("gridcell").first).to_be_visible()
    unfold(page)


def unfold(page: Page) -> None:
    """Open the line of the batches."""
    page.locator("summary", has_text="Predict a whole zip or folder").click()


def batch_of(page: Page, name: str) -> Locator:
    """Return the batch of this name."""
    heading = page.get_by_role("heading", name=name, exact=True)
    return page.locator("[class*=st-key-batch-]").filter(has=heading)


def new(count: int) -> dict[str, bytes]:
    return {f"new/{i:03}.png": drawn(1000 + i, COLOURS[i % 2], size=200) for i in range(count)}


def test_a_zip_is_cancelled_resumed_after_a_kill_and_taken_away_sorted(
    own_server: Server, page: Page
) -> None:
    server = own_server
    taught(server, page)
    choose(page, "Choose a zip", file("holiday.zip", zipped(new(400))))
    batch = batch_of(page, "holiday.zip")
    expect(batch.get_by_text(re.compile(r"\d+ of 400 ·"))).to_be_visible()
    batch.get_by_role("button", name="Cancel").click()
    stopped = batch.get_by_text(re.compile(r"Stopped at (\d+) of 400"))
    expect(stopped).to_be_visible()
    kept = re.search(r"at (\d+)", stopped.inner_text())
    assert kept is not None
    assert 0 < int(kept[1]) < 400
    server.stop(signal.SIGKILL)
    server.start()
    page.reload()
    unfold(page)
    expect(batch.get_by_text(f"Stopped at {kept[1]} of 400")).to_be_visible()
    batch.get_by_role("button", name="Resume").click()
    expect(batch.get_by_text("400 pictures")).to_be_visible()
    with page.expect_download() as download:
        batch.get_by_role("link", name="CSV: holiday.zip").click()
    assert download.value.suggested_filename == "holiday-predictions.csv"
    with download.value.path().open(newline="", encoding="utf-8-sig") as table:
        rows = list(csv.DictReader(table))
    assert [row["path"] for row in rows] == sorted(new(400))
    with page.expect_download() as download:
        batch.get_by_role("link", name="Sorted zip: holiday.zip").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        places = {name.rpartition("/")[2]: name for name in archive.namelist()}
        assert len(places) == len(archive.namelist()) == 400
        for row in rows:
            place = places[row["path"].removeprefix("new/")]
            assert row["label"] in place or "none of these" in place
    batch.get_by_text("The first 50 results").click()
    expect(batch.locator("[role=grid]")).to_have_attribute("aria-rowcount", "51")


@pytest.fixture
def offering(tmp_path: Path) -> Iterator[Server]:
    """The page of a server that offers a folder of four pictures, named trip."""
    offered, data = tmp_path / "offered" / "trip", tmp_path / "data"
    offered.mkdir(parents=True)
    data.mkdir()
    for seed in range(4):
        (offered / f"{seed}.png").write_bytes(drawn(seed + 50, COLOURS[seed % 2]))
    with serving(data, FEATCLASS_PICTURES=str(offered.parent)) as running:
        yield running


def test_a_folder_of_the_server_is_predicted_removed_and_brought_back(
    offering: Server, page: Page
) -> None:
    taught(offering, page)
    page.get_by_label("Folder on the server").fill("../..")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_text("among those that this server offers")).to_be_visible()
    page.get_by_label("Folder on the server").fill("trip")
    page.get_by_label("Folder on the server").press("Enter")
    batch = batch_of(page, "trip")
    expect(batch.get_by_text("4 pictures")).to_be_visible()
    batch.get_by_role("button", name="Remove").click()
    expect(batch).to_be_hidden()
    page.locator(".st-key-batch-removed", has_text="Removed trip").get_by_text("Undo").click()
    expect(batch.get_by_text("4 pictures")).to_be_visible()


def test_a_zip_dropped_there_is_predicted_and_adds_nothing_to_what_was_tried(
    server: Server, page: Page
) -> None:
    taught(server, page)
    transfer = page.evaluate_handle(
        """bytes => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], '<b>x.zip'));
            return transfer;
        }""",
        list(zipped(new(3))),
    )
    zone = page.locator(".batches .zone")
    zone.dispatch_event("drop", {"dataTransfer": transfer})
    batch = batch_of(page, "<b>x.zip")
    expect(batch.get_by_text("3 pictures")).to_be_visible()
    expect(page.get_by_role("article", name="Prediction for")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1440])
def test_the_batches_are_no_wider_than_the_screen(server: Server, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    taught(server, page)
    name = f"{'a-very-long-name-' * 8}.zip"
    choose(page, "Choose a zip", file(name, zipped({f"{'x' * 180}.png": drawn(1)})))
    # Of so long a name, the beginning is kept.
    heading = page.get_by_role("heading", name="a-very-long-name")
    batch = page.locator("[class*=st-key-batch-]").filter(has=heading)
    expect(batch.get_by_text("1 picture", exact=True)).to_be_visible()
    batch.get_by_text("All results").click()
    expect(batch.locator("[role=grid]")).to_have_attribute("aria-rowcount", "2")
    # Columns out of view are not drawn: the long name leaves room for what is said of the picture.
    expect(batch.locator("[role=gridcell][aria-colindex='3']")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_another_window_does_to_a_batch_that_runs_is_seen_without_a_click(
    server: Server, page: Page
) -> None:
    taught(server, page)
    choose(page, "Choose a zip", file("shared.zip", zipped(new(400))))
    expect(batch_of(page, "shared.zip").get_by_text(re.compile(r"\d+ of 400 ·"))).to_be_visible()
    other = page.context.new_page()
    other.goto(page.url)
    unfold(other)
    batch_of(other, "shared.zip").get_by_role("button", name="Cancel").click()
    expect(batch_of(page, "shared.zip").get_by_text(re.compile("Stopped at"))).to_be_visible()
    batch_of(other, "shared.zip").get_by_role("button", name="Remove").click()
    expect(batch_of(other, "shared.zip")).to_have_count(0)
    other.close()


def test_another_browser_sees_none_of_it(server: Server, page: Page, browser: Browser) -> None:
    taught(server, page)
    choose(page, "Choose a zip", file("mine.zip", zipped(new(2))))
    expect(batch_of(page, "mine.zip").get_by_text("2 pictures")).to_be_visible()
    other = browser.new_context().new_page()
    other.goto(server.url)
    unfold(other)
    expect(other.get_by_text("whole zips can be predicted here")).to_be_visible()
    expect(batch_of(other, "mine.zip")).to_have_count(0)
    other.context.close()
