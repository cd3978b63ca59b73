"""What a visit loads."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext

from tests.browser import MILLISECONDS
from tests.served import Server
from tests.traffic import Traffic

FIRST_BYTES = 1_300_000
SECOND_BYTES = 50_000


def visit(context: BrowserContext, server: Server) -> Traffic:
    """Visit the page in a new tab, until it has all it wants."""
    page = context.new_page()
    traffic = Traffic(page)
    page.goto(server.url, timeout=MILLISECONDS)
    page.get_by_text("Drop pictures here").first.wait_for(timeout=MILLISECONDS)
    page.wait_for_load_state("networkidle")
    page.close()
    return traffic


def test_a_first_visit_loads_little_and_a_second_one_next_to_nothing(
    browser: Browser, server: Server
) -> None:
    context = browser.new_context()
    first, second = visit(context, server), visit(context, server)
    context.close()
    assert any("/static/js/" in address for address in first.loaded)
    assert first.loaded.total() < FIRST_BYTES
    assert [one for one in first.loaded if "SourceSans" in one or "Plotly" in one] == []
    assert [address for address in second.loaded if "/static/" in address] == []
    assert second.loaded.total() < SECOND_BYTES
