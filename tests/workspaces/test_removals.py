"""What was removed, and comes back."""

from __future__ import annotations

import pytest

from featclass.base.errors import FeatclassError, WorkspaceRemoved
from featclass.base.records import Rejected
from featclass.workspaces import (
    Workspaces,
)
from tests.workspaces.stored import add, names, set_ids


def test_a_removed_picture_comes_back_to_its_place(store: Workspaces, token: str) -> None:
    one, _ = set_ids(store, token)
    a, _ = add(store, token, one, "bart.jpg", "lisa.jpg")
    before, added = store.open(token).sets, store.last_act(token)
    removal = store.remove_picture(token, a)
    assert removal.what == "Removed picture bart.jpg"
    assert names(store.open(token).sets[0].pictures) == ["lisa.jpg"]
    assert store.remove_picture(token, a) == store.last_act(token) == removal
    store.undo(token, removal.id)
    store.undo(token, removal.id)
    assert store.open(token).sets == before
    assert store.last_act(token) == added


def test_a_removed_set_comes_back_with_what_it_held(store: Workspaces, token: str) -> None:
    one, two = set_ids(store, token)
    gone, *_ = add(store, token, one, "a", "b", "c")
    store.reject(token, one, [Rejected("d", "empty")])
    store.rename_set(token, one, "Simpsons")
    earlier = store.remove_picture(token, gone)
    before = store.open(token)
    removal = store.remove_set(token, one)
    assert removal.what == "Removed set Simpsons with 2 pictures"
    assert store.remove_set(token, two).what == "Removed set Set 2"
    assert store.remove_set(token, one) == removal
    assert store.open(token).sets == ()
    with pytest.raises(FeatclassError, match="undo that first"):
        store.rename_set(token, one, "Others")
    store.undo(token, removal.id)
    assert store.open(token).sets == before.sets[:1]
    store.undo(token, earlier.id)
    assert names(store.open(token).sets[0].pictures) == ["a", "b", "c"]


def test_a_set_brought_back_yields_its_name_and_colour_to_the_one_made_meanwhile(
    store: Workspaces, token: str
) -> None:
    one, _ = set_ids(store, token)
    store.rename_set(token, one, "bees")
    removal = store.remove_set(token, one)
    store.add_set(token, "bees")
    store.undo(token, removal.id)
    shown = [(s.name, s.colour) for s in store.open(token).sets]
    assert shown == [("bees 2", 2), ("Set 2", 1), ("bees", 0)]


def test_a_picture_added_again_is_not_doubled_by_undo(store: Workspaces, token: str) -> None:
    one, _ = set_ids(store, token)
    for place in (one, None):
        (picture,) = add(store, token, place, "a")
        removal = store.remove_picture(token, picture)
        (again,) = add(store, token, place, "a")
        assert again != picture
        store.undo(token, removal.id)
    workspace = store.open(token)
    assert (len(workspace.sets[0].pictures), len(workspace.tried)) == (1, 1)


def test_cleared_tries_come_back(store: Workspaces, token: str) -> None:
    nothing = store.clear_tried(token)
    assert nothing.what == "Removed 0 pictures tried"
    assert store.last_act(token) is None
    add(store, token, set_ids(store, token)[0], "in a set")
    add(store, token, None, "a", "b")
    before = store.open(token)
    removal = store.clear_tried(token)
    assert removal.what == "Removed 2 pictures tried"
    assert store.open(token).tried == ()
    assert store.open(token).sets == before.sets
    store.undo(token, removal.id)
    assert store.open(token).tried == before.tried


def test_a_removed_workspace_says_so_and_comes_back_whole(store: Workspaces) -> None:
    token = store.create(visitor="ann", name="Cartoons")
    (picture,) = add(store, token, set_ids(store, token)[0], "a")
    before = store.open(token)
    removal = store.remove_workspace(token)
    assert removal.what == "Removed workspace Cartoons"
    assert store.remove_workspace(token) == store.last_act(token) == removal
    digest = before.sets[0].pictures[0].digest
    for refused in (
        lambda: store.open(token),
        lambda: store.version(token),
        lambda: store.visit(token, "ann"),
        lambda: store.read(token, digest),
        lambda: store.remove_picture(token, picture),
        lambda: store.add_set(token),
    ):
        with pytest.raises(WorkspaceRemoved, match="Cartoons was removed"):
            refused()
    store.undo(token, removal.id)
    after = store.open(token)
    assert (after.name, after.sets) == (before.name, before.sets)
    assert after.version > before.version
    assert [s.token for s in store.known_to("ann")] == [token]


def test_the_last_act_is_offered_until_undone_then_the_one_before(
    store: Workspaces, token: str
) -> None:
    one, two = set_ids(store, token)
    (picture,) = add(store, token, one, "a")
    first = store.remove_picture(token, picture)
    second = store.remove_set(token, two)
    assert store.last_act(token) == second
    store.undo(token, second.id)
    assert store.last_act(token) == first
