"""Pictures of the sets, and pictures tried: adding, rejecting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, delete, func, insert, select, update

from featclass.base import FeatclassError, Rejected, names
from featclass.base.sentences import counted
from featclass.workspaces import bounds, sets, tables
from featclass.workspaces.acts import Doing
from featclass.workspaces.database import Change
from featclass.workspaces.records import Added, is_id
from featclass.workspaces.tables import listed, pictures, place, rejections

_REASON_LENGTH = 500
_MORE = Rejected(
    "More files",
    f"only the first {bounds.MOST_REJECTED:,} that could not be used are listed; dismiss them to"
    " see others",
)


def add(
    doing: Doing, set_id: int | None, files: Sequence[tuple[str, str, str | None]]
) -> list[Added]:
    """Add files (name, digest, burst) to a set, or to those tried; none that is there already.

    A name that another picture there has gets a number: every pasted picture is "image.png". A
    picture that is none of these stays so, though its folder be added once more; and one of a
    class stays there. A set that was removed meanwhile comes back for what is added.
    """
    change = doing.change
    back = "" if set_id is None else sets.bring_back(doing, set_id)
    digests = {digest for _, digest, _ in files}
    there, opposed = ids(change, set_id, digests), set[str]()
    if set_id is not None:
        opposite = dict(contradicting(change, set_id, digests))
        opposed = opposite.keys() - there.keys()
        there = opposite | there
    else:  # tried once more, so shown first once more
        again = _rows(change, pictures.c.id.in_(listed(there.values())))
        place = {"labelled_set_id": None, "arrived": change.version}
        doing.write(pictures, "place", [(row, {**place, "name": row.name}) for row in again])
    free = FreeNames(change, set_id)
    added: list[Added] = []
    fresh: dict[str, tuple[str, str | None]] = {}
    for name, digest, burst in files:
        name = names.clean(name) or "picture"
        duplicate = digest in there or digest in fresh
        if not duplicate:
            name = free.take(name, digest)
            fresh[digest] = name, burst
        added.append(Added(name, None, digest, duplicate, digest in opposed, back))
    if fresh:
        bounds.require_pictures(doing.change, tried=set_id is None, more=len(fresh))
    known = there | _insert(doing, set_id, fresh)
    return [replace(item, picture_id=known[item.digest]) for item in added]


@contextmanager
def adding(change: Change) -> Iterator[Doing]:
    """Give the act of a drop, for more to be added; says at its end what it has brought so far."""
    doing = Doing(change, is_adding=True)
    yield doing
    doing.end(what_was_added(doing))


def what_was_added(doing: Doing) -> str:
    """Return what a drop has brought so far, in words."""
    numbers = _made_by(doing, pictures, pictures.c.labelled_set_id)
    if numbers:
        number = counted(sum(numbers.values()), "picture")
        of_sets = [set_id for set_id in numbers if set_id is not None]
        where = "try" if not of_sets else counted(len(of_sets), "set")
        if len(of_sets) == 1:
            where = sets.name_of(doing.change, of_sets[0])
        return f"Added {number} to {where}{' and to try' if of_sets and None in numbers else ''}"
    new_sets = _made_by(doing, tables.sets, tables.sets.c.name)
    if new_sets:
        only = f"set {next(iter(new_sets))}"
        return f"Added {only if len(new_sets) == 1 else counted(len(new_sets), 'set')}"
    refused = sum(_made_by(doing, rejections, rejections.c.labelled_set_id).values())
    if refused:
        return f"Dropped {counted(refused, 'file')} that could not be used"
    return "Tried pictures once more"


def _made_by(doing: Doing, table: Table, by: ColumnElement[Any]) -> dict[Any, int]:
    note = tables.effects.c
    query = (
        select(by, func.count())
        .join(tables.effects, (note.row_id == table.c.id) & (note.kind == table.name))
        .where(note.act_id == doing.act_id, note.field == "removal")
        .group_by(by)
    )
    return {value: number for value, number in doing.change.db.execute(query)}


def require(change: Change, picture_id: int) -> Row[Any]:
    """Return a picture's row; raises `FeatclassError` where this workspace shows no such one."""
    [row] = require_all(change, [picture_id])
    return row


