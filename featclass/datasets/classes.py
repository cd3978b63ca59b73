"""Which class each of many paths belongs to, by their folders."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from featclass.datasets.paths import clean_path, is_skipped
from featclass.records import Rejected

LONGEST_CLASS_NAME: Final = 80
"""Characters."""

_PICTURE_SUFFIX: Final = re.compile(
    r"\.(jpe?g|jpe|jfif|mpo|png|webp|gif|bmp|dib|tiff?|avif|heic|heif|hif|p[bgpn]m)$", re.IGNORECASE
)
_BIDI_CONTROLS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Reading:
    """How the paths of a folder divide into classes: an entry a path, in order."""

    labels: tuple[str | None, ...]
    """"" for a file that is in no class folder, None for one to be skipped (a system's own)."""
    splits: tuple[str | None, ...]
    """As `Image.split`."""
    notes: tuple[str, ...] = ()
    """As `Dataset.notes`."""
    rejected: tuple[Rejected, ...] = ()
    """What was set aside as a whole, such as a part of a split without classes; its files have
    the label None. Rows of a table without a picture, too."""


def read_paths(
    paths: Sequence[str],
    *,
    classes_at: int | None = None,
    tables: Mapping[str, bytes] | None = None,
) -> Reading:
    """Say which class each of the paths of one folder, zip or drop belongs to.

    The class is the first folder below those that all pictures share; a shared folder counts as
    the class itself where it holds pictures and has not at least two subfolders.

    Args:
        paths: With slashes, below the folder that was given; one that ends with a slash is a
            folder, which is told apart from a file only in that it may be a class without any.
        classes_at: Depth of the class folders, 1 for the folder's own subfolders; None to tell it
            from the paths.
        tables: The bytes of those of `paths` that are tables (`is_table`); where no folder is a
            class, they may hold the labels.

    Raises:
        FoldersAmbiguous: They can be read in two ways.
        DatasetError: They cannot be read at all, such as where no folder lies so deep.
    """
    cleaned = [clean_path(path) for path in paths]
    skip = {path for path in cleaned if is_skipped(path)}
    kept = [path for path in cleaned if path not in skip]
    # A stray text file beside the class folders must not decide what the classes are.
    voters = [path for path in kept if _PICTURE_SUFFIX.search(path)] or kept
    depth = _depth_of_classes([tuple(path.split("/")[:-1]) for path in voters])
    if classes_at is not None:
        depth = classes_at - 1
    labels = tuple(None if path in skip else _class_at(path, depth) for path in cleaned)
    return Reading(labels, (None,) * len(labels))


def _depth_of_classes(folders: Sequence[tuple[str, ...]]) -> int:
    """Return how many leading folders stand above the class folders."""
    levels = zip(*folders, strict=False)
    shared = sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, levels))
    below = {folder[shared] for folder in folders if len(folder) > shared}
    return shared if len(below) > 1 else max(0, shared - 1)


def _class_at(path: str, depth: int) -> str:
    folders = path.split("/")[:-1]
    return class_name(folders[depth]) if len(folders) > depth else ""


def class_name(folder: str) -> str:
    """Clean a folder's name: no control characters, single spaces, 80 characters, not empty."""
    kept = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", folder)
        if character.isspace() or unicodedata.category(character) != "Cc"
        if character not in _BIDI_CONTROLS
    )
    return " ".join(kept.split())[:LONGEST_CLASS_NAME].strip() or "unnamed"
