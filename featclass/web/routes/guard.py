"""What every request must pass: a known host, the same origin, a body that is bounded and comes.

Streamlit guards its own routes only, so these stand in front of ours and of its alike.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import re
import socket
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Final
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from featclass.base import disk
from featclass.server.studio import studio, trouble, visitor_in
from featclass.web.routes.answers import Answering
from featclass.web.routes.frontend import Frontend

log = logging.getLogger(__name__)

LOCAL_NAMES = ("localhost",)


class Guard:
    """Refuses what may not pass, bounds what may, and gives a visitor their cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it here."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        _send_at_once(receive)
        headers = Headers(scope=scope)
        refusal = _refusal(scope, headers)
        if scope["type"] == "websocket":
            if refusal is None:
                await self.app(scope, _heard(scope, receive, send), send)
            else:
                await receive()
                await send({"type": "websocket.close", "code": 1008})
            return
        answering = Answering(scope, headers, receive, send)
        if refusal is None and scope["path"].endswith(_HEALTH):
            # Streamlit would say that it is well: it knows no data folder.
            why = await run_in_threadpool(trouble)
            refusal = PlainTextResponse(why, 503) if why else None
        if refusal is None:
            await self._answered(scope, headers, receive, answering)
        else:
            await refusal(scope, receive, answering)

    async def _answered(
        self, scope: Scope, headers: Headers, receive: Receive, answering: Answering
    ) -> None:
        """Have a request answered, also where that breaks off."""
        try:
            with _acting(scope, headers):
                await self.app(scope, _bounded(scope, headers, receive), answering)
            return
        except _Refused as refused:
            if answering.has_begun:
                raise
            answer = JSONResponse({"error": str(refused)}, refused.status)
        except ClientDisconnect:
            log.info("What was being sent was cancelled: %s", scope["path"].rpartition("/")[2])
            return
        except Exception as error:  # the page says it in a sentence, the log has the traceback
            if answering.has_begun:
                raise
            # A full disk is no fault of ours: everything can be looked at.
            sentence, status = disk.FULL, 507
            if not disk.is_full(error):
                log.exception("A request could not be answered")
                sentence = f"Something went wrong on our side ({type(error).__name__})."
                status = 500
            answer = JSONResponse({"error": sentence}, status)
        await answer(scope, receive, answering)


def _refusal(scope: Scope, headers: Headers) -> Response | None:
    """Return the answer to what is not let through."""
    if not is_allowed_host(headers.get("host", "")):
        return PlainTextResponse(
            f"This server does not answer to the name {headers.get('host', '')!r}. Its"
            " administrator can add it to FEATCLASS_HOSTS.",
            400,
        )
    if reason := _refused(scope, headers):
        return JSONResponse({"error": reason}, 403)
    if _UPLOADS in scope["path"]:
        # Streamlit would keep in memory whatever anybody sends there; the page does not use it.
        return JSONResponse({"error": "there is nothing here"}, 404)
    if headers.get("content-encoding", "identity") != "identity":
        return JSONResponse({"error": "send it as it is, not compressed"}, 415)
    return None


