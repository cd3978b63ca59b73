"""A gated encoder for all tests of batches, and what they predict."""

from __future__ import annotations

from pathlib import Path

import pytest

from featclass import encoders
from featclass.classifiers import prediction as service_prediction
from tests.server.batches.routed import GatedEncoder, filled, new


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> GatedEncoder:
    fake = GatedEncoder(spec="builtin")
    monkeypatch.setattr(encoders, "load", lambda *_, **__: fake)
    monkeypatch.setattr(encoders, "choose_device", lambda _: "cpu")
    monkeypatch.setattr(service_prediction, "SLICE", 8)
    return fake


@pytest.fixture
def token() -> str:
    return filled()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Offer one folder, with three pictures in a subfolder; another lies outside."""
    offered, outside = tmp_path / "offered", tmp_path / "outside"
    for folder in (offered / "trip", outside):
        folder.mkdir(parents=True)
        for name, data in new(3).items():
            (folder / Path(name).name).write_bytes(data)
    (offered / "link").symlink_to(outside, target_is_directory=True)
    monkeypatch.setenv("FEATCLASS_PICTURES", str(offered))
    return offered
