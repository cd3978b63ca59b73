"""Deleting for good: what was removed long ago, and what was never used."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select, update

from featclass.base import FeatclassError
from featclass.workspaces.blobs import Blobs
from featclass.workspaces.database import Database
from featclass.workspaces.opening import REFERENCED
from featclass.workspaces.tables import acts, listed, pictures, sets, visits, workspaces

log = logging.getLogger(__name__)

GRACE: Final = timedelta(days=30)
"""For so long a file that nothing refers to is kept: perhaps the database is the wrong one."""

_UNUSED_AFTER = timedelta(days=1)
_BLOBS_AT_ONCE = 200

Forget = Callable[[Sequence[str]], None]
"""Deletes what else is kept of pictures, by their digests, before they go."""


def purge(
    database: Database, blobs: Blobs, older_than: timedelta, *, grace: timedelta, forget: Forget
) -> int:
    """Delete for good; returns the number of picture files deleted."""
    try:
        _let_go(database, blobs, datetime.now(UTC) - older_than)
    finally:  # on a full disk nothing new can be noted, and all the more should be deleted
        deleted = _delete_unreferenced(database, blobs, grace, forget)
        blobs.sweep()
    return deleted


def _let_go(database: Database, blobs: Blobs, before: datetime) -> None:
    """Forget what was removed before then, and note of every file whether it is referred to."""
    with database.write() as db:
        # What an act took away goes with it, by foreign key; what was undone names none.
        old = _is_old(db, before)
        _keep_sets_in_use(db, select(acts.c.id).where(old))
        old_acts = db.execute(delete(acts).where(old)).rowcount
        unused = _delete_unused(db)
        referenced, noted = set(db.scalars(REFERENCED)), blobs.unreferenced()
        blobs.let_go(digest for digest in blobs.digests() if digest not in referenced)
    blobs.hold(noted.keys() & referenced)
    if old_acts or unused:
        log.warning(
            "Deleted for good: what %s acts removed, and %s workspaces that were never used.",
            *(f"{old_acts:,}", f"{unused:,}"),
        )


def _is_old(db: Connection, before: datetime) -> ColumnElement[bool]:
    """Return the condition for acts before then, also by the order in which they were done.

    One that follows a younger one was done while the clock was wrong.
    """
    younger = select(func.min(acts.c.id)).where(acts.c.at.between(before, datetime.now(UTC)))
    first = db.scalar(younger)
    return acts.c.at < before if first is None else (acts.c.at < before) & (acts.c.id < first)


def _delete_unused(db: Connection) -> int:
    since = datetime.now(UTC) - _UNUSED_AFTER
    visited = select(visits.c.workspace_id).where(visits.c.at >= since)
    unused = delete(workspaces).where(
        workspaces.c.version == 0, workspaces.c.changed < since, workspaces.c.id.not_in(visited)
    )
    return db.execute(unused).rowcount


def wanted(db: Connection, digests: Iterable[str]) -> set[str]:
    """Return those of these digests that something refers to."""
    return {
        digest
        for column in (pictures.c.digest, workspaces.c.classifier)
        for digest in db.scalars(select(column).where(column.in_(listed(digests))))
    }


def discard(database: Database, blobs: Blobs, digests: Sequence[str]) -> None:
    """Delete what was written for a change that failed, where nobody else wants it.

    Where even that fails, it is deleted when its time has come.
    """
    if not digests:
        return
    try:
        with database.write() as db:
            kept = wanted(db, digests)
            for digest in {*digests} - kept:
                blobs.delete(digest)
        blobs.hold(kept)
    except (FeatclassError, OSError) as error:
        log.warning("%s new pictures could not be taken away again: %s", len(digests), error)


def _keep_sets_in_use(db: Connection, old: Select[tuple[int]]) -> None:
    """Let a removed set go only with the last picture that is in it, or can be brought back."""
    removal = pictures.c.removal_id
    in_use = (
        select(sets.c.id, removal)
        .join(pictures, pictures.c.labelled_set_id == sets.c.id)
        .where(sets.c.removal_id.in_(old), removal.is_(None) | removal.not_in(old))
        .order_by(removal.is_(None))
    )
    for set_id, removal_id in db.execute(in_use).all():
        db.execute(update(sets).where(sets.c.id == set_id).values(removal_id=removal_id))


def _delete_unreferenced(database: Database, blobs: Blobs, grace: timedelta, forget: Forget) -> int:
    due = [digest for digest, age in blobs.unreferenced().items() if age >= grace]
    deleted = 0
    for start in range(0, len(due), _BLOBS_AT_ONCE):
        batch = due[start : start + _BLOBS_AT_ONCE]
        with database.read() as db:
            kept = wanted(db, batch)
        # Before others are kept from writing: whoever forgets may have to wait for a while.
        forget([digest for digest in batch if digest not in kept])
        # A writer makes sure of its blobs, and commits their rows, while it alone may write. So
        # what has no row now is either unwanted, or will be written again by its writer.
        with database.write() as db:
            for digest in {*batch} - wanted(db, batch):
                deleted += blobs.is_kept(digest)
                blobs.delete(digest)
    if deleted:
        log.warning("Deleted for good: %s pictures that were in no workspace.", f"{deleted:,}")
    return deleted
