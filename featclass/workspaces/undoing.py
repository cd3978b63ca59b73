"""Undoing an act: bringing back what it removed, and putting back what it moved."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from featclass.errors import FeatclassError
from featclass.workspaces import sets, standing, tables
from featclass.workspaces.database import Change


def undo(change: Change, act_id: int) -> None:
    """Undo an act; raises `FeatclassError` where it is not there (any more)."""
    of_this = (tables.acts.c.id == act_id) & (tables.acts.c.workspace_id == change.workspace)
    undone = change.db.scalar(select(tables.acts.c.undone).where(of_this))
    if undone is None:
        raise FeatclassError(
            "This cannot be undone: it was deleted for good, or was never in this workspace."
        )
    if undone:
        return
    _drop_pictures_added_again(change, act_id)
    sets.bring_back(change, act_id)
    for table in (tables.pictures, tables.workspaces, tables.accepted):
        change.db.execute(update(table).where(table.c.removal_id == act_id).values(removal_id=None))
    change.db.execute(delete(tables.accepted).where(tables.accepted.c.act_id == act_id))
    standing.put_back(change, act_id)
    sets.drop_made_for(change, act_id)
    change.db.execute(update(tables.acts).where(of_this).values(undone=True))


def _drop_pictures_added_again(change: Change, act_id: int) -> None:
    there = tables.pictures.alias()
    removed = tables.pictures.c
    change.db.execute(
        delete(tables.pictures).where(
            removed.removal_id == act_id,
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
