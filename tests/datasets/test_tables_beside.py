"""Tables beside pictures that are about them, and say something else than the classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from featclass.base.errors import DatasetError
from featclass.base.records import Prediction
from featclass.datasets import Reading, read_folder, read_paths
from featclass.datasets.folders.tree import FilePath
from featclass.datasets.tables import labels as table_labels
from featclass.datasets.tables import pictures as table_pictures
from featclass.datasets.tables import rows
from featclass.reports import prediction_csv
from tests.datasets.made import pictures, write

SIX = [f"{i}.jpg" for i in range(6)]
LABELS = {"train.csv": b"file,label\n0.jpg,a\n1.jpg,b\n2.jpg,a\n3.jpg,b\n4.jpg,a\n5.jpg,b\n"}
AB = ("a", "b", "a", "b", "a", "b")


def table(header: str, row: Callable[[int], str], rows: range = range(6)) -> bytes:
    return "\n".join([header, *map(row, rows), ""]).encode()


def read(tables: Mapping[str, bytes], files: list[str] | None = None) -> Reading:
    return read_paths([*(files or SIX), *tables], tables=tables)


def word(number: int, words: str) -> str:
    several = words.split()
    return several[number % len(several)]


def test_the_predictions_that_featclass_wrote_are_no_labels() -> None:
    said = [
        Prediction(f"{i}.jpg", "a", 0.9, known=True, probabilities={"a": 0.9, "b": 0.1})
        for i in range(6)
    ]
    written = "".join(prediction_csv.lines(said, ["a", "b"])).encode()
    alone = read({"preds.csv": written})
    assert set(alone.labels) == {""}
    assert alone.notes == ("preds.csv holds predictions, not labels.",)
    assert read({"preds.csv": written, **LABELS}).labels[:6] == AB
    classes_only = table("file,label,probability:a,probability:b", lambda i: f"{i}.jpg,a,.9,.1")
    assert set(read({"preds.csv": classes_only}).labels) == {""}


def test_what_another_table_says_of_the_pictures_in_test_makes_no_classes() -> None:
    files = [*(f"train/{i}a.jpg" for i in range(6)), *(f"test/{i}b.jpg" for i in range(6))]
    diagnosis = table("image,diagnosis", lambda i: f"{i}a,{word(i, 'nv mel')}")
    for about_test in (
        table("image,sex", lambda i: f"{i}b,{word(i, 'm f')}"),
        table(
            "image_name,patient_id,sex,age",
            lambda i: f"{i}b,P{i // 2},{word(i, 'm f')},{word(i, '40 45 50')}",
        ),
    ):
        reading = read({"train.csv": diagnosis, "test.csv": about_test}, files)
        assert reading.labels[:6] == ("nv", "mel") * 3
        assert reading.labels[6:12] == (None,) * 6
        assert [rejected.name for rejected in reading.rejected] == ["test"]
        assert "test.csv is not read for the classes: train.csv names them." in reading.notes


@pytest.mark.parametrize(
    "beside",
    [
        table("image,width", lambda i: f"{i},{word(i, '10 20')}"),
        table("image,sex", lambda i: f"{i},{word(i, 'm m f')}"),
        table("image,sex,place", lambda i: f"{i},{word(i, 'm m f')},{word(i, 'head foot')}"),
        table("image,young,smiling", lambda i: f"{i},{i % 2},1"),
        b"file,pixel\n" + b"0.jpg,9\n" * 2_100_000,
    ],
    ids=["width", "sex", "sex and place", "attributes", "larger than labels are"],
)
def test_a_table_of_the_classes_is_enough_whatever_others_say_of_the_pictures(
    beside: bytes,
) -> None:
    assert read({"meta.csv": beside, **LABELS}).labels[:6] == AB


def test_marks_in_columns_are_as_sure_as_a_column_that_is_called_label() -> None:
    """The ISIC archive: the truth as marks, and metadata in another table."""
    truth = table("image,MEL,NV", lambda i: f"{i},{float(i % 2)},{1 - float(i % 2)}")
    metadata = table(
        "image,site,sex", lambda i: f"{i},{word(i, 'head foot foot')},{word(i, 'm f')}"
    )
    assert read({"a.csv": metadata, "b.csv": truth}).labels[:6] == ("NV", "MEL") * 3


@pytest.mark.parametrize("columns", [("species", "diagnosis"), ("plant", "view")])
def test_two_tables_with_other_columns_about_other_pictures_are_asked(
    columns: tuple[str, str],
) -> None:
    first, second = columns
    tables = {
        "a.csv": table(f"file,{first}", lambda i: f"{i}.jpg,{word(i, 'x y')}", range(4)),
        "b.csv": table(f"file,{second}", lambda i: f"{i}.jpg,{word(i, 'p q')}", range(4, 8)),
    }
    files = [f"{i}.jpg" for i in range(8)]
    with pytest.raises(
        DatasetError, match=f"the column {first} of a.csv and the column {second} of b.csv"
    ):
        read(tables, files)
    # The same column, or the same classes, leave nothing open.
    same_classes = {**tables, "b.csv": tables["b.csv"].replace(b"p", b"x").replace(b"q", b"y")}
    same_classes["b.csv"] = table(
        f"file,{second}", lambda i: f"{i}.jpg,{word(i, 'x y')}", range(4, 8)
    )
    assert read(same_classes, files).labels[:8] == ("x", "y") * 4
    same_column = {**tables, "b.csv": tables["b.csv"].replace(second.encode(), first.encode())}
    assert read(same_column, files).labels[:8] == ("x", "y", "x", "y", "p", "q", "p", "q")


@pytest.mark.parametrize("words", ["cat dog", "0 1"])
def test_a_table_without_a_header_is_about_the_classes_of_one_with_a_header(words: str) -> None:
    files = [f"{part}/{i}.jpg" for part in ("train", "test") for i in range(4)]
    train = table("file,label", lambda i: f"{i}.jpg,{word(i, words)}", range(4))
    test = table(f"0.jpg,{word(0, words)}", lambda i: f"{i}.jpg,{word(i, words)}", range(1, 4))
    reading = read({"train.csv": train, "test.csv": test}, files)
    assert reading.labels[:8] == tuple(words.split()) * 4
    assert reading.splits[:8] == ("train",) * 4 + ("test",) * 4


@pytest.mark.parametrize("title", ["disease_label", "cell_type"])
def test_marks_beside_another_column_that_may_be_the_classes_are_asked(title: str) -> None:
    meta = table(
        f"filename,{title},left,right",
        lambda i: f"{i}.jpg,{word(i, 'flu cold ok')},{i % 2},{1 - i % 2}",
    )
    with pytest.raises(DatasetError, match=f"several columns that may be the classes: {title} and"):
        read({"meta.csv": meta})


def test_marks_beside_a_column_that_says_the_same_are_the_classes() -> None:
    meta = table(
        "filename,animal,cat,dog", lambda i: f"{i}.jpg,{word(i, 'dog cat')},{i % 2},{1 - i % 2}"
    )
    assert read({"meta.csv": meta}).labels[:6] == ("dog", "cat") * 3


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("width", "640 480"),
        ("date", "2024-01-01 2024-01-02"),
        ("taken", "01.02.2024 02.02.2024"),
        ("count", "0 1 2"),
        ("target_size", "224 448"),
        ("y", "1 2"),
    ],
)
def test_numbers_and_dates_are_no_classes_where_they_are_not_called_so(
    header: str, cells: str
) -> None:
    reading = read({"meta.csv": table(f"file,{header}", lambda i: f"{i}.jpg,{word(i, cells)}")})
    assert set(reading.labels) == {""}
    [note] = reading.notes
    assert f"its column {header} holds only numbers or dates" in note
    assert 'Call the column of the classes "label"' in note


def test_boxes_without_a_class_are_no_classes() -> None:
    boxes = table("filename,xmin,ymin", lambda i: f"{i}.jpg,{i % 2},5")
    sizes = table("file,width,height", lambda i: f"{i}.jpg,{word(i, '4 5')},{word(i, '7 7 8')}")
    for numbers in (boxes, sizes):
        assert set(read({"meta.csv": numbers}).labels) == {""}


@pytest.mark.parametrize(
    ("header", "cells"),
    [("label", "0 1"), ("target", "0 1 2"), ("class_id", "3 7"), ("Category", "1 2")],
)
def test_numbers_that_are_called_classes_are_classes(header: str, cells: str) -> None:
    numbers = table(f"file,{header}", lambda i: f"{i}.jpg,{word(i, cells)}")
    assert read({"meta.csv": numbers}).labels[:6] == tuple(word(i, cells) for i in range(6))


def test_whole_numbers_alone_behind_the_file_names_are_classes_and_fractions_are_not() -> None:
    assert (
        read({"l.csv": table("0.jpg,0", lambda i: f"{i}.jpg,{i % 2}", range(1, 6))}).labels[:6]
        == ("0", "1") * 3
    )
    fractions = table("0.jpg,0.5", lambda i: f"{i}.jpg,{i % 2}.5", range(1, 6))
    assert set(read({"l.csv": fractions}).labels) == {""}


@pytest.mark.parametrize(
    ("header", "second"),
    [
        ("defect,label_quality", "good bad"),
        ("animal,target_size", "224 448"),
        ("plant,tag", "checked todo"),
    ],
)
def test_a_column_nearly_called_class_does_not_beat_another_that_may_be_it(
    header: str, second: str
) -> None:
    meta = table(
        f"file,{header}", lambda i: f"{i}.jpg,{word(i, 'scratch ok dent')},{word(i, second)}"
    )
    with pytest.raises(DatasetError, match="may be the classes: " + header.replace(",", " and ")):
        read({"meta.csv": meta})


def test_a_table_for_each_picture_is_no_table_of_labels_and_the_notes_are_few() -> None:
    files = [f"{i}.jpg" for i in range(60)]
    points = {f"{i}.csv": f"x,y\n{i},2\n{i},3\n".encode() for i in range(60)}
    reading = read(points, files)
    assert set(reading.labels) == {""}
    assert len(reading.notes) == 6
    assert reading.notes[-1] == "So it is with 55 more tables."


def test_the_column_called_filename_is_it_though_the_labels_look_like_names_too() -> None:
    files = [f"{i}.png" for i in range(10)]
    digits = table("filename,label", lambda i: f"{i}.png,{i % 4}", range(30))
    reading = read({"train.csv": digits}, files)
    assert reading.labels[:10] == tuple(str(i % 4) for i in range(10))
    assert len(reading.rejected) == 20


def test_whole_names_come_before_numbers_of_rows_that_look_like_names() -> None:
    shuffled = table("id,image,label", lambda i: f"{i},{5 - i}.jpg,{word(i, 'a b')}")
    assert read({"l.csv": shuffled}).labels[:6] == ("b", "a") * 3


@pytest.mark.parametrize("missing", ["nan", "NaN"])
def test_nan_in_a_cell_is_no_class_and_its_picture_is_named(missing: str) -> None:
    cells = table("id,class", lambda i: f"{i},{missing if i == 5 else word(i, 'a b')}")
    reading = read({"l.csv": cells})
    assert reading.labels[:6] == (*AB[:5], None)
    assert [(each.name, each.reason) for each in reading.rejected] == [
        ("5.jpg", "has no class in l.csv")
    ]
    words = table("id,class", lambda i: f"{i},{word(i, 'naan none')}")
    assert read({"l.csv": words}).labels[:6] == ("naan", "none") * 3


@pytest.mark.parametrize("name", ["labels.xlsx", "notes.ods", "labels.txt", "train_labels.json"])
def test_labels_in_a_file_of_another_program_are_to_be_saved_as_csv(
    name: str, tmp_path: Path
) -> None:
    root = write(tmp_path, {**pictures(""), name: b"PK\3\4xxxx"})
    with pytest.raises(DatasetError, match=f"If {name} holds the classes, save the table as CSV"):
        read_folder(root)


def test_a_text_that_is_no_table_is_not_to_be_saved_as_csv(tmp_path: Path) -> None:
    root = write(tmp_path, {**pictures(""), "README.txt": b"x", "translate.txt": b"x"})
    with pytest.raises(DatasetError) as caught:
        read_folder(root)
    assert "CSV" not in str(caught.value)
    assert read_paths(["cat/1.jpg", "dog/1.jpg", "labels.xlsx"]).notes == ()


def test_the_rows_of_all_tables_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_labels, "MOST_ROWS", 20)
    assert read(LABELS).labels[:6] == AB
    with pytest.raises(DatasetError, match="more than 20 rows together"):
        read({f"{part}.csv": LABELS["train.csv"] for part in "abc"})
    assert rows.MOST_ROWS == 1_000_000


def test_the_pictures_are_sorted_once_for_all_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[table_pictures.PictureIndex] = []

    class Counted(table_pictures.PictureIndex):
        def __init__(self, every: Mapping[int, FilePath], among: Iterable[int]) -> None:
            super().__init__(every, among)
            built.append(self)

    monkeypatch.setattr(table_pictures, "PictureIndex", Counted)
    assert read({f"{part}.csv": LABELS["train.csv"] for part in "xyz"}).labels[:6] == AB
    assert len(built) == 1
