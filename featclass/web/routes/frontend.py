"""The page that Streamlit builds in the browser, and its scripts, as they are sent: small.

Streamlit keeps `/static` for itself among the routes, so this stands in front of them.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from featclass.web import ASSETS
from featclass.web.routes.compression import YEAR, CompressedFiles, Text

PAGE: Final = ("/", "/index.html")
STATIC: Final = "/static/"

_FONT = re.compile(r'<link\s[^>]*rel="preload"[^>]*as="font"[^>]*>\s*')
"""Streamlit has its own font loaded before all else, which our theme does not use."""


class Frontend:
    """Answers for the page and what it loads; the rest is for whoever stands behind."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._files = CompressedFiles(folder(), YEAR)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand the request on."""
        is_read = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        if is_read and scope["path"] in PAGE:
            text = await run_in_threadpool(page)
            await text.response(Headers(scope=scope))(scope, receive, send)
        elif is_read and scope["path"].startswith(STATIC):
            try:
                response = await self._files.get_response(self._files.get_path(scope), scope)
            except HTTPException:  # Streamlit says what is not there
                await self.app(scope, receive, send)
            else:
                await response(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def folder() -> Path:
    """Return where Streamlit has what browsers load, without importing it."""
    spec = find_spec("streamlit")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("static")


@cache
def page() -> Text:
    """Return Streamlit's page with our name, which is seen at once, and without its own font."""
    html = (folder() / "index.html").read_text("utf-8")
    html = _FONT.sub("", html).replace("<title>Streamlit<", "<title>featclass<")
    first = (ASSETS / "first.css").read_text("utf-8")
    html = html.replace("</head>", f"<style>{first}</style></head>")
    return Text(html.encode(), "text/html", "no-cache")
