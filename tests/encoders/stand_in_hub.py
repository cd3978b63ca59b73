"""A stand-in for the Hugging Face Hub on 127.0.0.1: it serves files, and fails as told."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]


@dataclass
class StandInHub:
    """What it serves, how it misbehaves, and what it was asked."""

    address: str = ""
    files: dict[str, bytes | Path] = field(default_factory=dict)
    """By `org/name/file`."""
    requests: list[Request] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    """For one GET each: after how many bytes the connection is closed."""
    silent_after: int | None = None
    """After so many bytes of any GET nothing more comes, and the connection stays open."""
    released: threading.Event = field(default_factory=threading.Event)
    errors: dict[str, tuple[int, str]] = field(default_factory=dict)
    """HTTP status and X-Error-Code, by repository."""
    store: StandInHub | None = None
    """Another host that the content is fetched from, as the Hub does with large files."""
    ignores_range: bool = False
    corrupts: bool = False
    _digests: dict[str, str] = field(default_factory=dict)

    def asked(self, method: str) -> list[Request]:
        return [request for request in self.requests if request.method == method]

    def size(self, name: str) -> int:
        content = self.files[name]
        return content.stat().st_size if isinstance(content, Path) else len(content)

    def sha256(self, name: str) -> str:
        if name not in self._digests:
            content = self.files[name]
            data = content.read_bytes() if isinstance(content, Path) else content
            self._digests[name] = hashlib.sha256(data).hexdigest()
        return self._digests[name]

    def read(self, name: str, start: int, size: int) -> bytes:
        content = self.files[name]
        if isinstance(content, Path):
            with content.open("rb") as file:
                file.seek(start)
                return file.read(size)
        return content[start : start + size]


@contextmanager
def serving(hub: StandInHub) -> Iterator[StandInHub]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def _answer(self) -> None:
            hub.requests.append(Request(self.command, self.path, dict(self.headers)))
            self.close_connection = True
            repository, _, rest = self.path.strip("/").partition("/resolve/")
            revision, _, file = rest.partition("/")
            if repository in hub.errors:
                status, code = hub.errors[repository]
                return self._send(status, {"X-Error-Code": code} if code else {})
            if not repository:
                return self._send(200, {})
            name = f"{repository}/{file}"
            if name not in hub.files or revision not in ("main", COMMIT):
                return self._send(404, {"X-Error-Code": "EntryNotFound"})
            linked = {
                "X-Repo-Commit": COMMIT,
                "X-Linked-Etag": f'"{hub.sha256(name)}"',
                "X-Linked-Size": str(hub.size(name)),
            }
            if hub.store is not None:
                return self._send(302, {**linked, "Location": hub.store.address + self.path})
            return self._content(name, linked)

        def _content(self, name: str, headers: dict[str, str]) -> None:
            size, start = hub.size(name), 0
            wanted = self.headers.get("Range")
            if wanted and not hub.ignores_range:
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
                headers |= {"Content-Range": f"bytes {start}-{size - 1}/{size}"}
            self.send_response(206 if start else 200)
            self._send_headers(headers | {"Content-Length": str(size - start)})
            if self.command == "HEAD":
                return
            stop = start + hub.cuts.pop(0) if hub.cuts else size
            if hub.silent_after is not None:
                stop = min(stop, hub.silent_after)
            while start < stop:
                chunk = hub.read(name, start, min(1 << 20, stop - start))
                self.wfile.write(b"\0" * len(chunk) if hub.corrupts else chunk)
                start += len(chunk)
            if hub.silent_after is not None:
                self.wfile.flush()
                hub.released.wait(30)

        def _send(self, status: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            self._send_headers(headers | {"Content-Length": "0"})

        def _send_headers(self, headers: dict[str, str]) -> None:
            for key, value in (headers | {"Connection": "close"}).items():
                self.send_header(key, value)
            self.end_headers()

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # a client that hangs up is part of the tests

    server = Server(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield hub
    finally:
        hub.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
