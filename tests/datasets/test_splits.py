"""Folders that are parts of a split, or that can be read in two ways."""

from __future__ import annotations

import io
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from featclass import cli
from featclass.base.errors import DatasetError, FoldersAmbiguous
from featclass.base.records import Rejected
from featclass.datasets import read_folder, read_paths, read_zip
from tests.datasets.made import (
    classes,
    labels,
    parts,
    paths,
    picture,
    pictures,
    reasons,
    write,
    zipped,
)


def crossed(*levels: Sequence[str]) -> list[str]:
    """Return a path to a picture in each of the folders in each of the folders ..."""
    return [f"{'/'.join(folders)}/1.jpg" for folders in itertools.product(*levels)]


SPLITS = [
    ("train", "val", "test"),
    ("Training", "Validation", "Testing"),
    ("trn", "dev", "tst"),
    ("train", "valid", "eval"),
    ("seg_train", "seg_val", "seg_test"),
    ("train_images", "val_images", "test_images"),
    ("images_train", "images_val", "images_test"),
    ("train2017", "val2017", "test2017"),
    ("Training Set", "validation-set", "test-data"),
    ("trainset", "valset", "testset"),
    ("flowers-train", "flowers-val", "flowers-test"),
    ("TRAIN", "VAL", "HOLD_OUT"),
    ("训练集", "验证集", "测试集"),
]


@pytest.mark.parametrize("names", SPLITS)
@pytest.mark.parametrize("outer", ["", "data/"])
def test_the_classes_are_the_folders_in_the_parts_of_a_split(
    names: tuple[str, str, str], outer: str
) -> None:
    reading = read_paths([outer + path for path in crossed(names, ("cat", "dog"))])
    assert reading.labels == ("cat", "dog") * 3
    assert reading.splits == ("train",) * 2 + ("val",) * 2 + ("test",) * 2
    assert reading.notes == (
        f"{names[0]}, {names[1]} and {names[2]} are read as parts of a split;"
        " the classes are the folders in them: cat and dog.",
    )


def test_folds_are_parts_of_a_split_by_their_own_names() -> None:
    reading = read_paths(crossed(("fold_0", "fold_1", "Fold 10"), ("cat", "dog")))
    assert set(reading.labels) == {"cat", "dog"}
    assert reading.splits == ("fold_0",) * 2 + ("fold_1",) * 2 + ("Fold 10",) * 2


def test_a_folder_that_only_wraps_the_part_of_a_split_is_no_class() -> None:
    """Intel's scenes, as unpacked."""
    reading = read_paths(
        [
            *crossed(("seg_train",), ("seg_train",), ("sea", "street")),
            *crossed(("seg_test",), ("seg_test",), ("sea", "street")),
            *crossed(("seg_pred",), ("seg_pred",)),
        ]
    )
    assert reading.labels == ("sea", "street", "sea", "street", None)
    assert reading.splits == ("train", "train", "test", "test", None)
    assert [rejected.name for rejected in reading.rejected] == ["seg_pred"]


@pytest.mark.parametrize("door", ["folder", "zip"])
def test_a_flat_test_beside_train_is_set_aside_and_named_once(door: str, tmp_path: Path) -> None:
    files = {**pictures("train/cat", "train/dog"), **pictures("test", count=4, start=50)}
    dataset = (
        read_folder(write(tmp_path, files))
        if door == "folder"
        else read_zip(io.BytesIO(zipped(files).getvalue()))
    )
    assert parts(dataset) == {("cat", "train"): 3, ("dog", "train"): 3}
    [rejected] = dataset.rejected
    assert rejected.name == "test"
    assert "holds 4 pictures in no class folder" in rejected.reason
    assert "featclass predict" in rejected.reason


@pytest.mark.parametrize("name", ["pred", "unlabeled", "single_prediction", "test1"])
def test_pictures_that_are_there_to_be_predicted_are_no_class(name: str) -> None:
    reading = read_paths([*crossed(("train", "val"), ("cat", "dog")), *paths(name)])
    assert set(reading.labels) == {"cat", "dog", None}
    assert [rejected.name for rejected in reading.rejected] == [name]


def test_a_folder_called_train_beside_other_classes_stays_a_class() -> None:
    assert (
        read_paths(paths("bus", "tram", "train")).labels
        == ("bus",) * 2 + ("tram",) * 2 + ("train",) * 2
    )
    reading = read_paths(paths("valid", "invalid"))
    assert set(reading.labels) == {"valid", "invalid"}
    assert reading.splits == (None,) * 4


