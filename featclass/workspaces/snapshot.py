"""Reading: a workspace as it is at one moment, and the list of those a visitor knows."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from featclass.base import Rejected
from featclass.workspaces.database import find
from featclass.workspaces.records import LabelledSet, Picture, Workspace, WorkspaceSummary
from featclass.workspaces.tables import (
    accepted,
    is_set_shown,
    is_shown,
    pictures,
    rejections,
    sets,
    visits,
    workspaces,
)

KEPT: Final = 64
KEPT_PICTURES: Final = 100_000
"""So many workspaces, as far as they have no more pictures in all; each takes about 400 bytes."""


class Snapshots:
    """The workspaces looked at last, each read anew only where it has changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[datetime, Workspace]] = OrderedDict()

    def take(self, db: Connection, token: str) -> Workspace:
        """Return all of a workspace; raises `WorkspaceMissing` or `WorkspaceRemoved`.

        Whoever changed it, be it another process: its version and its time are asked for first.
        """
        row = find(db, token)
        with self._lock:
            changed, workspace = self._kept.get(token, (None, None))
            if workspace and (workspace.version, changed) == (row.version, row.changed):
                self._kept.move_to_end(token)
                return workspace
        workspace = _read(db, row)
        with self._lock:
            self._kept[token] = row.changed, workspace
            self._kept.move_to_end(token)
            held = 0
            for place, (other, (_, kept)) in enumerate([*self._kept.items()][::-1]):
                held += kept.size
                if place and (place >= KEPT or held > KEPT_PICTURES):
                    del self._kept[other]
        return workspace


def _read(db: Connection, row: Row[Any]) -> Workspace:
    shown = _pictures(db, row.id)
    rejected = _rejected(db, row.id)
    here = (sets.c.workspace_id == row.id) & is_set_shown(sets)
    keys = select(accepted.c.key).where(
        accepted.c.workspace_id == row.id, accepted.c.removal_id.is_(None)
    )
    in_order = select(sets).where(here, sets.c.is_class).order_by(sets.c.id)
    no_class = db.scalar(select(sets.c.id).where(here, ~sets.c.is_class))
    return Workspace(
        token=row.token,
        name=row.name,
        encoder=row.encoder,
        version=row.version,
        classifier=row.classifier,
        sets=tuple(
            LabelledSet(s.id, s.name, s.colour, _left_out_first(shown[s.id]), tuple(rejected[s.id]))
            for s in db.execute(in_order)
        ),
        tried=_counting(reversed(shown[None])),
        tried_rejected=tuple(rejected[None]),
        strangers_id=no_class,
        strangers=_counting(shown[no_class]) if no_class else (),
        strangers_rejected=tuple(rejected[no_class]) if no_class else (),
        accepted=frozenset(db.scalars(keys)),
    )


def _left_out_first(pictures: Sequence[Picture]) -> tuple[Picture, ...]:
    return tuple(sorted(pictures, key=lambda picture: picture.left_out is None))


def _counting(pictures: Iterable[Picture]) -> tuple[Picture, ...]:
    # Nothing is left out where nothing is learned as a class: undoing may have moved it here.
    return tuple(replace(picture, left_out=None) for picture in pictures)


def holds(db: Connection, token: str, digest: str) -> bool:
    """Whether a workspace has these bytes, be it of something removed and not yet purged."""
    row = find(db, token)
    held = select(pictures.c.id).where(
        pictures.c.workspace_id == row.id, pictures.c.digest == digest
    )
    return row.classifier == digest or db.scalar(held.limit(1)) is not None


def known_to(db: Connection, visitor: str) -> list[WorkspaceSummary]:
    """Return the workspaces that a visitor knows and that are not removed, last visited first."""
    number_of_sets = select(func.count()).where(
        sets.c.workspace_id == workspaces.c.id, sets.c.is_class, is_set_shown(sets)
    )
    number_of_pictures = (
        select(func.count())
        .select_from(pictures.join(sets, pictures.c.labelled_set_id == sets.c.id))
        .where(pictures.c.workspace_id == workspaces.c.id, is_shown(pictures), sets.c.is_class)
    )
    query = (
        select(
            workspaces.c.token,
            workspaces.c.name,
            number_of_pictures.scalar_subquery(),
            number_of_sets.scalar_subquery(),
            workspaces.c.changed,
        )
        .join(visits, visits.c.workspace_id == workspaces.c.id)
        .where(visits.c.visitor == visitor, workspaces.c.removal_id.is_(None))
        .order_by(visits.c.id.desc())
    )
    return [WorkspaceSummary(*row) for row in db.execute(query)]


def visitor_of(db: Connection, token: str) -> str:
    """Return the visitor who has known a workspace longest; "" where there is none."""
    query = (
        select(visits.c.visitor)
        .join(workspaces, visits.c.workspace_id == workspaces.c.id)
        .where(workspaces.c.token == token)
        .order_by(visits.c.id)
    )
    return db.scalar(query.limit(1)) or ""


def _pictures(db: Connection, workspace_id: int) -> defaultdict[int | None, list[Picture]]:
    columns = ("labelled_set_id", "id", "name", "digest", "added", "left_out", "burst")
    query = (
        select(*(pictures.c[column] for column in columns))
        .where(pictures.c.workspace_id == workspace_id, is_shown(pictures))
        .order_by(pictures.c.arrived, pictures.c.id)
    )
    by_set: defaultdict[int | None, list[Picture]] = defaultdict(list)
    for set_id, *values in db.execute(query).all():
        by_set[set_id].append(Picture(*values))
    return by_set


def _rejected(db: Connection, workspace_id: int) -> defaultdict[int | None, list[Rejected]]:
    query = (
        select(rejections.c.labelled_set_id, rejections.c.name, rejections.c.reason)
        .where(rejections.c.workspace_id == workspace_id, rejections.c.removal_id.is_(None))
        .order_by(rejections.c.id)
    )
    by_set: defaultdict[int | None, list[Rejected]] = defaultdict(list)
    for set_id, *values in db.execute(query).all():
        by_set[set_id].append(Rejected(*values))
    return by_set
