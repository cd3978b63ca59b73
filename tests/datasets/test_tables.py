"""Labels in a table beside pictures that lie in no class folders."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from featclass.base.errors import DatasetError
from featclass.datasets import read_folder, read_paths, read_zip
from tests.datasets.made import classes, labels, pictures, reasons, write, zipped

FOUR = [f"{i}.jpg" for i in range(4)]
CATS_AND_DOGS = ("cat", "dog", "cat", "dog")


def read(
    table: bytes, files: list[str] | None = None, name: str = "labels.csv"
) -> tuple[object, ...]:
    """Return the labels of four pictures beside a table."""
    files = FOUR if files is None else files
    return read_paths([*files, name], tables={name: table}).labels[: len(files)]


@pytest.mark.parametrize("door", ["folder", "zip"])
@pytest.mark.parametrize("where", ["", "images/"])
def test_a_table_beside_the_pictures_gives_the_labels(
    door: str, where: str, tmp_path: Path
) -> None:
    files = pictures(where.rstrip("/"), count=4)
    files["labels.csv"] = b"file,label\n0.jpg,cat\n1.jpg,dog\n2.jpg,cat\n3.jpg,dog\n"
    dataset = (
        read_folder(write(tmp_path, files))
        if door == "folder"
        else read_zip(io.BytesIO(zipped(files).getvalue()))
    )
    assert list(labels(dataset).values()) == ["cat", "dog", "cat", "dog"]
    assert dataset.rejected == ()
    assert dataset.notes == ("The classes are read from the column label of labels.csv.",)


@pytest.mark.parametrize(
    "table",
    [
        b"0.jpg,cat\n1.jpg,dog\n2.jpg,cat\n3.jpg,dog\n",  # no header
        b"id,breed\n0,cat\n1,dog\n2,cat\n3,dog\n",  # Kaggle's: no ending
        b"file;Klasse\r\n0.jpg;cat\r\n1.jpg;dog\r\n2.jpg;cat\r\n3.jpg;dog\r\n",
        b"image\tspecies\n0.jpg\tcat\n1.jpg\tdog\n2.jpg\tcat\n3.jpg\tdog\n",
        b"\xef\xbb\xbffile,class\n0.jpg,cat\n1.jpg,dog\n2.jpg,cat\n3.jpg,dog\n",
        "file\tclass\n0.jpg\tcat\n1.jpg\tdog\n2.jpg\tcat\n3.jpg\tdog\n".encode("utf-16"),
        b"sep=;\nfile;class\n0.jpg;cat\n1.jpg;dog\n2.jpg;cat\n3.jpg;dog\n",
        b"path,label\npics\\0.JPG,cat\nC:\\my pics\\1.jpg,dog\n./2.jpg,cat\n/a/b/3.Jpg,dog\n",
        b"label,file\ncat,0.jpg\ndog,1.jpg\ncat,2.jpg\ndog,3.jpg\n",
        b",file,width,label\n0,0.jpg,640,cat\n1,1.jpg,640,dog\n2,2.jpg,640,cat\n3,3.jpg,333,dog\n",
        b"name,label,class\n0.jpg,0,cat\n1.jpg,1,dog\n2.jpg,0,cat\n3.jpg,1,dog\n",
        b"9.jpg,dog\n0.jpg,cat\n1.jpg,dog\n2.jpg,cat\n3.jpg,dog\n",  # the first has no picture
        b"file,who\n0.jpg,cat\n1.jpg,dog\n2.jpg,cat\n3.jpg,dog\n",  # the only one it can be
        b"file,class_id,class_name\n0.jpg,0,cat\n1.jpg,1,dog\n2.jpg,0,cat\n3.jpg,1,dog\n",
        b"filename, cat, dog\n0.jpg, 1, 0\n1.jpg, 0, 1\n2.jpg, 1, 0\n3.jpg, 0, 1\n",  # Roboflow's
        b'file,label\n"0.jpg"," cat "\n1.jpg,dog\n2.jpg,cat\n3.jpg,dog\n\n',
    ],
)
def test_tables_are_read_as_people_and_programs_write_them(table: bytes) -> None:
    assert read(table) == CATS_AND_DOGS


def test_a_table_in_the_code_page_of_western_europe_is_read_too() -> None:
    table = "file;Art\n0.jpg;Gänse\n1.jpg;Bären\n2.jpg;Gänse\n3.jpg;Bären\n"
    assert read(table.encode("cp1252")) == ("Gänse", "Bären", "Gänse", "Bären")
    assert read(table.encode()) == ("Gänse", "Bären", "Gänse", "Bären")


def test_a_table_for_each_part_of_a_split_is_about_the_pictures_of_that_part() -> None:
    """Roboflow's export: the same file names in both parts, of other classes."""
    table = b"filename, cat, dog\n0.jpg, %d, %d\n1.jpg, %d, %d\n"
    reading = read_paths(
        [f"{part}/{i}" for part in ("train", "valid") for i in ("0.jpg", "1.jpg", "_classes.csv")],
        tables={
            "train/_classes.csv": table % (1, 0, 0, 1),
            "valid/_classes.csv": table % (0, 1, 1, 0),
        },
    )
    assert reading.labels == ("cat", "dog", None, "dog", "cat", None)
    assert reading.splits == ("train", "train", None, "val", "val", None)


