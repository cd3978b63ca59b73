"""Everything one server process holds once, shared by the page and the routes."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from datetime import timedelta

from featclass import config as settings
from featclass.cache import CACHE_FILE, Cache
from featclass.config import Config
from featclass.downloads import Downloads
from featclass.engines import Engines
from featclass.service import BUILTIN
from featclass.trainer import Trainer
from featclass.workspaces import Workspaces

KEEP_REMOVED = timedelta(days=30)
VISITOR_COOKIE = "featclass_visitor"
"""Names the browser of a visitor, so that it finds its own workspaces again."""


@dataclass(frozen=True, slots=True)
class Studio:
    """The parts of a running server."""

    config: Config
    workspaces: Workspaces
    engines: Engines
    downloads: Downloads
    trainer: Trainer

    @classmethod
    def open(cls, config: Config) -> Studio:
        """Open the data folder of `config`; nothing heavy is loaded yet."""
        workspaces = Workspaces(config.data)
        engines = Engines(
            config,
            Cache(config.data / CACHE_FILE),
            device=os.environ.get("FEATCLASS_DEVICE") or "auto",
            freeze=True,
        )
        downloads = Downloads(config)
        trainer = Trainer(config, workspaces, engines, downloads)
        return cls(config, workspaces, engines, downloads, trainer)

    def warm(self) -> None:
        """Start loading what the first visitor will need, in the background."""
        self.engines.warm(BUILTIN)
        threading.Thread(
            target=self.workspaces.purge, kwargs={"older_than": KEEP_REMOVED}, daemon=True
        ).start()

    def close(self) -> None:
        """End every thread and close every file."""
        self.downloads.close()
        self.trainer.close()
        self.engines.close()
        self.workspaces.close()


_lock = threading.Lock()
_studio: Studio | None = None


def studio() -> Studio:
    """Return the studio of this process, opening it the first time."""
    global _studio
    with _lock:
        if _studio is None:
            _studio = Studio.open(settings.load())
        return _studio


def close() -> None:
    """Close the studio of this process, if it was opened."""
    global _studio
    with _lock:
        if _studio is not None:
            _studio.close()
            _studio = None
