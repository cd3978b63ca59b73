"""Folders beside and around a split or the classes: asked about, or the same dataset once more."""

from __future__ import annotations

from pathlib import Path

import pytest

from featclass.base.errors import FoldersAmbiguous
from featclass.datasets import read_folder, read_paths
from tests.datasets.made import classes, parts, paths, pictures, reasons, write

Choices = dict[int, tuple[str, ...]]


def asked(folders: str) -> FoldersAmbiguous:
    """Return what is asked of folders, of which each choice then leads to those classes."""
    files = paths(*folders.split())
    with pytest.raises(FoldersAmbiguous) as error:
        read_paths(files)
    for depth, names in error.value.choices.items():
        labels = read_paths(files, classes_at=depth).labels
        assert {label for label in labels if label} == set(names)
        assert f"--classes-at {depth} for" in str(error.value)
    return error.value


@pytest.mark.parametrize(
    ("folders", "choices"),
    [
        ("Train/0 Train/1 Test Meta", {1: ("Meta", "Test", "Train"), 2: ("0", "1")}),
        ("train/a train/b test docs", {1: ("docs", "test", "train"), 2: ("a", "b")}),
        ("train/a train/b val/a figures", {1: ("figures", "train", "val"), 2: ("a", "b")}),
        ("train/a train/b pred docs", {1: ("docs", "pred", "train"), 2: ("a", "b")}),
        ("labeled/a labeled/b unlabeled", {1: ("labeled", "unlabeled"), 2: ("a", "b")}),
        (
            "train/images/a train/images/b test/images docs",
            {1: ("docs", "test", "train"), 3: ("a", "b")},
        ),
    ],
)
def test_a_split_with_another_folder_beside_it_is_asked_about(
    folders: str, choices: Choices
) -> None:
    assert asked(folders).choices == choices


def test_the_question_about_a_split_names_its_parts_and_what_lies_beside_them() -> None:
    assert "ds/val look like parts of a split, and figs beside them does not" in str(
        asked("ds/train/a ds/train/b ds/val/a figs")
    )
    sentence = str(asked("train/a train/b val/a docs figs"))
    assert (
        "train and val look like parts of a split, and docs and figs beside them do not" in sentence
    )


def test_where_the_depth_of_a_split_was_told_its_parts_are_still_known() -> None:
    reading = read_paths(paths("train/a", "train/b", "val/a", "figures/x"), classes_at=2)
    assert reading.splits == ("train",) * 4 + ("val",) * 2 + (None,) * 2
    inside = paths("color/train/a", "color/test/b", "gray/train/a", "gray/test/b")
    assert read_paths(inside, classes_at=1).splits == ("train", "train", "test", "test") * 2


@pytest.mark.parametrize(
    "folders",
    [
        "train bus tram",
        "train/a train/b bus tram",
        "labeled unlabeled",
        "train test docs",
        "train_station/a train_station/b test_track",
    ],
)
def test_classes_called_as_a_part_of_a_split_are_not_asked_about(folders: str) -> None:
    tops = {folder.split("/")[0] for folder in folders.split()}
    assert set(read_paths(paths(*folders.split())).labels) == tops


@pytest.mark.parametrize(
    ("folders", "choices"),
    [
        ("ds/train/a ds/train/b ds/val/a ds/val/b figs", {1: ("ds", "figs"), 3: ("a", "b")}),
        ("ds/train/a ds/train/b ds/val/a figs/x", {1: ("ds", "figs"), 3: ("a", "b")}),
        (
            "X/X/train/a X/X/train/b X/X/valid/a X/X/valid/b test/test",
            {1: ("X", "test"), 4: ("a", "b")},
        ),
        (
            "color/train/a color/train/b color/test/a gray/train/a gray/train/b gray/test/b",
            {1: ("color", "gray"), 3: ("a", "b")},
        ),
    ],
)
def test_a_split_of_class_folders_inside_one_of_the_folders_is_asked_about(
    folders: str, choices: Choices
) -> None:
    assert asked(folders).choices == choices


def test_parts_inside_the_classes_are_parts_where_most_classes_have_them() -> None:
    reading = read_paths(paths("cat/train", "cat/test/images", "dog/train", "dog/test", "owl"))
    assert reading.splits == (*("train", "train", "test", "test") * 2, None, None)
    runs = read_paths(paths("cat", "dog", "runs/train", "runs/val"))
    assert set(runs.splits) == {None}
    assert "runs/train and runs/val" in runs.notes[0]


@pytest.mark.parametrize(
    ("folders", "choices"),
    [
        (
            "amazon/images/bike amazon/images/mug dslr/images/bike dslr/images/mug",
            {1: ("amazon", "dslr"), 3: ("bike", "mug")},
        ),
        (
            "anna/photos/cat anna/photos/dog ben/pictures/cat ben/pictures/dog",
            {1: ("anna", "ben"), 3: ("cat", "dog")},
        ),
        (
            "anna/export/cat anna/export/dog ben/export/cat ben/export/dog",
            {1: ("anna", "ben"), 3: ("cat", "dog")},
        ),
        (
            "mammals/cat/old mammals/cat/young birds/owl/old birds/owl/young",
            {1: ("birds", "mammals"), 2: ("cat", "owl"), 3: ("old", "young")},
        ),
    ],
)
def test_a_folder_around_the_same_names_does_not_hide_the_question(
    folders: str, choices: Choices
) -> None:
    assert asked(folders).choices == choices


def test_folders_that_say_nothing_below_the_classes_are_not_asked_about() -> None:
    reading = read_paths(paths("cat/images", "dog/images"))
    assert set(reading.labels) == {"cat", "dog"}
    assert (reading.notes, reading.deeper_at) == ((), None)


