"""Findings of which the person said that they are fine, by their keys."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, insert, select, update

from featclass.errors import FeatclassError
from featclass.workspaces import acts, names
from featclass.workspaces.database import Change
from featclass.workspaces.records import Act
from featclass.workspaces.tables import accepted

_KEY_LENGTH = 1000
_ABOUT_LENGTH = 200


def accept(change: Change, key: str, about: str) -> Act | None:
    """Remember that a finding is fine; `about` is what it is called in the act's words."""
    if not key or len(key) > _KEY_LENGTH:
        raise FeatclassError(
            f"A finding's key has 1 to {_KEY_LENGTH:,} signs, and this one {len(key):,}."
        )
    if _is_there(change, key):
        return None
    act = acts.record(change, f"Said that {_called(about)} is fine")
    row = {"workspace_id": change.workspace, "key": key, "act_id": act.id}
    change.db.execute(insert(accepted).values(row))
    return act


def withdraw(change: Change, key: str, about: str) -> Act | None:
    """Forget that a finding is fine."""
    if not _is_there(change, key):
        return None
    act = acts.record(change, f"Took back that {_called(about)} is fine")
    change.db.execute(update(accepted).where(_of(change, key)).values(removal_id=act.id))
    return act


def _is_there(change: Change, key: str) -> bool:
    return bool(change.db.scalar(select(exists().where(_of(change, key)))))


def _of(change: Change, key: str) -> ColumnElement[bool]:
    return (
        (accepted.c.workspace_id == change.workspace)
        & (accepted.c.key == key)
        & accepted.c.removal_id.is_(None)
    )


def _called(about: str) -> str:
    return names.clean(about, _ABOUT_LENGTH) or "a finding"
