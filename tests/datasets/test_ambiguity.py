"""Splits beside other folders, and class names below folders that say nothing: it is asked."""

from __future__ import annotations

import pytest

from featclass.datasets import read_paths
from featclass.errors import FoldersAmbiguous
from tests.datasets.made import paths

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
    reading = read_paths(paths("train/a", "train/b", "val/a", "figures"), classes_at=2)
    assert reading.splits == ("train",) * 4 + ("val",) * 2 + (None,) * 2


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
