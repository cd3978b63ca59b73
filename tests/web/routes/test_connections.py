"""Connections: how many there may be, and which of them the server closes."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.sync.client import connect

from featclass.web.routes import connections, lifespan

SECONDS = 30
ENDED = threading.Event()
"""Set when an answer without end has ended."""


async def slow(request: Request) -> PlainTextResponse:
    """Answer after more time than a connection may be silent."""
    await asyncio.sleep(4 * connections.SILENT_SECONDS)
    return PlainTextResponse("done")


async def endless(request: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(100_000)
                await asyncio.sleep(0)
        finally:
            ENDED.set()

    return StreamingResponse(pieces())


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server that closes connections on which nothing moved for half a second."""
    monkeypatch.setattr(connections, "SILENT_SECONDS", 0.5)

    @asynccontextmanager
    async def watching(app: Any) -> AsyncIterator[None]:
        end = connections.close_silent()
        yield
        end()

    routes = [Route("/slow", slow), Route("/endless", endless), WebSocketRoute("/echo", echo)]
    app = Starlette(routes=routes, lifespan=watching)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_keep_alive=60))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield int(listening.getsockname()[1])
    server.should_exit = True
    thread.join(SECONDS)
    listening.close()


def opened(port: int) -> Any:
    made = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
    return closing(made)


@pytest.mark.parametrize("said", [b"", b"GET /slow HT", b"GET /slow HTTP/1.1\r\nHost: a\r\n"])
def test_a_connection_that_asks_for_nothing_to_its_end_is_closed(port: int, said: bytes) -> None:
    with opened(port) as client:
        client.sendall(said)
        assert is_closed(client)


def test_a_connection_that_began_a_second_request_and_stopped_is_closed(port: int) -> None:
    with opened(port) as client:
        client.sendall(b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.recv(9) == b"HTTP/1.1 "
        client.sendall(b"GET /nothing HTTP/1.1\r\nHos")
        while client.recv(1000):
            pass  # the rest of the first answer, until it is closed


def is_closed(client: socket.socket) -> bool:
    try:
        return client.recv(10) == b""
    except ConnectionResetError:
        return True


def test_a_request_that_is_worked_on_may_take_its_time(port: int) -> None:
    with opened(port) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := client.recv(1000):
            answer += piece
        assert answer.endswith(b"done")


def test_a_reader_who_takes_nothing_of_an_answer_is_let_go(port: int) -> None:
    ENDED.clear()
    with opened(port) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        assert ENDED.wait(SECONDS)


def test_a_socket_of_a_live_page_may_be_silent(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/echo") as page, opened(port) as silent:
        page.send("one")
        assert page.recv() == "one"
        assert is_closed(silent)  # and by then the page has been silent for as long
        page.send("two")
        assert page.recv() == "two"


def test_the_server_opens_as_many_files_as_the_system_lets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import resource

    limits = [(1024, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, wanted: limits.append(wanted))

    async def started() -> None:
        async with lifespan(None):
            pass

    asyncio.run(started())
    assert limits[-1] == (4096, 4096)
    limits.append((1024, resource.RLIM_INFINITY))
    connections.raise_limit()
    assert limits[-1] == (connections.MOST_FILES, resource.RLIM_INFINITY)
    limits.append((200_000, 200_000))
    connections.raise_limit()
    assert limits[-1] == (200_000, 200_000)


def test_a_limit_that_cannot_be_raised_is_no_reason_not_to_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import resource

    def refuse(*_: object) -> None:
        raise ValueError("not allowed")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    connections.raise_limit()
