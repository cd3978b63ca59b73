"""The digest of a file that begins as a picture does, or why it can be no image."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO

from featclass import images
from featclass.datasets.sources import pieces


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a file cannot be an image."""

    reason: str


Identified = str | Unusable
"""The digest of a file, or why it has none."""


def identified(opened: Callable[[], AbstractContextManager[IO[bytes]]]) -> Identified:
    """Read a file once through, in pieces, without decoding it."""
    hasher = hashlib.sha256()
    try:
        with opened() as file:
            for number, piece in enumerate(pieces(file)):
                if number == 0:
                    images.recognise(piece)
                hasher.update(piece)
    except images.Unreadable as unreadable:
        return Unusable(str(unreadable))
    except OSError as error:
        return Unusable(why(error))
    return hasher.hexdigest()


def why(error: OSError) -> str:
    """Say in words what the system refused."""
    if isinstance(error, PermissionError):
        return "may not be opened (permission denied)"
    return f"cannot be read ({(error.strerror or str(error)).lower()})"
