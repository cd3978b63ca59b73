from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from featclass import encoders, library
from featclass.server import studio
from featclass.web.routes import MIDDLEWARE, ROUTES
from tests.fakes import GridEncoder


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the user's data, weights or settings, nor the network."""
    for name in (
        "HOSTS",
        "MODELS",
        "DEVICE",
        "SHARED",
        "MAX_MEGAPIXELS",
        "MAX_UPLOAD_MB",
        "PICTURES",
        "HEIC",
        "PRECISION",
    ):
        monkeypatch.delenv(f"FEATCLASS_{name}", raising=False)
    monkeypatch.setenv("FEATCLASS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("FEATCLASS_OFFLINE", "1")
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


@pytest.fixture(autouse=True)
def _close_studio() -> Iterator[None]:
    yield
    studio.close()


@pytest.fixture(autouse=True)
def _no_engines_of_other_tests() -> None:
    library._engines.cache_clear()


@pytest.fixture
def fake_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a fake encoder stand in for the built-in one, in this process."""
    fake = GridEncoder(spec="builtin")
    monkeypatch.setattr(encoders, "load", lambda *_, **__: fake)
    monkeypatch.setattr(encoders, "choose_device", lambda _: "cpu")


@pytest.fixture
def client() -> Iterator[TestClient]:
    """Our routes, as a browser on this machine reaches them."""
    app = Starlette(routes=list(ROUTES), middleware=list(MIDDLEWARE))
    with TestClient(app, base_url="http://localhost") as opened:
        yield opened
