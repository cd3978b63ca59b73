"""Threads for the requests that take long, so that all others find one free.

Routes that only look something up share the few dozen threads of the server; what decodes, unpacks,
embeds or writes for seconds would hold them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from starlette.requests import HTTPConnection

from featclass.studio import VISITOR, VISITOR_COOKIE, studio

P = ParamSpec("P")
T = TypeVar("T")


def visitor_of(request: HTTPConnection) -> str | None:
    """Return the name of a visitor's browser; None where it keeps no cookies."""
    name = request.cookies.get(VISITOR_COOKIE, "")
    return name if VISITOR.fullmatch(name) else None


async def in_turn(
    request: HTTPConnection, work: Callable[P, T], *args: P.args, **named: P.kwargs
) -> T:
    """Return what a piece of work gives, done when it is this visitor's turn, in our context."""
    whose = visitor_of(request) or (request.client.host if request.client else "")
    context = copy_context()
    return await asyncio.wrap_future(
        studio().requests.submit(whose, lambda: context.run(work, *args, **named))
    )
