"""How much one workspace holds: whatever is done in it stays quick, for it and for its neighbours.

A look at a workspace goes through all of it, so each number here bounds what a look costs.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, func, select

from featclass.base import FeatclassError
from featclass.workspaces.database import Change
from featclass.workspaces.tables import pictures, rejections

MOST_SETS: Final = 1000
MOST_PICTURES: Final = 50_000
"""In the sets, with what is none of these."""
MOST_TRIED: Final = 20_000
MOST_KEPT: Final = 200_000
"""Pictures, with those removed that can still be brought back."""
MOST_REJECTED: Final = 1000
"""Files that could not be used; of the rest it is remembered that there were more."""
MOST_REJECTED_KEPT: Final = 20 * MOST_REJECTED
"""With those dismissed, which can be brought back for 30 days."""


def require_sets(there: int, more: int = 1) -> None:
    """Raise `FeatclassError` where so many sets and so many more are too many."""
    if there + more > MOST_SETS:
        raise FeatclassError(
            f"A workspace has {MOST_SETS:,} sets at most; this one has {there:,}, and that would"
            f" make {there + more:,}. Remove some, or start another workspace."
        )


def require_pictures(change: Change, *, tried: bool, more: int = 1) -> None:
    """Raise `FeatclassError` where there is no room for so many more pictures, tried or in sets."""
    place = pictures.c.labelled_set_id
    here = (place.is_(None) if tried else place.is_not(None)) & pictures.c.removal_id.is_(None)
    there, most = _count(change, here), MOST_TRIED if tried else MOST_PICTURES
    if there + more > most:
        raise FeatclassError(
            f"A workspace holds {most:,} pictures to try at most, and has {there:,}: clear them, or"
            " have a zip of them predicted as a batch."
            if tried
            else f"A workspace holds {most:,} pictures in its sets at most, and has {there:,}:"
            " remove some, or start another workspace."
        )
    if _count(change, pictures.c.id.is_not(None)) + more > MOST_KEPT:
        raise FeatclassError(
            f"A workspace keeps {MOST_KEPT:,} pictures at most, with those removed in the last 30"
            " days, which can be brought back: start another workspace."
        )


def room_for_rejected(change: Change) -> int:
    """Return how many more rejected files can be remembered, beside those that are listed now."""
    here = rejections.c.workspace_id == change.workspace
    number = select(func.count()).select_from(rejections).where(here)
    listed = change.db.scalar(number.where(rejections.c.removal_id.is_(None))) or 0
    in_all = change.db.scalar(number) or 0
    return max(0, min(MOST_REJECTED - int(listed), MOST_REJECTED_KEPT - int(in_all)))


def _count(change: Change, which: ColumnElement[bool]) -> int:
    here = (pictures.c.workspace_id == change.workspace) & which
    return int(change.db.scalar(select(func.count()).select_from(pictures).where(here)) or 0)