def require_all(change: Change, picture_ids: Sequence[int]) -> list[Row[Any]]:
    """Return the row of each picture once, in order; raises as `require` does."""
    wanted = list(dict.fromkeys(picture_ids)) if all(map(is_id, picture_ids)) else [0]
    rows = {
        row.id: row
        for row in _rows(change, pictures.c.id.in_(listed(wanted)) & tables.is_shown(pictures))
    }
    if len(rows) < len(wanted):
        raise FeatclassError(
            "This workspace has no such picture (any more). If it was removed, undo that first."
        )
    for set_id in {row.labelled_set_id for row in rows.values()} - {None}:
        sets.require(change, set_id)
    return [rows[picture_id] for picture_id in wanted]


def removed(change: Change, picture_ids: Sequence[int]) -> set[int]:
    """Return those of these pictures that this workspace had, and that are removed."""
    wanted = [picture_id for picture_id in picture_ids if is_id(picture_id)]
    gone = pictures.c.removal_id.is_not(None) & pictures.c.id.in_(listed(wanted))
    return {row.id for row in _rows(change, gone)}


def reject(doing: Doing, set_id: int | None, rejected: Iterable[Rejected]) -> None:
    """Remember files that could not be used, where they were dropped; see `bounds`."""
    if set_id is not None:
        sets.bring_back(doing, set_id)
    doing.made(rejections, _note_rejected(doing.change, set_id, rejected))


def reject_added(change: Change, picture_id: int, reason: str) -> None:
    """Turn a picture into a rejected file; nothing happens where it is removed already.

    That is no act; undoing the act that added the picture takes the rejected file along.
    """
    row = find(change, picture_id)
    if row is None or row.removal_id not in (None, _removal_of_set(change, row)):
        return
    note = tables.effects.c
    of_picture = (note.kind == pictures.name) & (note.row_id == picture_id)
    by = select(func.min(note.act_id)).where(of_picture, note.field == "removal")
    act_id = change.db.scalar(by)
    rejection_ids = _note_rejected(change, row.labelled_set_id, [Rejected(row.name, reason)])
    if act_id is not None:
        Doing(change, act_id=act_id).made(rejections, rejection_ids)
    of_same_bytes = [twin.id for twin in with_twins(change, [row])]
    change.db.execute(delete(pictures).where(pictures.c.id.in_(of_same_bytes)))


def _removal_of_set(change: Change, row: Row[Any]) -> int | None:
    of_set = tables.sets.c.id == row.labelled_set_id
    return change.db.scalar(select(tables.sets.c.removal_id).where(of_set))


def shown_in(change: Change, set_id: int | None) -> ColumnElement[bool]:
    """Return the condition for the pictures shown in a set, or among those tried."""
    return (
        (pictures.c.workspace_id == change.workspace)
        & (place(pictures) == (set_id or 0))
        & tables.is_shown(pictures)
    )


def find(change: Change, picture_id: int) -> Row[Any] | None:
    """Return a picture's row, removed or not; None where this workspace has no such one."""
    if not is_id(picture_id):
        return None
    query = select(pictures).where(
        pictures.c.id == picture_id, pictures.c.workspace_id == change.workspace
    )
    return change.db.execute(query).one_or_none()


def _rows(change: Change, condition: ColumnElement[bool]) -> Sequence[Row[Any]]:
    here = pictures.c.workspace_id == change.workspace
    return change.db.execute(select(pictures).where(here, condition).order_by(pictures.c.id)).all()


