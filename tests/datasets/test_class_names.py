"""Classes that melt together, vanish, or appear out of nothing."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import pytest

from featclass.base import names
from featclass.base.records import Prediction
from featclass.datasets import read_folder, read_paths
from featclass.reports import sorting
from tests.datasets.made import classes, picture, pictures, reasons, write

on_windows = sys.platform == "win32"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("  two \t words ", "two words"),
        ("bell\x07s", "bells"),
        ("right\u202eleft", "rightleft"),
        ("no\u200bwidth\ufeff", "nowidth"),
        ("x" * 300, "x" * 255),
        ("\x01\x02", "unnamed"),
        ("   ", "unnamed"),
        ("Ba\u0308ren", "Bären"),
        ("<b>*bold*", "<b>*bold*"),
        ("family\U0001f468\u200d\U0001f469", "family\U0001f468\u200d\U0001f469"),
        ("\u200fשלום", "\u200fשלום"),
        ("a\\b", "a\\b"),
    ],
)
def test_class_names_are_cleaned_and_a_set_is_called_the_same(folder: str, name: str) -> None:
    assert read_paths([f"{folder}/1.jpg"]).labels == tuple([name])
    assert names.clean(name) == name
    assert (names.clean(folder) or "unnamed") == name


def test_a_name_that_is_no_text_is_still_a_name() -> None:
    assert read_paths(["ca\udcffts/1.jpg"]).labels == tuple(["ca?ts"])


@pytest.mark.parametrize(
    ("folders", "labels"),
    [
        (("x" * 100 + "a", "x" * 100 + "b"), ("x" * 100 + "a", "x" * 100 + "b")),
        (("x" * 300 + "a", "x" * 300 + "b"), ("x" * 255, "x" * 253 + " 2")),
        (("\udcfe", "\udcff"), ("?", "? 2")),  # Latin-1 on a disk that is UTF-8
        (("a\\b", "a\\c"), ("a\\b", "a\\c")),
        ((".22 LR", "22 LR"), (".22 LR", "22 LR")),
        (("Daisy", "daisy"), ("Daisy", "daisy")),
    ],
)
def test_folders_that_differ_are_different_classes(
    folders: tuple[str, str], labels: tuple[str, str]
) -> None:
    assert read_paths([f"{folder}/1.jpg" for folder in folders]).labels == labels


@pytest.mark.parametrize(
    "twin",
    ["Gänse ", "Gän\u200bse", "\ufeffGänse", unicodedata.normalize("NFD", "Gänse"), "Gänse\u200e"],
)
def test_folders_that_look_the_same_are_one_class_and_it_is_said(twin: str) -> None:
    reading = read_paths(["Gänse/1.jpg", f"{twin}/2.jpg", "Hund/3.jpg"])
    assert reading.labels[0] == reading.labels[1]
    assert reading.labels[2] == "Hund"
    if unicodedata.normalize("NFC", twin) != "Gänse":
        assert "they are one class" in reading.notes[0]


@pytest.mark.parametrize("twin", ["daisy", "DAISY", "Daisy_", "Ｄａｉｓｙ"])
def test_folders_that_hardly_differ_are_two_classes_with_a_hint(twin: str) -> None:
    reading = read_paths(["Daisy/1.jpg", f"{twin}/2.jpg", "rose/3.jpg"])
    assert reading.labels == ("Daisy", twin, "rose")
    [note] = reading.notes
    assert "hardly differ in writing" in note
    assert read_paths(["Daisy/1.jpg", "Daisies/2.jpg"]).notes == ()


@pytest.mark.parametrize(
    "pair", [("0", "00"), ("7", "007"), ("class 1", "Class 01"), ("a1", "a01")]
)
def test_numbers_that_differ_by_leading_zeros_are_two_classes_with_a_hint(
    pair: tuple[str, str],
) -> None:
    reading = read_paths(
        [f"{part}/{name}/1.jpg" for part, name in zip(("train", "test"), pair, strict=True)]
        + ["train/10/1.jpg"]
    )
    assert set(reading.labels) == {*pair, "10"}
    assert "hardly differ in writing" in reading.notes[-1]


@pytest.mark.parametrize("pair", [("1", "10"), ("0.5", "0.05"), ("5.56", "5.056"), ("1,5", "1,05")])
def test_other_zeros_in_numbers_need_no_hint(pair: tuple[str, str]) -> None:
    assert read_paths([f"{name}/1.jpg" for name in pair]).notes == ()


JUNK = [
    ".git/x", ".svn/x", ".ipynb_checkpoints", ".Trash-1000/files", ".Trashes/501",
    ".Spotlight-V100", ".fseventsd", ".thumbnails", ".@__thumb", ".cache/x",
    ".venv/lib", ".dvc", ".snapshots/daily.0",
    ".recycle", ".stfolder", ".dropbox.cache", ".picasaoriginals", "$RECYCLE.BIN/S-1-5-21",
    "RECYCLER/S-1-5-21-1004", "Recycled/S-1-5-18/x",
    "#recycle", "#snapshot", "@eaDir/cat", "@Recycle", "@tmp", "lost+found",
    "System Volume Information", "__MACOSX/cat", "__pycache__", "found.000", "Network Trash Folder",
]  # fmt: skip


@pytest.mark.parametrize("folder", JUNK)
@pytest.mark.parametrize("where", ["", "cat/", "data/"])
def test_what_systems_leave_behind_is_no_class_wherever_it_lies(where: str, folder: str) -> None:
    outer = "data/" if where == "data/" else ""
    paths = [f"{where}{folder}/1.jpg", f"{where}{folder.upper()}/2.jpg"]
    reading = read_paths([f"{outer}cat/1.jpg", f"{outer}dog/1.jpg", *paths])
    assert reading.labels == ("cat", "dog", None, None)


@pytest.mark.parametrize("name", ["Recycled", "recycled", "Recycler", "recycle", "S-1-5"])
def test_what_is_recycled_is_a_class_and_the_bin_of_that_name_is_none(
    name: str, tmp_path: Path
) -> None:
    files = pictures(name, "trash", f"{name}/blue") | {"RECYCLER/S-1-5-21-1004/1.jpg": picture(99)}
    files |= {"RECYCLER/INFO2": b"\5", "RECYCLER/S-1-5-21-1004/INFO2": b"\5"}
    dataset = read_folder(write(tmp_path, files))
    assert classes(dataset) == {name: 6, "trash": 3}
    assert (dataset.rejected, dataset.empty) == ((), ())


def test_a_folder_that_begins_with_a_dot_and_holds_pictures_is_a_class(tmp_path: Path) -> None:
    root = write(tmp_path, pictures(".22 LR", "9mm", "5.56") | {"9mm/.hidden.jpg": picture(99)})
    assert classes(read_folder(root)) == {".22 LR": 3, "9mm": 3, "5.56": 3}


@pytest.mark.skipif(on_windows, reason="Windows divides paths at backslashes")
def test_a_folder_that_begins_with_a_dot_without_pictures_is_passed_over(tmp_path: Path) -> None:
    files = pictures("cat", "dog") | {".tool/settings.json": b"{}", "cat/.tool/a.bin": b"\1"}
    root = write(tmp_path, files)
    (root / ".empty").mkdir()
    dataset = read_folder(root)
    assert classes(dataset) == {"cat": 3, "dog": 3}
    assert (dataset.empty, dataset.notes, dataset.rejected) == ((), (), ())


def test_a_backslash_in_a_folders_name_stays_in_it(tmp_path: Path) -> None:
    root = write(tmp_path, pictures("AC\\DC", "AC\\UK"))
    dataset = read_folder(root)
    assert classes(dataset) == {"AC\\DC": 3, "AC\\UK": 3}
    assert dataset.images[0].name == "AC\\DC/0.jpg"
    assert names.safe_file_name("x/one\\two.jpg") == "one-two.jpg"


def test_classes_alike_in_what_a_folder_can_be_called_are_sorted_into_different_folders() -> None:
    long = ["Ü" * 254 + end for end in "ab"]
    alike = [*long, ".22 LR", "22 LR", "a\\b", "a/b", "Daisy", "daisy"]
    folders = sorting.Folders(alike)
    made = [str(folders.of(Prediction("1.jpg", label, 0.99, {}))) for label in alike]
    assert len({folder.casefold() for folder in made}) == len(alike)
    assert all(len(folder.encode()) < 255 and "/" not in folder for folder in made)


def test_a_class_folder_that_is_empty_or_without_a_usable_picture_is_said(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            **pictures("cat", "dog"),
            "owl/.DS_Store": b"",
            "cow/1.jpg": b"<html>not found</html>",
            "cow/2.jpg": b"",
            "pig/1.NEF": b"II*\0",
            "docs/readme.txt": b"about",
        },
    )
    (root / "yak").mkdir()
    (root / ".git" / "objects").mkdir(parents=True)
    dataset = read_folder(root)
    assert dataset.classes == ("cat", "dog", *(("pig",) if "pig" in dataset.classes else ()))
    assert {"cow", "owl", "yak"} <= set(dataset.empty)
    assert "docs" not in dataset.empty
    assert "cow is a class without pictures: none of the 2 files in its folder can be used." in (
        dataset.notes
    )
    assert "owl is a class without pictures: its folder is empty." in dataset.notes
    assert "docs holds no pictures, so it is no class." in dataset.notes
    assert not any("git" in note for note in dataset.notes)


def test_a_class_is_empty_only_where_no_part_of_a_split_has_pictures_of_it(tmp_path: Path) -> None:
    root = write(tmp_path, pictures("train/cat", "train/dog", "test/cat"))
    for folder in ("test/dog", "train/owl", "test/owl", "val"):
        (root / folder).mkdir()
    assert read_folder(root).empty == ("owl",)


def test_a_class_of_which_every_picture_is_in_another_too_is_said(tmp_path: Path) -> None:
    files = pictures("cat", "dog") | {"owl/1.jpg": picture(0)}
    dataset = read_folder(write(tmp_path, files))
    assert dataset.empty == ("owl",)
    assert "cannot be two classes" in reasons(dataset)["owl/1.jpg"]
