"""A data folder with pictures in it, and what may befall it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from featclass.workspaces import NewPicture
from tests.fakes import drawn

ROOT = Path(__file__).parents[2]
FINGERPRINT = "aa" * 32
COUNT = 12
MONTH = timedelta(days=30)
MAX_PIXELS = 10**8


def picture(seed: int) -> NewPicture:
    return NewPicture(f"secret {seed}.png", drawn(seed, size=16))


def blobs(data: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (data / "blobs").glob("??/*")}


def database(data: Path) -> Path:
    return data / "workspaces.sqlite"


def age(data: Path, days: float) -> None:
    """Have all that is noted as belonging to nothing be noted so many days earlier."""
    for note in (data / "blobs" / "unreferenced").iterdir():
        since = note.stat().st_mtime - timedelta(days=days).total_seconds()
        os.utime(note, (since, since))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def overwrite(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:4096] + os.urandom(4096) * 8)


LOSSES: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda file: file.write_bytes(b""),
    "cut off": cut,
    "overwritten": overwrite,
    "garbage": lambda file: file.write_bytes(b"these are my notes" * 1000),
}
