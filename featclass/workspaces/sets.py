"""Labelled sets: adding and naming them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from sqlalchemy import Row, delete, exists, insert, select, update

from featclass.errors import FeatclassError
from featclass.workspaces import names
from featclass.workspaces.database import Change
from featclass.workspaces.tables import former, pictures, rejections, sets


def add(change: Change, name: str | None) -> int:
    """Add an empty set at the end; raises `FeatclassError` where another has the name."""
    shown = _sets(change)
    ever = {row.name for row in _sets(change, removed_too=True)}
    name = names.clean(name or "") or names.default(len(shown) + 1, ever)
    _refuse_taken(change, name)
    colour = _free_colour(shown)
    row = {"workspace_id": change.workspace, "name": name, "colour": colour}
    return int(change.db.execute(insert(sets).values(row).returning(sets.c.id)).scalar_one())


def rename(change: Change, set_id: int, name: str) -> None:
    """Give a set another name; an empty one leaves it as it is."""
    require(change, set_id)
    name = names.clean(name)
    if not name:
        return
    _refuse_taken(change, name, by_other_than=set_id)
    change.db.execute(
        update(sets).where(sets.c.id == set_id, sets.c.name != name).values(name=name)
    )


def rename_all(change: Change, named: Sequence[tuple[int, str]]) -> None:
    """Give several sets other names at once: what one is called now, another may be called."""
    wanted = {set_id: names.clean(name) or require(change, set_id).name for set_id, name in named}
    for set_id in wanted:
        require(change, set_id)
    taken = {row.name for row in _sets(change) if row.id not in wanted}
    for set_id, name in wanted.items():
        if name in taken:
            raise _taken(name)
        taken.add(name)
        change.db.execute(update(sets).where(sets.c.id == set_id).values(name=name))


def named(change: Change, name: str) -> int:
    """Return the set of this name: there already, one never used and so renamed, or new."""
    name = names.clean(name)
    there = _sets(change)
    if not name:
        return add(change, None)
    for row in there:
        if row.name == name:
            return int(row.id)
    for row in there:
        if names.is_default(row.name) and not _ever_used(change, row.id):
            rename(change, row.id, name)
            return int(row.id)
    return add(change, name)


def require(change: Change, set_id: int) -> Row[Any]:
    """Return a set's row; raises `FeatclassError` where this workspace shows no such set."""
    for row in _sets(change):
        if row.id == set_id:
            return row
    raise FeatclassError(
        "This workspace has no such set (any more). If it was removed, undo that first."
    )


def ids(change: Change) -> set[int]:
    """Return which sets are shown."""
    return {int(row.id) for row in _sets(change)}


def note_made_for(change: Change, set_id: int, act_id: int) -> None:
    """Remember that a set was made for a move."""
    change.db.execute(update(sets).where(sets.c.id == set_id).values(act_id=act_id))


def drop_made_for(change: Change, act_id: int) -> None:
    """Delete the set that was made for a move, where nothing else ever came to it."""
    made = select(sets.c.id).where(sets.c.act_id == act_id, sets.c.removal_id.is_(None))
    for set_id in change.db.scalars(made).all():
        if not _ever_used(change, set_id):
            change.db.execute(delete(sets).where(sets.c.id == set_id))


def bring_back(change: Change, act_id: int) -> None:
    """Show removed sets again; where a name or colour is another's by now, they get a free one."""
    for row in change.db.execute(select(sets).where(sets.c.removal_id == act_id)):
        shown = _sets(change)
        values = {
            "removal_id": None,
            "name": names.distinct(row.name, {other.name for other in shown}),
            "colour": _free_colour(shown, preferred=row.colour),
        }
        change.db.execute(update(sets).where(sets.c.id == row.id).values(values))


def _sets(change: Change, *, removed_too: bool = False) -> list[Row[Any]]:
    query = select(sets).where(sets.c.workspace_id == change.workspace).order_by(sets.c.id)
    if not removed_too:
        query = query.where(sets.c.removal_id.is_(None))
    return list(change.db.execute(query))


def _free_colour(shown: Sequence[Row[Any]], preferred: int | None = None) -> int:
    taken = {row.colour for row in shown}
    if preferred is not None and preferred not in taken:
        return preferred
    return next(colour for colour in count() if colour not in taken)


def _refuse_taken(change: Change, name: str, by_other_than: int | None = None) -> None:
    if any(row.name == name and row.id != by_other_than for row in _sets(change)):
        raise _taken(name)


def _taken(name: str) -> FeatclassError:
    return FeatclassError(f"Another set is called {name} already. Choose a different name.")


def _ever_used(change: Change, set_id: int) -> bool:
    # Pictures removed or moved away count: brought back, they would be in another class.
    held = exists().where(pictures.c.labelled_set_id == set_id)
    moved = exists().where(former.c.labelled_set_id == set_id)
    refused = exists().where(rejections.c.labelled_set_id == set_id)
    return bool(change.db.scalar(select(held | moved | refused)))
