"""Making a workspace of the pictures that no workspace knows: after the database was lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from featclass import images
from featclass.workspaces import limits
from featclass.workspaces.records import NewPicture
from featclass.workspaces.store import Workspaces

NAME: Final = "Recovered pictures"
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Recovered:
    """What came of a recovery."""

    tokens: tuple[str, ...] = ()
    """Of the workspaces: several where one cannot hold so many, none where there was no picture."""
    pictures: int = 0
    others: int = 0
    """Files that hold no picture, such as saved classifiers, or not the bytes they should."""

    @property
    def token(self) -> str | None:
        """The first of the workspaces; None where there was no picture to be recovered."""
        return next(iter(self.tokens), None)


def recover(folder: Path, *, max_pixels: int) -> Recovered:
    """Make a workspace, or several, of all pictures in a data folder that no workspace knows.

    They are pictures to try: of which sets they were, and what they were called, is lost. A
    database that is damaged or empty is set aside. What is no picture is deleted in its time, as
    all that nothing refers to. `max_pixels` bounds a picture, as elsewhere.
    Raises `FeatclassError` where the folder cannot be used for another reason.
    """
    with Workspaces(folder, despite_loss=True) as store:
        orphans = store.unreferenced()
        tokens: list[str] = []
        pictures = in_last = 0
        for portion in _portions(store, orphans, max_pixels):
            if not tokens or in_last + len(portion) > limits.MOST_TRIED:
                tokens.append(store.create(name=NAME))
                in_last = 0
            in_last += len(store.add_pictures(tokens[-1], None, portion))
            pictures += len(portion)
        store.let_go(store.unreferenced())  # else they look like a loss at the next start
        return Recovered(tuple(tokens), pictures, len(orphans) - pictures)


def _portions(store: Workspaces, digests: list[str], max_pixels: int) -> Iterator[list[NewPicture]]:
    """Read the pictures, a portion at a time; the newest last, which are shown first."""
    portion: list[NewPicture] = []
    for number, digest in enumerate(digests, 1):
        try:
            data = store.source(digest).read()
            images.check(data, max_pixels=max_pixels)
        except (OSError, images.Unreadable):
            continue
        portion.append(NewPicture(f"picture {number}", data))
        if len(portion) == _AT_ONCE:
            yield portion
            portion = []
    if portion:
        yield portion
