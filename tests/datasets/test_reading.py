from __future__ import annotations

import bz2
import io
import os
import struct
import sys
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from featclass import datasets
from featclass.base.errors import DatasetError
from featclass.base.records import Dataset, Image, Rejected, digest_of
from featclass.datasets import read, read_folder, read_paths, read_zip, sources
from featclass.datasets.zips import files as zips
from tests.datasets.made import (
    CATS_AND_DOGS,
    LABELS,
    MB,
    labels,
    picture,
    reasons,
    write,
    zipped,
)

Through = Callable[[Mapping[str, bytes]], Dataset]


@pytest.fixture(params=["folder", "zip", "zip in memory"])
def dataset_of(request: pytest.FixtureRequest, tmp_path: Path) -> Through:
    """Read the same files through each door."""

    def through(files: Mapping[str, bytes]) -> Dataset:
        if request.param == "folder":
            return read(write(tmp_path / "pictures", files))
        if request.param == "zip":
            path = tmp_path / "pictures.zip"
            path.write_bytes(zipped(files).getvalue())
            return read(path, max_unpacked=MB)
        return read_zip(zipped(files), max_unpacked_bytes=MB)

    return through


def test_each_first_level_folder_is_a_class(dataset_of: Through) -> None:
    dataset = dataset_of(CATS_AND_DOGS)
    assert labels(dataset) == LABELS
    assert [image.name for image in dataset.images] == sorted(LABELS)
    assert dataset.classes == ("cats", "dogs")
    assert dataset.rejected == ()


def test_images_carry_the_digest_of_the_bytes_they_give(dataset_of: Through) -> None:
    dataset = dataset_of(CATS_AND_DOGS)
    with ThreadPoolExecutor(4) as pool:
        read_back = list(pool.map(Image.read, dataset.images * 20))
    assert read_back == [CATS_AND_DOGS[image.name] for image in dataset.images] * 20
    assert all(image.digest == digest_of(image.read()) for image in dataset.images)


def test_an_outer_folder_around_the_classes_is_not_a_class(dataset_of: Through) -> None:
    dataset = dataset_of({f"outer/{name}": data for name, data in CATS_AND_DOGS.items()})
    assert labels(dataset) == {f"outer/{name}": label for name, label in LABELS.items()}


def test_hidden_files_and_those_of_operating_systems_are_skipped(dataset_of: Through) -> None:
    clutter = [".DS_Store", "cats/Thumbs.db", "dogs/desktop.ini", ".git/x/a.jpg"]
    clutter += ["__MACOSX/cats/._d.jpg", "cats/.hidden.jpg"]
    dataset = dataset_of(CATS_AND_DOGS | {name: picture(9) for name in clutter})
    assert labels(dataset) == LABELS
    assert dataset.rejected == ()


def test_what_cannot_be_an_image_is_rejected_by_name_and_reason(dataset_of: Through) -> None:
    others = {"cats/notes.txt": b"my notes", "dogs/empty.jpg": b"", "top.jpg": picture(8)}
    dataset = dataset_of(CATS_AND_DOGS | others)
    assert labels(dataset) == LABELS
    assert reasons(dataset) == {
        "cats/notes.txt": "not a picture that featclass can read (it looks like text)",
        "dogs/empty.jpg": "the file is empty",
        "top.jpg": "lies outside the class folders",
    }


def test_a_stray_text_file_beside_the_outer_folder_changes_nothing(dataset_of: Through) -> None:
    files = {f"outer/{name}": data for name, data in CATS_AND_DOGS.items()}
    assert dataset_of(files | {"readme.txt": b"about"}).classes == ("cats", "dogs")


def test_a_folder_of_text_only_is_no_class(dataset_of: Through) -> None:
    assert dataset_of(CATS_AND_DOGS | {"notes/a.txt": b"hello"}).classes == ("cats", "dogs")


def test_one_class_alone_is_a_dataset(dataset_of: Through) -> None:
    assert dataset_of({"cats/a.jpg": picture(1)}).classes == ("cats",)


def test_the_same_bytes_twice_in_a_class_are_kept_once(dataset_of: Through) -> None:
    dataset = dataset_of(CATS_AND_DOGS | {"cats/z.jpg": picture(4)})
    assert labels(dataset) == LABELS
    assert reasons(dataset) == {"cats/z.jpg": "the same picture as cats/d.jpg"}


