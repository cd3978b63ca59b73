"""Pictures of the sets, and pictures tried: adding, rejecting."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update

from featclass.errors import FeatclassError
from featclass.records import Rejected
from featclass.workspaces import bounds, names, sets, tables
from featclass.workspaces.database import Change
from featclass.workspaces.records import Added
from featclass.workspaces.tables import pictures, place, rejections

_REASON_LENGTH = 500
_MORE = Rejected(
    "More files",
    f"only the first {bounds.MOST_REJECTED:,} that could not be used are listed; dismiss them to"
    " see others",
)


def add(
    change: Change, set_id: int | None, files: Sequence[tuple[str, str, str | None]]
) -> list[Added]:
    """Add files (name, digest, burst) to a set, or to those tried; none that is there already.

    A name that another picture there has gets a number: every pasted picture is "image.png". A
    picture that is none of these stays so, though its folder be added once more; and one of a
    class stays there.
    """
    _require_place(change, set_id)
    digests = {digest for _, digest, _ in files}
    there = ids(change, set_id, digests)
    if set_id is not None:
        there = dict(contradicting(change, set_id, digests)) | there
    taken = file_names(change, set_id)
    if set_id is None:  # tried once more, so shown first once more
        change.db.execute(
            update(pictures)
            .where(pictures.c.id.in_(_listed(there.values())))
            .values(arrived=change.version)
        )
    added: list[Added] = []
    fresh: dict[str, tuple[str, str | None]] = {}
    for name, digest, burst in files:
        name = names.clean(name) or "picture"
        duplicate = digest in there or digest in fresh
        if not duplicate:
            name = names.distinct_file(name, taken)
            taken.add(name)
            fresh[digest] = name, burst
        added.append(Added(name, None, digest, duplicate))
    if fresh:
        bounds.require_pictures(change, tried=set_id is None, more=len(fresh))
    known = there | _insert(change, set_id, fresh)
    return [Added(a.name, known[a.digest], a.digest, a.duplicate) for a in added]


def require(change: Change, picture_id: int) -> Row[Any]:
    """Return a picture's row; raises `FeatclassError` where this workspace shows no such one."""
    row = find(change, picture_id)
    if row is None or row.removal_id is not None:
        raise FeatclassError(
            "This workspace has no such picture (any more). If it was removed, undo that first."
        )
    if row.labelled_set_id is not None:
        sets.require(change, row.labelled_set_id)
    return row


def reject(change: Change, set_id: int | None, rejected: Sequence[Rejected]) -> None:
    """Remember files that could not be used, where they were dropped; see `bounds`."""
    _require_place(change, set_id)
    _note_rejected(change, set_id, rejected)


def reject_added(change: Change, picture_id: int, reason: str) -> None:
    """Turn a picture into a rejected file; nothing happens where it is removed already."""
    row = find(change, picture_id)
    if row is None or row.removal_id is not None:
        return
    _note_rejected(change, row.labelled_set_id, [Rejected(row.name, reason)])
    change.db.execute(delete(pictures).where(pictures.c.id == picture_id))


def dismiss_rejected(change: Change, set_id: int | None) -> None:
    """Forget the rejected files of a set, or of those tried."""
    _require_place(change, set_id)
    change.db.execute(
        delete(rejections).where(
            rejections.c.workspace_id == change.workspace,
            rejections.c.labelled_set_id.is_not_distinct_from(set_id),
        )
    )


def shown_in(change: Change, set_id: int | None) -> ColumnElement[bool]:
    """Return the condition for the pictures shown in a set, or among those tried."""
    return (
        (pictures.c.workspace_id == change.workspace)
        & (place(pictures) == (set_id or 0))
        & pictures.c.removal_id.is_(None)
    )


def find(change: Change, picture_id: int) -> Row[Any] | None:
    """Return a picture's row, removed or not; None where this workspace has no such one."""
    query = select(pictures).where(
        pictures.c.id == picture_id, pictures.c.workspace_id == change.workspace
    )
    return change.db.execute(query).one_or_none()


def _require_place(change: Change, set_id: int | None) -> None:
    if set_id is not None:
        sets.require(change, set_id)


def ids(change: Change, set_id: int | None, digests: set[str]) -> dict[str, int]:
    """Return, by digest, those of these pictures that a set shows, or those tried."""
    query = select(pictures.c.digest, pictures.c.id).where(
        shown_in(change, set_id), pictures.c.digest.in_(_listed(digests))
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
            tables.sets.c.removal_id.is_(None),
            pictures.c.removal_id.is_(None),
            pictures.c.digest.in_(_listed(digests)),
        )
    )
    return [(digest, int(id)) for digest, id in change.db.execute(query)]


def file_names(change: Change, set_id: int | None) -> set[str]:
    """Return the names that pictures of a set, or those tried, have."""
    # Of removed pictures too, so that each finds its name free when it is brought back.
    query = select(pictures.c.name).where(
        pictures.c.workspace_id == change.workspace,
        pictures.c.labelled_set_id.is_not_distinct_from(set_id),
    )
    return set(change.db.scalars(query))


def _listed(values: Iterable[str | int]) -> Any:
    # One parameter however many values: SQLite takes no more than 32,766.
    return select(func.json_each(json.dumps(list(values))).table_valued("value").c.value)


def _insert(
    change: Change, set_id: int | None, files: dict[str, tuple[str, str | None]]
) -> dict[str, int]:
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
    return ids(change, set_id, set(files))


def _note_rejected(change: Change, set_id: int | None, rejected: Sequence[Rejected]) -> None:
    room = bounds.room_for_rejected(change)
    kept = rejected if len(rejected) < room else [*rejected[: room - 1], _MORE][:room]
    rows = [
        {
            "workspace_id": change.workspace,
            "labelled_set_id": set_id,
            "name": names.clean(file.name),
            "reason": names.clean(file.reason, _REASON_LENGTH),
        }
        for file in kept
    ]
    if rows:
        change.db.execute(insert(rejections), rows)
