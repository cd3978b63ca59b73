"""The Hugging Face Hub over HTTP: what a repository has, and its bytes from any offset on."""

from __future__ import annotations

import re
import ssl
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit

import certifi

from featclass.base import EncoderUnavailable
from featclass.encoders.hub import DEFAULT_ENDPOINT, endpoint

TIMEOUT_SECONDS = 10.0
"""Without an answer, or a byte, for so long, a connection counts as dropped."""

_BUSY = (408, 425, 429, 500, 502, 503, 504)
# What a proxy says that has no way to the Hub itself.
_NO_WAY = (407, 502, 503, 504)
_SAFE_NAME = re.compile(r"[\w\-][\w.\-]*")

_T = TypeVar("_T")


class Dropped(Exception):
    """The Hub could not be reached, or the connection broke; trying again may help."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on the Hub, at one commit."""

    name: str
    url: str
    commit: str
    etag: str
    """Of a large file, the SHA-256 of its content."""
    size: int


class Hub:
    """The Hub at one address, through the proxies that the environment names.

    Raises `EncoderUnavailable` where the address is none.
    """

    def __init__(self, address: str, *, token: str | None = None) -> None:
        self.address = address
        self.host = urlsplit(address).netloc
        if urlsplit(address).scheme not in ("http", "https") or not self.host:
            raise EncoderUnavailable(
                f"HF_ENDPOINT is {address!r}, and should be an address such as"
                f" {DEFAULT_ENDPOINT}; correct it, or unset it."
            )
        self._headers = {"User-Agent": "featclass", "Accept-Encoding": "identity"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        context = ssl.create_default_context()
        # Python from python.org finds no certificates on macOS; those of the system still count.
        context.load_verify_locations(certifi.where())
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), _Redirects()
        )

    def answers(self, timeout: float) -> bool:
        """Say whether anything at the Hub's address speaks HTTP."""
        try:
            self._request(self.address, "HEAD", timeout=timeout).close()
        except HTTPError as error:
            return error.code not in _NO_WAY
        except Dropped:
            return False
        return True

    def describe(self, repository: str, revision: str, name: str) -> RemoteFile | None:
        """Return what the Hub says of a file, or None where the repository has no such file.

        Raises `Dropped`, or `EncoderUnavailable` where the Hub refuses.
        """
        url = self._url(repository, revision, name)
        try:
            with self._request(url, "HEAD") as response:
                headers: Message = response.headers
        except HTTPError as error:
            if error.code == 404 and error.headers.get("X-Error-Code") in (None, "EntryNotFound"):
                return None
            if not 300 <= error.code < 400:
                raise self._refusal(error, repository, revision) from error
            # The way leads on to a file store, and what the Hub knows stands on this answer.
            headers = error.headers
        commit = headers.get("X-Repo-Commit", "")
        etag = (headers.get("X-Linked-Etag") or headers.get("ETag") or "").removeprefix("W/")
        etag = etag.strip('"')
        size = headers.get("X-Linked-Size") or headers.get("Content-Length") or ""
        # Commit and etag become names in the cache, so nothing else than a name may pass.
        if not (_SAFE_NAME.fullmatch(commit) and _SAFE_NAME.fullmatch(etag) and size.isdigit()):
            raise EncoderUnavailable(
                f"{self.host} does not answer like a Hugging Face hub when asked for"
                f" {repository}/{name}; check HF_ENDPOINT and the proxy settings."
            )
        return RemoteFile(name, self._url(repository, commit, name), commit, etag, int(size))

    def open(self, file: RemoteFile, offset: int) -> tuple[HTTPResponse, int]:
        """Return an open answer and the offset its bytes begin at: `offset`, or else 0.

        Raises `Dropped`, or `EncoderUnavailable` where the Hub refuses.
        """
        extra = {"Range": f"bytes={offset}-"} if offset else {}
        try:
            response = self._request(file.url, "GET", extra)
        except HTTPError as error:
            if error.code == 416 and offset:
                return self.open(file, 0)
            raise self._refusal(error, file.url, file.commit) from error
        return response, offset if response.status == 206 else 0

    def _request(
        self,
        url: str,
        method: str,
        extra: dict[str, str] | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
    ) -> HTTPResponse:
        request = urllib.request.Request(url, headers=self._headers | (extra or {}), method=method)
        try:
            response: HTTPResponse = self._opener.open(request, timeout=timeout)
        except HTTPError as error:
            error.close()  # its headers stay readable
            raise
        except (OSError, HTTPException) as error:
            reason = error.reason if isinstance(error, URLError) else error
            raise Dropped(str(reason) or type(reason).__name__) from error
        return response

    def _url(self, repository: str, revision: str, name: str) -> str:
        return f"{self.address}/{repository}/resolve/{quote(revision, safe='')}/{quote(name)}"

    def _refusal(self, error: HTTPError, what: str, revision: str) -> Exception:
        code = error.headers.get("X-Error-Code")
        if error.code in _BUSY:
            return Dropped(f"{self.host} answers with HTTP error {error.code}")
        if code == "GatedRepo":
            return EncoderUnavailable(
                f"The owners of {what} want their terms accepted first: do so at"
                f" {self.address}/{what}, then set HF_TOKEN to a token of that account."
            )
        if code == "RevisionNotFound":
            return EncoderUnavailable(
                f"{what} on {self.host} has no revision {revision}; check its spelling."
            )
        if error.code in (401, 403, 404):
            return EncoderUnavailable(
                f"There is no {what} on {self.host}, or it is private; check its spelling, or set"
                " HF_TOKEN to a token that may read it."
            )
        return EncoderUnavailable(
            f"{self.host} refuses {what} with HTTP error {error.code}; try again later."
        )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but keeps the token from other hosts, and HEAD on the Hub."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        leaves = urlsplit(req.full_url).netloc != urlsplit(newurl).netloc
        if leaves and req.get_method() == "HEAD":
            return None
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None:
            request.method = req.get_method()
            if leaves:
                request.remove_header("Authorization")
        return request


def can_reach_hub(timeout: float = 3.0) -> bool:
    """Say within `timeout` seconds whether the Hub, or the mirror in `HF_ENDPOINT`, answers."""
    try:
        hub = Hub(endpoint())
    except EncoderUnavailable:  # whoever downloads is told why
        return False
    answer = in_background(lambda: hub.answers(timeout))
    # Looking up a name may take longer than any timeout given to a socket.
    wait([answer], timeout=timeout)
    return answer.done() and answer.result()


def in_background(work: Callable[[], _T]) -> Future[_T]:
    """Run `work` in a thread that neither blocks its caller nor the end of the process.

    The threads of `concurrent.futures` are joined at exit, however long a connection hangs.
    """
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # whoever waits for the future raises it again
            future.set_exception(error)

    threading.Thread(target=run, name="hub", daemon=True).start()
    return future