@pytest.mark.parametrize(
    "names", [("bus_train", "tram_test"), ("train", "dog"), ("folder", "fold")]
)
def test_names_with_such_a_word_in_them_need_not_be_parts_of_a_split(
    names: tuple[str, str],
) -> None:
    reading = read_paths(paths(*names))
    assert set(reading.labels) == set(names)
    assert reading.splits == (None,) * 4


def test_the_folder_of_the_pictures_inside_a_part_is_no_class() -> None:
    reading = read_paths(crossed(("train", "val"), ("images",), ("cat", "dog")))
    assert reading.labels == ("cat", "dog") * 2
    # As it lies beside labels/ for a detector: no class folders at all.
    with pytest.raises(DatasetError, match="train and val look like parts"):
        read_paths(crossed(("train", "val"), ("images",)))


def test_the_parts_of_a_split_may_lie_inside_each_class() -> None:
    reading = read_paths(crossed(("cat", "dog"), ("train", "test")))
    assert reading.labels == ("cat", "cat", "dog", "dog")
    assert reading.splits == ("train", "test") * 2
    assert reading.notes == (
        "train and test inside the class folders are read as parts of a split.",
    )


def test_flat_parts_of_a_split_without_a_table_are_an_error_that_says_what_to_do() -> None:
    sentence = r"^train and test look like parts of a split"
    with pytest.raises(FoldersAmbiguous, match=sentence) as error:
        read_paths(paths("train", "test"))
    assert error.value.choices == {1: ("train", "test")}
    assert "one folder per class" in str(error.value)
    assert "--classes-at 1" in str(error.value)
    assert set(read_paths(paths("train", "test"), classes_at=1).labels) == {"train", "test"}


