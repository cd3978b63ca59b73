"""What `predict` writes of each picture: a copy in the folder of its class, and what spoke for it.

Nothing that is there is ever written over by a copy.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from featclass.base import Distinct, FeatclassError, safe_file_name
from featclass.reports.sorting import Folders

if TYPE_CHECKING:
    from featclass.base import Image, Prediction, TrainedClassifier
    from featclass.embedding import Engine

LONGEST_NAME = 80
LONGEST_SIDE = 1200


class SortedCopies:
    """A folder with `CLASS/`, `doubtful/CLASS/` and `none of these/`, filled one by one."""

    def __init__(self, root: Path, classes: Sequence[str]) -> None:
        self._root = root
        self._folders = Folders(classes)
        self._names: dict[str, Distinct] = {}

    def add(self, prediction: Prediction, picture: Image) -> None:
        """Copy a picture where it belongs, under a name that is free.

        A copy with the same name and content from an earlier run will do. Raises `OSError` where
        the picture has gone or the copy cannot be written.
        """
        folder = self._folders.of(prediction)
        if folder is None:
            return
        data = picture.read()
        place = self._root / folder
        place.mkdir(parents=True, exist_ok=True)
        distinct = self._names.setdefault(folder, Distinct())
        while not _written(copy := place / distinct(safe_file_name(prediction.path)), data):
            if _holds(copy, data):
                return
        _keep_times(prediction.path, copy)


def _written(copy: Path, data: bytes) -> bool:
    try:
        file = copy.open("xb")
    except FileExistsError:
        return False
    try:
        with file:
            file.write(data)
    except BaseException:  # a half would stand in the way of the whole the next time
        copy.unlink()
        raise
    return True


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def _keep_times(original: str, copy: Path) -> None:
    with suppress(OSError, ValueError):  # out of a zip, or a disk that keeps no times
        times = os.stat(original)
        os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))


class Explanations:
    """A folder with `NUMBER-NAME.png` for each picture that could be used, in their order."""

    def __init__(self, folder: Path, engine: Engine, trained: TrainedClassifier) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FeatclassError(f"{folder} cannot be made: {error.strerror}.") from error
        self._folder = folder
        self._engine = engine
        self._trained = trained
        self.written = 0

    def add(self, prediction: Prediction, picture: Image) -> None:
        """Draw what spoke for a prediction on its picture; raises `OSError` where that has gone."""
        from featclass import classifiers, images
        from featclass.explain import overlay

        heat = classifiers.explain(self._engine, self._trained, picture, prediction.label)
        with images.decoded(picture.read(), max_pixels=self._engine.max_pixels) as pixels:
            pixels.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            name = file_name(self.written + 1, prediction.path)
            overlay(heat, pixels).save(self._folder / name)
        self.written += 1


def file_name(number: int, path: str) -> str:
    """Return a name that is one on every system, and no other number's."""
    stem = re.sub(r"[^\w.-]+", "-", Path(path).stem).strip("-.")[:LONGEST_NAME] or "picture"
    return f"{number:04d}-{stem}.png"
