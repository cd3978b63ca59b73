"""Where a picture stands: in which set, and whether it counts there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from featclass.errors import FeatclassError
from featclass.workspaces import acts, names, pictures, sets, tables
from featclass.workspaces.database import Change
from featclass.workspaces.records import Act

_REASON_LENGTH = 500


def move(change: Change, picture_ids: Sequence[int], set_id: int) -> Act | None:
    """Put pictures last into a set; each only leaves its place where the set has it already.

    One that is none of these counts, whether it was left out or not, and leaves every class.
    """
    to = sets.require(change, set_id)
    rows = [pictures.require(change, picture_id) for picture_id in picture_ids]
    rows = [row for row in rows if row.labelled_set_id != set_id]
    if not rows:
        return None
    act = acts.record(change, _moved(change, rows, to))
    digests = {row.digest for row in rows}
    there = set(pictures.ids(change, set_id, digests))
    taken = pictures.file_names(change, set_id)
    for row in rows:
        if row.digest in there:
            _set(change, row, removal_id=act.id)
        else:
            _note(change, act, row)
            name = names.distinct_file(row.name, taken)
            left_out = row.left_out if to.is_class else None
            values = {"name": name, "arrived": change.version, "left_out": left_out}
            _set(change, row, labelled_set_id=set_id, **values)
            there.add(row.digest)
            taken.add(name)
    for _, picture_id in pictures.contradicting(change, set_id, digests):
        _set_by_id(change, picture_id, removal_id=act.id)
    return act


def none_of_these(change: Change, picture_ids: Sequence[int]) -> Act | None:
    """Move pictures to the set that is no class."""
    return move(change, picture_ids, sets.none_of_these(change))


def move_to_new(change: Change, picture_ids: Sequence[int], name: str) -> Act | None:
    """Move pictures to the set of this name, made where there is none."""
    there = sets.ids(change)
    set_id = sets.named(change, name)
    act = move(change, picture_ids, set_id)
    if act is not None and set_id not in there:
        sets.note_made_for(change, set_id, act.id)
    return act


def leave_out(change: Change, picture_ids: Sequence[int], reason: str) -> Act | None:
    """Let pictures of sets stay there without counting."""
    rows = [pictures.require(change, picture_id) for picture_id in picture_ids]
    for row in rows:
        _require_of_class(change, row)
    rows = [row for row in rows if row.left_out is None]
    if not rows:
        return None
    act = acts.record(change, f"Left out {_called(rows)}")
    for row in rows:
        _note(change, act, row)
        _set(change, row, left_out=names.clean(reason, _REASON_LENGTH))
    return act


def _require_of_class(change: Change, row: Row[Any]) -> None:
    if row.labelled_set_id is None:
        raise FeatclassError("Only a picture of a set can be left out; this one is being tried.")
    if not sets.require(change, row.labelled_set_id).is_class:
        raise FeatclassError(
            "Only a picture of a set can be left out; this one is none of these: remove it."
        )


def _moved(change: Change, rows: Sequence[Row[Any]], to: Row[Any]) -> str:
    if to.is_class:
        return f"Moved {_called(rows)} from {_origin(change, rows)} to {to.name}"
    return f"Said that {_called(rows)} {'is' if len(rows) == 1 else 'are'} none of these"


def _called(rows: Sequence[Row[Any]]) -> str:
    return str(rows[0].name) if len(rows) == 1 else names.counted(len(rows), "picture")


def _origin(change: Change, rows: Sequence[Row[Any]]) -> str:
    origins = {row.labelled_set_id for row in rows}
    if len(origins) > 1:
        return names.counted(len(origins), "set")
    [origin] = origins
    return "those tried" if origin is None else sets.require(change, origin).name


def take_back(change: Change, picture_id: int) -> Act | None:
    """Let a picture that was left out count again."""
    row = pictures.require(change, picture_id)
    if row.left_out is None:
        return None
    act = acts.record(change, f"Took back {row.name}")
    _note(change, act, row)
    _set(change, row, left_out=None)
    return act


def put_back(change: Change, act_id: int) -> None:
    """Let the pictures of an act stand as they did before it."""
    query = select(tables.former).where(tables.former.c.act_id == act_id)
    taken: dict[int | None, set[str]] = {}
    for before in change.db.execute(query).all():
        row = pictures.find(change, before.picture_id)
        if row is not None:
            _put_back(change, row, before, taken)


def _put_back(
    change: Change, row: Row[Any], before: Row[Any], taken: dict[int | None, set[str]]
) -> None:
    set_id, name = before.labelled_set_id, before.name
    if row.labelled_set_id != set_id:
        if set_id is not None:
            sets.require(change, set_id)
        if pictures.ids(change, set_id, {row.digest}):  # added there again meanwhile
            change.db.execute(delete(tables.pictures).where(tables.pictures.c.id == row.id))
            return
        if set_id not in taken:
            taken[set_id] = pictures.file_names(change, set_id)
        name = names.distinct_file(name, taken[set_id])
        taken[set_id].add(name)
    arrived, left_out = before.arrived, before.left_out
    _set(change, row, labelled_set_id=set_id, name=name, arrived=arrived, left_out=left_out)


def _note(change: Change, act: Act, row: Row[Any]) -> None:
    values = {
        "act_id": act.id,
        "picture_id": row.id,
        "labelled_set_id": row.labelled_set_id,
        "name": row.name,
        "arrived": row.arrived,
        "left_out": row.left_out,
    }
    change.db.execute(insert(tables.former).values(values))


def _set(change: Change, row: Row[Any], **values: Any) -> None:
    _set_by_id(change, row.id, **values)


def _set_by_id(change: Change, picture_id: int, **values: Any) -> None:
    this = tables.pictures.c.id == picture_id
    change.db.execute(update(tables.pictures).where(this).values(values))
