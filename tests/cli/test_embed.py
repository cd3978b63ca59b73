"""`featclass embed`: a row for each file, in order, whatever it is."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featclass.base.errors import FeatclassError
from featclass.classifiers import embedding
from featclass.embedding.engine import Engine
from tests.commands import run
from tests.fakes import drawn
from tests.people import laid_out

pytestmark = pytest.mark.usefixtures("fake_encoder")

COLUMNS = ["path", "digest", "label", "embedding", "rejected"]


def table(directory: Path, output: Path) -> list[dict[str, Any]]:
    from pyarrow import parquet

    run("embed", directory, "--output", output, "--encoder", "builtin")
    read = parquet.read_table(output)
    assert read.column_names == COLUMNS
    rows: list[dict[str, Any]] = read.to_pylist()
    return rows


@pytest.fixture
def files() -> dict[str, bytes]:
    """Two classes, a copy, a picture in both, one cut short, a text, and one beside them."""
    return {
        "blue/1.png": drawn(1, "blue"),
        "blue/2.png": drawn(2, "blue"),
        "blue/copy.png": drawn(1, "blue"),
        "blue/notes.txt": b"no picture",
        "red/1.png": drawn(1, "red"),
        "red/both.png": drawn(2, "blue"),
        "red/cut.png": drawn(3, "red")[:90],
        "stray.png": drawn(4, "red"),
    }


@pytest.fixture
def pictures(tmp_path: Path, files: dict[str, bytes]) -> Path:
    return laid_out(tmp_path / "pictures", files)


def test_each_file_is_a_row_in_order_copies_and_conflicts_with_their_embeddings(
    pictures: Path, files: dict[str, bytes], tmp_path: Path
) -> None:
    rows = table(pictures, tmp_path / "e.parquet")
    assert [row["path"] for row in rows] == sorted(files)
    by_path = {row["path"]: row for row in rows}
    assert by_path["blue/copy.png"]["embedding"] == by_path["blue/1.png"]["embedding"]
    assert by_path["red/both.png"]["embedding"] == by_path["blue/2.png"]["embedding"]
    assert len(by_path["blue/1.png"]["embedding"]) == 48
    assert by_path["blue/1.png"]["embedding"] != by_path["blue/2.png"]["embedding"]
    labels = [row["label"] for row in rows]
    assert labels == ["blue"] * 4 + ["red"] * 3 + [None]
    for row in rows:
        is_text = row["path"].endswith(".txt")
        digest = hashlib.sha256(files[row["path"]]).hexdigest()
        assert row["digest"] == (None if is_text else digest)


def test_what_cannot_be_used_has_a_reason_and_no_embedding_and_the_others_have_none(
    pictures: Path, tmp_path: Path
) -> None:
    rows = table(pictures, tmp_path / "e.parquet")
    lacking = {row["path"]: row["rejected"] for row in rows if row["embedding"] is None}
    assert set(lacking) == {"blue/notes.txt", "red/cut.png"}
    assert all(lacking.values())
    assert all(row["rejected"] is None for row in rows if row["path"] not in lacking)


def test_a_flat_folder_is_embedded_too(tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "flat", {f"{i}.png": drawn(i) for i in range(3)})
    rows = table(folder, tmp_path / "e.parquet")
    assert [(row["path"], row["label"]) for row in rows] == [(f"{i}.png", None) for i in range(3)]
    assert all(len(row["embedding"]) == 48 for row in rows)


def test_a_zip_gives_the_rows_of_its_folder(
    pictures: Path, files: dict[str, bytes], tmp_path: Path
) -> None:
    packed = tmp_path / "pictures.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    assert table(packed, tmp_path / "a.parquet") == table(pictures, tmp_path / "b.parquet")


def test_an_entry_that_cannot_be_unpacked_is_a_row_of_its_zip(tmp_path: Path) -> None:
    packed = tmp_path / "pictures.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/1.png", drawn(1))
        archive.writestr("a/2.png", drawn(2), zipfile.ZIP_BZIP2)
        archive.writestr("b/3.png", drawn(3))
    rows = table(packed, tmp_path / "e.parquet")
    assert [row["path"] for row in rows] == ["a/1.png", "a/2.png", "b/3.png"]
    assert rows[1]["embedding"] is None
    assert "packed" in rows[1]["rejected"]


def test_where_no_file_can_be_used_the_table_is_written_and_the_sentence_said(
    tmp_path: Path,
) -> None:
    folder = laid_out(tmp_path / "notes", {"a/1.txt": b"words", "b/2.png": drawn(1)[:90]})
    output = tmp_path / "e.parquet"
    with pytest.raises(
        FeatclassError, match=r"None of these 2 files .* `rejected` of .*e\.parquet"
    ):
        table(folder, output)
    from pyarrow import parquet

    rows = parquet.read_table(output).to_pylist()
    assert [row["path"] for row in rows] == ["a/1.txt", "b/2.png"]
    assert all(row["rejected"] and row["embedding"] is None for row in rows)


def test_an_empty_folder_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(FeatclassError, match="holds no files"):
        table(tmp_path / "none", tmp_path / "e.parquet")
    assert not (tmp_path / "e.parquet").exists()


def test_slices_change_nothing_but_how_many_vectors_are_held(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = table(pictures, tmp_path / "a.parquet")
    held: list[int] = []
    real = Engine.embed

    def counting(self: Engine, images: Any, **how: Any) -> Any:
        held.append(len(images))
        return real(self, images, **how)

    monkeypatch.setattr(Engine, "embed", counting)
    monkeypatch.setattr(embedding, "SLICE", 3)
    assert table(pictures, tmp_path / "b.parquet") == whole
    assert held == [3, 2, 2]


def test_embeddings_are_those_that_a_classifier_is_given(pictures: Path, tmp_path: Path) -> None:
    import featclass
    from featclass import classifiers, library

    rows = table(pictures, tmp_path / "e.parquet")
    by_digest = {row["digest"]: row["embedding"] for row in rows}
    library._engines.cache_clear()
    engine = library._open("builtin", "cpu", "auto")
    embedded = classifiers.embed(engine, featclass.read_folder(pictures))
    for image, vector in zip(embedded.images, embedded.vectors, strict=True):
        np.testing.assert_array_equal(np.array(by_digest[image.digest], np.float32), vector)


def test_the_table_itself_is_no_row_and_a_second_run_gives_the_same(pictures: Path) -> None:
    first = table(pictures, pictures / "e.parquet")
    assert table(pictures, pictures / "e.parquet") == first
    assert "e.parquet" not in {row["path"] for row in first}


def test_a_run_that_breaks_off_leaves_the_table_of_before(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "e.parquet"
    table(pictures, output)
    before = output.read_bytes()

    def broken(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Engine, "embed", broken)
    run("embed", pictures, "--output", output, "--encoder", "builtin")
    assert output.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".parquet"] == ["e.parquet"]


def test_a_name_that_is_no_text_is_a_row_of_text(tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "odd", {"a/1.png": drawn(1)})
    Path(os.fsdecode(os.fsencode(folder / "a") + b"/\xff.png")).write_bytes(drawn(2))
    rows = table(folder, tmp_path / "e.parquet")
    assert len(rows) == 2
    assert all(row["path"].encode() and row["embedding"] for row in rows)


def test_the_depth_of_the_classes_can_be_named(tmp_path: Path) -> None:
    deep = {f"{who}/{what}/1.png": drawn(len(who + what)) for who in "ab" for what in ("x", "yy")}
    folder = laid_out(tmp_path / "deep", deep)
    for depth, labels in ((1, ["a", "a", "b", "b"]), (2, ["x", "yy", "x", "yy"])):
        output = tmp_path / "e.parquet"
        run("embed", folder, "-o", output, "--encoder", "builtin", "--classes-at", depth)
        from pyarrow import parquet

        assert parquet.read_table(output).to_pydict()["label"] == labels


def test_what_is_set_aside_has_a_row_an_embedding_and_no_label(tmp_path: Path) -> None:
    files = {f"train/{name}/{i}.png": drawn(i, name) for name in ("red", "blue") for i in range(3)}
    files |= {f"test/{i}.png": drawn(50 + i) for i in range(2)}
    rows = table(laid_out(tmp_path / "split", files), tmp_path / "e.parquet")
    assert [row["path"] for row in rows] == sorted(files)
    assert [row["label"] for row in rows] == [None] * 2 + ["blue"] * 3 + ["red"] * 3
    assert all(row["embedding"] for row in rows)


def test_parts_without_any_class_are_embedded_and_the_reading_is_told(tmp_path: Path) -> None:
    files = {f"{part}/{i}.png": drawn(i) for part in ("test", "train") for i in range(2)}
    folder, output = laid_out(tmp_path / "flat", files), tmp_path / "e.parquet"
    rows = table(folder, output)
    assert [(row["path"], row["label"]) for row in rows] == [(name, None) for name in files]
    assert all(row["embedding"] for row in rows)
    assert "class" in run("embed", folder, "-o", output, "--encoder", "builtin").stderr


def test_folders_that_can_be_read_in_two_ways_are_embedded_without_labels(tmp_path: Path) -> None:
    deep = {f"{who}/{what}/1.png": drawn(len(who + what)) for who in "ab" for what in ("x", "yy")}
    folder, output = laid_out(tmp_path / "deep", deep), tmp_path / "e.parquet"
    rows = table(folder, output)
    assert [(row["path"], row["label"]) for row in rows] == [(name, None) for name in deep]
    assert all(row["embedding"] for row in rows)
    told = run("embed", folder, "-o", output, "--encoder", "builtin").stderr
    assert "--classes-at 1 for a and b" in " ".join(told.split())


def zip_of(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data, compression if name == "2.png" else zipfile.ZIP_STORED)
    return packed.getvalue()


def test_what_cannot_be_had_keeps_the_label_of_its_zip_whatever_else_cannot(
    tmp_path: Path,
) -> None:
    files = {
        "cat.zip": zip_of({f"{i}.png": drawn(i) for i in (1, 2)}, zipfile.ZIP_BZIP2),
        "dog.zip": zip_of({"1.png": drawn(5)}),
        "x.zip": b"no zip",
    }
    rows = table(laid_out(tmp_path / "zips", files), tmp_path / "e.parquet")
    assert [(row["path"], row["label"]) for row in rows] == [
        ("cat.zip/1.png", "cat"),
        ("cat.zip/2.png", "cat"),
        ("dog.zip/1.png", "dog"),
        ("x.zip", "x"),
    ]
    assert [row["embedding"] is None for row in rows] == [False, True, False, True]


def test_labels_in_a_table_are_taken_and_the_table_is_a_row_too(tmp_path: Path) -> None:
    listed = b"file,label\n0.png,cat\n1.png,dog\n"
    files = {"0.png": drawn(0), "1.png": drawn(1), "2.png": drawn(2), "labels.csv": listed}
    rows = table(laid_out(tmp_path / "listed", files), tmp_path / "e.parquet")
    assert {row["path"]: row["label"] for row in rows} == {
        "0.png": "cat", "1.png": "dog", "2.png": None, "labels.csv": None,
    }  # fmt: skip
    assert [row["path"] for row in rows if row["embedding"] is None] == ["labels.csv"]


def test_a_link_that_leads_in_a_circle_is_told_and_is_no_row(
    pictures: Path, files: dict[str, bytes], tmp_path: Path
) -> None:
    (pictures / "red" / "again").symlink_to(pictures, target_is_directory=True)
    output = tmp_path / "e.parquet"
    assert [row["path"] for row in table(pictures, output)] == sorted(files)
    assert "red/again" in run("embed", pictures, "-o", output, "--encoder", "builtin").stderr
