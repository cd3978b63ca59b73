"""Deleting for good: what was removed long ago, and what was never used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

from sqlalchemy import Connection, Select, delete, select, union, update

from featclass.workspaces.blobs import Blobs
from featclass.workspaces.database import Database
from featclass.workspaces.tables import acts, pictures, sets, visits, workspaces

_UNUSED_AFTER = timedelta(days=1)
_BLOBS_AT_ONCE = 200
_REFERENCED = union(select(pictures.c.digest), select(workspaces.c.classifier))


def purge(database: Database, blobs: Blobs, older_than: timedelta) -> int:
    """Delete for good; returns the number of picture files deleted."""
    now = datetime.now(UTC)
    with database.write() as db:
        # What an act took away goes with it, by foreign key; what was undone names none.
        old = acts.c.at < now - older_than
        _keep_sets_in_use(db, select(acts.c.id).where(old))
        db.execute(delete(acts).where(old))
        visited = select(visits.c.workspace_id).where(visits.c.at >= now - _UNUSED_AFTER)
        db.execute(
            delete(workspaces).where(
                workspaces.c.version == 0,
                workspaces.c.changed < now - _UNUSED_AFTER,
                workspaces.c.id.not_in(visited),
            )
        )
    blobs.sweep()
    return _delete_unreferenced(database, blobs)


def _keep_sets_in_use(db: Connection, old: Select[tuple[int]]) -> None:
    """Let a removed set go only with the last picture that is in it, or can be brought back."""
    removal = pictures.c.removal_id
    kept = (
        select(sets.c.id, removal)
        .join(pictures, pictures.c.labelled_set_id == sets.c.id)
        .where(sets.c.removal_id.in_(old), removal.is_(None) | removal.not_in(old))
        .order_by(removal.is_(None))
    )
    for set_id, removal_id in db.execute(kept).all():
        db.execute(update(sets).where(sets.c.id == set_id).values(removal_id=removal_id))


def _wanted(db: Connection, digests: list[str]) -> set[str]:
    return {
        digest
        for column in (pictures.c.digest, workspaces.c.classifier)
        for digest in db.scalars(select(column).where(column.in_(digests)))
    }


def _delete_unreferenced(database: Database, blobs: Blobs) -> int:
    with database.read() as db:
        referenced = set(db.scalars(_REFERENCED))
    candidates = (digest for digest in blobs.digests() if digest not in referenced)
    deleted = 0
    while batch := list(islice(candidates, _BLOBS_AT_ONCE)):
        # A writer makes sure of its blobs, and commits their rows, while it alone may write. So
        # what has no row now is either unwanted, or will be written again by its writer.
        with database.write() as db:
            wanted = _wanted(db, batch)
            for digest in batch:
                if digest not in wanted:
                    blobs.delete(digest)
                    deleted += 1
    return deleted
