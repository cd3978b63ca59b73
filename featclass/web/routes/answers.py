"""What the server adds to every answer: our headers, the cookie of a visitor.

And a 404 where Streamlit, which answers every path that it does not know with the page, sends that.
"""

from __future__ import annotations

import secrets
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse
from starlette.types import Message, Receive, Scope, Send

from featclass.server.studio import VISITOR_COOKIE
from featclass.web import scripts

VISITOR_SECONDS: Final = 400 * 24 * 3600  # the longest that browsers keep a cookie

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

    def __init__(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        self.has_begun = False
        self._scope = scope
        self._receive = receive
        self._send = send
        self._is_replaced = False
        self._added = [*HEADERS]
        if scope["path"] in _PAGE:
            self._added.append((b"link", scripts.preloads().encode()))
        if _is_visit(scope, headers):
            self._added.append((b"set-cookie", _visitor_cookie(scope)))

    async def __call__(self, message: Message) -> None:
        """Send a message of the answer."""
        if message["type"] == "http.response.start":
            self.has_begun = True
            self._is_replaced = self._is_out_of_place(message)
            if self._is_replaced:
                nothing = HTMLResponse(_NOTHING_HERE, 404)
                await nothing(self._scope, self._receive, self._send_with_headers)
        if not self._is_replaced:
            await self._send_with_headers(message)

    def _is_out_of_place(self, message: Message) -> bool:
        kind, path = Headers(raw=message["headers"]).get("content-type", ""), self._scope["path"]
        is_page = message["status"] < 300 and kind.startswith("text/html")
        return is_page and path not in _PAGE and not path.startswith(_PARTS)

    async def _send_with_headers(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *self._added]}
        await self._send(message)


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
