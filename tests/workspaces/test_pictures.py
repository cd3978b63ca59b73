"""Pictures in sets and to try: added, moved, rejected."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from featclass.base.errors import FeatclassError, WorkspaceMissing
from featclass.base.records import Rejected
from featclass.workspaces import (
    NewPicture,
    Workspaces,
)
from tests.workspaces.stored import add, names, new, set_ids


def test_pictures_come_back_in_order_with_their_bytes(store: Workspaces, token: str) -> None:
    one, two = set_ids(store, token)
    added = store.add_pictures(token, one, new("b.jpg", "a.jpg"))
    add(store, token, two, "c.jpg")
    add(store, token, one, "0.jpg")
    workspace = store.open(token)
    assert [names(s.pictures) for s in workspace.sets] == [["b.jpg", "a.jpg", "0.jpg"], ["c.jpg"]]
    first = workspace.sets[0].pictures[0]
    assert (added[0].picture_id, added[0].digest) == (first.id, first.digest)
    assert first.digest == hashlib.sha256(b"bytes of b.jpg").hexdigest()
    assert store.read(token, first.digest) == b"bytes of b.jpg"
    assert store.source(first.digest).read() == b"bytes of b.jpg"
    assert datetime.now(UTC) - first.added < timedelta(minutes=10)


def test_the_same_bytes_join_a_set_once(store: Workspaces, token: str) -> None:
    one, two = set_ids(store, token)
    same = [NewPicture("a.jpg", b"1"), NewPicture("b.jpg", b"2"), NewPicture("again.jpg", b"1")]
    first = store.add_pictures(token, one, same)
    assert [added.duplicate for added in first] == [False, False, True]
    assert first[2].picture_id == first[0].picture_id
    second = store.add_pictures(token, one, same[:1])
    assert [(a.duplicate, a.picture_id) for a in second] == [(True, first[0].picture_id)]
    assert not store.add_pictures(token, two, same[:1])[0].duplicate
    assert [len(s.pictures) for s in store.open(token).sets] == [2, 1]


def test_different_pictures_of_one_name_stay_apart_by_name(store: Workspaces, token: str) -> None:
    one, two = set_ids(store, token)
    for data in (b"1", b"2", b"3"):
        store.add_pictures(token, one, [NewPicture("image.png", data)])
    other = [("image.png", b"4"), (".png", b"5"), (".png", b"6")]
    store.add_pictures(token, two, [NewPicture(name, data) for name, data in other])
    shown = store.open(token).sets
    assert names(shown[0].pictures) == ["image.png", "image 2.png", "image 3.png"]
    assert names(shown[1].pictures) == ["image.png", ".png", ".png 2"]
    store.move_picture(token, shown[1].pictures[0].id, one)
    assert names(store.open(token).sets[0].pictures)[-1] == "image 4.png"


def test_tried_pictures_are_newest_first_and_one_tried_again_is_first_again(
    store: Workspaces, token: str
) -> None:
    add(store, token, None, "a", "b")
    add(store, token, None, "c")
    assert names(store.open(token).tried) == ["c", "b", "a"]
    (again,) = store.add_pictures(token, None, new("a"))
    assert again.duplicate
    assert names(store.open(token).tried) == ["a", "c", "b"]


def test_a_picture_moves_to_the_end_of_another_set(store: Workspaces, token: str) -> None:
    one, two = set_ids(store, token)
    a, _ = add(store, token, one, "a", "b")
    add(store, token, two, "c")
    (tried,) = add(store, token, None, "tried")
    store.move_picture(token, a, two)
    store.move_picture(token, tried, one)
    workspace = store.open(token)
    assert [names(s.pictures) for s in workspace.sets] == [["b", "tried"], ["c", "a"]]
    assert workspace.tried == ()


def test_a_picture_moved_where_its_bytes_are_already_leaves_one(
    store: Workspaces, token: str
) -> None:
    one, two = set_ids(store, token)
    (here,) = add(store, token, one, "a")
    (there,) = add(store, token, two, "a")
    store.move_picture(token, here, two)
    store.move_picture(token, there, two)
    assert [[p.id for p in s.pictures] for s in store.open(token).sets] == [[], [there]]


def test_rejected_files_are_remembered_where_they_were_dropped_until_dismissed(
    store: Workspaces, token: str
) -> None:
    one, two = set_ids(store, token)
    store.reject(token, one, [Rejected("a.txt", "no picture"), Rejected("b\x00.jpg", "cut short")])
    store.reject(token, None, [Rejected("c.gif", "empty")])
    store.reject(token, two, [])
    workspace = store.open(token)
    assert workspace.sets[0].rejected == (
        Rejected("a.txt", "no picture"),
        Rejected("b.jpg", "cut short"),
    )
    assert workspace.sets[1].rejected == ()
    assert workspace.tried_rejected == (Rejected("c.gif", "empty"),)
    store.dismiss_rejected(token, one)
    assert store.open(token).sets[0].rejected == ()
    assert store.open(token).tried_rejected != ()
    store.dismiss_rejected(token, None)
    assert store.open(token).tried_rejected == ()


def test_a_picture_found_unreadable_joins_the_rejected_files_once(
    store: Workspaces, token: str
) -> None:
    one, _ = set_ids(store, token)
    bad, _ = add(store, token, one, "bad", "good")
    (tried,) = add(store, token, None, "tried")
    for _ in range(2):
        store.reject_picture(token, bad, "cut short")
        store.reject_picture(token, tried, "empty")
    workspace = store.open(token)
    assert names(workspace.sets[0].pictures) == ["good"]
    assert workspace.sets[0].rejected == (Rejected("bad", "cut short"),)
    assert (workspace.tried, workspace.tried_rejected) == ((), (Rejected("tried", "empty"),))


def test_a_picture_found_unreadable_in_a_removed_set_is_rejected_in_it(
    store: Workspaces, token: str
) -> None:
    one, _ = set_ids(store, token)
    (bad,) = add(store, token, one, "bad")
    removal = store.remove_set(token, one)
    store.reject_picture(token, bad, "cut short")
    store.undo(token, removal.id)
    assert store.open(token).sets[0].rejected == (Rejected("bad", "cut short"),)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "a" * 63 + "/", "A" * 64, "0" * 64])
def test_bytes_are_found_by_a_digest_that_is_held_and_by_nothing_else(
    store: Workspaces, token: str, digest: str
) -> None:
    with pytest.raises(WorkspaceMissing):
        store.read(token, digest)
    if digest != "0" * 64:
        with pytest.raises(FeatclassError, match="64 hexadecimal digits"):
            store.source(digest)
