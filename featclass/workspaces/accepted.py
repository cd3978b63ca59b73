"""Findings of which the person said that they are fine, by their keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select

from featclass.base import FeatclassError, names
from featclass.workspaces.acts import Doing
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
    if _there(change, key):
        return None
    row = {"workspace_id": change.workspace, "key": key}
    doing = Doing(change)
    new = insert(accepted).values(row).returning(accepted.c.id)
    doing.made(accepted, [change.db.execute(new).scalar_one()])
    return doing.end(f"Said that {_called(about)} is fine")


def withdraw(change: Change, key: str, about: str) -> Act | None:
    """Forget that a finding is fine."""
    doing = Doing(change)
    doing.remove(accepted, _there(change, key))
    return doing.end(f"Took back that {_called(about)} is fine")


def _there(change: Change, key: str) -> Sequence[Row[Any]]:
    return change.db.execute(select(accepted).where(_of(change, key))).all()


def _of(change: Change, key: str) -> ColumnElement[bool]:
    return (
        (accepted.c.workspace_id == change.workspace)
        & (accepted.c.key == key)
        & accepted.c.removal_id.is_(None)
    )


def _called(about: str) -> str:
    return names.clean(about, _ABOUT_LENGTH) or "a finding"
