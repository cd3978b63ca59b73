"""What a person did, in words: each act can be undone by its number."""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, select

from featclass.workspaces import tables
from featclass.workspaces.database import Change
from featclass.workspaces.records import Act


def last(db: Connection, workspace_id: int) -> Act | None:
    """Return the newest act that is not undone."""
    query = select(func.max(tables.acts.c.id)).where(
        tables.acts.c.workspace_id == workspace_id, ~tables.acts.c.undone
    )
    act_id = db.scalar(query)
    return None if act_id is None else read(db, act_id)


def read(db: Connection, act_id: int) -> Act:
    """Return an act that is there."""
    row = db.execute(select(tables.acts).where(tables.acts.c.id == act_id)).one()
    return Act(row.id, row.what, row.at)


def record(change: Change, what: str, *, undone: bool = False) -> Act:
    """Remember that this was done; `undone` where there is nothing to undo."""
    values = {"workspace_id": change.workspace, "what": what, "at": change.now, "undone": undone}
    new = insert(tables.acts).values(values).returning(tables.acts.c.id)
    return Act(change.db.execute(new).scalar_one(), what, change.now)
