"""What the server adds to every answer, and what it says where it is not well or has nothing.

Our headers, the cookie of a visitor; a 404 where Streamlit, which answers every path that it does
not know with the page, would send that; and that the data folder cannot be worked with, or that its
disk is full.
"""

from __future__ import annotations

import secrets
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from featclass.base import disk
from featclass.server import studio
from featclass.server.studio import VISITOR_COOKIE

VISITOR_SECONDS: Final = 400 * 24 * 3600  # the longest that browsers keep a cookie
HEALTH: Final = "/_stcore/health"
"""Where Streamlit answers that it is well, as the browser and whoever runs the server ask it."""
INSUFFICIENT_STORAGE: Final = 507

HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    # A workspace link is a key: it must not travel to another site.
    (b"referrer-policy", b"same-origin"),
)

_PAGE: Final = ("/", "/index.html")
# Where a page of HTML may come from besides: what Streamlit was given to be shown.
_PARTS: Final = ("/api/", "/media/", "/component/", "/_stcore/bidi-components/")


class Answering:
    """Sends an answer with our headers; the page in place of what is not there becomes a 404."""

    def __init__(self, scope: Scope, headers: Headers, send: Send) -> None:
        self.has_begun = False
        self._scope = scope
        self._send = send
        self._is_replaced = False
        self._added = [*HEADERS]
        if _is_visit(scope, headers):
            self._added.append((b"set-cookie", _visitor_cookie(scope)))

    async def __call__(self, message: Message) -> None:
        """Send a message of the answer."""
        if message["type"] != "http.response.start":
            if not self._is_replaced:
                await self._send(message)
            return
        self.has_begun = True
        if _is_page(message) and not self._may_be_page():
            self._is_replaced = True
            for part in _nothing_here(self._scope["method"]):
                await self._send(self._with_headers(part))
        else:
            await self._send(self._with_headers(message))

    def _may_be_page(self) -> bool:
        path = self._scope["path"]
        return path in _PAGE or path.startswith(_PARTS)

    def _with_headers(self, message: Message) -> Message:
        if message["type"] != "http.response.start":
            return message
        return {**message, "headers": [*message["headers"], *self._added]}


def _is_page(message: Message) -> bool:
    kind = Headers(raw=message["headers"]).get("content-type", "")
    return message["status"] < 300 and kind.startswith("text/html")


def _nothing_here(method: str) -> tuple[Message, Message]:
    answer = HTMLResponse(_NOTHING_HERE, 404)
    body = b"" if method == "HEAD" else bytes(answer.body)
    start = {"type": "http.response.start", "status": 404, "headers": answer.raw_headers}
    return start, {"type": "http.response.body", "body": body}


_NOTHING_HERE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>featclass</title>'
    '<p>There is nothing here. <a href="/">Go to featclass</a></p></html>'
)


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


class Health:
    """Answers that the server is not well where Streamlit, which knows no data folder, would not.

    A full disk is no such case: everything can be looked at. What then could not be written becomes
    a sentence.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"].endswith(HEALTH):
            trouble = await run_in_threadpool(studio.trouble)
            if trouble:
                await PlainTextResponse(trouble, 503)(scope, receive, send)
                return
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except OSError as error:
            if has_begun or not disk.is_full(error):
                raise
            answer = JSONResponse({"error": disk.FULL}, INSUFFICIENT_STORAGE)
            await answer(scope, receive, send)
