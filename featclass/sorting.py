"""Where predicted pictures go when they are sorted into folders.

`CLASS/`, `doubtful/CLASS/`, and `none of these/` for what resembles no class.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import Final

from featclass.file_names import Distinct, safe
from featclass.records import Prediction

DOUBTFUL_FOLDER: Final = "doubtful"
UNKNOWN_FOLDER: Final = "none of these"
UNUSABLE_FILE: Final = "could not be used.csv"


class Folders:
    """The folder of each prediction, made of the names of the classes, which are hostile text."""

    def __init__(self, classes: Iterable[str]) -> None:
        distinct = Distinct((DOUBTFUL_FOLDER, UNKNOWN_FOLDER, UNUSABLE_FILE))
        self._of = {name: distinct(safe(name)) for name in classes}

    def of(self, prediction: Prediction) -> str | None:
        """Return the folder with slashes; None where the picture could not be used."""
        if prediction.label is None:
            return None
        if not prediction.known:
            return UNKNOWN_FOLDER
        folder = self._of[prediction.label]
        return f"{DOUBTFUL_FOLDER}/{folder}" if prediction.is_doubtful else folder


class Places:
    """The place of each picture in a folder to be made: no two pictures have the same."""

    def __init__(self, classes: Iterable[str]) -> None:
        self._folders = Folders(classes)
        self._names: dict[str, Distinct] = {}

    def of(self, prediction: Prediction) -> str | None:
        """Return folder and file name; None where the picture could not be used."""
        folder = self._folders.of(prediction)
        if folder is None:
            return None
        return f"{folder}/{self._names.setdefault(folder, Distinct())(own_name(prediction.path))}"


def own_name(path: str) -> str:
    """Return the file name alone, safe on every system."""
    # As this system divides paths: elsewhere than on Windows a backslash is part of a name.
    return safe(PurePath(path).name)
