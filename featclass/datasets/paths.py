"""Names of files as text fit for showing and storing; never places on this machine."""

from __future__ import annotations

import unicodedata
from typing import Final

_SKIPPED: Final = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini"})


def clean_path(path: str) -> str:
    """Return the path as text fit for showing and storing; it leads nowhere."""
    text = path.replace("\\", "/").encode("utf-8", "replace").decode()
    parts = unicodedata.normalize("NFC", text).split("/")
    return "/".join(part for part in parts if part not in ("", ".", ".."))


def is_skipped(path: str) -> bool:
    """Whether any part of the path is hidden, or of an operating system's own."""
    return any(part.startswith(".") or part.lower() in _SKIPPED for part in path.split("/"))


def is_table(path: str) -> bool:
    """Whether a file of this name may be a table of labels."""
    return path.lower().endswith((".csv", ".tsv"))