def is_allowed_host(host: str) -> bool:
    """Say whether a Host header names this server.

    Numbers always do: only a name can be pointed at this machine by somebody else (DNS
    rebinding). Names must be local, this machine's, or listed in `FEATCLASS_HOSTS`.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        listed = os.environ.get("FEATCLASS_HOSTS", "").replace(",", " ").lower().split()
        return name in LOCAL_NAMES or name.endswith(".localhost") or name in listed
    return True


def _is_ours(scope: Scope) -> bool:
    return bool(scope["path"].startswith("/api/"))


def _refused(scope: Scope, headers: Headers) -> str:
    """Return why a WebSocket, or a request to our routes, is refused; or nothing."""
    is_socket = scope["type"] == "websocket"
    if not is_socket and not _is_ours(scope):
        return ""
    origin = headers.get("origin")
    # Streamlit would ask a service on the internet for this machine's address before it refuses.
    if origin is not None and origin.partition("://")[2] != headers.get("host"):
        return "this request comes from another site"
    # Another site cannot send a custom header without asking first, and nobody answers that.
    if not is_socket and scope["method"] != "GET" and "x-featclass" not in headers:
        return "this request does not come from the featclass page"
    return ""


# A zip is as large as the administrator allows, and so is a form of pictures: one that is too large
# is rejected by its name there, and the others of the form are added.
_LIMITS: Final = {
    "zip": 2**63,
    "pictures": 2**63,
    "classifier": 200 * 10**6,
    "plan": 2 * 10**6,
    "form": 24 * 10**6,  # a plan with tables
}
_OTHERWISE: Final = 10**6
_UPLOADS: Final = "/_stcore/upload_file"
_HEALTH: Final = "/_stcore/health"
"""Where Streamlit says that it is well, as the browser and whoever runs the server ask it."""

SILENT_SECONDS = 60.0
"""How long nothing may come of a body, or of a socket that was opened."""
LEAST_PACE: Final = 1000
"""Bytes a second of a body that takes longer than that."""


def _most() -> int:
    return studio().config.max_upload_bytes


_DROP = re.compile(r"[A-Za-z0-9-]{8,64}")


class _Refused(Exception):
    """A body is refused while it comes; the message is a clause for the person."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def _bounded(scope: Scope, headers: Headers, receive: Receive) -> Receive:
    """Bound the body of a request, whether or not it announces its length, and the wait for it."""
    limit = _OTHERWISE
    if _is_ours(scope):
        limit = min(_LIMITS.get(scope["path"].rpartition("/")[2], _OTHERWISE), _most())
    announced = headers.get("content-length", "0")
    size, started, is_whole = 0, 0.0, False

    async def receiving() -> Message:
        nonlocal size, started, is_whole
        if is_whole:
            return await receive()  # it waits for the answer, as long as that takes
        started = started or time.monotonic()  # not while nobody here was ready to read
        if announced.isdecimal() and (len(announced) > len(str(limit)) or int(announced) > limit):
            raise _too_large()
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                message = await receive()
        except TimeoutError as error:
            raise _too_slow() from error
        size += len(message.get("body", b""))
        is_whole = not message.get("more_body", False)
        if size > limit:
            raise _too_large()
        seconds = time.monotonic() - started
        if not is_whole and seconds > SILENT_SECONDS and size < LEAST_PACE * seconds:
            raise _too_slow()
        return message

    return receiving


def _too_large() -> _Refused:
    return _Refused("that is more than this server takes at once", 413)


def _send_at_once(receive: Receive) -> None:
    """Have the connection send what it has without waiting for more (TCP_NODELAY).

    Streamlit opens its socket without a protocol, and asyncio asks for that of TCP alone: a body
    would wait for the other side to acknowledge its head, which takes that side 40 ms.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    connection = transport.get_extra_info("socket") if transport is not None else None
    if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _acting(scope: Scope, headers: Headers) -> AbstractContextManager[None]:
    """Let what is done in a request to our routes be the visitor's, and a part of the drop."""
    if not _is_ours(scope):
        return nullcontext()
    from featclass.workspaces import acting  # not needed for the first paint

    visitor = visitor_in(cookie_parser(headers.get("cookie", "")))
    drop = headers.get("x-featclass-drop", "")
    return acting(visitor, drop if _DROP.fullmatch(drop) else None)


def _too_slow() -> _Refused:
    return _Refused("nothing came any more of what was being sent; send it again", 408)


def _heard(scope: Scope, receive: Receive, send: Send) -> Receive:
    """Close a socket on which nothing is ever said: a page and a camera speak at once.

    A page may be silent from then on, a camera not.
    """
    has_spoken, is_open = False, False

    async def receiving() -> Message:
        nonlocal has_spoken, is_open
        if not is_open or (has_spoken and not _is_ours(scope)):
            is_open = True
            return await receive()
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                message = await receive()
        except TimeoutError:
            await send({"type": "websocket.close", "code": 1008})
            return {"type": "websocket.disconnect", "code": 1008}
        has_spoken = True
        return message

    return receiving


MIDDLEWARE = (Middleware(Guard), Middleware(Frontend))
