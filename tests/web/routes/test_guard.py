"""Whom the routes answer, and what they take."""

from __future__ import annotations

import asyncio
import http.client
import socket
from threading import Thread
from typing import cast

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from uvicorn.protocols.http.h11_impl import H11Protocol

from featclass.web.routes import MIDDLEWARE
from tests.fakes import drawn
from tests.filled import OURS, first
from tests.web.routes.sent import send, sets


@pytest.mark.parametrize("headers", [{}, {**OURS, "Origin": "http://evil.example"}])
def test_a_request_from_another_site_is_refused(
    client: TestClient, token: str, headers: dict[str, str]
) -> None:
    where = f"/api/w/{token}/pictures?set={first(token)}"
    answer = client.post(where, files={"p": ("a.png", drawn(1))}, headers=headers)
    assert answer.status_code == 403
    assert sets(token)["Set 1"] == []


def test_the_page_itself_may_name_its_own_origin(client: TestClient, token: str) -> None:
    headers = {**OURS, "Origin": "http://localhost"}
    where = f"/api/w/{token}/pictures?set={first(token)}"
    assert client.post(where, files={"p": ("a.png", drawn(1))}, headers=headers).is_success


def test_a_link_that_leads_nowhere_adds_nothing_and_shows_nothing(client: TestClient) -> None:
    assert send(client, "no-such-workspace", 1, {"a.png": drawn(1)}).status_code == 400
    assert client.get(f"/api/w/no-such-workspace/thumbnail/{'ab' * 32}").status_code == 404


def test_unknown_routes_answer_404_and_not_the_page(client: TestClient) -> None:
    assert client.get("/api/typo").status_code == 404


def test_the_font_is_served_from_here(client: TestClient) -> None:
    answer = client.get("/assets/inter-latin.woff2")
    assert answer.status_code == 200
    assert answer.content[:4] == b"wOF2"


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost:8501", True),
        ("127.0.0.1:8501", True),
        ("[::1]:8501", True),
        ("10.1.2.3", True),
        ("evil.example", False),
        ("featclass.intern", True),
        ("", False),
    ],
)
def test_only_hosts_of_this_server_are_answered(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, host: str, allowed: bool
) -> None:
    monkeypatch.setenv("FEATCLASS_HOSTS", "other.intern featclass.intern")
    answer = client.get("/api/typo", headers={"Host": host})
    assert (answer.status_code == 404) is allowed


@pytest.mark.parametrize(
    ("origin", "host"),
    [("http://evil.example", "localhost"), ("http://evil.example", "evil.example")],
)
def test_a_socket_from_another_site_or_to_a_strange_name_is_refused(origin: str, host: str) -> None:
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    routes = [WebSocketRoute("/_stcore/stream", echo)]
    app = Starlette(routes=routes, middleware=list(MIDDLEWARE))
    client = TestClient(app, base_url="http://localhost")
    ours = {"Origin": "http://localhost", "Host": "localhost"}
    with client.websocket_connect("/_stcore/stream", headers=ours):
        pass
    headers = {"Origin": origin, "Host": host}
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/_stcore/stream", headers=headers),
    ):
        pass


@pytest.mark.parametrize("headers", [{"Host": "["}, {"Origin": "http://["}])
def test_headers_that_make_no_sense_are_refused_and_not_an_error_of_ours(
    client: TestClient, token: str, headers: dict[str, str]
) -> None:
    answer = client.post(f"/api/w/{token}/act", json={}, headers={**OURS, **headers})
    assert answer.status_code in (400, 403)


def test_json_nested_without_end_is_refused(client: TestClient, token: str) -> None:
    for route in ("act", "plan"):
        answer = client.post(f"/api/w/{token}/{route}", content="[" * 200_000, headers=OURS)
        assert answer.status_code == 400


def test_small_requests_have_small_limits(client: TestClient, token: str) -> None:
    answer = client.post(f"/api/w/{token}/act", content=bytes(1_100_000), headers=OURS)
    assert answer.status_code == 413


@pytest.mark.parametrize("cookie", ["", 'prefs={"a":1}'])
def test_a_browser_without_a_name_gets_one_with_the_page_and_keeps_it(
    client: TestClient, cookie: str
) -> None:
    page = {"Accept": "text/html,*/*", "Cookie": cookie}
    given = client.get("/", headers=page).headers["set-cookie"]
    assert "HttpOnly" in given
    assert "SameSite=Lax" in given
    kept = "; ".join(filter(None, (cookie, given.partition(";")[0])))
    client.cookies.clear()
    assert "set-cookie" not in client.get("/", headers={**page, "Cookie": kept}).headers
    assert "set-cookie" not in client.get("/api/typo").headers


def test_an_answer_is_sent_at_once_also_where_the_server_opened_its_socket_as_streamlit_does() -> (
    None
):
    connections: list[asyncio.Transport] = []

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            connections.append(transport)
            super().connection_made(transport)

    app = Starlette(middleware=list(MIDDLEWARE))
    with socket.socket() as opened:  # of no protocol, so that asyncio leaves it as it is
        opened.bind(("127.0.0.1", 0))
        opened.listen()
        config = uvicorn.Config(app, http=Protocol, lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
        thread.start()
        client = http.client.HTTPConnection("127.0.0.1", opened.getsockname()[1], timeout=30)
        client.request("GET", "/api/typo")
        client.getresponse().read()
        connection = cast(socket.socket, connections[0].get_extra_info("socket"))
        is_at_once = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        client.close()
        server.should_exit = True
        thread.join(30)
    assert is_at_once
