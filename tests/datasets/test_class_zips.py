"""One zip a class in a folder, and what Teachable Machine exports."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from featclass.datasets import found, read, read_folder, read_paths, read_zip
from featclass.errors import DatasetError
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


def test_folders_and_zips_beside_each_other_are_all_classes(tmp_path: Path) -> None:
    root = write(tmp_path, {**pictures("cat", start=50), "dog.zip": packed()})
    assert classes(read_folder(root)) == {"cat": 3, "dog": 3}


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
    assert "a zip of folders (cat and dog)" in reasons(dataset)["download.zip"]


def test_a_zip_of_pictures_that_are_all_in_folders_beside_it_is_no_class(tmp_path: Path) -> None:
    files = pictures("cat", "dog")
    flat = {f"{i}.jpg": data for i, data in enumerate(files.values())}
    dataset = read_folder(write(tmp_path, {**files, "all.zip": zipped(flat).getvalue()}))
    assert classes(dataset) == {"cat": 3, "dog": 3}
    assert reasons(dataset) == {"all.zip": "a zip of pictures that are all beside it too"}
    assert dataset.empty == ()


def test_a_damaged_zip_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    root = write(
        tmp_path, {"cat.zip": packed(), "dog.zip": packed(start=9), "x.zip": b"PK\x03\x04"}
    )
    dataset = read_folder(root)
    assert classes(dataset) == {"cat": 3, "dog": 3}
    assert "a zip of which the end is missing" in reasons(dataset)["x.zip"]


def test_a_zip_among_pictures_is_no_class(tmp_path: Path) -> None:
    root = write(tmp_path, {**pictures("cat", "dog"), "cat/more.zip": packed(start=50)})
    dataset = read_folder(root)
    assert classes(dataset) == {"cat": 3, "dog": 3}
    assert "zip" in reasons(dataset)["cat/more.zip"]


def test_more_zips_than_can_stay_open_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found, "MOST_ZIPS", 2)
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