def test_the_same_bytes_in_two_classes_are_in_neither(dataset_of: Through) -> None:
    dataset = dataset_of(CATS_AND_DOGS | {"cats/z.jpg": picture(1), "cats/y.jpg": picture(1)})
    assert set(labels(dataset)) == set(LABELS) - {"dogs/b.jpg"}
    told = "the same picture cannot be two classes"
    assert reasons(dataset) == {
        "cats/y.jpg": f"also in class dogs: {told}",
        "cats/z.jpg": f"also in class dogs: {told}",
        "dogs/b.jpg": f"also in class cats: {told}",
    }


@pytest.mark.parametrize("files", [{}, {"a.jpg": picture(1)}, {"cats/a.txt": b"no picture"}])
def test_without_any_class_the_error_says_what_is_expected(
    dataset_of: Through, files: dict[str, bytes], tmp_path: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    with pytest.raises(DatasetError, match=r"no subfolders with pictures \(.*/cats/1\.jpg"):
        dataset_of(files)


def test_a_missing_folder_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="There is no folder"):
        read(tmp_path / "nowhere")


def test_names_are_composed_so_that_every_system_gives_the_same(dataset_of: Through) -> None:
    decomposed = unicodedata.normalize("NFD", "Bären/Köder.jpg")
    assert labels(dataset_of({decomposed: picture(1)})) == {"Bären/Köder.jpg": "Bären"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_named_pipe_does_not_hang_the_reader(tmp_path: Path) -> None:
    root = write(tmp_path / "pictures", CATS_AND_DOGS)
    os.mkfifo(root / "cats" / "pipe.jpg")
    assert reasons(read_folder(root)) == {"cats/pipe.jpg": "not a file that holds anything"}
    assert datasets.image_of_file(root / "cats" / "pipe.jpg") == Rejected(
        str(root / "cats" / "pipe.jpg"), "not a file that holds anything"
    )


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read it all")
def test_files_that_may_not_be_read_are_rejected(tmp_path: Path) -> None:
    root = write(tmp_path / "pictures", CATS_AND_DOGS)
    (root / "cats" / "d.jpg").chmod(0)
    assert "permission denied" in reasons(read_folder(root))["cats/d.jpg"]


def test_files_above_the_size_limit_are_rejected(
    dataset_of: Through, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "LARGEST_FILE", 1000)
    monkeypatch.setattr(zips, "LARGEST_FILE", 1000)
    monkeypatch.setattr(sources, "_PIECE", 600)
    dataset = dataset_of(CATS_AND_DOGS | {"cats/huge.jpg": picture(9) + bytes(2000)})
    assert labels(dataset) == LABELS
    assert "larger than" in reasons(dataset)["cats/huge.jpg"]


def test_what_is_no_zip_or_is_damaged_is_an_error(tmp_path: Path) -> None:
    whole = zipped(CATS_AND_DOGS).getvalue()
    directory = whole.rindex(b"PK\x01\x02")
    broken = whole[:directory] + b"XXXX" + whole[directory + 4 :]
    for number, data in enumerate((b"text", broken)):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(data)
        with pytest.raises(DatasetError, match="is not a zip, or it is damaged"):
            read(path)


def test_a_bomb_is_refused_before_anything_is_unpacked() -> None:
    bomb = zipped({f"cats/{i}.jpg": bytes(MB) for i in range(20)})
    assert len(bomb.getvalue()) < MB
    with pytest.raises(DatasetError, match=r"would unpack to 20 MB, and the limit is 10 MB"):
        read_zip(bomb, max_unpacked_bytes=10 * MB)


def test_a_bomb_that_lies_about_its_size_is_never_unpacked_beyond_it() -> None:
    file = zipped(CATS_AND_DOGS | {"cats/lie.jpg": picture(7) + bytes(50 * MB)})
    data = file.getvalue().replace(struct.pack("<I", 50 * MB + 107), struct.pack("<I", 107))
    dataset = read_zip(io.BytesIO(data), max_unpacked_bytes=MB)
    assert labels(dataset) == LABELS
    assert "damaged" in reasons(dataset)["cats/lie.jpg"]


def test_too_many_entries_or_too_large_a_directory_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = zipped(CATS_AND_DOGS)
    monkeypatch.setattr(zips, "MOST_ENTRIES", 3)
    with pytest.raises(DatasetError, match="holds 4 entries"):
        read_zip(file)
    monkeypatch.setattr(zips, "_LARGEST_DIRECTORY", 150)
    with pytest.raises(DatasetError, match="damaged"):
        read_zip(file)


def test_entries_that_cannot_be_unpacked_are_rejected_and_the_rest_go_on() -> None:
    file = zipped(CATS_AND_DOGS, zipfile.ZIP_STORED)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("cats/crc.jpg", b"\xff\xd8\xffDAMAGED")
        archive.writestr("cats/bz2.jpg", picture(6), zipfile.ZIP_BZIP2)
        archive.writestr("cats/locked.jpg", picture(5))
        archive.getinfo("cats/locked.jpg").flag_bits |= 1
    data = file.getvalue().replace(b"DAMAGED", b"damaged")
    assert bz2.compress(picture(6)) in data
    dataset = read_zip(io.BytesIO(data))
    assert labels(dataset) == LABELS
    found = reasons(dataset)
    assert "damaged inside the zip" in found["cats/crc.jpg"]
    assert "packed in an unusual way" in found["cats/bz2.jpg"]
    assert "password" in found["cats/locked.jpg"]


def test_entry_names_lead_nowhere() -> None:
    names = ["../../cats/a.jpg", "/etc/cats/b.jpg", "C:\\cats\\c.jpg", "dogs/../../d.jpg"]
    dataset = read_zip(zipped({name: picture(i) for i, name in enumerate(names)}))
    assert labels(dataset) == {
        "cats/a.jpg": "cats",
        "etc/cats/b.jpg": "etc",
        "dogs/d.jpg": "dogs",
    }


def test_an_entry_gone_bad_later_is_an_os_error() -> None:
    file = zipped(CATS_AND_DOGS)
    image = read_zip(file).images[0]
    file.seek(0)
    file.write(bytes(len(file.getvalue())))
    with pytest.raises(OSError, match="damaged inside the zip"):
        image.read()


def test_a_file_without_a_label_is_named_by_its_path(tmp_path: Path) -> None:
    write(tmp_path, {"a.jpg": picture(1), "b.txt": b"text"})
    found = datasets.image_of_file(tmp_path / "a.jpg")
    assert isinstance(found, Image)
    assert (found.name, found.label) == (str(tmp_path / "a.jpg"), None)
    assert found.read() == picture(1)
    assert isinstance(datasets.image_of_file(tmp_path / "b.txt"), Rejected)
    missing = datasets.image_of_file(tmp_path / "c.jpg")
    assert missing == Rejected(
        str(tmp_path / "c.jpg"), "cannot be read (no such file or directory)"
    )


def test_files_below_a_folder_are_all_but_the_hidden_ones(tmp_path: Path) -> None:
    write(tmp_path, CATS_AND_DOGS | {"notes.txt": b"", ".git/a.jpg": b"", "cats/.b": b""})
    found = datasets.files_below(tmp_path)
    assert found == sorted(tmp_path / name for name in [*CATS_AND_DOGS, "notes.txt"])
    assert datasets.files_below(tmp_path / "missing") == [tmp_path / "missing"]


@pytest.mark.parametrize(
    ("paths", "classes"),
    [
        (["pictures/cats/1.jpg", "pictures/dogs/2.jpg"], ["cats", "dogs"]),
        (["cats/1.jpg", "cats/2.jpg"], ["cats", "cats"]),
        (["cats/1.jpg", "dogs/2.jpg"], ["cats", "dogs"]),
        (["1.jpg", "2.jpg"], ["", ""]),
        (["1.jpg", "cats/2.jpg"], ["", "cats"]),
        (["pictures/cats/1.jpg"], ["cats"]),
        (["cats/1.jpg", "cats/more/2.jpg"], ["cats", "cats"]),
        (["all/1.jpg", "all/cats/2.jpg", "all/dogs/3.jpg"], ["", "cats", "dogs"]),
        (["a/b/cats/1.jpg", "a/b/dogs/more/2.jpg"], ["cats", "dogs"]),
        (["cats/1.jpg", ".DS_Store", "cats/Thumbs.db", "__MACOSX/1.jpg"], ["cats"] + [None] * 3),
        (["all/notes.txt", "all/cats/1.jpg", "all/dogs/1.jpg"], ["", "cats", "dogs"]),
        (["notes.txt", "all/cats/1.jpg", "all/dogs/1.jpg"], ["", "cats", "dogs"]),
        (["cats/notes.txt"], ["cats"]),
        ([], []),
    ],
)
def test_dropped_paths_belong_to_the_class_a_person_means(
    paths: list[str], classes: list[str | None]
) -> None:
    assert read_paths(paths).labels == tuple(classes)
