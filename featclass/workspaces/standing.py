"""Where a picture stands: in which set, and whether it counts there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from featclass.base import FeatclassError, names
from featclass.base.sentences import counted
from featclass.workspaces import pictures, sets, tables
from featclass.workspaces.acts import Doing
from featclass.workspaces.database import Change
from featclass.workspaces.records import Act

_REASON_LENGTH = 500


def move(
    change: Change, picture_ids: Sequence[int], set_id: int, doing: Doing | None = None
) -> Act | None:
    """Put pictures last into a set; each only leaves its place where the set has it already.

    One that is none of these counts, whether it was left out or not, and leaves every class.
    """
    to = sets.require(change, set_id)
    rows = [
        row for row in pictures.require_all(change, picture_ids) if row.labelled_set_id != set_id
    ]
    doing = doing or Doing(change)
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


def none_of_these(change: Change, picture_ids: Sequence[int]) -> Act | None:
    """Move pictures to the set that is no class."""
    return move(change, picture_ids, sets.none_of_these(change))


def move_to_new(change: Change, picture_ids: Sequence[int], name: str) -> Act | None:
    """Move pictures to the set of this name, made where there is none."""
    doing = Doing(change)
    return move(change, picture_ids, sets.named(doing, name), doing)


def leave_out(change: Change, picture_ids: Sequence[int], reason: str) -> Act | None:
    """Let pictures of sets stay there without counting."""
    rows = pictures.require_all(change, picture_ids)
    for row in {row.labelled_set_id: row for row in rows}.values():
        _require_of_class(change, row)
    rows = [row for row in rows if row.left_out is None]
    doing = Doing(change)
    left_out = {"left_out": names.clean(reason, _REASON_LENGTH)}
    doing.write(tables.pictures, "left out", [(row, left_out) for row in rows])
    return doing.end(f"Left out {_called(rows)}") if rows else None


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
    return str(rows[0].name) if len(rows) == 1 else counted(len(rows), "picture")


def _origin(change: Change, rows: Sequence[Row[Any]]) -> str:
    origins = {row.labelled_set_id for row in rows}
    if len(origins) > 1:
        return counted(len(origins), "set")
    [origin] = origins
    return "those tried" if origin is None else sets.require(change, origin).name


def take_back(change: Change, picture_id: int) -> Act | None:
    """Let a picture that was left out count again."""
    row = pictures.require(change, picture_id)
    doing = Doing(change)
    _let_count(doing, [row])
    return doing.end(f"Took back {row.name}")


def _let_count(doing: Doing, rows: Sequence[Row[Any]]) -> None:
    left_out = [row for row in rows if row.left_out is not None]
    doing.write(tables.pictures, "left out", [(row, {"left_out": None}) for row in left_out])
