"""Whether a workspace can predict, as it is now, soon, or perhaps; and what need not be asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from featclass.base.records import Image
from featclass.datasets import BytesSource
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.server import questions
from featclass.server.readiness import is_ready, may_be_ready
from featclass.server.state import LearningPhase, State
from featclass.workspaces import NewPicture, Workspaces
from tests.fakes import GridEncoder, drawn


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Workspaces]:
    with Workspaces(tmp_path / "kept") as opened:
        yield opened


def test_a_class_that_has_only_a_name_may_be_known_while_that_is_looked_into_and_no_longer(
    store: Workspaces,
) -> None:
    token = store.create()
    first, second = (labelled.id for labelled in store.open(token).sets)
    store.add_pictures(token, first, [NewPicture("a.png", drawn(1))])
    looking = State(phase=LearningPhase.LOADING)
    assert not may_be_ready(store.open(token), looking)  # "Set 2" says nothing of pictures
    store.rename_set(token, second, "blue disc")
    workspace = store.open(token)
    assert not is_ready(workspace, looking)
    assert may_be_ready(workspace, looking)
    assert not may_be_ready(workspace, State())


def test_what_is_like_a_stranger_is_not_asked_about_first(store: Workspaces) -> None:
    token = store.create()
    [added] = store.add_pictures(token, None, [NewPicture("odd.png", drawn(1, "green"))])
    assert added.picture_id is not None
    store.none_of_these(token, [added.picture_id])
    workspace = store.open(token)
    with Cache(":memory:") as cache:
        engine = Engine(GridEncoder(), cache, max_pixels=10**6)
        [stranger] = workspace.strangers
        source = BytesSource(drawn(1, "green"))
        vectors = engine.embed([Image("odd.png", stranger.digest, source)]).vectors
        known = questions._known(engine, workspace, ())
        engine.close()
    assert known.tolist() == vectors.tolist()
