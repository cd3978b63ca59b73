"""Names of files as text fit for showing and storing; never places on this machine."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SKIPPED: Final = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini"})

_PICTURE: Final = re.compile(
    r"\.(jpe?g|jpe|jfif|mpo|png|webp|gif|bmp|dib|tiff?|avif|heic|heif|hif|p[bgpn]m)$",
    re.IGNORECASE,
)


def clean_path(path: str) -> str:
    """Return the path as text fit for showing and storing; it leads nowhere."""
    text = path.replace("\\", "/").encode("utf-8", "replace").decode()
    parts = unicodedata.normalize("NFC", text).split("/")
    return "/".join(part for part in parts if part not in ("", ".", ".."))


def is_skipped(path: str) -> bool:
    """Whether any part of the path is hidden, or of an operating system's own."""
    return any(part.startswith(".") or part.lower() in _SKIPPED for part in path.split("/"))


def is_named_as_picture(path: str) -> bool:
    """Whether the file has the ending of a picture that featclass reads."""
    return _PICTURE.search(path) is not None


def is_table(path: str) -> bool:
    """Whether a file of this name may be a table of labels."""
    return path.lower().endswith((".csv", ".tsv"))
