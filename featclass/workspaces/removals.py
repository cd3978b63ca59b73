"""Taking away a picture, a set, a workspace, so that it can be brought back."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, func, select, update

from featclass.workspaces import acts, pictures, sets, tables
from featclass.workspaces.database import Change
from featclass.workspaces.names import counted
from featclass.workspaces.records import Act


def remove_picture(change: Change, picture_id: int) -> Act:
    """Take away one picture; asked once more, give the same act."""
    earlier = _removal_of(change, tables.pictures, picture_id)
    if earlier is not None:
        return earlier
    row = pictures.require(change, picture_id)
    return _remove(
        change, f"picture {row.name}", tables.pictures, tables.pictures.c.id == picture_id
    )


def remove_set(change: Change, set_id: int) -> Act:
    """Take away a set with its pictures; asked once more, give the same act.

    Of the set that is no class only the pictures go: it is shown while it has some.
    """
    earlier = _removal_of(change, tables.sets, set_id)
    if earlier is not None:
        return earlier
    row = sets.require(change, set_id)
    number = _count(change, set_id)
    if not row.is_class:
        what = f"{counted(number, 'picture')} of {row.name}"
        these = pictures.shown_in(change, set_id)
        return _remove(change, what, tables.pictures, these, undone=number == 0)
    what = f"set {row.name} with {counted(number, 'picture')}" if number else f"set {row.name}"
    return _remove(change, what, tables.sets, tables.sets.c.id == set_id)


def clear_tried(change: Change) -> Act:
    """Take away all pictures tried; where there are none, the act counts as undone."""
    number = _count(change, None)
    return _remove(
        change,
        f"{counted(number, 'picture')} tried",
        tables.pictures,
        pictures.shown_in(change, None),
        undone=number == 0,
    )


def remove_workspace(change: Change) -> Act:
    """Take away the workspace; asked once more, give the same act."""
    this = tables.workspaces.c.id == change.workspace
    row = change.db.execute(select(tables.workspaces).where(this)).one()
    if row.removal_id is not None:
        return acts.read(change.db, row.removal_id)
    return _remove(change, f"workspace {row.name}", tables.workspaces, this)


def _remove(
    change: Change,
    what: str,
    table: Table,
    rows: ColumnElement[bool],
    *,
    undone: bool = False,
) -> Act:
    act = acts.record(change, f"Removed {what}", undone=undone)
    change.db.execute(update(table).where(rows).values(removal_id=act.id))
    return act


def _removal_of(change: Change, table: Table, row_id: int) -> Act | None:
    query = select(table.c.removal_id).where(
        table.c.id == row_id, table.c.workspace_id == change.workspace
    )
    removal_id = change.db.scalar(query)
    return None if removal_id is None else acts.read(change.db, removal_id)


def _count(change: Change, set_id: int | None) -> int:
    query = select(func.count()).where(pictures.shown_in(change, set_id))
    return change.db.execute(query).scalar_one()
