"""Workspaces and their sets; none reaches into another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from featclass.base.errors import FeatclassError, WorkspaceMissing
from featclass.base.records import Rejected
from featclass.workspaces import (
    NewPicture,
    Workspaces,
    dataset,
)
from tests.workspaces.stored import A_MOMENT_AGO, add, blob_files, names, new, set_ids


def test_a_new_workspace_has_two_empty_sets_and_an_unguessable_token(store: Workspaces) -> None:
    token = store.create(name="  Cartoons\n")
    workspace = store.open(token)
    assert (workspace.token, workspace.name, workspace.encoder) == (token, "Cartoons", "auto")
    assert [(s.name, s.colour, s.pictures) for s in workspace.sets] == [
        ("Set 1", 0, ()),
        ("Set 2", 1, ()),
    ]
    assert workspace.version == store.version(token) == 0
    assert len(token) >= 22
    assert store.create() != token


@pytest.mark.parametrize("token", ["", "nobody", "\x00", "\udcff", "' OR 1 --", "é" * 100])
def test_a_link_that_was_never_given_is_missing(store: Workspaces, token: str) -> None:
    store.create()
    with pytest.raises(WorkspaceMissing, match="No workspace has this link"):
        store.open(token)
    with pytest.raises(WorkspaceMissing):
        store.add_pictures(token, None, new("a.jpg"))


def test_a_visitor_knows_what_was_created_or_visited_last_visited_first(store: Workspaces) -> None:
    first = store.create(visitor="ann", name="First")
    second = store.create(visitor="ann", name="Second")
    other = store.create(visitor="bob", name="Other")
    assert [s.token for s in store.known_to("ann")] == [second, first]
    store.visit(first, "ann")
    store.visit(other, "ann")
    store.visit(first, "ann")
    assert [s.name for s in store.known_to("ann")] == ["First", "Other", "Second"]
    assert [s.token for s in store.known_to("bob")] == [other]
    assert store.known_to("nobody") == []
    store.remove_workspace(other)
    assert [s.name for s in store.known_to("ann")] == ["First", "Second"]


def test_a_summary_counts_what_the_sets_show(store: Workspaces) -> None:
    before = datetime.now(UTC)
    token = store.create(visitor="ann")
    one, two = set_ids(store, token)
    gone, *_ = add(store, token, one, "a", "b", "c")
    add(store, token, two, "d")
    add(store, token, None, "tried")
    store.remove_picture(token, gone)
    store.remove_set(token, two)
    (summary,) = store.known_to("ann")
    assert (summary.pictures, summary.sets) == (2, 1)
    assert before <= summary.changed <= datetime.now(UTC)


def test_name_and_encoder_are_kept(store: Workspaces, token: str) -> None:
    store.rename(token, "Bees")
    store.choose_encoder(token, "timm:resnet18")
    store.rename(token, " \x00 ")
    store.choose_encoder(token, " ")
    assert (store.open(token).name, store.open(token).encoder) == ("Bees", "timm:resnet18")


def test_a_saved_classifier_is_kept_and_can_be_let_go(store: Workspaces, token: str) -> None:
    store.load_classifier(token, b"classifier")
    digest = store.open(token).classifier
    assert digest is not None
    store.purge(older_than=A_MOMENT_AGO, grace=A_MOMENT_AGO)
    assert store.read(token, digest) == b"classifier"
    store.load_classifier(token, None)
    assert store.open(token).classifier is None
    assert store.purge(older_than=A_MOMENT_AGO, grace=A_MOMENT_AGO) == 1
    with pytest.raises(WorkspaceMissing):
        store.read(token, digest)


def test_sets_keep_their_order_and_take_the_first_free_name_and_colour(
    store: Workspaces, token: str
) -> None:
    store.add_set(token, "Zebras")
    store.add_set(token)
    two = set_ids(store, token)[1]
    store.remove_set(token, two)
    store.add_set(token, "Ants")
    shown = [(s.name, s.colour) for s in store.open(token).sets]
    assert shown == [("Set 1", 0), ("Zebras", 2), ("Set 4", 3), ("Ants", 1)]


def test_a_default_name_is_never_given_twice_even_after_a_removal(
    store: Workspaces, token: str
) -> None:
    store.remove_set(token, set_ids(store, token)[1])
    store.add_set(token)
    assert names(store.open(token).sets) == ["Set 1", "Set 3"]


def test_two_sets_cannot_have_one_name(store: Workspaces, token: str) -> None:
    one, two = set_ids(store, token)
    store.rename_set(token, one, "Bees")
    with pytest.raises(FeatclassError, match="Another set is called Bees"):
        store.rename_set(token, two, " Bees ")
    with pytest.raises(FeatclassError, match="Another set is called Bees"):
        store.add_set(token, "Bees")
    store.rename_set(token, one, "Bees")
    store.rename_set(token, two, "\x00 ")
    store.rename_set(token, two, "bees")
    assert names(store.open(token).sets) == ["Bees", "bees"]


def test_a_folder_finds_its_set_or_takes_one_never_used_or_makes_one(
    store: Workspaces, token: str
) -> None:
    one, two = set_ids(store, token)
    (picture,) = add(store, token, one, "a.jpg")
    store.remove_picture(token, picture)
    assert store.set_named(token, "bees") == two
    assert store.set_named(token, "bees ") == two
    assert store.set_named(token, "ants") not in (one, two)
    assert names(store.open(token).sets) == ["Set 1", "bees", "ants"]
    store.set_named(token, "\x00")
    assert names(store.open(token).sets) == ["Set 1", "bees", "ants", "Set 4"]


def test_a_set_that_only_rejected_files_is_not_taken_for_a_folder(
    store: Workspaces, token: str
) -> None:
    one, two = set_ids(store, token)
    store.reject(token, one, [Rejected("notes.txt", "not a picture")])
    assert store.set_named(token, "bees") == two


def test_the_version_grows_with_each_change_and_with_nothing_else(
    store: Workspaces, token: str
) -> None:
    one, two = set_ids(store, token)
    (picture,) = add(store, token, one, "a")
    changes: list[Callable[[], object]] = [
        lambda: store.rename(token, "Bees"),
        lambda: store.choose_encoder(token, "builtin"),
        lambda: store.rename_set(token, one, "bees"),
        lambda: store.reject(token, one, [Rejected("b", "empty")]),
        lambda: store.dismiss_rejected(token, one),
        lambda: store.move_picture(token, picture, two),
        lambda: store.remove_picture(token, picture),
    ]
    for change in changes:
        before = store.version(token)
        change()
        after = store.version(token)
        assert after == before + 1
        change()
        again = 1 if change is changes[3] else 0  # the same file may be dropped twice
        assert store.version(token) == after + again
    before = store.version(token)
    store.visit(token, "ann")
    assert store.open(token).version == store.version(token) == before


def test_the_sets_are_a_dataset_without_pictures_that_stand_in_two(
    store: Workspaces, token: str
) -> None:
    one, two = set_ids(store, token)
    add(store, token, one, "a", "both")
    add(store, token, two, "b", "both")
    add(store, token, None, "tried")
    training = dataset(store, store.open(token))
    assert [(image.name, image.label) for image in training.images] == [
        ("Set 1/a", "Set 1"),
        ("Set 2/b", "Set 2"),
    ]
    assert [image.read() for image in training.images] == [b"bytes of a", b"bytes of b"]
    assert [rejected.name for rejected in training.rejected] == ["Set 1/both", "Set 2/both"]


def test_one_workspace_reaches_nothing_of_another(store: Workspaces) -> None:
    mine, yours = store.create(), store.create()
    my_set, _ = set_ids(store, mine)
    (picture,) = add(store, mine, my_set, "secret")
    (removed,) = add(store, mine, my_set, "removed")
    removal = store.remove_picture(mine, removed)
    before = store.open(mine)
    your_set, _ = set_ids(store, yours)
    digest = before.sets[0].pictures[0].digest
    for refused in (
        lambda: store.read(yours, digest),
        lambda: store.add_pictures(yours, my_set, new("b")),
        lambda: store.rename_set(yours, my_set, "mine now"),
        lambda: store.reject(yours, my_set, [Rejected("b", "empty")]),
        lambda: store.dismiss_rejected(yours, my_set),
        lambda: store.remove_picture(yours, picture),
        lambda: store.remove_picture(yours, removed),
        lambda: store.move_picture(yours, picture, your_set),
        lambda: store.remove_set(yours, my_set),
        lambda: store.undo(yours, removal.id),
        lambda: store.undo(yours, 2**70),
    ):
        with pytest.raises(FeatclassError):
            refused()
    store.reject_picture(yours, picture, "not yours")
    assert store.open(mine) == before
    assert [s.pictures for s in store.open(yours).sets] == [(), ()]


HOSTILE = [
    ("../../x.jpg", "../../x.jpg"),
    ("a\x00b.jpg", "ab.jpg"),
    ("C:\\con\r\n.jpg", "C:\\con .jpg"),
    ("\u202egpj.exe", "gpj.exe"),
    ("\u200fשלום.jpg", "\u200fשלום.jpg"),
    ("👩‍🚀.png", "👩‍🚀.png"),
    ("e\u0301.jpg", "é.jpg"),
    ("bad\udcff.jpg", "bad.jpg"),
    ("<script>'\"; DROP TABLE picture", "<script>'\"; DROP TABLE picture"),
    (" \t\x00", "picture"),
    ("x" * 100_000, "x" * 255),
]


def test_hostile_names_are_only_ever_text(store: Workspaces, token: str, tmp_path: Path) -> None:
    one, two = set_ids(store, token)
    files = [NewPicture(name, str(i).encode()) for i, (name, _) in enumerate(HOSTILE)]
    store.add_pictures(token, one, files)
    store.add_pictures(token, None, files)
    for name, _ in HOSTILE:
        store.rename_set(token, two, name)
        store.rename(token, name)
        store.set_named(token, name)
        store.reject(token, two, [Rejected(name, name)])
    assert names(store.open(token).sets[0].pictures) == [kept for _, kept in HOSTILE]
    assert all(len(labelled.name) <= 255 for labelled in store.open(token).sets)
    outside = {
        path.relative_to(tmp_path).parts[:2] for path in tmp_path.rglob("*") if path.is_file()
    }
    database_files = {("data", f"workspaces.sqlite{end}") for end in ("", "-wal", "-shm")}
    assert outside == {("data", "blobs")} | database_files
    assert all(len(name) == 64 for name in blob_files(tmp_path))


def test_sets_alike_in_their_first_letters_are_different_sets(
    store: Workspaces, token: str
) -> None:
    long = ["ß" * 254 + end for end in "ab"]
    made = [store.set_named(token, name) for name in long]
    assert made == [store.set_named(token, name) for name in long]
    assert [labelled.name for labelled in store.open(token).sets if labelled.id in made] == long
