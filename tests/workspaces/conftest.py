"""A store in a folder of its own, and one workspace in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from featclass.workspaces import (
    Workspaces,
)
from tests.workspaces.folders import COUNT, picture


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Workspaces]:
    with Workspaces(tmp_path / "data") as store:
        yield store


@pytest.fixture
def token(store: Workspaces) -> str:
    return store.create()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a workspace of twelve pictures, closed."""
    folder = tmp_path / "data"
    with Workspaces(folder) as store:
        store.add_pictures(store.create(), None, [picture(seed) for seed in range(COUNT)])
    return folder
