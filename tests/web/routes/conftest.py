"""A workspace for the tests of routes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from featclass.server import studio as studio_module
from featclass.server.studio import studio


@pytest.fixture
def token() -> str:
    return studio().workspaces.create()


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a server take 2 MB at once."""
    small = replace(studio(), config=replace(studio().config, max_upload_bytes=2_000_000))
    monkeypatch.setattr(studio_module, "_studio", small)