def test_different_folders_below_one_that_says_nothing_are_said() -> None:
    reading = read_paths(paths("cat/images/lynx", "cat/images/puma", "dog/images/husky"))
    assert set(reading.labels) == {"cat", "dog"}
    assert "cat/images/lynx, cat/images/puma and dog/images/husky" in reading.notes[0]
    assert reading.deeper_at == 3
    # At depth 3, the owls would be in no class.
    assert read_paths(paths("mammals/cats/lynx", "mammals/cats/puma", "birds/owl")).deeper_at == 2


@pytest.mark.parametrize(
    ("folders", "copy"),
    [
        ("cells/sick cells/well cells/cells/sick cells/cells/well", "cells/cells"),
        ("sick well scans/sick scans/well", "scans"),
        ("sick well scans/scans/sick scans/scans/well", "scans/scans"),
        ("sick well x/scans/sick x/scans/well", "x/scans"),
        ("sick well ill dead scans/sick scans/well scans/new", "scans"),
    ],
)
def test_a_dataset_that_lies_in_itself_once_more_is_read_twice_and_it_is_said(
    folders: str, copy: str
) -> None:
    reading = read_paths(paths(*folders.split()))
    assert reading.labels == tuple(path.split("/")[-2] for path in paths(*folders.split()))
    [note] = reading.notes
    assert note.startswith(f"{copy} holds the same folders again: both are read")


def test_a_dataset_that_lies_in_itself_twice_is_read_three_times() -> None:
    folders = paths("x/a", "x/b", "x/x/a", "x/x/b", "x/x/x/a", "x/x/x/b")
    reading = read_paths(folders)
    assert reading.labels == ("a", "a", "b", "b") * 3
    assert reading.notes[0].startswith("x/x and x/x/x hold the same folders again: all are read")


def test_the_copies_of_a_dataset_in_itself_are_ordinary_copies(tmp_path: Path) -> None:
    files = pictures("x/train/a", "x/train/b", "x/test/a", "x/test/b", "x/test/c")
    copy = {f"x/{name}": data for name, data in files.items() if "/c/" not in name}
    more = pictures("x/x/train/c", start=100)
    dataset = read_folder(write(tmp_path, files | copy | more))
    assert parts(dataset) == {
        **{(label, part): 3 for label in "ab" for part in ("train", "test")},
        **{("c", part): 3 for part in ("train", "test")},
    }
    assert reasons(dataset)["x/x/train/a/0.jpg"] == "the same picture as x/train/a/0.jpg"
    assert len(dataset.rejected) == len(copy)


def test_of_a_dataset_in_itself_the_flat_test_is_set_aside_twice(tmp_path: Path) -> None:
    once = ("train/a", "train/b", "test")
    files = pictures(*once, *(f"again/{folder}" for folder in once))
    dataset = read_folder(write(tmp_path, files))
    assert classes(dataset) == {"a": 6, "b": 6}
    assert [item.name for item in dataset.rejected] == ["again/test", "test"]
    assert "holds 3 pictures" in dataset.rejected[0].reason


@pytest.mark.parametrize(
    ("folders", "tops"),
    [
        ("cat dog other/lynx other/fox", {"cat", "dog", "other"}),
        ("cat dog old/cat", {"cat", "dog", "old"}),
        ("cat dog x/cat x/dog x/fox x/owl", {"cat", "dog", "x"}),
    ],
)
def test_a_class_that_merely_holds_folders_is_no_copy_of_the_dataset(
    folders: str, tops: set[str]
) -> None:
    assert set(read_paths(paths(*folders.split())).labels) == tops


def test_where_every_folder_holds_the_names_of_all_none_is_a_copy() -> None:
    pairs = [f"{a}/{b}" for a in ("cat", "dog", "owl") for b in ("cat", "dog", "owl")]
    assert asked(" ".join(pairs)).choices[1] == ("cat", "dog", "owl")
    beside = asked("cat dog train/cat train/dog val/cat val/dog")
    assert beside.choices == {1: ("cat", "dog", "train", "val"), 2: ("cat", "dog")}


@pytest.mark.parametrize(
    "folders",
    [
        "cats_test cats_train dogs_test dogs_train",
        "train_cats test_cats train_dogs test_dogs",
        "trainA trainB testA testB",
        "cats_fold1 cats_fold2 dogs_fold1 dogs_fold2 birds",
    ],
)
def test_classes_and_parts_of_a_split_in_one_name_stay_classes_with_a_hint(folders: str) -> None:
    reading = read_paths(paths(*folders.split()))
    assert set(reading.labels) == {*folders.split()}
    [note] = reading.notes
    assert "look like a part of a split and a class in one name" in note
    assert all(name in note for name in folders.split()[:4])
    assert "birds" not in note


@pytest.mark.parametrize(
    "folders",
    [
        "cats_train cats_test birds",
        "cats_train dogs_test",
        "train_station test_track",
        "cats_train cats_test dogs_train",
        "train bus tram",
        "Test_passed Test_failed",
    ],
)
def test_a_part_of_a_split_in_some_names_needs_no_hint(folders: str) -> None:
    reading = read_paths(paths(*folders.split()))
    assert (set(reading.labels), reading.notes) == ({*folders.split()}, ())


def test_flat_parts_that_lie_there_twice_are_named_once() -> None:
    with pytest.raises(FoldersAmbiguous, match=r"^train and test look like parts") as error:
        read_paths(paths("train", "test", "again/train", "again/test"))
    assert error.value.choices == {1: ("train", "test")}
