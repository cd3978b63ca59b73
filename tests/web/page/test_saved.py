"""A saved classifier is taken away and brought back, in a real browser; and the doors beside it."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import choose, file
from tests.fakes import drawn
from tests.people import zipped
from tests.served import Server

COLOURS = ("red", "blue")


def taught(server: Server, page: Page) -> None:
    """Teach red from blue."""
    files = {f"pets/{c}/{seed}.png": drawn(seed, c) for c in COLOURS for seed in range(6)}
    page.goto(server.url)
    choose(page, "Add pictures to Set 1", file("pets.zip", zipped(files)))
    expect(page.get_by_role("gridcell").first).to_be_visible()


def bring(page: Page, path: Path) -> None:
    button = page.get_by_role("button", name="Choose a .featclass file")
    if not button.is_visible():
        page.get_by_role("button", name="Use it").click()
    with page.expect_file_chooser() as chooser:
        button.click()
    chooser.value.set_files(path)


def test_what_brings_a_classifier_looks_like_what_brings_pictures(
    server: Server, page: Page
) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Use it").click()
    look = "button => [getComputedStyle(button).border, getComputedStyle(button).borderRadius]"
    names = ("Choose a .featclass file", "Choose pictures")
    bringing, choosing = (
        page.get_by_role("button", name=name, exact=True).evaluate(look) for name in names
    )
    assert bringing == choosing


def test_a_classifier_is_downloaded_and_brought_into_a_workspace_of_its_own(
    server: Server, page: Page, tmp_path: Path
) -> None:
    taught(server, page)
    before = page.url
    page.get_by_role("button", name="Use it").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the classifier").click()
    path = tmp_path / "pets.featclass"
    download.value.save_as(path)
    page.reload()
    bring(page, path)
    expect(page.get_by_text("This workspace holds a saved classifier")).to_be_visible()
    assert page.url != before
    expect(page.get_by_role("button", name="pets", exact=True)).to_be_visible()
    expect(page.get_by_text("12 of 12 right").first).to_be_visible()


def test_what_is_no_classifier_is_refused_on_the_spot_and_another_can_be_chosen(
    server: Server, page: Page, tmp_path: Path
) -> None:
    page.goto(server.url)
    expect(page.get_by_role("button", name="Use it")).to_be_visible()
    before = page.url
    (tmp_path / "bad.featclass").write_bytes(b"nonsense")
    bring(page, tmp_path / "bad.featclass")
    expect(page.locator(".saved .note")).to_contain_text("not a classifier saved by featclass")
    assert page.url == before
    expect(page.get_by_role("button", name="Choose a .featclass file")).to_be_enabled()


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "_stcore/upload_file/a/b"), ("GET", "typo"), ("GET", "static/typo.js")],
)
def test_what_the_server_does_not_have_is_not_found(server: Server, method: str, path: str) -> None:
    request = urllib.request.Request(f"{server.url}{path}", data=None, method=method)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 404
    assert refused.value.headers["x-content-type-options"] == "nosniff"
    refused.value.close()
