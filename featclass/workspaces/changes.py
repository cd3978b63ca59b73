"""What a person does in a workspace: each function is one act, which `undoing` can undo.

Where nothing changed there is no act. Moved is what stands in another set, left out what stays in
its set without counting, removed what is gone until the act is undone, dismissed a rejected file
that was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, insert, select

from featclass.base import FeatclassError, Rejected, names
from featclass.base.sentences import counted
from featclass.workspaces import acts, pictures, sets, tables
from featclass.workspaces.acts import Doing
from featclass.workspaces.database import Change
from featclass.workspaces.records import Act

_REASON_LENGTH = 500
_KEY_LENGTH = 1000
_ABOUT_LENGTH = 200

# The workspace itself


def rename(change: Change, name: str) -> None:
    """Give a workspace another name; an empty one leaves it as it is."""
    if name := names.clean(name):
        _set(change, "workspace name", "name", name, f"Renamed this workspace to {name}")


def choose_encoder(change: Change, spec: str) -> None:
    """Choose the encoder by its spec."""
    if spec := spec.strip():
        _set(change, "encoder", "encoder", spec, f"Chose the encoder {spec}")


def _set(change: Change, field: str, column: str, value: str, what: str) -> None:
    table, doing = tables.workspaces, Doing(change)
    is_other = (table.c.id == change.workspace) & (table.c[column] != value)
    rows = _rows(change, table, is_other)
    doing.write(table, field, [(row, {column: value}) for row in rows])
    doing.end(what)


def remove_workspace(change: Change) -> Act:
    """Remove a workspace; asked once more, gives the same act."""
    [row] = _rows(change, tables.workspaces, tables.workspaces.c.id == change.workspace)
    if row.removal_id is not None:
        return acts.read(change.db, row.removal_id)
    doing = Doing(change)
    doing.remove(tables.workspaces, [row])
    return _removed(doing, f"workspace {row.name}")


# Sets


def add_set(change: Change, name: str | None = None) -> int:
    """Add an empty set at the end, by default named "Set N"; returns its id.

    Raises `FeatclassError` where another set has the name.
    """
    with pictures.adding(change) as doing:
        return sets.add(change, name, doing)


def set_named(change: Change, name: str) -> int:
    """Return the id of the set of this name: one there, else one never used, else a new one."""
    return sets_named(change, [name])[name]


def sets_named(change: Change, wanted: Sequence[str]) -> dict[str, int]:
    """Return the id of the set of each name, as `set_named` does, all of them at once."""
    with pictures.adding(change) as doing:
        return sets.named(doing, wanted)


def rename_set(change: Change, set_id: int, name: str) -> Act | None:
    """Give a set another name; an empty one leaves it as it is, and then there is no act.

    Raises `FeatclassError` where another set has the name.
    """
    return rename_sets(change, [(set_id, name)])


def rename_sets(change: Change, named: Sequence[tuple[int, str]]) -> Act | None:
    """Give several sets other names at once; they may take each other's.

    Raises `FeatclassError`, and renames none, where another set has one of the names.
    """
    doing = Doing(change)
    return doing.end(sets.rename(doing, named))


def remove_set(change: Change, set_id: int, *, seen: int | None = None) -> Act:
    """Remove a set with its pictures; asked once more, gives the same act.

    Pictures that came to it after version `seen` of the workspace stay, and then so does it. Of the
    set that is no class only the pictures go: it is shown while it has some.
    """
    row = sets.find(change, set_id)
    if row is not None and row.removal_id is not None and not row.is_shown:
        return acts.read(change.db, row.removal_id)
    row = sets.require(change, set_id)
    shown = _rows(change, tables.pictures, pictures.shown_in(change, set_id))
    known = [picture for picture in shown if seen is None or picture.arrived <= seen]
    number = counted(len(known), "picture")
    if row.is_class and len(known) == len(shown):
        doing = Doing(change)
        doing.remove(tables.sets, [row])
        doing.remove(tables.pictures, pictures.in_place(change, set_id))
        return _removed(doing, f"set {row.name} with {number}" if known else f"set {row.name}")
    what = f"{number} of {row.name}"
    if len(known) < len(shown):
        came = counted(len(shown) - len(known), "picture")
        what += f", which stays: {came} came to it meanwhile"
    return _remove_pictures(change, known, what)


# Pictures moved


def move_picture(change: Change, picture_id: int, set_id: int) -> Act | None:
    """Move one picture, as `move_pictures` does."""
    return move_pictures(change, [picture_id], set_id)


def move_pictures(change: Change, picture_ids: Sequence[int], set_id: int) -> Act | None:
    """Put pictures last into a set; each only leaves its place where the set has it already.

    One act, whatever their number; None where all are in that set. One that is none of these
    counts, whether it was left out or not, and leaves every class.
    """
    return _move(Doing(change), picture_ids, set_id)


def move_to_new_set(change: Change, picture_ids: Sequence[int], name: str) -> Act | None:
    """Move pictures to the set of this name, made where there is none, as `set_named` does.

    Undoing takes a set made for the move along, unless it was used otherwise meanwhile.
    """
    doing = Doing(change)
    return _move(doing, picture_ids, sets.named(doing, [name])[name])


def none_of_these(change: Change, picture_ids: Sequence[int]) -> Act | None:
    """Say of pictures tried, or of sets, that they show none of the sets.

    They move to `Workspace.strangers`, as `move_pictures` would move them, and leave every
    set that has them. One act, whatever their number; None where all are there.
    """
    return move_pictures(change, picture_ids, sets.none_of_these(change))


def _move(doing: Doing, picture_ids: Sequence[int], set_id: int) -> Act | None:
    change = doing.change
    to = sets.require(change, set_id)
    wanted = pictures.require_all(change, picture_ids)
    rows = [row for row in wanted if row.labelled_set_id != set_id]
    if not rows:
        return doing.end(pictures.what_was_added(doing))
    what = _moved(change, rows, to)
    digests = {row.digest for row in rows}
    there = pictures.ids(change, set_id, digests)
    first = {row.digest: row.id for row in reversed(rows) if row.digest not in there}
    going = [row for row in rows if first.get(row.digest) == row.id]
    against = {picture_id for _, picture_id in pictures.contradicting(change, set_id, digests)}
    others = pictures.require_all(change, sorted(against.difference(picture_ids)))
    leaving = pictures.with_twins(change, [*rows, *others])
    doing.remove(tables.pictures, [row for row in leaving if first.get(row.digest) != row.id])
    if not to.is_class:
        _let_count(doing, going)
    free = pictures.FreeNames(change, set_id)
    place = {"labelled_set_id": set_id, "arrived": change.version}
    named = [(row, {**place, "name": free.take(row.name, row.digest)}) for row in going]
    doing.write(tables.pictures, "place", named)
    return doing.end(what)


def _moved(change: Change, rows: Sequence[Row[Any]], to: Row[Any]) -> str:
    if to.is_class:
        return f"Moved {_called(rows)} from {_origin(change, rows)} to {to.name}"
    return f"Said that {_called(rows)} {'is' if len(rows) == 1 else 'are'} none of these"


def _called(rows: Sequence[Row[Any]]) -> str:
    return str(rows[0].name) if len(rows) == 1 else counted(len(rows), "picture")


def _origin(change: Change, rows: Sequence[Row[Any]]) -> str:
    origins = {row.labelled_set_id for row in rows}
    if len(origins) > 1:
        return counted(len(origins), "set")
    [origin] = origins
    return "those tried" if origin is None else sets.require(change, origin).name


# Pictures left out


def leave_out(change: Change, picture_id: int, reason: str = "") -> Act | None:
    """Leave out one picture, as `leave_out_pictures` does."""
    return leave_out_pictures(change, [picture_id], reason)


def leave_out_pictures(change: Change, picture_ids: Sequence[int], reason: str = "") -> Act | None:
    """Let pictures of sets stay there without counting; None where none counts already."""
    rows = pictures.require_all(change, picture_ids)
    for set_id in dict.fromkeys(row.labelled_set_id for row in rows):
        _require_class(change, set_id)
    rows = [row for row in rows if row.left_out is None]
    doing = Doing(change)
    left_out = {"left_out": names.clean(reason, _REASON_LENGTH)}
    doing.write(tables.pictures, "left out", [(row, left_out) for row in rows])
    return doing.end(f"Left out {_called(rows)}") if rows else None


def take_back(change: Change, picture_id: int) -> Act | None:
    """Let a picture that was left out count again; None where it does."""
    row = pictures.require(change, picture_id)
    doing = Doing(change)
    _let_count(doing, [row])
    return doing.end(f"Took back {row.name}")


def _require_class(change: Change, set_id: int | None) -> None:
    if set_id is None:
        raise FeatclassError("Only a picture of a set can be left out; this one is being tried.")
    if not sets.require(change, set_id).is_class:
        raise FeatclassError(
            "Only a picture of a set can be left out; this one is none of these: remove it."
        )


def _let_count(doing: Doing, rows: Sequence[Row[Any]]) -> None:
    left_out = [row for row in rows if row.left_out is not None]
    doing.write(tables.pictures, "left out", [(row, {"left_out": None}) for row in left_out])


# Pictures removed, rejected files dismissed


def remove_picture(change: Change, picture_id: int) -> Act:
    """Remove a picture; asked once more, gives the same act."""
    row = pictures.find(change, picture_id)
    if row is not None and row.removal_id is not None:
        return acts.read(change.db, row.removal_id)
    row = pictures.require(change, picture_id)
    return _remove_pictures(change, [row], f"picture {row.name}")


def remove_pictures(change: Change, picture_ids: Sequence[int]) -> Act | None:
    """Remove pictures in one act; None where all of them are removed already."""
    removed = pictures.removed(change, picture_ids)
    rows = pictures.require_all(change, [row_id for row_id in picture_ids if row_id not in removed])
    if not rows:
        return None
    what = f"picture {rows[0].name}" if len(rows) == 1 else counted(len(rows), "picture")
    origins = {row.labelled_set_id for row in rows}
    if len(rows) > 1 and len(origins) == 1 and None not in origins:
        what += f" of {sets.name_of(change, origins.pop())}"
    return _remove_pictures(change, rows, what)


def clear_tried(change: Change) -> Act:
    """Remove all pictures tried; where there are none, there is nothing to undo either."""
    rows = _rows(change, tables.pictures, pictures.shown_in(change, None))
    return _remove_pictures(change, rows, f"{counted(len(rows), 'picture')} tried")


def _remove_pictures(change: Change, rows: Sequence[Row[Any]], what: str) -> Act:
    doing = Doing(change)
    doing.remove(tables.pictures, pictures.with_twins(change, rows))
    return _removed(doing, what)


def _removed(doing: Doing, what: str) -> Act:
    """Return the act; one that took nothing away counts as undone."""
    act = doing.end(f"Removed {what}")
    return act or acts.record(doing.change, f"Removed {what}", undone=True)


def reject(change: Change, set_id: int | None, rejected: Sequence[Rejected]) -> None:
    """Remember files that could not be used where they were dropped, until dismissed."""
    with pictures.adding(change) as doing:
        pictures.reject(doing, set_id, rejected)


def dismiss_rejected(change: Change, set_id: int | None) -> Act | None:
    """Forget the rejected files of a set, or with None those tried."""
    if set_id is not None:
        sets.require(change, set_id)
    table, doing = tables.rejections, Doing(change)
    here = (table.c.workspace_id == change.workspace) & table.c.removal_id.is_(None)
    rows = _rows(change, table, here & table.c.labelled_set_id.is_not_distinct_from(set_id))
    doing.remove(table, rows)
    return doing.end(f"Dismissed {counted(len(rows), 'file')} that could not be used")


# Findings


def accept(change: Change, key: str, about: str = "") -> Act | None:
    """Remember of a finding that it is fine, by its key; None where that is so already.

    `about` names it in the words of the act: "Said that ... is fine".
    """
    if not key or len(key) > _KEY_LENGTH:
        raise FeatclassError(
            f"A finding's key has 1 to {_KEY_LENGTH:,} signs, and this one {len(key):,}."
        )
    if _rows(change, tables.accepted, _is_accepted(change, key)):
        return None
    row = {"workspace_id": change.workspace, "key": key}
    doing = Doing(change)
    new = insert(tables.accepted).values(row).returning(tables.accepted.c.id)
    doing.made(tables.accepted, [change.db.execute(new).scalar_one()])
    return doing.end(f"Said that {_named(about)} is fine")


def withdraw(change: Change, key: str, about: str = "") -> Act | None:
    """Forget that a finding is fine; None where nobody said so."""
    doing = Doing(change)
    doing.remove(tables.accepted, _rows(change, tables.accepted, _is_accepted(change, key)))
    return doing.end(f"Took back that {_named(about)} is fine")


def _is_accepted(change: Change, key: str) -> ColumnElement[bool]:
    accepted = tables.accepted.c
    here = (accepted.workspace_id == change.workspace) & accepted.removal_id.is_(None)
    return here & (accepted.key == key)


def _named(about: str) -> str:
    return names.clean(about, _ABOUT_LENGTH) or "a finding"


def _rows(change: Change, table: Table, condition: ColumnElement[bool]) -> Sequence[Row[Any]]:
    return change.db.execute(select(table).where(condition)).all()
