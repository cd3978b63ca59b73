from __future__ import annotations

from collections.abc import Iterator

import pytest

from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from tests.fakes import GridEncoder


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Cache(":memory:") as cache:
        opened = Engine(GridEncoder(), cache, max_pixels=10**6)
        yield opened
        opened.close()
