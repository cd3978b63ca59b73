"""How the scripts of the components reach the browser."""

from __future__ import annotations

from playwright.sync_api import Page, Route, WebSocket, expect

from featclass.web import scripts
from featclass.web.page import components
from tests.served import Server

MODULES = f"**/{scripts.FOLDER}/**"


def test_no_script_travels_through_the_socket_of_the_page(server: Server, page: Page) -> None:
    frames: list[bytes] = []
    modules: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: frames.append(_bytes(frame)))

    page.on("websocket", listen)
    page.on("requestfinished", lambda request: modules.append(request.url))
    page.goto(server.url)
    page.get_by_role("button", name="Load sample pictures").click()
    page.get_by_text("of 24 right").first.wait_for()
    said = b"".join(frames)
    assert b"document.baseURI" in said, "not even the few lines that load them were heard"
    assert b"setTriggerValue" not in said
    assert b"mounting(" not in said
    assert f"{server.url}{scripts.address('matrix.js')}" in modules


def test_a_second_visit_asks_for_no_script(server: Server, page: Page) -> None:
    sizes = """folder => performance.getEntriesByType('resource')
      .filter(entry => entry.name.includes(folder)).map(entry => entry.transferSize)"""
    for _ in range(2):
        page.goto(server.url)
        page.get_by_role("button", name="Add a set").wait_for()
    sent = page.evaluate(sizes, scripts.FOLDER)
    assert len(sent) > 20
    assert set(sent) == {0}


def test_a_script_that_cannot_be_loaded_is_said_in_its_place(server: Server, page: Page) -> None:
    page.route(f"**/{scripts.address('sets.js')}", lambda route: route.abort())
    page.goto(server.url)
    said = "This part of the page could not be loaded. Load the page again."
    expect(page.get_by_role("alert").filter(has_text=said)).to_have_count(1)
    beside = page.get_by_text("Once there are two sets to tell apart, try new ones here")
    expect(beside).to_be_visible()


def test_the_few_lines_work_under_a_prefix_and_hand_on_how_to_clean_up(
    server: Server, page: Page
) -> None:
    """Also where the script arrives late: Streamlit awaits what they return, then cleans up."""
    asked: list[str] = []

    def late(route: Route) -> None:
        asked.append(route.request.url)
        page.wait_for_timeout(200)
        script = "export default component => () => component.said.push('cleaned up');"
        route.fulfill(body=script, content_type="text/javascript")

    page.route(MODULES, late)
    # Another page below the address: no page of ours is there to load scripts of its own.
    page.goto(f"{server.url}assets/inter-LICENSE.txt")
    said = page.evaluate(
        """async stub => {
          const url = URL.createObjectURL(new Blob([stub], { type: 'text/javascript' }));
          const said = [], { default: mount } = await import(url);
          const cleanup = await mount({ said, parentElement: document.body });
          cleanup();
          return said;
        }""",
        components.loading("matrix"),
    )
    assert said == ["cleaned up"]
    assert asked == [f"{server.url}assets/{scripts.address('matrix.js')}"]


def _bytes(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame
