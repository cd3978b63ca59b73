"""What every request must pass: a known host, the same origin, a bounded body.

Streamlit guards its own routes only, so these stand in front of ours and of its alike.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import re
import secrets
from contextlib import AbstractContextManager, nullcontext
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from featclass.api.health import Health
from featclass.studio import VISITOR_COOKIE, studio

log = logging.getLogger(__name__)

VISITOR_SECONDS = 400 * 24 * 3600  # the longest that browsers keep a cookie
LOCAL_NAMES = ("localhost",)

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    # A workspace link is a key: it must not travel to another site.
    (b"referrer-policy", b"same-origin"),
)


class Guard:
    """Refuses strange hosts, foreign origins and large bodies, and gives a visitor their cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it here."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not is_allowed_host(headers.get("host", "")):
            refusal: Response = PlainTextResponse(
                f"This server does not answer to the name {headers.get('host', '')!r}. Its"
                " administrator can add it to FEATCLASS_HOSTS.",
                400,
            )
        elif reason := _refused(scope, headers):
            refusal = JSONResponse({"error": reason}, 403)
        else:
            sending = _with_headers(scope, headers, send)
            try:
                with _acting(scope, headers):
                    await self.app(scope, _bounded(scope, headers, receive), sending)
            except _TooLarge:
                error = {"error": "that is more than this server takes at once"}
                await JSONResponse(error, 413)(scope, receive, sending)
            except ClientDisconnect:
                log.info("What was being sent was cancelled: %s", scope["path"].rpartition("/")[2])
            return
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, send)


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


# The page sends pictures in portions of 24 MB; only a zip is as large as the administrator allows.
_LIMITS = {"zip": 2**63, "pictures": 512 * 10**6, "plan": 32 * 10**6}
_OTHERWISE = 10**6


def _most() -> int:
    return studio().config.max_upload_bytes


_DROP = re.compile(r"[A-Za-z0-9-]{8,64}")


class _TooLarge(Exception):
    """A body beyond `Config.max_upload_bytes`."""


def _bounded(scope: Scope, headers: Headers, receive: Receive) -> Receive:
    """Bound the body of a request to our routes, whether or not it announces its length."""
    if not _is_ours(scope):
        return receive
    limit = min(_LIMITS.get(scope["path"].rpartition("/")[2], _OTHERWISE), _most())
    announced = headers.get("content-length", "0")
    size = 0

    async def receiving() -> Message:
        nonlocal size
        if announced.isdigit() and int(announced) > limit:
            raise _TooLarge
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise _TooLarge
        return message

    return receiving


def _acting(scope: Scope, headers: Headers) -> AbstractContextManager[None]:
    """Let what is done in a request to our routes be the visitor's, and a part of the drop."""
    if not _is_ours(scope):
        return nullcontext()
    from featclass.workspaces import acting  # not needed for the first paint

    visitor = cookie_parser(headers.get("cookie", "")).get(VISITOR_COOKIE)
    drop = headers.get("x-featclass-drop", "")
    return acting(visitor, drop if _DROP.fullmatch(drop) else None)


def _with_headers(scope: Scope, headers: Headers, send: Send) -> Send:
    added = [*HEADERS]
    if _is_visit(scope, headers):
        added.append((b"set-cookie", _visitor_cookie(scope)))

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return sending


def _is_visit(scope: Scope, headers: Headers) -> bool:
    """Say whether a browser that has no name yet asks for the page (also from its own cache)."""
    is_page = scope["type"] == "http" and "text/html" in headers.get("accept", "")
    return is_page and VISITOR_COOKIE not in cookie_parser(headers.get("cookie", ""))


def _visitor_cookie(scope: Scope) -> bytes:
    """Return a cookie that lets this browser find its own workspaces again."""
    secure = "; Secure" if scope["scheme"] == "https" else ""
    value = secrets.token_urlsafe(24)
    return (
        f"{VISITOR_COOKIE}={value}; Max-Age={VISITOR_SECONDS}; Path=/; HttpOnly; SameSite=Lax"
        f"{secure}"
    ).encode()


MIDDLEWARE = (Middleware(Guard), Middleware(Health))
