"""A bench for the tests of the trainer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from featclass import encoders
from featclass.base import config
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engines
from featclass.server.downloads import Downloads
from featclass.server.trainer import Trainer
from featclass.workspaces import Workspaces
from tests.fakes import GridEncoder
from tests.server.learning import Bench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    settings = config.load()
    fake = GridEncoder(spec="builtin")
    monkeypatch.setattr(encoders, "load", lambda *_, **__: fake)
    monkeypatch.setattr(encoders, "choose_device", lambda _: "cpu")
    with Workspaces(tmp_path / "data") as store, Cache(":memory:") as cache:
        engines, downloads = Engines(settings, cache), Downloads(settings)
        trainer = Trainer(settings, store, engines, downloads)
        made = Bench(store, trainer, fake)
        made.token = store.create()
        yield made
        trainer.close()
        engines.close()
