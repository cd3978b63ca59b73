"""What a request brings and asks for: JSON, files, a part of a long list.

A large body goes to the disk as it comes, into a file of the data folder that has no name: it is
gone once closed, whatever happens to the request or to the server. How large a body may be, and how
slowly it may come, is for the guard to say. Routes that only look something up share the few dozen
threads of the server; what decodes, unpacks, embeds or writes for seconds would hold them all.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from functools import wraps
from typing import IO, Any, Final, ParamSpec, TypeVar
from urllib.parse import quote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection, Request

from featclass.base import FeatclassError, UploadRefused
from featclass.server.state import State
from featclass.server.studio import studio, visitor_in
from featclass.workspaces import Workspace

LONGEST: Final = 18
"""Digits of a number in an address; the database has none for more."""


def number_of(asked: QueryParams, name: str, default: int | None) -> int | None:
    """Return a whole number of a query, not below zero; raises `UploadRefused` for what is none."""
    text = asked.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST):
        raise UploadRefused(f"“{name}” takes a whole number")
    return int(text)


def slice_of(asked: QueryParams, *, count: int, most: int) -> slice:
    """Return the part between `from` and `from` + `count`, by default the first `count`."""
    start = number_of(asked, "from", 0) or 0
    wanted = number_of(asked, "count", count) or 0
    return slice(start, start + min(most, wanted))


P = ParamSpec("P")
T = TypeVar("T")


async def in_turn(
    request: HTTPConnection, work: Callable[P, T], *args: P.args, **named: P.kwargs
) -> T:
    """Return what a piece of work gives, done when it is this visitor's turn, in our context."""
    whose = visitor_in(request.cookies) or (request.client.host if request.client else "")
    context = copy_context()
    return await asyncio.wrap_future(
        studio().requests.submit(whose, lambda: context.run(work, *args, **named))
    )


def by_turns(work: Callable[[Request], T]) -> Callable[[Request], Awaitable[T]]:
    """Return a handler that does its work when it is the visitor's turn."""

    @wraps(work)
    async def handler(request: Request) -> T:
        return await in_turn(request, work, request)

    return handler


def followed(token: str) -> tuple[Workspace, State]:
    """Return a workspace as it is now, and what is known of its classifier."""
    workspace = studio().workspaces.open(token)
    return workspace, studio().trainer.follow(workspace)


def attachment(name: str) -> dict[str, str]:
    """Return the headers of an answer that a browser keeps as a file of this name."""
    return {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"}


PIECE: Final = 2**18
"""Bytes that are written or read at one time."""
HEADER_BYTES: Final = 16_384
"""Of the name of a part; a path may have 4,096 bytes, each sent as three."""
FIELD_BYTES: Final = 1000


@contextmanager
def refusing(sentence: str) -> Iterator[None]:
    """Raise `UploadRefused`, with this sentence, where what is read is not what it should be."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UploadRefused(sentence) from error


def parsed(data: bytes) -> Any:
    """Return what JSON says; raises `ValueError` where it is none, or nested without end."""
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


@asynccontextmanager
async def spooled(request: Request) -> AsyncIterator[IO[bytes]]:
    """Give the body as a file, at its beginning; on the disk where it is more than a little.

    Raises `FeatclassError` where the disk does not take it.
    """
    incoming = studio().config.data / "incoming"
    with tempfile.SpooledTemporaryFile(max_size=PIECE, dir=str(incoming)) as file:
        try:
            incoming.mkdir(parents=True, exist_ok=True)
            await receive(request, file)
            file.seek(0)
        except OSError as error:
            raise FeatclassError(
                f"What you sent could not be kept ({error.strerror or error}). Make room on the"
                " server, and send it again."
            ) from error
        yield file


async def receive(request: Request, file: IO[bytes]) -> None:
    """Write the body into a file, in pieces, and never while the server waits for the disk."""
    piece = bytearray()
    async for chunk in request.stream():
        piece += chunk
        if len(piece) >= PIECE:
            await run_in_threadpool(file.write, bytes(piece))
            piece.clear()
    await run_in_threadpool(file.write, bytes(piece))


@dataclass(slots=True)
class Part:
    """One field of a form, or one of its files."""

    name: str = ""
    filename: str | None = None
    """As it was sent; None of a field."""
    size: int = 0
    data: bytes = b""
    """Empty where the part is larger than allowed."""


def parts(file: IO[bytes], content_type: str, *, most: int, most_bytes: int) -> Iterator[Part]:
    """Go through the parts of a form, one at a time.

    Args:
        file: Its body.
        content_type: Of the request; it says what stands between the parts.
        most: How many there may be.
        most_bytes: Of one file; a larger one comes without its data.

    Raises `UploadRefused` where it is no form, has more parts, or a field that is too long.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise UploadRefused("that is no form with files; load the page again")
    reading = _Reading(most, most_bytes)
    try:
        parser = reading.parser(boundary)
        while piece := file.read(PIECE):
            parser.write(piece)
            yield from reading.complete
            reading.complete.clear()
        parser.finalize()
    except FormParserError as error:
        raise UploadRefused("the form is damaged; send the files again") from error
    if not reading.is_complete:
        raise UploadRefused("the form ends in the middle; send the files again")


class _Reading:
    """What the parser tells of the part that it is at, and the parts that are complete."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self.is_complete = False
        self._most = most
        self._most_bytes = most_bytes
        self._count = 0
        self._part = Part()
        self._data = bytearray()
        self._header, self._value = bytearray(), bytearray()
        self.complete: list[Part] = []

    def parser(self, boundary: bytes) -> MultipartParser:
        """Return a parser that tells this of what it reads."""
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_header,
                "on_header_value": self._on_value,
                "on_header_end": self._end_header,
                "on_part_data": self._on_data,
                "on_part_end": self._end,
                "on_end": self._end_all,
            },
            max_header_size=HEADER_BYTES,
        )

    def _begin(self) -> None:
        self._count += 1
        if self._count > self._most:
            raise UploadRefused(f"a form may have {self._most:,} files; send them in several")
        self._part = Part()

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value))
            self._part.name = options.get(b"name", b"").decode(errors="replace")
            if b"filename" in options:
                self._part.filename = options[b"filename"].decode(errors="replace")
        self._header.clear()
        self._value.clear()

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._part.size += end - start
        is_file = self._part.filename is not None
        if self._part.size > (self._most_bytes if is_file else FIELD_BYTES):
            if not is_file:
                raise UploadRefused("a field of the form is too long; load the page again")
            self._data.clear()  # the rest is passed over
        else:
            self._data += data[start:end]

    def _end(self) -> None:
        self._part.data = bytes(self._data)
        self._data.clear()
        self.complete.append(self._part)

    def _end_all(self) -> None:
        self.is_complete = True
