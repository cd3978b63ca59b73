"""Copies of pictures in folders by class; nothing that is there is ever written over."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from featclass.base import Distinct, safe_file_name
from featclass.reports.sorting import Folders

if TYPE_CHECKING:
    from featclass.base import Image, Prediction


class SortedCopies:
    """A folder with `CLASS/`, `doubtful/CLASS/` and `none of these/`, filled one by one."""

    def __init__(self, root: Path, classes: Sequence[str]) -> None:
        self._root = root
        self._folders = Folders(classes)
        self._names: dict[str, Distinct] = {}

    def add(self, said: Prediction, picture: Image) -> None:
        """Copy a picture where it belongs, under a name that is free.

        A copy with the same name and content from an earlier run will do. Raises `OSError` where
        the picture has gone or the copy cannot be written.
        """
        folder = self._folders.of(said)
        if folder is None:
            return
        data = picture.read()
        place = self._root / folder
        place.mkdir(parents=True, exist_ok=True)
        distinct = self._names.setdefault(folder, Distinct())
        while not _written(copy := place / distinct(safe_file_name(said.path)), data):
            if _holds(copy, data):
                return
        _keep_times(said.path, copy)


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
