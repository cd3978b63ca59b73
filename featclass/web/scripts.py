"""The ES modules of the page's components, under an address that changes with their content.

All carry the one hash of the whole set, as a folder: they import each other by their names alone.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Final

from featclass.web import ASSETS

FOLDER: Final = "assets/modules"
"""Under the page: its address may have a prefix."""

TYPES: Final = "data.js"
"""The module that types alone are imported from: no browser asks for it."""


@cache
def compressed() -> Mapping[str, bytes]:
    """Return every module by its name, gzipped once for the whole life of the server."""
    paths = sorted(ASSETS.glob("*.js"))
    return {path.name: gzip.compress(path.read_bytes(), mtime=0) for path in paths}


@cache
def stamp() -> str:
    """Return what changes with the content or the name of any module, 16 hex digits."""
    return hashlib.sha256(repr(compressed()).encode()).hexdigest()[:16]


@cache
def preloads() -> str:
    """Return the header with which the page has browsers fetch all modules beside its own scripts.

    They are there before the socket asks for the first, and not one after the other.
    """
    names = [name for name in compressed() if name != TYPES]
    return ", ".join(f"<{address(name)}>; rel=modulepreload" for name in names)


def address(name: str) -> str:
    """Return where a browser finds a module, from the page's own address."""
    return f"{FOLDER}/{stamp()}/{name}"
