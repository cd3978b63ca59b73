"""One zip a class in a folder, and what Teachable Machine exports."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from featclass.base.errors import DatasetError
from featclass.cli.inputs import list_inputs
from featclass.datasets import contents, list_files, read, read_folder, read_paths, read_zip
from tests.datasets.made import classes, labels, picture, pictures, reasons, write, zipped


def packed(folder: str = "", *, start: int = 0, count: int = 3) -> bytes:
    return zipped(pictures(folder, count=count, start=start)).getvalue()


def test_zips_in_a_folder_are_a_class_each(tmp_path: Path) -> None:
    root = write(tmp_path, {"cat.zip": packed(), "dog.ZIP": packed("dog", start=10)})
    dataset = read_folder(root)
    assert classes(dataset) == {"cat": 3, "dog": 3}
    assert "cat.zip/0.jpg" in labels(dataset)
    assert [image.read() for image in dataset.images[:2]] == [picture(0), picture(1)]
    assert dataset.rejected == ()


def test_the_samples_of_teachable_machine_are_called_as_their_classes(tmp_path: Path) -> None:
    files = {
        "Class 1-samples.zip": packed(),
        "Class 2-samples (1).zip": packed(start=10),
        "Ein Hund-samples.zip": packed(start=20),
    }
    assert classes(read_folder(write(tmp_path, files))) == {
        "Class 1": 3,
        "Class 2": 3,
        "Ein Hund": 3,
    }


@pytest.mark.parametrize("name", ["test.zip", "zips/photos.zip", "cats/more.zip"])
def test_a_zip_beside_class_folders_is_left_out_and_named(name: str, tmp_path: Path) -> None:
    folders = pictures("cats", "dogs", start=50)
    dataset = read_folder(write(tmp_path, {**folders, name: packed()}))
    assert classes(dataset) == {"cats": 3, "dogs": 3}
    assert "beside the pictures" in reasons(dataset)[name]
    assert dataset.notes[0] == (
        f"{name} lies beside the pictures and was left out; unpack it into a folder if it is a"
        " class."
    )


def test_a_zip_beside_one_folder_around_the_classes_changes_no_class(tmp_path: Path) -> None:
    dataset = read_folder(
        write(
            tmp_path,
            {**pictures("ds/cat", "ds/dog"), "photos.zip": packed(start=50), "b.zip": packed()},
        )
    )
    assert classes(dataset) == {"cat": 3, "dog": 3}
    assert dataset.notes[0].startswith("b.zip and photos.zip lie beside the pictures and were left")


def test_a_zip_beside_a_split_is_no_reason_to_ask(tmp_path: Path) -> None:
    folders = pictures("train/a", "train/b", "val/a", "val/b")
    root = write(tmp_path, {**folders, "new_photos.zip": packed(start=50)})
    assert classes(read_folder(root)) == {"a": 6, "b": 6}


@pytest.mark.parametrize("folder", ["", "train"])
def test_a_table_labels_the_pictures_though_the_zip_they_came_out_of_lies_there(
    folder: str, tmp_path: Path
) -> None:
    table = b"file,label\n0.jpg,cat\n1.jpg,dog\n2.jpg,cat\n"
    files = {**pictures("train"), "train.zip": packed(folder), "labels.csv": table}
    dataset = read_folder(write(tmp_path, files))
    assert classes(dataset) == {"cat": 2, "dog": 1}
    assert reasons(dataset).keys() == {"train.zip"}


def test_a_table_labels_the_pictures_of_a_zip_that_is_not_unpacked(tmp_path: Path) -> None:
    table = b"file,label\n0.jpg,cat\n1.jpg,dog\n2.jpg,cat\n"
    root = write(tmp_path, {"train.zip": packed(), "labels.csv": table})
    assert classes(read_folder(root)) == {"cat": 2, "dog": 1}


def test_a_picture_that_was_deleted_does_not_come_back_out_of_the_zip(tmp_path: Path) -> None:
    files = {**pictures("cat", "dog"), "cat.zip": packed("cat"), "dog.zip": packed("dog", start=3)}
    del files["cat/0.jpg"]
    assert classes(read_folder(write(tmp_path, files))) == {"cat": 2, "dog": 3}


def test_zips_in_the_parts_of_a_split_are_classes_too(tmp_path: Path) -> None:
    names = ("train/cat.zip", "train/dog.zip", "test/cat.zip", "test/dog.zip")
    root = write(tmp_path, {name: packed(start=10 * i) for i, name in enumerate(names)})
    dataset = read_folder(root)
    assert classes(dataset) == {"cat": 6, "dog": 6}
    assert {image.split for image in dataset.images} == {"train", "test"}


def test_the_zip_that_the_folders_came_out_of_is_no_class(tmp_path: Path) -> None:
    files = pictures("cat", "dog")
    root = write(tmp_path, {**files, "download.zip": zipped(files).getvalue()})
    dataset = read_folder(root)
    assert classes(dataset) == {"cat": 3, "dog": 3}
    assert reasons(dataset).keys() == {"download.zip"}
    assert dataset.empty == ()


def test_a_zip_of_folders_among_zips_of_classes_is_no_class_and_named(tmp_path: Path) -> None:
    both = zipped(pictures("a", "b", start=20)).getvalue()
    root = write(tmp_path, {"cat.zip": packed(), "dog.zip": packed(start=9), "both.zip": both})
    dataset = read_folder(root)
    assert classes(dataset) == {"cat": 3, "dog": 3}
    assert dataset.empty == ()
    assert dataset.notes == (
        "both.zip is a zip of folders (a and b): give it by itself, or unpack it.",
    )


def test_a_zip_of_folders_alone_in_its_folder_is_named_before_other_files(tmp_path: Path) -> None:
    both = zipped(pictures("a", "b")).getvalue()
    root = write(tmp_path, {"README.md": b"words", "dataset.zip": both})
    with pytest.raises(DatasetError, match=r"dataset\.zip, a zip of folders .*: give it by itself"):
        read_folder(root)


@pytest.mark.parametrize("inside", ["cat", "Cat", "images", "cat/images"])
def test_a_folder_in_a_zip_that_says_what_its_name_says_is_not_commented_on(
    inside: str, tmp_path: Path
) -> None:
    files = {"cat-samples.zip": packed(inside), "dog.zip": packed(start=9)}
    dataset = read_folder(write(tmp_path, files))
    assert classes(dataset) == {"cat": 3, "dog": 3}
    assert dataset.notes == ()
    assert f"cat-samples.zip/{inside}/0.jpg" in labels(dataset)


def test_a_folder_in_a_zip_that_says_something_else_is_told(tmp_path: Path) -> None:
    dataset = read_folder(
        write(tmp_path, {"batch 1.zip": packed("cat"), "batch 2.zip": packed("dog", start=9)})
    )
    assert classes(dataset) == {"batch 1": 3, "batch 2": 3}
    assert "What lies deeper (batch 1/cat and batch 2/dog)" in dataset.notes[0]


def test_a_zip_that_cannot_be_read_is_a_class_without_pictures(tmp_path: Path) -> None:
    locked = bytearray(packed("owl", start=20, count=2))
    for mark, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        for place in (m.start() for m in re.finditer(re.escape(mark), bytes(locked))):
            locked[place + at] |= 1
    files = {
        "cat.zip": packed(),
        "dog.zip": packed(start=9),
        "bird.zip": packed(start=30)[:200],
        "owl.zip": bytes(locked),
        "elk.zip": zipped({}).getvalue(),
    }
    dataset = read_folder(write(tmp_path, files))
    assert classes(dataset) == {"cat": 3, "dog": 3}
    assert dataset.empty == ("bird", "elk", "owl")
    assert dataset.notes == (
        "bird is a class without pictures: bird.zip is a zip of which the end is missing; download"
        " or copy it again.",
        "elk is a class without pictures: elk.zip is empty.",
        "owl is a class without pictures: none of the 2 files in owl.zip can be used.",
    )
    assert reasons(dataset)["owl.zip/owl/0.jpg"] == "it is locked with a password"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_named_pipe_that_is_called_a_table_or_a_zip_does_not_hang_the_reader(
    tmp_path: Path,
) -> None:
    table = b"file,label\n0.jpg,cat\n1.jpg,dog\n2.jpg,cat\n"
    flat = write(tmp_path / "flat", {**pictures(""), "labels.csv": table})
    os.mkfifo(flat / "l.csv")
    assert classes(read_folder(flat)) == {"cat": 2, "dog": 1}
    zips = write(tmp_path / "zips", {"cat.zip": packed(), "dog.zip": packed(start=9)})
    os.mkfifo(zips / "z.zip")
    dataset = read_folder(zips)
    assert classes(dataset) == {"cat": 3, "dog": 3}
    assert reasons(dataset) == {"z.zip": "is not a file that holds anything"}


def test_tables_without_end_are_refused_before_they_are_all_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = {f"{i}.csv": b"a,b\nx,y\n" * 10 for i in range(9)}
    root = write(tmp_path, {**pictures(""), **tables})
    with pytest.raises(DatasetError, match="no subfolders"):
        read_folder(root)
    monkeypatch.setattr(contents, "MOST_OF_TABLES", 500)
    with pytest.raises(DatasetError, match="hold more than 0 MB together"):
        read_folder(root)


def given_to_predict(root: Path, *, zip_names: str) -> object:
    return list_inputs([root], zip_names=zip_names)


@pytest.mark.parametrize("reader", [read, list_files, given_to_predict])
def test_a_code_page_that_is_none_is_refused_for_a_folder_too(
    reader: Callable[..., object], tmp_path: Path
) -> None:
    root = write(tmp_path, pictures("cat", "dog"))
    reader(root, zip_names="cp932")
    with pytest.raises(DatasetError, match="no code page 'xyz'"):
        reader(root, zip_names="xyz")


def test_a_damaged_zip_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    root = write(
        tmp_path, {"cat.zip": packed(), "dog.zip": packed(start=9), "x.zip": b"PK\x03\x04"}
    )
    dataset = read_folder(root)
    assert classes(dataset) == {"cat": 3, "dog": 3}
    assert "a zip of which the end is missing" in reasons(dataset)["x.zip"]


def test_a_zip_that_would_unpack_to_more_than_allowed_is_named(tmp_path: Path) -> None:
    root = write(tmp_path, {"cat.zip": packed(), "dog.zip": packed(start=9, count=30)})
    enough_for_cat = sum(len(data) for data in pictures("", count=3).values())
    dataset = read(root, max_unpacked=enough_for_cat)
    assert classes(dataset) == {"cat": 3}
    assert "would unpack to" in reasons(dataset)["dog.zip"]


def test_a_zip_among_pictures_is_no_class(tmp_path: Path) -> None:
    root = write(tmp_path, {**pictures("cat", "dog"), "cat/more.zip": packed(start=50)})
    dataset = read_folder(root)
    assert classes(dataset) == {"cat": 3, "dog": 3}
    assert "zip" in reasons(dataset)["cat/more.zip"]


def test_more_zips_than_can_stay_open_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MOST_ZIPS", 2)
    root = write(tmp_path, {f"{i}.zip": packed(start=10 * i) for i in range(3)})
    with pytest.raises(DatasetError, match="holds 3 zips of pictures, and the limit is 2"):
        read_folder(root)


PROJECT = {
    "manifest.json": b'{"type": "image"}',
    "Class 1-!-0": picture(0),
    "Class 1-!-1": picture(1),
    "Hund/Katze-!-0.jpg": picture(2),
    "a-!-b-!-10.png": picture(3),
}


@pytest.mark.parametrize("name", ["project.tm", "project.zip"])
def test_a_project_of_teachable_machine_keeps_its_classes(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(zipped(PROJECT).getvalue())
    dataset = read(path)
    assert classes(dataset) == {"Class 1": 2, "Hund/Katze": 1, "a-!-b": 1}
    assert dataset.notes == ("This is a project of Teachable Machine: its classes are kept.",)


def test_names_like_those_of_a_project_without_its_manifest_are_only_names() -> None:
    assert read_paths(["cat-!-0.jpg", "dog-!-0.jpg"]).labels == ("", "")
    with_class = read_paths(["manifest.json", "cat/1-!-0.jpg", "dog/1.jpg"])
    assert with_class.labels == ("", "cat", "dog")


def test_a_folder_entry_of_a_zip_that_holds_nothing_is_a_class_without_pictures() -> None:
    archive = io.BytesIO(
        zipped(
            {**pictures("data/cat", "data/dog"), "data/owl/": b"", "data/": b"", "data/cat/": b""}
        ).getvalue()
    )
    dataset = read_zip(archive)
    assert dataset.empty == ("owl",)
    assert dataset.notes == ("owl is a class without pictures: its folder is empty.",)
