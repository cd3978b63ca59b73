"""Taking away a picture, a set, a workspace, so that it can be brought back."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select, update

from featclass.errors import FeatclassError
from featclass.workspaces import pictures, sets, tables
from featclass.workspaces.database import Change
from featclass.workspaces.names import counted
from featclass.workspaces.records import Removal


def remove_picture(change: Change, picture_id: int) -> Removal:
    """Take away one picture; asked once more, give the same removal."""
    earlier = _removal_of(change, tables.pictures, picture_id)
    if earlier is not None:
        return earlier
    row = pictures.require(change, picture_id)
    return _remove(
        change, f"picture {row.name}", tables.pictures, tables.pictures.c.id == picture_id
    )


def remove_set(change: Change, set_id: int) -> Removal:
    """Take away a set with its pictures; asked once more, give the same removal."""
    earlier = _removal_of(change, tables.sets, set_id)
    if earlier is not None:
        return earlier
    row = sets.require(change, set_id)
    number = _count(change, set_id)
    what = f"set {row.name} with {counted(number, 'picture')}" if number else f"set {row.name}"
    return _remove(change, what, tables.sets, tables.sets.c.id == set_id)


def clear_tried(change: Change) -> Removal:
    """Take away all pictures tried; where there are none, the removal counts as undone."""
    number = _count(change, None)
    return _remove(
        change,
        f"{counted(number, 'picture')} tried",
        tables.pictures,
        pictures.shown_in(change, None),
        undone=number == 0,
    )


def remove_workspace(change: Change) -> Removal:
    """Take away the workspace; asked once more, give the same removal."""
    this = tables.workspaces.c.id == change.workspace
    row = change.db.execute(select(tables.workspaces).where(this)).one()
    if row.removal_id is not None:
        return _read(change.db, row.removal_id)
    return _remove(change, f"workspace {row.name}", tables.workspaces, this)


def undo(change: Change, removal_id: int) -> None:
    """Bring back everything of a removal; raises `FeatclassError` where it is not there."""
    of_this = (tables.removals.c.id == removal_id) & (
        tables.removals.c.workspace_id == change.workspace
    )
    undone = change.db.scalar(select(tables.removals.c.undone).where(of_this))
    if undone is None:
        raise FeatclassError(
            "This cannot be brought back: it was deleted for good, or was never in this workspace."
        )
    if undone:
        return
    _drop_pictures_added_again(change, removal_id)
    sets.bring_back(change, removal_id)
    for table in (tables.pictures, tables.workspaces):
        change.db.execute(
            update(table).where(table.c.removal_id == removal_id).values(removal_id=None)
        )
    change.db.execute(update(tables.removals).where(of_this).values(undone=True))


def last(db: Connection, workspace_id: int) -> Removal | None:
    """Return the newest removal that is not undone."""
    query = select(func.max(tables.removals.c.id)).where(
        tables.removals.c.workspace_id == workspace_id, ~tables.removals.c.undone
    )
    removal_id = db.scalar(query)
    return None if removal_id is None else _read(db, removal_id)


def _remove(
    change: Change,
    what: str,
    table: Table,
    rows: ColumnElement[bool],
    *,
    undone: bool = False,
) -> Removal:
    values = {"workspace_id": change.workspace, "what": what, "at": change.now, "undone": undone}
    new = insert(tables.removals).values(values).returning(tables.removals.c.id)
    removal = Removal(change.db.execute(new).scalar_one(), what, change.now)
    change.db.execute(update(table).where(rows).values(removal_id=removal.id))
    return removal


def _removal_of(change: Change, table: Table, row_id: int) -> Removal | None:
    query = select(table.c.removal_id).where(
        table.c.id == row_id, table.c.workspace_id == change.workspace
    )
    removal_id = change.db.scalar(query)
    return None if removal_id is None else _read(change.db, removal_id)


def _read(db: Connection, removal_id: int) -> Removal:
    row = db.execute(select(tables.removals).where(tables.removals.c.id == removal_id)).one()
    return Removal(row.id, row.what, row.at)


def _count(change: Change, set_id: int | None) -> int:
    query = select(func.count()).where(pictures.shown_in(change, set_id))
    return change.db.execute(query).scalar_one()


def _drop_pictures_added_again(change: Change, removal_id: int) -> None:
    there = tables.pictures.alias()
    removed = tables.pictures.c
    change.db.execute(
        delete(tables.pictures).where(
            removed.removal_id == removal_id,
            select(there.c.id)
            .where(
                there.c.workspace_id == removed.workspace_id,
                tables.place(there) == tables.place(tables.pictures),
                there.c.digest == removed.digest,
                there.c.removal_id.is_(None),
            )
            .exists(),
        )
    )
