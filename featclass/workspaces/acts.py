"""What a person did, in words, with what it changed: each act can be undone by its number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, func, insert, select, update

from featclass.workspaces import tables
from featclass.workspaces.database import Change
from featclass.workspaces.records import Act

FIELDS: Mapping[str, tuple[str, ...]] = {
    "removal": ("removal_id",),
    "place": ("labelled_set_id", "name", "arrived"),
    "left out": ("left_out",),
    "set name": ("own_name", "named"),
    "workspace name": ("name",),
    "encoder": ("encoder",),
}
"""What is undone by itself, with the columns that hold it."""
_OF_ACT = [tables.acts.c[field.name] for field in fields(Act)]


@dataclass(slots=True)
class Doing:
    """An act under way: kept with the first thing that it changes, never where it changes none."""

    change: Change
    is_adding: bool = False
    """Whether it goes on with the act of the same drop, which comes in parts, unless undone."""
    act_id: int | None = None

    def write(
        self, table: Table, field: str, written: Sequence[tuple[Row[Any], Mapping[str, Any]]]
    ) -> None:
        """Give a field of rows other values, and note what they were."""
        columns = FIELDS[field]
        before = [(row.id, {name: getattr(row, name) for name in columns}) for row, _ in written]
        self._note(table, field, before)
        values = [{"row": row.id, **new} for row, new in written]
        if values:
            change_row = update(table).where(table.c.id == bindparam("row"))
            self.change.db.execute(change_row, values)

    def remove(self, table: Table, rows: Sequence[Row[Any]]) -> None:
        """Take rows away."""
        if rows:
            removal = {"removal_id": self._begun()}
            self.write(table, "removal", [(row, removal) for row in rows])

    def made(self, table: Table, ids: Sequence[int]) -> None:
        """Note that rows are new: undone, they are gone as if the act had removed them."""
        if ids:
            removal = {"removal_id": self._begun()}
            self._note(table, "removal", [(row_id, removal) for row_id in ids])

    def end(self, what: str) -> Act | None:
        """Say in words what was done; returns the act, None where nothing changed."""
        if self.act_id is None:
            return None
        this = tables.acts.c.id == self.act_id
        told = update(tables.acts).where(this).values(what=what, at=self.change.now)
        return Act(*self.change.db.execute(told.returning(*_OF_ACT)).one())

    def _note(
        self, table: Table, field: str, before: Sequence[tuple[int, Mapping[str, Any]]]
    ) -> None:
        rows = [
            {
                "act_id": self._begun(),
                "kind": table.name,
                "row_id": row_id,
                "field": field,
                "before": dict(values),
            }
            for row_id, values in before
        ]
        if rows:
            self.change.db.execute(insert(tables.effects), rows)

    def _begun(self) -> int:
        if self.act_id is None:
            key = self.change.doer.drop if self.is_adding else None
            self.act_id = self._joined(key) or record(self.change, "", key=key).id
        return self.act_id

    def _joined(self, key: str | None) -> int | None:
        if key is None:
            return None
        query = select(func.max(tables.acts.c.id)).where(
            tables.acts.c.workspace_id == self.change.workspace,
            tables.acts.c.key == key,
            ~tables.acts.c.undone,
        )
        act_id: int | None = self.change.db.scalar(query)
        return act_id


def last(db: Connection, workspace_id: int, author: str | None = None) -> Act | None:
    """Return the newest act that is not undone; of one author, where one is given.

    An act of which nobody knows the author is anybody's.
    """
    acts = tables.acts.c
    query = select(*_OF_ACT).where(acts.workspace_id == workspace_id, ~acts.undone)
    if author is not None:
        query = query.where((acts.author == author) | acts.author.is_(None))
    row = db.execute(query.order_by(acts.id.desc()).limit(1)).one_or_none()
    return Act(*row) if row else None


def read(db: Connection, act_id: int) -> Act:
    """Return an act that is there."""
    return Act(*db.execute(select(*_OF_ACT).where(tables.acts.c.id == act_id)).one())


def record(change: Change, what: str, *, key: str | None = None, undone: bool = False) -> Act:
    """Remember that this was done; `undone` where there is nothing to undo."""
    values = {
        "workspace_id": change.workspace,
        "what": what,
        "at": change.now,
        "undone": undone,
        "author": change.doer.author,
        "key": key,
    }
    return Act(*change.db.execute(insert(tables.acts).values(values).returning(*_OF_ACT)).one())
