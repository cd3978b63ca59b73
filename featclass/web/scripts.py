"""The ES modules of the page's components, under an address that changes with their content.

All carry the one hash of the whole set, as a folder: they import each other by their names alone.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Final

from featclass.web import ASSETS

FOLDER: Final = "assets/modules"
"""Under the page: its address may have a prefix."""

TYPES: Final = "data.js"
"""The module that types alone are imported from: no browser asks for it."""


@cache
def stamp() -> str:
    """Return what changes with the content or the name of any file there, 16 hex digits."""
    digest = hashlib.sha256()
    for path in sorted(path for path in ASSETS.iterdir() if path.is_file()):
        digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


@cache
def preloads() -> str:
    """Return the header with which the page has browsers fetch all modules beside its own scripts.

    They are there before the socket asks for the first, and not one after the other.
    """
    names = [path.name for path in sorted(ASSETS.glob("*.js")) if path.name != TYPES]
    return ", ".join(f"<{address(name)}>; rel=modulepreload" for name in names)


def address(name: str) -> str:
    """Return where a browser finds a module, from the page's own address."""
    return f"{FOLDER}/{stamp()}/{name}"
