"""What happens when the server starts and stops; and which of its connections are closed meanwhile.

Each connection holds a file descriptor. The server that Streamlit brings waits for ever for the
first byte of a request, for the end of its headers, and for a reader who takes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol, cast

from featclass.base import FeatclassError, reuse_freed_memory
from featclass.server import studio

log = logging.getLogger(__name__)

SILENT_SECONDS = 60.0
"""How long nothing may move on a connection that is at a request's beginning, or its answer."""
LOOKS: Final = 4
"""So many times meanwhile it is looked at."""
MOST_FILES: Final = 65_536


class _Http(Protocol):
    """What uvicorn's two protocols of HTTP have in common."""

    transport: asyncio.Transport
    cycle: Any
    """Request and answer that it is at, or was at last; None before the first."""


def raise_limit() -> None:
    """Let this process open as many files as the system lets it; a visit holds three or four."""
    try:
        import resource
    except ImportError:  # Windows counts otherwise
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:  # macOS has a limit of its own below this one
        log.warning("No more than %d files can be open at once: %s", soft, error)


def close_silent() -> Callable[[], None]:
    """Close, from now on, connections of HTTP on which nothing moves; returns what ends that.

    A socket that is open is none of them, nor a request that is being worked on.
    """
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    kind = cast(Any, AutoHTTPProtocol)
    connection_made = kind.connection_made

    def watched(protocol: _Http, transport: asyncio.Transport) -> None:
        connection_made(protocol, transport)
        _Watch(protocol).look()

    def end() -> None:
        kind.connection_made = connection_made

    kind.connection_made = watched
    return end


class _Watch:
    """Looks at one connection again and again, until it is closed or becomes a socket."""

    def __init__(self, protocol: _Http) -> None:
        self._protocol = protocol
        self._transport = protocol.transport
        self._seen: tuple[object, ...] = ()
        self._since = 0.0

    def look(self) -> None:
        """Close the connection where nothing has moved for too long; else come back."""
        is_socket = cast(object, self._transport.get_protocol()) is not self._protocol
        if is_socket or self._transport.is_closing():
            return
        cycle = self._protocol.cycle
        is_between = cycle is None or cycle.response_complete
        waiting = self._transport.get_write_buffer_size()
        seen, now = (cycle, is_between, waiting), time.monotonic()
        if seen != self._seen:
            self._seen, self._since = seen, now
        elif (is_between or waiting) and now - self._since >= SILENT_SECONDS:
            self._transport.abort()
            return
        asyncio.get_running_loop().call_later(SILENT_SECONDS / LOOKS, self.look)


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Open the data folder at the start, and end every thread at the stop."""
    raise_limit()
    reuse_freed_memory()
    end_of_watch = close_silent()
    opening = threading.Thread(target=_open, name="open")
    opening.start()  # beside the first browser's loading, which takes as long
    yield
    end_of_watch()
    opening.join()
    studio.close()


def _open() -> None:
    """Open the data folder; where that cannot be, say why and end the process."""
    try:
        studio.studio().keep_house()
    except (FeatclassError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        os._exit(1)  # nothing is open yet, and no other thread can end the server with this code