@pytest.mark.parametrize(
    ("folders", "choices"),
    [
        (crossed(("alice", "bob"), ("ok", "nok")), {1: ("alice", "bob"), 2: ("nok", "ok")}),
        (
            crossed(("2021-05", "2022-05"), ("Cat", "dog")) + crossed(("2023-05",), ("cat",)),
            {1: ("2021-05", "2022-05", "2023-05"), 2: ("cat", "dog")},
        ),
        (
            crossed(("data",), ("alice", "bob"), ("ok", "nok")),
            {2: ("alice", "bob"), 3: ("nok", "ok")},
        ),
        (
            crossed(("train", "test"), ("alice", "bob"), ("ok", "nok")),
            {2: ("alice", "bob"), 3: ("nok", "ok")},
        ),
        (
            [*crossed(("train", "test"), ("cat", "dog")), *paths("extra")],
            {1: ("extra", "test", "train"), 2: ("cat", "dog")},
        ),
        (
            [*crossed(("alice",), ("ok",)), *crossed(("bob",), ("ok", "nok"))],
            {1: ("alice", "bob"), 2: ("nok", "ok")},
        ),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked(
    folders: Sequence[str], choices: dict[int, tuple[str, ...]]
) -> None:
    with pytest.raises(FoldersAmbiguous) as asked:
        read_paths(folders)
    assert {
        depth: tuple(map(str.lower, names)) for depth, names in asked.value.choices.items()
    } == {depth: tuple(names) for depth, names in choices.items()}
    for depth, names in choices.items():
        assert f"--classes-at {depth} for" in str(asked.value)
        assert f"classes_at={depth}" in str(asked.value)
        found = {str(label).lower() for label in read_paths(folders, classes_at=depth).labels}
        assert found - {""} == set(names)


def test_what_was_asked_can_be_told_to_a_folder_and_a_zip(tmp_path: Path) -> None:
    files = pictures("alice/ok", "alice/nok", "bob/ok", "bob/nok")
    root, archive = write(tmp_path, files), zipped(files)
    with pytest.raises(FoldersAmbiguous):
        read_folder(root)
    with pytest.raises(FoldersAmbiguous):
        read_zip(archive)
    assert classes(read_folder(root, classes_at=1)) == {"alice": 6, "bob": 6}
    assert classes(read_folder(root, 2)) == {"ok": 6, "nok": 6}
    assert classes(read_zip(archive, 2)) == {"ok": 6, "nok": 6}


def test_the_command_line_asks_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path, pictures("alice/ok", "alice/nok", "bob/ok", "bob/nok"))
    monkeypatch.setattr(sys, "argv", ["featclass", "evaluate", str(root)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    sentence = " ".join(capsys.readouterr().err.split())
    assert sentence.startswith("These folders can be read in two ways: alice and bob hold folders")
    assert "--classes-at 1 for alice and bob or --classes-at 2 for nok and ok" in sentence


def test_strays_beside_the_photographers_folders_do_not_hide_that_there_are_two_readings() -> None:
    many = [f"{who}/{what}/{i}.jpg" for who in "ab" for what in ("ok", "nok") for i in range(20)]
    with pytest.raises(FoldersAmbiguous):
        read_paths([*many, "a/1.jpg"])
    # Where many lie in the folders themselves, these are the classes.
    reading = read_paths([*many, *(f"{who}/{i}.jpg" for who in "ab" for i in range(20))])
    assert set(reading.labels) == {"a", "b"}


@pytest.mark.parametrize(
    "folders",
    [
        crossed(("mammals",), ("cat", "dog")) + crossed(("birds",), ("eagle",)),
        crossed(("mammals",), ("cat", "other")) + crossed(("birds",), ("eagle", "owl", "other")),
    ],
)
def test_deeper_folders_belong_to_the_class_above_them_and_it_is_said(
    folders: Sequence[str],
) -> None:
    reading = read_paths(folders)
    assert set(reading.labels) == {"mammals", "birds"}
    [note] = reading.notes
    assert "birds/eagle" in note
    assert reading.deeper_at == 2


def test_how_to_make_the_deeper_folders_the_classes_is_told_of_a_folder_and_not_on_the_page(
    tmp_path: Path,
) -> None:
    folders = crossed(("mammals",), ("cat", "dog")) + crossed(("birds",), ("eagle",))
    write(tmp_path, {path: picture(n) for n, path in enumerate(folders)})
    assert "--classes-at 2" in " ".join(read_folder(tmp_path).notes)
    assert "--" not in " ".join(read_paths(folders).notes)


@pytest.mark.parametrize("name", ["images", "img", "photos"])
def test_a_folder_in_each_class_that_says_nothing_is_no_matter(name: str) -> None:
    reading = read_paths(crossed(("cat", "dog"), (name,)))
    assert set(reading.labels) == {"cat", "dog"}
    assert reading.notes == ()


def test_a_depth_counts_from_the_folder_that_was_given() -> None:
    folders = [*crossed(("outer",), ("train", "test"), ("cat", "dog"), ("old",)), "outer/x.jpg"]
    at_two = read_paths(folders, classes_at=2)
    assert set(at_two.labels) == {"train", "test", ""}
    at_three = read_paths(folders, classes_at=3)
    assert at_three.labels == ("cat", "dog", "cat", "dog", "")
    assert at_three.splits == ("train", "train", "test", "test", None)
    assert set(read_paths(folders, classes_at=4).labels) == {"old", ""}


def test_a_depth_without_folders_is_an_error_that_says_how_deep_they_go(tmp_path: Path) -> None:
    root = write(tmp_path, pictures("mammals/cat", "birds/owl"))
    with pytest.raises(DatasetError, match=r"no folder with pictures at depth 3: .* at depth 2"):
        read_folder(root, 3)
    with pytest.raises(DatasetError, match="the pictures lie in no folder"):
        read_paths(["1.jpg"], classes_at=1)


def test_a_picture_in_two_parts_of_a_split_is_kept_once_and_it_is_said(tmp_path: Path) -> None:
    files = pictures("train/cat", "train/dog", "test/cat", "test/dog")
    files["test/cat/copy.jpg"] = files["train/cat/1.jpg"]
    files["test/cat/again.jpg"] = files["test/cat/2.jpg"]
    found = reasons(read_folder(write(tmp_path, files)))
    assert found["train/cat/1.jpg"].endswith("which is in another part of the split")
    assert found["test/cat/again.jpg"] == "the same picture as test/cat/2.jpg"


def test_a_stray_picture_beside_the_folder_that_holds_the_classes_is_no_class(
    tmp_path: Path,
) -> None:
    files = pictures("data/cat", "data/dog", count=10) | {"preview.jpg": picture(99)}
    dataset = read_folder(write(tmp_path, files))
    assert classes(dataset) == {"cat": 10, "dog": 10}
    assert dataset.rejected == (Rejected("preview.jpg", "lies outside the class folders"),)


def test_paths_of_any_depth_are_read_in_bounded_time_and_memory() -> None:
    deep = "/".join("a" * 20_000)
    reading = read_paths([f"{deep}{i}/1.jpg" for i in range(20)])
    assert len(set(reading.labels)) == 1


def test_an_ordinary_folder_is_read_as_before_and_needs_no_words(tmp_path: Path) -> None:
    dataset = read_folder(write(tmp_path, pictures("cat", "dog")))
    assert set(labels(dataset).values()) == {"cat", "dog"}
    assert (dataset.notes, dataset.empty, dataset.rejected) == ((), (), ())
    assert {image.split for image in dataset.images} == {None}
