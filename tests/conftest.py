from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from featclass import studio


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
