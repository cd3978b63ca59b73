"""Labelled sets: adding and naming them; and the set that is no class, "none of these"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from sqlalchemy import Row, exists, func, insert, select, update

from featclass.base import FeatclassError, names
from featclass.base.sentences import counted
from featclass.workspaces import bounds
from featclass.workspaces.acts import Doing
from featclass.workspaces.database import Change
from featclass.workspaces.records import is_id
from featclass.workspaces.tables import acts, effects, is_set_shown, pictures, rejections, sets

NONE_OF_THESE = "none of these"
"""What the set that is no class is called in acts; a class may be called so too."""


def add(change: Change, name: str | None, doing: Doing | None = None) -> int:
    """Add an empty set at the end; raises `FeatclassError` where another has the name."""
    shown = _sets(change)
    bounds.require_sets(len(shown))
    ever = {row.name for row in _sets(change, removed_too=True)}
    name = names.clean(name or "") or names.default(len(shown) + 1, ever)
    if any(row.name == name for row in shown):
        raise _taken(name)
    return _insert(change, name, next(_free_colours(shown)), doing)


def _insert(change: Change, name: str, colour: int, doing: Doing | None = None) -> int:
    new = insert(sets).values(_new(change, name, colour)).returning(sets.c.id)
    set_id = int(change.db.execute(new).scalar_one())
    if doing is not None:
        doing.made(sets, [set_id])
    return set_id


def _new(change: Change, name: str, colour: int) -> dict[str, Any]:
    shown = {"name": name, "colour": colour, "own_name": name, "own_colour": colour}
    return {"workspace_id": change.workspace, "named": change.version, **shown}


def rename(doing: Doing, named: Sequence[tuple[int, str]]) -> str:
    """Give several sets other names at once: what one is called now, another may be called.

    Returns what was done, in words.
    """
    change = doing.change
    rows = {set_id: _require_class(change, set_id) for set_id, _ in named}
    wanted = {set_id: names.clean(name) or rows[set_id].name for set_id, name in named}
    taken = {row.name for row in _sets(change) if row.id not in wanted}
    for name in wanted.values():
        if name in taken:
            raise _taken(name)
        taken.add(name)
    other = [(rows[set_id], name) for set_id, name in wanted.items() if rows[set_id].name != name]
    named_now = [
        (row, {"name": name, "own_name": name, "named": change.version}) for row, name in other
    ]
    doing.write(sets, "set name", named_now)
    if len(other) == 1:
        [(row, name)] = other
        return f"Renamed set {row.name} to {name}"
    return f"Renamed {counted(len(other), 'set')}"


def named(doing: Doing, wanted: Sequence[str]) -> dict[str, int]:
    """Return the set of each name: there already, one never used and so renamed, or new."""
    change = doing.change
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
                called = {"name": clean, "own_name": clean, "named": change.version}
                doing.write(sets, "set name", [(row, called)])
                there[clean] = int(row.id)
            else:
                bounds.require_sets(len(there))
                clean = clean or names.default(len(there) + 1, ever | {*there})
                there[clean] = _insert(change, clean, next(colours), doing)
        ids[name] = there[clean]
    return ids


def none_of_these(change: Change) -> int:
    """Return the id of the set that is no class, made where there is none yet."""
    there = select(sets.c.id).where(sets.c.workspace_id == change.workspace, ~sets.c.is_class)
    set_id = change.db.scalar(there)
    if set_id is None:
        row = {**_new(change, NONE_OF_THESE, 0), "is_class": False}
        set_id = change.db.execute(insert(sets).values(row).returning(sets.c.id)).scalar_one()
    return int(set_id)


def require(change: Change, set_id: int) -> Row[Any]:
    """Return a set's row, of a class or not; raises `FeatclassError` where none is shown."""
    row = find(change, set_id)
    if row is None or not row.is_shown:
        raise FeatclassError(
            "This workspace has no such set (any more). If it was removed, undo that first."
        )
    return row


def require_known(change: Change, set_id: int) -> None:
    """Raise `FeatclassError` for a set that this workspace never had; a removed one it has."""
    if find(change, set_id) is None:
        raise FeatclassError("This workspace has no such set. Load the page again.")


def find(change: Change, set_id: int) -> Row[Any] | None:
    """Return a set's row, removed or not; None where this workspace has no such one."""
    if not is_id(set_id):
        return None
    query = select(sets, is_set_shown(sets).label("is_shown")).where(
        sets.c.id == set_id, sets.c.workspace_id == change.workspace
    )
    return change.db.execute(query).one_or_none()


def bring_back(doing: Doing, set_id: int) -> str:
    """Show a removed set again, empty; returns its name where it was not shown, else nothing.

    Raises `FeatclassError` where this workspace never had it, or it is deleted for good.
    """
    row = find(doing.change, set_id)
    if row is None or (row.removal_id is not None and not row.is_class):
        return str(require(doing.change, set_id).name)
    if row.removal_id is None:
        return ""
    doing.write(sets, "removal", [(row, {"removal_id": None})])
    settle_names(doing.change)
    return "" if row.is_shown else name_of(doing.change, set_id)


def name_of(change: Change, set_id: int) -> str:
    """Return what a set is called, be it removed."""
    return str(change.db.execute(select(sets.c.name).where(sets.c.id == set_id)).scalar_one())


def settle_names(change: Change) -> None:
    """Call each set as it was named, and show it in its colour, where no other has them by now.

    The one named last keeps a name, and the newest a colour; others get a free one.
    """
    shown = _sets(change)
    own_names = {row.own_name for row in shown}
    taken: set[str] = set()
    called = {}
    for row in sorted(shown, key=lambda row: (row.named, row.id), reverse=True):
        name = row.own_name
        if name in taken:
            name = names.distinct(name, (taken | own_names).__contains__)
        called[row.id] = name
        taken.add(name)
    newest = {row.own_colour: row.id for row in shown}
    free = (colour for colour in count() if colour not in newest)
    for row in shown:
        colour = row.own_colour if newest[row.own_colour] == row.id else next(free)
        values = {"name": called[row.id], "colour": colour}
        if (row.name, row.colour) != (called[row.id], colour):
            change.db.execute(update(sets).where(sets.c.id == row.id).values(values))


def _sets(change: Change, *, removed_too: bool = False) -> list[Row[Any]]:
    of_classes = (sets.c.workspace_id == change.workspace) & sets.c.is_class
    query = select(sets).where(of_classes).order_by(sets.c.id)
    if not removed_too:
        query = query.where(is_set_shown(sets))
    return list(change.db.execute(query))


def _require_class(change: Change, set_id: int) -> Row[Any]:
    row = require(change, set_id)
    if not row.is_class:
        raise FeatclassError(
            "The pictures that are none of these are no class, so they have no name: add a set"
            " and move them there."
        )
    return row


def _free_colours(shown: Sequence[Row[Any]]) -> Iterator[int]:
    taken = {row.colour for row in shown}
    return (colour for colour in count() if colour not in taken)


def _taken(name: str) -> FeatclassError:
    return FeatclassError(f"Another set is called {name} already. Choose a different name.")


def _ever_used(change: Change, set_id: int) -> bool:
    # Pictures removed or moved away count: brought back, they would be in another class.
    held = exists().where(pictures.c.labelled_set_id == set_id)
    moved = exists().where(
        effects.c.act_id == acts.c.id,
        acts.c.workspace_id == change.workspace,
        effects.c.field == "place",
        func.json_extract(effects.c.before, "$.labelled_set_id") == set_id,
    )
    refused = exists().where(rejections.c.labelled_set_id == set_id)
    return bool(change.db.scalar(select(held | moved | refused)))
