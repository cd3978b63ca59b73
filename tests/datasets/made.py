"""Folders and zips for the tests of `datasets`: their pictures only begin as a JPEG does."""

from __future__ import annotations

import io
import struct
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from featclass.base.records import Dataset

MB = 10**6


def picture(number: int) -> bytes:
    """Bytes that begin as a JPEG does: whether they decode is for others to find out."""
    return b"\xff\xd8\xff" + struct.pack(">I", number) + bytes(100)


def write(root: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file


def labels(dataset: Dataset) -> dict[str, str | None]:
    return {image.name: image.label for image in dataset.images}


def reasons(dataset: Dataset) -> dict[str, str]:
    return {each.name: each.reason for each in dataset.rejected}


CATS_AND_DOGS = {
    "dogs/b.jpg": picture(1),
    "dogs/a.jpg": picture(2),
    "cats/deep/er/c.jpg": picture(3),
    "cats/d.jpg": picture(4),
}
LABELS = {
    "cats/d.jpg": "cats",
    "cats/deep/er/c.jpg": "cats",
    "dogs/a.jpg": "dogs",
    "dogs/b.jpg": "dogs",
}


def pictures(*folders: str, count: int = 3, start: int = 0) -> dict[str, bytes]:
    """Return as many different pictures in each of the folders."""
    names = [
        f"{folder}/{i}.jpg" if folder else f"{i}.jpg" for folder in folders for i in range(count)
    ]
    return {name: picture(start + i) for i, name in enumerate(names)}


def classes(dataset: Dataset) -> dict[str | None, int]:
    """Return how many pictures each class has."""
    return dict(Counter(image.label for image in dataset.images))


def parts(dataset: Dataset) -> dict[tuple[str | None, str | None], int]:
    """Return how many pictures each class has in each part of a split."""
    return dict(Counter((image.label, image.split) for image in dataset.images))


def paths(*folders: str) -> Sequence[str]:
    """Return two paths in each of the folders."""
    return [f"{folder}/{i}.jpg" for folder in folders for i in range(2)]
