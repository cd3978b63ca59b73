"""Undoing an act: what it changed, and nothing that a later one changed, is as it was before.

The value of a field is what the last act that is not undone gave it. So where a later act changed
a field too, undoing the earlier one leaves the value, and the later one has another value to go
back to. Whatever the order, when all are undone all is as before the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Table, bindparam, delete, func, select, update

from featclass.base import FeatclassError
from featclass.workspaces import acts, pictures, sets, tables
from featclass.workspaces.database import Change
from featclass.workspaces.records import Act, is_id
from featclass.workspaces.tables import effects, listed

_PICTURE = tables.pictures.name


def undo(change: Change, act_id: int) -> None:
    """Undo an act, also the removal of the workspace itself; once is enough.

    What the act changed is as it was before, but for what later acts changed too. Acts may be
    undone in any order. A picture that was added again meanwhile is not doubled; a set whose
    name was given to another meanwhile comes back as "name 2". Raises `FeatclassError` where
    the act was purged.
    """
    of_this = (tables.acts.c.id == act_id) & (tables.acts.c.workspace_id == change.workspace)
    undone = None
    if is_id(act_id):
        undone = change.db.scalar(select(tables.acts.c.undone).where(of_this))
    if undone is None:
        raise FeatclassError(
            "This cannot be undone: it was deleted for good, or was never in this workspace."
        )
    if undone:
        return
    changed = _changed_by(change, act_id)
    last = [effect for effect in changed if effect.next_id is None]
    digests = _digests(change, [effect.row_id for effect in last if effect.kind == _PICTURE])
    pictures.hide(change, digests)
    _hand_on(change, [effect for effect in changed if effect.next_id is not None])
    _restore(change, act_id, last)
    change.db.execute(delete(effects).where(effects.c.act_id == act_id))
    change.db.execute(update(tables.acts).where(of_this).values(undone=True))
    pictures.show_one_each(change, digests)
    sets.settle_names(change)


def undo_last(change: Change) -> Act | None:
    """Undo the newest act of whoever is `acting`, or of somebody not known; returns it.

    Where nobody is, it is the newest of all. None where there is nothing to undo.
    """
    act = acts.last(change.db, change.workspace, change.doer.author)
    if act is not None:
        undo(change, act.id)
    return act


def _changed_by(change: Change, act_id: int) -> Sequence[Row[Any]]:
    """Return what an act changed, the last first, each with the later act's note of the field."""
    later = effects.alias()
    next_id = (
        select(func.min(later.c.id))
        .where(
            later.c.row_id == effects.c.row_id,
            later.c.kind == effects.c.kind,
            later.c.field == effects.c.field,
            later.c.id > effects.c.id,
            later.c.act_id != act_id,
        )
        .scalar_subquery()
        .label("next_id")
    )
    of_act = select(effects, next_id).where(effects.c.act_id == act_id)
    return change.db.execute(of_act.order_by(effects.c.id.desc())).all()


def _hand_on(change: Change, changed: Sequence[Row[Any]]) -> None:
    """Let later acts go back to what was before this one."""
    if changed:
        going_back = update(effects).where(effects.c.id == bindparam("next_id"))
        before = [{"next_id": effect.next_id, "before": effect.before} for effect in changed]
        change.db.execute(going_back, before)


def _restore(change: Change, act_id: int, changed: Sequence[Row[Any]]) -> None:
    values = defaultdict(list)
    for effect in changed:
        values[effect.kind, effect.field].append({"row": effect.row_id, **effect.before})
    for (kind, field), rows in values.items():
        table = tables.metadata.tables[kind]
        if field == "removal":
            rows = _with_acts_there(change, act_id, rows)
        elif field == "place":
            rows = _with_sets_there(change, rows)
        if rows:
            change.db.execute(update(table).where(table.c.id == bindparam("row")), rows)


def _with_acts_there(
    change: Change, act_id: int, rows: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Let what is to be gone, by an act purged since, be gone by the act that is undone."""
    there = _there(change, tables.acts, [row["removal_id"] for row in rows])
    return [
        {**row, "removal_id": act_id}
        if row["removal_id"] is not None and row["removal_id"] not in there
        else dict(row)
        for row in rows
    ]


def _with_sets_there(change: Change, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Leave pictures where they are that came from a set purged since."""
    there = _there(change, tables.sets, [row["labelled_set_id"] for row in rows]) | {None}
    return [dict(row) for row in rows if row["labelled_set_id"] in there]


def _there(change: Change, table: Table, ids: Iterable[int | None]) -> set[int | None]:
    wanted = {row_id for row_id in ids if row_id is not None}
    query = select(table.c.id).where(table.c.id.in_(listed(wanted)))
    return set(change.db.scalars(query))


def _digests(change: Change, picture_ids: Sequence[int]) -> set[str]:
    ids = listed(picture_ids)
    query = select(tables.pictures.c.digest).where(tables.pictures.c.id.in_(ids))
    return set(change.db.scalars(query))
