"""Text that the browser loads is sent compressed, and compressed once, at its first request.

Streamlit sends its own files as they are; what else it compresses, it compresses for every request.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

KINDS: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
"""What is text, by the end of its name; pictures and fonts are compressed already."""
LEAST: Final = 1000
"""Bytes; what is smaller gains nothing."""
LEVEL: Final = 9
YEAR: Final = "public, max-age=31536000, immutable"
"""For files whose address changes with their content."""

_GZIP = re.compile(
    r"(?:^|,)\s*gzip\s*(?:;\s*q=(?P<weight>[01](?:\.\d*)?)\s*)?(?=,|$)", re.IGNORECASE
)


class Text:
    """A text as browsers load it: as it is, compressed, or not at all where they have it.

    Args:
        body: UTF-8.
        kind: Its media type.
        cache_control: How long browsers may keep it.
    """

    def __init__(self, body: bytes, kind: str, cache_control: str) -> None:
        self._body, self._kind = body, kind
        self._gzip = gzip.compress(body, LEVEL, mtime=0)
        # A weak tag: both ways of sending it mean the same, and have other bytes.
        self._headers = {
            "cache-control": cache_control,
            "etag": f'W/"{hashlib.sha256(body).hexdigest()[:32]}"',
            "vary": "accept-encoding",
        }

    def response(self, headers: Headers) -> Response:
        """Answer a request with these headers."""
        if _is_named(self._headers["etag"], headers.get("if-none-match", "")):
            return Response(status_code=304, headers=self._headers)
        if len(self._body) < LEAST or not takes_gzip(headers.get("accept-encoding", "")):
            return Response(self._body, headers=self._headers, media_type=self._kind)
        encoded = {**self._headers, "content-encoding": "gzip"}
        return Response(self._gzip, headers=encoded, media_type=self._kind)


def takes_gzip(accepted: str) -> bool:
    """Say whether whoever sends this `Accept-Encoding` takes gzip."""
    match = _GZIP.search(accepted)
    return match is not None and (match["weight"] is None or float(match["weight"]) > 0)


def _is_named(tag: str, listed: str) -> bool:
    """Say whether an `If-None-Match` names this weak tag."""
    names = {f"W/{name.strip().removeprefix('W/')}" for name in listed.split(",")}
    return listed.strip() == "*" or tag in names


class CompressedFiles(StaticFiles):
    """The files of a folder; those that are text are sent compressed.

    Args:
        directory: The folder.
        cache_control: How long browsers may keep a file.
    """

    def __init__(self, directory: Path, cache_control: str) -> None:
        super().__init__(directory=directory)
        self._cache_control = cache_control

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file; raises `HTTPException` where there is none."""
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = self._cache_control
        kind = KINDS.get(Path(path).suffix)
        if kind is None:
            return response
        response.headers.add_vary_header("accept-encoding")
        headers = Headers(scope=scope)
        if not isinstance(response, FileResponse) or "range" in headers:
            return response  # a part of a file is a part of its plain bytes
        return await run_in_threadpool(self._compressed, Path(response.path), kind, headers)

    def _compressed(self, path: Path, kind: str, headers: Headers) -> Response:
        stat = path.stat()
        return _text(path, stat.st_mtime_ns, stat.st_size, kind, self._cache_control).response(
            headers
        )


@cache
def _text(path: Path, changed: int, size: int, kind: str, cache_control: str) -> Text:
    """Read a file once for as long as it does not change."""
    return Text(path.read_bytes(), kind, cache_control)
