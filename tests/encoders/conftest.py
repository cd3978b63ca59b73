from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import close_session

from featclass.base.config import Config
from tests.encoders.stand_in_hub import StandInHub, serving

MakeConfig = Callable[..., Config]


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (
        "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE",
        "HF_TOKEN", "http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY",
        "HTTPS_PROXY", "ALL_PROXY",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    # Unless a test says otherwise, there is no network: nothing listens on this port.
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    # What huggingface_hub read of the environment when it was imported.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    yield
    close_session()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(
        data=tmp_path / "data",
        models=None,
        offline=False,
        is_shared=False,
        max_pixels=10**8,
        max_upload_bytes=10**9,
    )


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInHub]:
    with serving(StandInHub()) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        yield hub
