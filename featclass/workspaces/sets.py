"""Labelled sets: adding and naming them; and the set that is no class, "none of these"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from sqlalchemy import Row, delete, exists, insert, select, update

from featclass.errors import FeatclassError
from featclass.workspaces import bounds, names
from featclass.workspaces.database import Change
from featclass.workspaces.tables import former, pictures, rejections, sets

NONE_OF_THESE = "none of these"
"""What the set that is no class is called in acts; a class may be called so too."""


def add(change: Change, name: str | None) -> int:
    """Add an empty set at the end; raises `FeatclassError` where another has the name."""
    shown = _sets(change)
    bounds.require_sets(len(shown))
    ever = {row.name for row in _sets(change, removed_too=True)}
    name = names.clean(name or "") or names.default(len(shown) + 1, ever)
    _refuse_taken(change, name)
    return _insert(change, name, _free_colour(shown))


def rename(change: Change, set_id: int, name: str) -> None:
    """Give a set another name; an empty one leaves it as it is."""
    _require_class(change, set_id)
    name = names.clean(name)
    if not name:
        return
    _refuse_taken(change, name, by_other_than=set_id)
    change.db.execute(
        update(sets).where(sets.c.id == set_id, sets.c.name != name).values(name=name)
    )


def rename_all(change: Change, named: Sequence[tuple[int, str]]) -> None:
    """Give several sets other names at once: what one is called now, another may be called."""
    there = {set_id: _require_class(change, set_id).name for set_id, _ in named}
    wanted = {set_id: names.clean(name) or there[set_id] for set_id, name in named}
    taken = {row.name for row in _sets(change) if row.id not in wanted}
    for set_id, name in wanted.items():
        if name in taken:
            raise _taken(name)
        taken.add(name)
        change.db.execute(update(sets).where(sets.c.id == set_id).values(name=name))


def named(change: Change, name: str) -> int:
    """Return the set of this name, as `named_all` does."""
    return named_all(change, [name])[name]


def named_all(change: Change, wanted: Sequence[str]) -> dict[str, int]:
    """Return the set of each name: there already, one never used and so renamed, or new."""
    shown = _sets(change)
    ever = {row.name for row in _sets(change, removed_too=True)}
    there = {row.name: int(row.id) for row in shown}
    cleaned = {name: names.clean(name) for name in wanted}
    unused = (
        row
        for row in shown
        if names.is_default(row.name)
        and row.name not in cleaned.values()
        and not _ever_used(change, row.id)
    )
    colours = _free_colours(shown)
    ids: dict[str, int] = {}
    for name, clean in cleaned.items():
        if clean not in there:
            row = next(unused, None) if clean else None
            if row is not None:
                del there[row.name]
                change.db.execute(update(sets).where(sets.c.id == row.id).values(name=clean))
                there[clean] = int(row.id)
            else:
                bounds.require_sets(len(there))
                clean = clean or names.default(len(there) + 1, ever | {*there})
                there[clean] = _insert(change, clean, next(colours))
        ids[name] = there[clean]
    return ids


def none_of_these(change: Change) -> int:
    """Return the id of the set that is no class, made where there is none yet."""
    there = select(sets.c.id).where(sets.c.workspace_id == change.workspace, ~sets.c.is_class)
    set_id = change.db.scalar(there)
    if set_id is None:
        row = {"workspace_id": change.workspace, "name": NONE_OF_THESE, "colour": 0}
        new = insert(sets).values({**row, "is_class": False}).returning(sets.c.id)
        set_id = change.db.execute(new).scalar_one()
    return int(set_id)


def require(change: Change, set_id: int) -> Row[Any]:
    """Return a set's row, of a class or not; raises `FeatclassError` where none is shown."""
    query = select(sets).where(
        sets.c.id == set_id, sets.c.workspace_id == change.workspace, sets.c.removal_id.is_(None)
    )
    row = change.db.execute(query).one_or_none()
    if row is None:
        raise FeatclassError(
            "This workspace has no such set (any more). If it was removed, undo that first."
        )
    return row


def require_known(change: Change, set_id: int) -> None:
    """Raise `FeatclassError` for a set that this workspace never had; a removed one it has."""
    query = select(sets.c.id).where(sets.c.id == set_id, sets.c.workspace_id == change.workspace)
    if change.db.scalar(query) is None:
        raise FeatclassError("This workspace has no such set. Load the page again.")


def ids(change: Change) -> set[int]:
    """Return which classes are shown."""
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
    of_classes = (sets.c.workspace_id == change.workspace) & sets.c.is_class
    query = select(sets).where(of_classes).order_by(sets.c.id)
    if not removed_too:
        query = query.where(sets.c.removal_id.is_(None))
    return list(change.db.execute(query))


def _require_class(change: Change, set_id: int) -> Row[Any]:
    row = require(change, set_id)
    if not row.is_class:
        raise FeatclassError(
            "The pictures that are none of these are no class, so they have no name: add a set"
            " and move them there."
        )
    return row


def _free_colour(shown: Sequence[Row[Any]], preferred: int | None = None) -> int:
    if preferred is not None and all(row.colour != preferred for row in shown):
        return preferred
    return next(_free_colours(shown))


def _free_colours(shown: Sequence[Row[Any]]) -> Iterator[int]:
    taken = {row.colour for row in shown}
    return (colour for colour in count() if colour not in taken)


def _insert(change: Change, name: str, colour: int) -> int:
    row = {"workspace_id": change.workspace, "name": name, "colour": colour}
    return int(change.db.execute(insert(sets).values(row).returning(sets.c.id)).scalar_one())


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
