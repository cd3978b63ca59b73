from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import featclass
from featclass.base.errors import FeatclassError, WorkspaceMissing, WorkspaceRemoved
from featclass.base.records import Rejected
from featclass.workspaces import (
    LabelledSet,
    NewPicture,
    Picture,
    Workspaces,
    database,
    dataset,
    snapshot,
    tables,
    upgrades,
)

A_MOMENT_AGO = timedelta(0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Workspaces]:
    with Workspaces(tmp_path / "data") as store:
        yield store


@pytest.fixture
def token(store: Workspaces) -> str:
    return store.create()


def new(*names: str) -> list[NewPicture]:
    return [NewPicture(name, f"bytes of {name}".encode()) for name in names]


def names(pictures: Sequence[Picture | LabelledSet]) -> list[str]:
    return [picture.name for picture in pictures]


def set_ids(store: Workspaces, token: str) -> list[int]:
    return [labelled.id for labelled in store.open(token).sets]


def add(store: Workspaces, token: str, set_id: int | None, *files: str) -> list[int]:
    ids = [added.picture_id for added in store.add_pictures(token, set_id, new(*files))]
    return [id for id in ids if id is not None]


def blob_files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "data" / "blobs").glob("*/*")}


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# A new workspace


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


# Sets


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


# Pictures


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


# Removing and bringing back


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


# Isolation and hostile text


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


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "a" * 63 + "/", "A" * 64, "0" * 64])
def test_bytes_are_found_by_a_digest_that_is_held_and_by_nothing_else(
    store: Workspaces, token: str, digest: str
) -> None:
    with pytest.raises(WorkspaceMissing):
        store.read(token, digest)
    if digest != "0" * 64:
        with pytest.raises(FeatclassError, match="64 hexadecimal digits"):
            store.source(digest)


# Kept, whatever happens


def python(program: str, *arguments: str) -> subprocess.Popen[str]:
    """Run a program that finds this featclass; it may use `workspaces` and `sys`."""
    root = Path(featclass.__file__).parent.parent
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    )