def test_train_csv_is_about_the_pictures_in_train_and_the_flat_test_is_set_aside() -> None:
    """Kaggle: test/ has the same file names, and no labels."""
    reading = read_paths(
        [f"{part}/{i}.jpg" for part in ("train", "test") for i in range(2)]
        + ["train.csv", "sample_submission.csv"],
        tables={
            "train.csv": b"id,label\n0,cat\n1,dog\n",
            "sample_submission.csv": b"id,label\n0,cat\n1,cat\n",
        },
    )
    assert reading.labels == ("cat", "dog", None, None, None, None)
    [rejected] = reading.rejected
    assert (rejected.name, "2 pictures" in rejected.reason) == ("test", True)


def test_tables_for_train_and_test_over_one_folder_are_a_split() -> None:
    reading = read_paths(
        [*(f"images/{name}" for name in FOUR), "train.csv", "test.csv"],
        tables={
            "train.csv": b"file,label\n0.jpg,cat\n1.jpg,dog\n",
            "test.csv": b"file,label\n2.jpg,cat\n3.jpg,dog\n",
        },
    )
    assert reading.labels == (*CATS_AND_DOGS, None, None)
    assert reading.splits[:4] == ("train", "train", "test", "test")


def test_a_column_may_say_which_part_of_a_split_a_picture_belongs_to() -> None:
    table = (
        b"file,label,split\n0.jpg,cat,train\n1.jpg,dog,Training\n2.jpg,cat,test\n3.jpg,dog,test\n"
    )
    reading = read_paths([*FOUR, "labels.csv"], tables={"labels.csv": table})
    assert reading.labels[:4] == CATS_AND_DOGS
    assert reading.splits[:4] == ("train", "train", "test", "test")


def test_a_download_in_pieces_is_no_two_classes_where_a_table_says_more() -> None:
    files = [f"skin_images_part_{1 + i // 2}/{name}" for i, name in enumerate(FOUR)]
    table = b"lesion,image_id,dx,age\na,0,nv,50\nb,1,mel,61\nc,2,nv,50\nd,3,mel,61\n"
    assert read(table, files) == ("nv", "mel", "nv", "mel")
    # Where it says the same as the folders do, they are the classes; without it they are too.
    assert set(read_paths(files).labels) == {"skin_images_part_1", "skin_images_part_2"}


def test_class_folders_come_before_any_table() -> None:
    table = b"file,photographer\n0.jpg,al\n1.jpg,bo\n"
    assert read(table, ["cat/0.jpg", "dog/1.jpg"]) == ("cat", "dog")


def test_a_row_without_its_picture_and_a_picture_without_its_row_are_named(tmp_path: Path) -> None:
    files = pictures("", count=4)
    files["labels.csv"] = b"file,label\n0.jpg,cat\n1.jpg,dog\n2.jpg,cat\n9.jpg,dog\n8.jpg,dog\n"
    dataset = read_folder(write(tmp_path, files))
    assert classes(dataset) == {"cat": 2, "dog": 1}
    found = reasons(dataset)
    assert found.pop("3.jpg") == "has no row in the table of the classes"
    assert set(found.values()) == {"is named in labels.csv, but there is no such picture"}
    assert set(found) == {"8.jpg", "9.jpg"}
    assert "Rows without a picture: 9.jpg and 8.jpg." in dataset.notes
    assert "Pictures without a row in the table: 3.jpg." in dataset.notes


