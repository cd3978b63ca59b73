"""Taking away pictures, a set, a workspace, so that they can be brought back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from featclass.base.sentences import counted
from featclass.workspaces import acts, pictures, sets, tables
from featclass.workspaces.acts import Doing
from featclass.workspaces.database import Change
from featclass.workspaces.records import Act


def remove_picture(change: Change, picture_id: int) -> Act:
    """Take away one picture; asked once more, give the same act."""
    row = pictures.find(change, picture_id)
    if row is not None and row.removal_id is not None:
        return acts.read(change.db, row.removal_id)
    row = pictures.require(change, picture_id)
    return _remove_pictures(change, [row], f"picture {row.name}")


def remove_pictures(change: Change, picture_ids: Sequence[int]) -> Act | None:
    """Take away pictures in one act; None where all of them are removed already."""
    removed = pictures.removed(change, picture_ids)
    left = pictures.require_all(change, [one for one in picture_ids if one not in removed])
    if not left:
        return None
    what = f"picture {left[0].name}" if len(left) == 1 else counted(len(left), "picture")
    origins = {row.labelled_set_id for row in left}
    if len(left) > 1 and len(origins) == 1 and None not in origins:
        what += f" of {sets.name_of(change, origins.pop())}"
    return _remove_pictures(change, left, what)


def remove_set(change: Change, set_id: int, seen: int | None = None) -> Act:
    """Take away a set with its pictures; asked once more, give the same act.

    Of the set that is no class only the pictures go: it is shown while it has some. So it is where
    pictures came after version `seen` of the workspace: they stay, and with them the set.
    """
    row = sets.find(change, set_id)
    if row is not None and row.removal_id is not None and not row.is_shown:
        return acts.read(change.db, row.removal_id)
    row = sets.require(change, set_id)
    shown = change.db.execute(
        select(tables.pictures).where(pictures.shown_in(change, set_id))
    ).all()
    known = [picture for picture in shown if seen is None or picture.arrived <= seen]
    number = counted(len(known), "picture")
    if row.is_class and len(known) == len(shown):
        doing = Doing(change)
        doing.remove(tables.sets, [row])
        doing.remove(tables.pictures, pictures.in_place(change, set_id))
        return _ended(doing, f"set {row.name} with {number}" if known else f"set {row.name}")
    what = f"{number} of {row.name}"
    if len(known) < len(shown):
        came = counted(len(shown) - len(known), "picture")
        what += f", which stays: {came} came to it meanwhile"
    return _remove_pictures(change, known, what)


def clear_tried(change: Change) -> Act:
    """Take away all pictures tried; where there are none, the act counts as undone."""
    tried = select(tables.pictures).where(pictures.shown_in(change, None))
    rows = change.db.execute(tried).all()
    return _remove_pictures(change, rows, f"{counted(len(rows), 'picture')} tried")


def remove_workspace(change: Change) -> Act:
    """Take away the workspace; asked once more, give the same act."""
    this = tables.workspaces.c.id == change.workspace
    row = change.db.execute(select(tables.workspaces).where(this)).one()
    if row.removal_id is not None:
        return acts.read(change.db, row.removal_id)
    doing = Doing(change)
    doing.remove(tables.workspaces, [row])
    return _ended(doing, f"workspace {row.name}")


def _remove_pictures(change: Change, rows: Sequence[Row[Any]], what: str) -> Act:
    doing = Doing(change)
    doing.remove(tables.pictures, pictures.with_twins(change, rows))
    return _ended(doing, what)


def _ended(doing: Doing, what: str) -> Act:
    """Return the act; one that took nothing away counts as undone."""
    act = doing.end(f"Removed {what}")
    return act or acts.record(doing.change, f"Removed {what}", undone=True)