def tell_when_ready(line: str, *processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(f"{line}\n")
        process.stdin.flush()


ADD_UNTIL_KILLED = """
import itertools, pathlib, sys
from featclass.workspaces import NewPicture, Workspaces

store = Workspaces(pathlib.Path(sys.argv[1]))
token = store.create()
one = store.open(token).sets[0].id
print(token, flush=True)
for n in itertools.count():
    store.add_pictures(token, one, [NewPicture(f"{n}-{i}", f"{n}-{i}".encode()) for i in range(5)])
    print("added", flush=True)
"""


def test_what_was_said_to_be_added_survives_a_kill_at_once(tmp_path: Path) -> None:
    with python(ADD_UNTIL_KILLED, str(tmp_path)) as process:
        assert process.stdout is not None
        token = process.stdout.readline().strip()
        for _ in range(20):
            assert process.stdout.readline() == "added\n"
        process.kill()
        said = 20 + process.stdout.read().count("added\n")
    with Workspaces(tmp_path) as store:
        pictures = store.open(token).sets[0].pictures
        assert len(pictures) in (said * 5, said * 5 + 5)
        assert [store.read(token, p.digest).decode() for p in pictures] == names(pictures)


ADD_WITH_OTHERS = """
import pathlib, sys
from concurrent.futures import ThreadPoolExecutor
from featclass.workspaces import NewPicture, Workspaces

folder, who = pathlib.Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
token = sys.stdin.readline().strip()

def add(thread):
    for n in range(10):
        names = [f"{who}-{thread}-{n}-{i}" for i in range(5)]
        store.add_pictures(token, one, [NewPicture(name, name.encode()) for name in names])

with Workspaces(folder) as store, ThreadPoolExecutor(3) as threads:
    one = store.open(token).sets[0].id
    list(threads.map(add, range(3)))
"""


def test_processes_and_threads_adding_at_once_lose_nothing(tmp_path: Path) -> None:
    with Workspaces(tmp_path) as store:
        token = store.create()
        arguments = (ADD_WITH_OTHERS, str(tmp_path))
        with python(*arguments, "a") as a, python(*arguments, "b") as b:
            tell_when_ready(token, a, b)
            while a.poll() is None or b.poll() is None:
                seen = store.open(token)
                assert len(seen.sets[0].pictures) == 5 * seen.version  # of one moment
        assert (a.returncode, b.returncode) == (0, 0)
        workspace = store.open(token)
        assert len(set(names(workspace.sets[0].pictures))) == 2 * 3 * 10 * 5
        assert workspace.version == 2 * 3 * 10


OPEN_AT_ONCE = """
import pathlib, sys
from featclass.workspaces import Workspaces

print("ready", flush=True)
sys.stdin.readline()
for n in range(10):
    with Workspaces(pathlib.Path(sys.argv[1]) / str(n)) as store:
        store.open(store.create())
"""


def test_processes_may_make_a_data_folder_at_once(tmp_path: Path) -> None:
    with python(OPEN_AT_ONCE, str(tmp_path)) as a, python(OPEN_AT_ONCE, str(tmp_path)) as b:
        tell_when_ready("go", a, b)
    assert (a.returncode, b.returncode) == (0, 0)


def test_threads_naming_one_set_at_once_make_one(store: Workspaces, token: str) -> None:
    for n in range(5):
        with ThreadPoolExecutor(4) as threads:
            ids = set(threads.map(lambda name: store.set_named(token, name), [f"folder {n}"] * 4))
        assert len(ids) == 1


def test_a_batch_that_fails_leaves_nothing_of_itself(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    (tmp_path / "data" / "blobs" / digest_of(b"2")[:2]).write_bytes(b"in the way")
    with pytest.raises(FeatclassError, match="could not be kept"):
        store.add_pictures(token, None, [NewPicture("1", b"1"), NewPicture("2", b"2")])
    assert store.open(token).tried == ()
    assert store.version(token) == 0
    assert not list((tmp_path / "data" / "blobs" / "incoming").iterdir())


def test_a_file_cut_short_is_made_whole_by_adding_its_picture_again(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    store.add_pictures(token, None, [NewPicture("a", b"whole")])
    digest = store.open(token).tried[0].digest
    (tmp_path / "data" / "blobs" / digest[:2] / digest).write_bytes(b"")
    assert store.add_pictures(token, None, [NewPicture("a", b"whole")])[0].duplicate
    assert store.read(token, digest) == b"whole"


def test_closing_leaves_one_database_file_and_a_closed_store_opens_again(tmp_path: Path) -> None:
    with Workspaces(tmp_path) as store:
        token = store.create()
        store.open(token)
    assert {path.name for path in tmp_path.iterdir()} == {"blobs", "workspaces.sqlite"}
    with Workspaces(tmp_path) as store:
        assert store.open(token).token == token


# Deleting for good


def test_purging_deletes_what_was_removed_and_keeps_what_is_referred_to(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    other = store.create()
    one, two = set_ids(store, token)
    gone, both, _ = add(store, token, one, "gone", "both", "kept")
    add(store, token, two, "in a set")
    add(store, token, None, "tried")
    add(store, other, None, "both")
    removals = [store.remove_picture(token, gone), store.remove_picture(token, both)]
    removals += [store.remove_set(token, two), store.clear_tried(token)]
    assert store.purge(older_than=timedelta(hours=1)) == 0
    store.undo(token, store.remove_set(token, one).id)
    before = store.open(token)
    assert store.purge(older_than=A_MOMENT_AGO, grace=A_MOMENT_AGO) == 3
    assert store.open(token) == before
    kept = {digest_of(b"bytes of kept"), digest_of(b"bytes of both")}
    assert blob_files(tmp_path) == kept
    assert store.read(other, digest_of(b"bytes of both")) == b"bytes of both"
    with pytest.raises(WorkspaceMissing):
        store.read(token, digest_of(b"bytes of gone"))
    for removal in removals:
        with pytest.raises(FeatclassError, match="deleted for good"):
            store.undo(token, removal.id)


def test_the_number_of_something_purged_never_means_something_else(
    store: Workspaces, token: str
) -> None:
    (picture,) = add(store, token, None, "a")
    removal = store.remove_picture(token, picture)
    new_set = store.add_set(token)
    store.remove_set(token, new_set)
    store.purge(older_than=A_MOMENT_AGO, grace=A_MOMENT_AGO)
    (other,) = add(store, token, None, "b")
    assert other > picture
    assert store.add_set(token) > new_set
    assert store.remove_picture(token, other).id > removal.id


def test_a_removed_workspace_is_purged_with_all_it_held(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    add(store, token, set_ids(store, token)[0], "a", "b")
    store.visit(token, "ann")
    store.remove_workspace(token)
    assert store.purge(older_than=A_MOMENT_AGO, grace=A_MOMENT_AGO) == 2
    with pytest.raises(WorkspaceMissing, match="No workspace has this link"):
        store.open(token)
    with sqlite3.connect(tmp_path / "data" / "workspaces.sqlite") as db:
        for table in tables.metadata.tables:
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    db.close()


def test_workspaces_never_used_are_purged_after_a_day_unless_visited(
    store: Workspaces, tmp_path: Path
) -> None:
    young, old, visited, used = (store.create(name=name) for name in "abcd")
    store.rename(used, "used")
    with sqlite3.connect(tmp_path / "data" / "workspaces.sqlite") as db:
        two_days = timedelta(days=2).total_seconds()
        db.execute("UPDATE workspace SET changed = changed - ? WHERE name <> 'a'", (two_days,))
    db.close()
    store.visit(visited, "ann")
    store.purge(older_than=timedelta(days=30))
    for token in (young, visited, used):
        store.open(token)
    with pytest.raises(WorkspaceMissing):
        store.open(old)


def test_purging_leaves_files_that_are_not_pictures_and_sweeps_old_halves(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    blobs = tmp_path / "data" / "blobs"
    digest = store.add_pictures(token, None, new("a"))[0].digest
    stranger = blobs / digest[:2] / ".DS_Store"
    stranger.write_bytes(b"")
    old, young = blobs / "incoming" / "old", blobs / "incoming" / "young"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert store.purge(older_than=A_MOMENT_AGO, grace=A_MOMENT_AGO) == 0
    assert stranger.exists()
    assert young.exists()
    assert not old.exists()


def test_bytes_purged_between_writing_and_committing_are_written_again(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    blob = tmp_path / "data" / "blobs" / digest_of(b"bytes of a")[:2] / digest_of(b"bytes of a")
    db = sqlite3.connect(tmp_path / "data" / "workspaces.sqlite", isolation_level=None)
    db.execute("BEGIN IMMEDIATE")  # as a purge does while it deletes
    adding = threading.Thread(target=store.add_pictures, args=(token, None, new("a")))
    adding.start()
    deadline = time.monotonic() + 60
    while not blob.exists() and time.monotonic() < deadline:
        adding.join(0.001)
    blob.unlink()
    db.execute("COMMIT")
    db.close()
    adding.join()
    assert store.read(token, store.open(token).tried[0].digest) == b"bytes of a"


def test_purging_while_others_add_and_remove_loses_nothing(store: Workspaces, token: str) -> None:
    done = threading.Event()

    def purge() -> None:
        while not done.is_set():
            store.purge(older_than=A_MOMENT_AGO, grace=A_MOMENT_AGO)

    purging = threading.Thread(target=purge)
    purging.start()
    try:
        for _ in range(30):  # the same bytes: removed, purged and added again
            (added,) = store.add_pictures(token, None, new("a"))
            assert store.read(token, added.digest) == b"bytes of a"
            store.clear_tried(token)
    finally:
        done.set()
        purging.join()


# The database


def test_a_database_of_a_newer_featclass_is_refused_untouched(tmp_path: Path) -> None:
    with Workspaces(tmp_path):
        pass
    file = tmp_path / "workspaces.sqlite"
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = file.read_bytes()
    with pytest.raises(FeatclassError, match=r"newer featclass \(format 99; this one knows"):
        Workspaces(tmp_path)
    assert file.read_bytes() == before


def test_a_database_of_an_older_featclass_is_brought_up_to_date(
    store: Workspaces, token: str
) -> None:
    note = ["ALTER TABLE workspace ADD COLUMN note TEXT NOT NULL DEFAULT 'none'"]
    with_note = [*upgrades.UPGRADES, note]
    with store._database.write() as db:
        upgrades.prepare(db, with_note)
        upgrades.prepare(db, with_note)
        assert db.exec_driver_sql("SELECT note FROM workspace").scalars().all() == ["none"]
        assert db.exec_driver_sql("PRAGMA user_version").scalar_one() == 1 + len(with_note)
    assert store.open(token).token == token


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "workspaces.sqlite").write_bytes(b"these are my notes" * 100)
    with pytest.raises(FeatclassError, match="cannot be reached: file is not a database"):
        Workspaces(tmp_path)


def test_a_data_folder_that_cannot_be_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FeatclassError, match="cannot be used"):
        Workspaces(tmp_path / "file")


def test_making_a_database_waits_for_another_that_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(tmp_path / "workspaces.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waits = []

    def let_the_other_finish(seconds: float) -> None:
        waits.append(seconds)
        other.close()

    monkeypatch.setattr(time, "sleep", let_the_other_finish)
    with Workspaces(tmp_path) as store:
        store.open(store.create())
    assert len(waits) == 1


def test_a_database_kept_busy_too_long_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    with Workspaces(tmp_path) as store:
        db = sqlite3.connect(tmp_path / "workspaces.sqlite", isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(FeatclassError, match="database is locked"):
            store.create()
        db.close()
        store.create()


# Read anew only where it changed


def test_a_workspace_is_read_anew_only_where_somebody_changed_it(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    first = store.open(token)
    assert store.open(token) is first
    with Workspaces(tmp_path / "data") as of_another_server:
        add(of_another_server, token, set_ids(store, token)[0], "a.png")
        assert names(store.open(token).sets[0].pictures) == ["a.png"]
        of_another_server.remove_workspace(token)
        with pytest.raises(WorkspaceRemoved):
            store.open(token)


def test_a_version_that_was_counted_twice_is_not_taken_for_the_same(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.sqlite"
    file = tmp_path / "data" / "workspaces.sqlite"
    with sqlite3.connect(file) as db, sqlite3.connect(copy) as kept:
        db.backup(kept)
    store.rename(token, "One")
    assert store.open(token).name == "One"
    with sqlite3.connect(file) as db, sqlite3.connect(copy) as kept:
        kept.backup(db)  # put back into the same file
    store.rename(token, "Other")
    assert (store.open(token).name, store.open(token).version) == ("Other", 1)


def test_few_workspaces_are_kept_as_they_were_read(
    store: Workspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "KEPT_PICTURES", 1)
    tokens = [store.create() for _ in range(3)]
    for token in tokens:
        add(store, token, None, "a.png")
    read = [store.open(token) for token in tokens]
    assert store.open(tokens[2]) is read[2]
    assert store.open(tokens[0]) == read[0]
    assert store.open(tokens[0]) is not read[0]
