"""Zips that are odd, and files given as a zip that are none: each is named, with a remedy."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from featclass.base.errors import DatasetError
from featclass.datasets import files_of_zip, read, read_zip
from tests.datasets.raw_zips import picture, repacked, zip_of

NAMES = [b"cats/1.jpg", b"cats/2.jpg", b"dogs/3.jpg", b"dogs/4.jpg"]
ZIP = zip_of(NAMES)
ANEW = "unpack it and give the folder, or pack it anew as a zip"


def reasons(data: bytes) -> dict[str, str]:
    return {each.name: each.reason for each in files_of_zip(io.BytesIO(data)).rejected}


def sentence(folder: Path, name: str, data: bytes) -> str:
    """Return what is said of a file that is given as a dataset, without where it lies."""
    (folder / name).write_bytes(data)
    with pytest.raises(DatasetError) as refused:
        read(folder / name)
    from_memory = io.BytesIO(data)
    with pytest.raises(DatasetError, match=r"^The zip "):  # the page puts its name there
        read_zip(from_memory)
    return str(refused.value).removeprefix(f"{folder}/")


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("cats/1.jpg")
        info.size = len(picture(1))
        archive.addfile(info, io.BytesIO(picture(1)))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\4" + bytes(100), "a 7z archive"),
        ("a.zip", b"7z\xbc\xaf\x27\x1c\0\4" + bytes(100), "a 7z archive"),
        ("a.rar", b"Rar!\x1a\x07\x01\0" + bytes(100), "a RAR archive"),
        ("a.rar", b"Rar!\x1a\x07\0" + bytes(100), "a RAR archive"),
        ("a.tar", tar(), "a tar archive"),
        ("a.tar.gz", gzip.compress(tar()), "a gzip archive (.gz, .tar.gz)"),
        ("a.tgz", gzip.compress(tar()), "a gzip archive (.gz, .tar.gz)"),
        ("a.tar.bz2", bz2.compress(tar()), "a bzip2 archive (.bz2, .tar.bz2)"),
        ("a.tar.xz", lzma.compress(tar()), "an xz archive (.xz, .tar.xz)"),
        ("a.tar.zst", b"\x28\xb5\x2f\xfd" + bytes(100), "a Zstandard archive (.zst)"),
        ("a.cab", b"MSCF" + bytes(100), "an archive"),
        ("a.iso", bytes(0x8001) + b"CD001" + bytes(100), "the image of a disc (.iso)"),
    ],
)
def test_another_archive_is_named_with_the_remedy(
    tmp_path: Path, name: str, data: bytes, what: str
) -> None:
    assert sentence(tmp_path, name, data) == f"{name} is {what}, not a zip; {ANEW}."


def test_what_a_download_left_in_place_of_a_zip_is_named(tmp_path: Path) -> None:
    page = b"<!DOCTYPE html><html><head><title>Sign in</title>"
    assert sentence(tmp_path, "a.zip", page) == (
        "a.zip is a web page saved in place of the zip; download the zip itself."
    )
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n"
    assert sentence(tmp_path, "a.zip", pointer) == (
        "a.zip is a Git LFS pointer, not a zip; run git lfs pull."
    )
    assert sentence(tmp_path, "a.zip", b"") == (
        "a.zip is empty (0 bytes); download or copy it again."
    )
    for size in (10, len(ZIP) // 2, len(ZIP) - 30):
        assert sentence(tmp_path, "a.zip", ZIP[:size]) == (
            "a.zip is a zip of which the end is missing; download or copy it again."
        )


def test_a_picture_given_as_a_folder_or_zip_is_said_to_be_one(tmp_path: Path) -> None:
    assert sentence(tmp_path, "a.jpg", picture(1)) == (
        "a.jpg is a picture (JPEG), not a zip; give the folder of the class folders."
    )


def last_part(data: bytes) -> bytes:
    """Say in the end of a zip that it is on the third disk."""
    at = data.rindex(b"PK\x05\x06")
    return data[: at + 4] + struct.pack("<HH", 2, 2) + data[at + 8 :]


def last_part_64(data: bytes) -> bytes:
    at = data.rindex(b"PK\x05\x06")
    locator = b"PK\x06\x07" + struct.pack("<IQI", 2, 100, 3)
    return data[:at] + locator + b"PK\x05\x06" + b"\xff\xff\xff\xff" + data[at + 8 :]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.z01", b"PK\x07\x08" + ZIP[:300]),
        ("a.zip", b"PK\x07\x08" + ZIP[:300]),
        ("a.zip", last_part(ZIP)),
        ("a.zip", last_part_64(ZIP)),
    ],
)
def test_a_part_of_a_split_zip_is_named_with_the_remedy(
    tmp_path: Path, name: str, data: bytes
) -> None:
    assert sentence(tmp_path, name, data).startswith(
        f"{name} is one part of an archive that was split: put all its parts in one folder"
    )


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.z02", ZIP[100:300]),
        ("a.zip.001", ZIP[:300]),
        ("a.zip.002", ZIP[300:]),
        ("a.zip", ZIP[300:]),
    ],
)
def test_a_part_without_a_mark_is_known_by_its_name(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DatasetError, match="is one part of an archive that was split"):
        read(tmp_path / name)


def test_a_whole_zip_is_read_whatever_it_is_called_and_whatever_stands_before_it(
    tmp_path: Path,
) -> None:
    for name, data in {"a.zip.001": ZIP, "a.part1.rar": b"MZ" + bytes(200) + ZIP}.items():
        (tmp_path / name).write_bytes(data)
        assert read(tmp_path / name).classes == ("cats", "dogs")


@pytest.mark.parametrize(
    ("method", "called"),
    [(9, "Deflate64"), (14, "LZMA"), (12, "BZip2"), (93, "Zstandard"), (6, "Implode"), (77, "77")],
)
def test_another_way_of_packing_is_named_with_the_remedy(method: int, called: str) -> None:
    found = reasons(repacked(ZIP, method))
    assert found.keys() == {name.decode() for name in NAMES}
    for reason in found.values():
        assert f"packed in an unusual way ({'method ' * (method == 77)}{called}" in reason
        assert "unpack the zip and give the folder" in reason
        assert ("as Windows packs what is large" in reason) is (method == 9)
    with pytest.raises(DatasetError, match=f"no subfolders with pictures .*{called}"):
        read_zip(io.BytesIO(repacked(ZIP, method)))


def test_folders_of_powershell_are_no_empty_files() -> None:
    names = [b"pictures\\", b"pictures\\cats\\", b"pictures\\cats\\1.jpg", b"pictures\\dogs\\2.jpg"]
    listing = files_of_zip(io.BytesIO(zip_of(names, empty=[0, 1])))
    assert [path for path, _ in listing.files] == ["pictures/cats/1.jpg", "pictures/dogs/2.jpg"]
    assert listing.rejected == ()
    assert listing.folders == ("pictures", "pictures/cats")
    assert read_zip(io.BytesIO(zip_of(names, empty=[0, 1]))).rejected == ()


def test_folders_are_known_by_their_attribute_too_and_an_empty_file_is_still_named() -> None:
    names = [b"cats/sub", b"cats/1.jpg", b"dogs/empty.jpg"]
    data = zip_of(names, attributes={0: 0x10}, empty=[0, 2])
    assert {name: str(why) for name, why in reasons(data).items()} == {}
    rejected = read_zip(io.BytesIO(data)).rejected
    assert [(each.name, each.reason) for each in rejected] == [
        ("dogs/empty.jpg", "the file is empty")
    ]


def test_links_in_a_zip_are_refused_as_links_and_never_followed() -> None:
    data = zip_of([*NAMES, b"cats/link.jpg"], attributes={4: (stat.S_IFLNK | 0o777) << 16})
    assert reasons(data) == {
        "cats/link.jpg": "a link; links in a zip are not followed, so pack the picture itself"
    }


def test_what_macs_add_is_left_out_without_a_word() -> None:
    names = [*NAMES, b"__MACOSX/cats/._1.jpg", b"cats/.DS_Store", b"cats/._2.jpg"]
    listing = files_of_zip(io.BytesIO(zip_of(names)))
    assert [path.encode() for path, _ in listing.files] == NAMES
    assert listing.rejected == ()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_entries_of_one_name_the_later_counts_and_the_other_is_named() -> None:
    data = zip_of([b"cats/1.jpg", b"dogs/2.jpg", b"cats/1.jpg"])
    listing = files_of_zip(io.BytesIO(data))
    assert {path: source.read() for path, source in listing.files} == {
        "cats/1.jpg": picture(2),
        "dogs/2.jpg": picture(1),
    }
    assert reasons(data) == {
        "cats/1.jpg": "the zip holds this name twice, and the later one counts"
    }


def test_a_zip_whose_names_are_not_the_utf8_that_it_says_is_no_traceback() -> None:
    data = zip_of(["Bären/1.jpg"]).replace("ä".encode(), b"\xe4\xe4")
    with pytest.raises(DatasetError, match="says that its names are UTF-8, and they are not"):
        read_zip(io.BytesIO(data))


def test_a_zip64_is_read_as_any_other() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for i, name in enumerate(NAMES):
            with archive.open(name.decode(), "w", force_zip64=True) as file:
                file.write(picture(i))
    data = out.getvalue()
    at = data.rindex(b"PK\x05\x06")
    entries, size, offset = struct.unpack_from("<HII", data, at + 10)
    end = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, entries, entries, size, offset)
    end += struct.pack("<IIQI", 0x07064B50, 0, at, 1)
    last = struct.pack("<IHHHHIIH", 0x06054B50, *[0xFFFF] * 4, *[0xFFFFFFFF] * 2, 0)
    dataset = read_zip(io.BytesIO(data[:at] + end + last))
    assert [image.read() for image in dataset.images] == [picture(i) for i in range(4)]