def with_twins(change: Change, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Return rows with those that are hidden beneath them: the same bytes at the same place."""
    places = {(row.labelled_set_id, row.digest) for row in rows}
    hidden = pictures.c.hidden & pictures.c.removal_id.is_(None)
    beneath = _rows(change, hidden & pictures.c.digest.in_(listed({d for _, d in places})))
    return [*rows, *(row for row in beneath if (row.labelled_set_id, row.digest) in places)]


def in_place(change: Change, set_id: int | None) -> Sequence[Row[Any]]:
    """Return the rows of all pictures of a set, or of those tried, removed and hidden ones too."""
    return _rows(change, place(pictures) == (set_id or 0))


def hide(change: Change, digests: set[str]) -> None:
    """Hide all pictures of these bytes, so that any of them may be put anywhere."""
    change.db.execute(update(pictures).where(_of(change, digests)).values(hidden=True))


def show_one_each(change: Change, digests: set[str]) -> None:
    """Show, of the pictures of these bytes that are there, the last to come to each place."""
    there = _rows(change, _of(change, digests) & pictures.c.removal_id.is_(None))
    in_order = sorted(there, key=lambda row: (row.arrived, row.id))
    shown = {(row.labelled_set_id, row.digest): row.id for row in in_order}
    is_last = pictures.c.id.in_(listed(shown.values())) | pictures.c.removal_id.is_not(None)
    change.db.execute(update(pictures).where(_of(change, digests), is_last).values(hidden=False))


def _of(change: Change, digests: set[str]) -> ColumnElement[bool]:
    here = pictures.c.workspace_id == change.workspace
    return here & pictures.c.digest.in_(listed(digests))


def ids(change: Change, set_id: int | None, digests: set[str]) -> dict[str, int]:
    """Return, by digest, those of these pictures that a set shows, or those tried."""
    query = select(pictures.c.digest, pictures.c.id).where(
        shown_in(change, set_id), pictures.c.digest.in_(listed(digests))
    )
    return {digest: int(id) for digest, id in change.db.execute(query)}


def contradicting(change: Change, set_id: int, digests: set[str]) -> list[tuple[str, int]]:
    """Return digests and ids of these pictures where what is said of them is the opposite.

    Of a class that is said by the pictures that are none of these; of those, by all classes.
    """
    is_class = sets.require(change, set_id).is_class
    query = (
        select(pictures.c.digest, pictures.c.id)
        .join(tables.sets, pictures.c.labelled_set_id == tables.sets.c.id)
        .where(
            tables.sets.c.workspace_id == change.workspace,
            tables.sets.c.is_class != is_class,
            tables.is_shown(pictures),
            pictures.c.digest.in_(listed(digests)),
        )
    )
    return [(digest, int(id)) for digest, id in change.db.execute(query)]


class FreeNames:
    """Names for pictures that come to a set, or to those tried: each is given once."""

    def __init__(self, change: Change, set_id: int | None) -> None:
        # Of removed pictures too, and of those that an act moved away, so that each finds its
        # name free when it is brought back; one moved away leaves it to its own bytes.
        note = tables.effects.c
        moved = (
            select(func.json_extract(note.before, "$.name"), pictures.c.digest)
            .join(pictures, (note.row_id == pictures.c.id) & (note.kind == pictures.name))
            .where(
                pictures.c.workspace_id == change.workspace,
                note.field == "place",
                func.json_extract(note.before, "$.labelled_set_id").is_not_distinct_from(set_id),
            )
        )
        here = pictures.c.labelled_set_id.is_not_distinct_from(set_id)
        names_here = select(pictures.c.name).where(
            pictures.c.workspace_id == change.workspace, here
        )
        self._taken = set(change.db.scalars(names_here))
        self._left: defaultdict[str, set[str]] = defaultdict(set)
        for name, digest in change.db.execute(moved):
            self._left[name].add(digest)

    def take(self, name: str, digest: str) -> str:
        """Return the name, or one with a number where it is not free for these bytes."""

        def is_taken(other: str) -> bool:
            return other in self._taken or self._left.get(other, {digest}) != {digest}

        name = names.distinct(name, is_taken, is_file=True)
        self._taken.add(name)
        return name


def _insert(
    doing: Doing, set_id: int | None, files: dict[str, tuple[str, str | None]]
) -> dict[str, int]:
    change = doing.change
    rows = [
        {
            "workspace_id": change.workspace,
            "labelled_set_id": set_id,
            "name": name,
            "digest": digest,
            "added": change.now,
            "arrived": change.version,
            "burst": burst,
        }
        for digest, (name, burst) in files.items()
    ]
    if not rows:
        return {}
    change.db.execute(insert(pictures), rows)
    by_digest = ids(change, set_id, set(files))
    doing.made(pictures, list(by_digest.values()))
    return by_digest


def _note_rejected(
    change: Change, set_id: int | None, rejected: Iterable[Rejected]
) -> Sequence[int]:
    room = bounds.room_for_rejected(change)
    distinct = list(dict.fromkeys(rejected))
    with_last = distinct if len(distinct) < room else [*distinct[: room - 1], _MORE][:room]
    rows = [
        {
            "workspace_id": change.workspace,
            "labelled_set_id": set_id,
            "name": names.clean(file.name),
            "reason": names.clean(file.reason, _REASON_LENGTH),
        }
        for file in with_last
    ]
    if not rows:
        return []
    new = insert(rejections).returning(rejections.c.id)
    return change.db.scalars(new, rows).all()
