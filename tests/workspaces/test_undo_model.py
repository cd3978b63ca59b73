"""Random acts and undos leave what a plain model says."""

from __future__ import annotations

import pytest

from featclass.workspaces import Workspaces
from tests.workspaces.undo_model import Session


@pytest.mark.parametrize("seed", range(12))
def test_random_acts_and_undos_of_three_people_leave_what_a_plain_model_says(
    store: Workspaces, seed: int
) -> None:
    session = Session(store, seed)
    for _ in range(60):
        session.step()
        session.agree()
    left = [act for act in session.acts if act not in session.model.undone]
    session.random.shuffle(left)
    for act in left:
        session.undo_act(act)
        session.agree()
    last = store.open(session.token)
    assert (last.sets, last.tried, last.strangers) == (session.first.sets, (), ())
    assert store.last_act(session.token) is None