def test_the_first_row_of_a_table_without_a_header_is_named_where_its_picture_is_missing() -> None:
    table = b"9.jpg,dog\n0.jpg,cat\n1.jpg,dog\n2.jpg,cat\n3.jpg,dog\n"
    reading = read_paths([*FOUR, "labels.csv"], tables={"labels.csv": table})
    assert reading.labels[:4] == CATS_AND_DOGS
    assert [rejected.name for rejected in reading.rejected] == ["9.jpg"]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (
            b"f,cat,dog\n0.jpg,1,0\n1.jpg,0,1\n2.jpg,1,0\n3.jpg,1,1\n",
            "has several classes in labels.csv: cat and dog",
        ),
        (b"f,cat,dog\n0.jpg,1,0\n1.jpg,0,1\n2.jpg,1,0\n3.jpg,0,0\n", "has no class in labels.csv"),
        (b"f,label\n0.jpg,cat\n1.jpg,dog\n2.jpg,cat\n3.jpg,\n", "has no class in labels.csv"),
        (
            b"f,label\n0.jpg,cat\n1.jpg,dog\n2.jpg,cat\n3.jpg,dog\n3.jpg,cat\n",
            "has several classes in labels.csv: cat and dog",
        ),
    ],
)
def test_a_picture_of_no_class_or_several_is_named(table: bytes, reason: str) -> None:
    reading = read_paths([*FOUR, "labels.csv"], tables={"labels.csv": table})
    assert reading.labels == ("cat", "dog", "cat", None, None)
    assert [(each.name, each.reason) for each in reading.rejected] == [("3.jpg", reason)]


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        (
            {"m.csv": b"f,who,weather\n0.jpg,al,sun\n1.jpg,al,fog\n2.jpg,bo,sun\n3.jpg,bo,fog\n"},
            "several columns that may be the classes: who and weather",
        ),
        (
            {"m.csv": b"f,label,class\n0.jpg,al,sun\n1.jpg,al,fog\n2.jpg,bo,sun\n3.jpg,bo,fog\n"},
            "several columns that may be the classes: label and class",
        ),
        (
            {
                "a.csv": b"file,label\n0.jpg,cat\n1.jpg,dog\n2.jpg,cat\n3.jpg,dog\n",
                "b.csv": b"file,label\n0.jpg,cat\n1.jpg,cat\n2.jpg,cat\n3.jpg,dog\n",
            },
            r"a\.csv and b\.csv contradict each other: 1\.jpg is dog in one and cat in the other",
        ),
        (
            {"m.csv": b"f,male,smiling\n0.jpg,1,1\n1.jpg,1,1\n2.jpg,1,1\n3.jpg,0,1\n"},
            "marks no class or several in most of its rows",
        ),
    ],
)
def test_what_a_table_leaves_open_is_an_error_that_names_it(
    tables: Mapping[str, bytes], sentence: str
) -> None:
    with pytest.raises(DatasetError, match=sentence):
        read_paths([*FOUR, *tables], tables=tables)


def test_a_name_in_the_table_that_two_pictures_have_is_not_guessed() -> None:
    files = ["train/0.jpg", "train/1.jpg", "test/0.jpg", "test/1.jpg"]
    with pytest.raises(DatasetError, match=r"names 0\.jpg, which may be train/0\.jpg and test/0"):
        read(b"file,label\n0.jpg,cat\n1.jpg,dog\n", files)
    table = b"file,label\ntrain/0.jpg,cat\ntrain/1.jpg,dog\ntest/0.jpg,dog\ntest/1.jpg,cat\n"
    assert read(table, files) == ("cat", "dog", "dog", "cat")


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (
            b"file,width\n0.jpg,101\n1.jpg,202\n2.jpg,344\n3.jpg,43\n",
            "no column of it can be classes",
        ),
        (
            b"file,age\n0.jpg,1.5\n1.jpg,2.5\n2.jpg,3.5\n3.jpg,4.5\n",
            "no column of it can be classes",
        ),
        (
            b"file,text\n0.jpg,a dog\n1.jpg,a cat\n2.jpg,an owl\n3.jpg,a cow\n",
            "no column of it can be",
        ),
        (b"name,label\nx.jpg,cat\ny.jpg,dog\n", "no column of it names the pictures"),
        (b"0.jpg\n1.jpg\n", "less than two columns"),
        (b"\x00\x01\x02\xff", "less than two columns"),
        (b"", "less than two columns"),
    ],
)
def test_a_table_that_holds_no_labels_gives_none_and_it_is_said(table: bytes, why: str) -> None:
    reading = read_paths([*FOUR, "x.csv"], tables={"x.csv": table})
    assert set(reading.labels) == {""}
    [note] = reading.notes
    assert why in note


def test_the_error_without_class_folders_says_what_is_wrong_with_the_table(tmp_path: Path) -> None:
    root = write(tmp_path, {**pictures(""), "x.csv": b"name,label\nx.jpg,cat\ny.jpg,dog\n"})
    with pytest.raises(DatasetError, match=r"x\.csv is no table of labels: no column of it names"):
        read_folder(root)


def test_a_table_larger_than_labels_ever_are_is_refused_by_name() -> None:
    with pytest.raises(DatasetError, match=r"^labels\.csv is larger than 16 MB"):
        read(b"file,label\n" + b"0.jpg,cat\n" * 1_700_000)


def test_labels_that_differ_only_by_what_cannot_be_seen_are_one_class() -> None:
    table = "f,label\n0.jpg,cat\n1.jpg,ca\u200bt\n2.jpg,dog\n3.jpg,dog\n"
    assert read(table.encode()) == ("cat", "cat", "dog", "dog")
