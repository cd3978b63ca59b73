"""Everything one server process holds once, shared by the page and the routes."""

from __future__ import annotations

import logging
import os
import re
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from featclass.base import DiskFull, FeatclassError, Reserve
from featclass.base import config as settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from featclass.base import Config, Turns
    from featclass.embedding import Cache, Engines
    from featclass.server.batches import Batches
    from featclass.server.downloads import Downloads
    from featclass.server.maps import Maps
    from featclass.server.thumbnails import Thumbnails
    from featclass.server.trainer import Trainer
    from featclass.workspaces import Workspaces

log = logging.getLogger(__name__)

DAY = 24 * 3600.0
KEEP_REMOVED = timedelta(days=30)
VISITOR_COOKIE = "featclass_visitor"
"""Names the browser of a visitor, so that it finds its own workspaces again."""
_VISITOR = re.compile(r"[\w-]{20,64}")
LONG_REQUESTS = 8
"""Requests that decode, unpack or embed at one time, of one visitor half as many."""


@dataclass(frozen=True, slots=True)
class Studio:
    """The parts of a running server."""

    config: Config
    workspaces: Workspaces
    thumbnails: Thumbnails
    cache: Cache
    engines: Engines
    downloads: Downloads
    trainer: Trainer
    maps: Maps
    batches: Batches
    reserve: Reserve
    requests: Turns
    closed: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def open(cls, config: Config) -> Studio:
        """Open the data folder of `config`; no encoder is loaded yet.

        Raises `FeatclassError` where it cannot be used.
        """
        # Imported here, beside the browser's own loading: the server answers half a second sooner.
        from featclass.base.turns import Turns
        from featclass.embedding.cache import CACHE_FILE, Cache
        from featclass.embedding.engine import Engines
        from featclass.server.batches import Batches
        from featclass.server.downloads import Downloads
        from featclass.server.maps import Maps
        from featclass.server.thumbnails import Thumbnails
        from featclass.server.trainer import Trainer
        from featclass.workspaces import Workspaces

        workspaces = Workspaces(config.data)
        reserve = Reserve(config.data)
        with reserve.lent():
            try:
                cache = Cache(config.data / CACHE_FILE)
            except DiskFull:  # what was embedded is lost with the process, and nothing else
                cache = Cache(":memory:")
        reserve.keep()
        device = os.environ.get("FEATCLASS_DEVICE") or "auto"
        engines = Engines(config, cache, device=device, freeze=True)
        downloads = Downloads(config)
        return cls(
            config,
            workspaces,
            Thumbnails(config.data / "thumbnails", max_pixels=config.max_pixels),
            cache,
            engines,
            downloads,
            Trainer(config, workspaces, engines, downloads),
            Maps(),
            Batches(config, engines),
            reserve,
            Turns(LONG_REQUESTS, "request", most_each=LONG_REQUESTS // 2),
        )

    def warm(self) -> None:
        """Start loading, once, in the background, what the first visitor will need."""
        self.engines.warm("builtin")

    def keep_house(self) -> None:
        """Delete for good, now and every day, what was removed long ago."""
        threading.Thread(target=self._keep_house, name="housekeeping", daemon=True).start()

    def _keep_house(self) -> None:
        chores: tuple[Callable[[], object], ...] = (
            lambda: self.workspaces.purge(older_than=KEEP_REMOVED, forget=self._forget),
            lambda: self.thumbnails.purge(keep=self.workspaces.digests()),
            lambda: self.batches.purge(older_than=KEEP_REMOVED),
            self.reserve.keep,
        )
        while not self.closed.is_set():
            for chore in chores:
                try:
                    chore()
                except (FeatclassError, OSError) as error:
                    log.warning("What was removed long ago could not be deleted: %s", error)
            self.closed.wait(DAY)

    def _forget(self, digests: Sequence[str]) -> None:
        """Delete what was made of pictures that are deleted for good."""
        self.thumbnails.forget(digests)
        self.cache.forget(digests)

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another picture on the disk with the data folder."""
        return self.reserve.is_all_there_is

    def trouble(self) -> str:
        """Return why people cannot work with this server, in a sentence; empty if all is well."""
        try:
            return self.workspaces.trouble()
        except OSError as error:
            return f"The data folder cannot be reached: {error.strerror}."

    def close(self) -> None:
        """End every thread and close every file; where one part cannot, the others do."""
        self.closed.set()
        with ExitStack() as closing:  # last come, first closed
            closing.callback(self.workspaces.close)
            closing.callback(self.cache.close)
            closing.callback(self.engines.close)
            closing.callback(self.batches.close)
            closing.callback(self.maps.close)
            closing.callback(self.trainer.close)
            closing.callback(self.downloads.close)
            closing.callback(self.requests.close)


def visitor_in(cookies: Mapping[str, str]) -> str | None:
    """Return the name of a visitor's browser; None where it keeps no cookies."""
    name = str(cookies.get(VISITOR_COOKIE, ""))
    return name if _VISITOR.fullmatch(name) else None


_lock = threading.Lock()
_studio: Studio | None = None


def studio() -> Studio:
    """Return the studio of this process, opening it the first time."""
    global _studio
    with _lock:
        if _studio is None:
            _studio = Studio.open(settings.load())
        return _studio


def trouble() -> str:
    """Return why people cannot work with this process, in a sentence; empty if all is well.

    Nothing is known of that before the data folder has been opened.
    """
    return _studio.trouble() if _studio is not None else ""


def close() -> None:
    """Close the studio of this process, if it was opened."""
    global _studio
    with _lock:
        if _studio is not None:
            _studio.close()
            _studio = None
