"""Filling the workspace of a test, and waiting for what comes of it."""

from __future__ import annotations

import time

from featclass.server.studio import studio
from featclass.workspaces import NewPicture

SECONDS = 30
OURS = {"X-Featclass": "1"}
"""What a request of our page bears, and one of another site cannot."""


def sets(token: str) -> list[int]:
    return [found.id for found in studio().workspaces.open(token).sets]


def first(token: str) -> int:
    return studio().workspaces.open(token).sets[0].id


def add(token: str, set_id: int, files: dict[str, bytes]) -> None:
    pictures = [NewPicture(name, data) for name, data in files.items()]
    studio().workspaces.add_pictures(token, set_id, pictures)


def settle(token: str) -> None:
    """Wait until the classifier and the predictions have followed the sets."""
    parts = studio()
    end = time.monotonic() + SECONDS
    while parts.trainer.follow(parts.workspaces.open(token)).is_busy:
        assert time.monotonic() < end
        parts.trainer.wait(0.05)
