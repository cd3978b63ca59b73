"""The files of a zip, unpacked while they are read; whoever made it may mean harm."""

from __future__ import annotations

import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader, FileIO
from pathlib import Path
from typing import IO, BinaryIO, Final
from weakref import finalize

from featclass.datasets.identification import why
from featclass.datasets.paths import clean_path, is_skipped
from featclass.datasets.sources import LARGEST_FILE, TOO_LARGE, pieces
from featclass.errors import DatasetError
from featclass.records import Rejected

MOST_ENTRIES: Final = 200_000
MAX_UNPACKED: Final = 4000 * 10**6
"""Bytes of all entries together."""

_LARGEST_DIRECTORY: Final = 32 * 10**6

# What zipfile raises on damaged and malicious archives.
_BAD_ZIP: Final = (
    zipfile.BadZipFile,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)


class ZipSource:
    """An entry of a zip that stays open; entries may be read from several threads."""

    def __init__(
        self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, lock: threading.Lock
    ) -> None:
        self._archive = archive
        self._entry = entry
        self._lock = lock

    @property
    def size(self) -> int:
        """Bytes once unpacked, as the directory of the zip tells; it never gives more."""
        return self._entry.file_size

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Unpack while reading, never more than the directory of the zip announced.

        Whatever is wrong with the entry is an `OSError`, on opening or in the middle.
        """
        try:
            with self._lock, self._archive.open(self._entry) as file:
                yield file
        except _BAD_ZIP as error:
            raise OSError("it is damaged inside the zip") from error

    def read(self) -> bytes:
        """Unpack the entry; raises `OSError` when it is damaged or the zip has gone."""
        with self.open() as file:
            return b"".join(pieces(file))


@dataclass(frozen=True, slots=True)
class ZipListing:
    """The files of a zip, and how their names were read."""

    files: tuple[tuple[str, ZipSource], ...]
    """By their cleaned paths, sorted; text only, never places on this machine."""
    rejected: tuple[Rejected, ...] = ()
    """Those that cannot be unpacked."""
    code: str = "utf-8"
    """The code page that names were read in; "utf-8" where nothing had to be chosen."""
    notes: tuple[str, ...] = ()
    """What was chosen, in sentences for a person; they name no option of a door."""
    alternatives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By code page, the likeliest first: the paths of `files`, in that order, as it would read
    them. Empty where nothing had to be chosen; `CODE_PAGES` names them for a person."""
    folders: tuple[str, ...] = ()
    """The cleaned paths of those folders that the zip lists as such."""


def files_of_zip(
    path: Path | str | BinaryIO,
    *,
    names: str | None = None,
    max_unpacked_bytes: int = MAX_UNPACKED,
) -> ZipListing:
    """List the files of a zip, and those that cannot be unpacked.

    The total is bounded as the directory of the zip tells it, and no entry gives more than it
    announced there.

    Args:
        path: The zip, or its bytes as a file.
        names: The code page of names that do not say theirs, as "cp932", or as Python names it;
            None to choose the likeliest.
        max_unpacked_bytes: Of all entries together.

    Raises:
        DatasetError: Not a zip, damaged, or larger than allowed once unpacked.
    """
    name = name_of_zip(path)
    archive = _opened(path, name)
    entries = [
        (clean_path(entry.filename.replace("\\", "/")), entry) for entry in archive.infolist()
    ]
    folders = tuple(cleaned for cleaned, entry in entries if cleaned and entry.is_dir())
    entries = [each for each in entries if not each[1].is_dir() and not is_skipped(each[0])]
    total = sum(entry.file_size for _, entry in entries)
    if total > max_unpacked_bytes:
        raise DatasetError(
            f"{name} would unpack to {total / 10**6:,.0f} MB, and the limit is"
            f" {max_unpacked_bytes / 10**6:,.0f} MB. Split it, or raise FEATCLASS_MAX_UPLOAD_MB."
        )
    files: list[tuple[str, ZipSource]] = []
    rejected: list[Rejected] = []
    lock = threading.Lock()
    for cleaned, entry in sorted(entries, key=lambda each: each[0]):
        if reason := _why_not_unpacked(entry):
            rejected.append(Rejected(cleaned, reason))
        else:
            files.append((cleaned, ZipSource(archive, entry, lock)))
    return ZipListing(tuple(files), tuple(rejected), folders=folders)


def name_of_zip(path: Path | str | BinaryIO) -> str:
    """Name a zip at the start of a sentence."""
    return str(path) if isinstance(path, Path | str) else "The zip"


def _opened(path: Path | str | BinaryIO, name: str) -> zipfile.ZipFile:
    try:
        file = BufferedReader(FileIO(path)) if isinstance(path, Path | str) else path
    except OSError as error:
        raise DatasetError(f"{name} {why(error)}.") from error
    try:
        archive = zipfile.ZipFile(_GuardedFile(file))
    except _BAD_ZIP as error:
        if file is not path:
            file.close()
        raise DatasetError(f"{name} is not a zip, or it is damaged; pack it again.") from error
    if file is not path:
        finalize(archive, file.close)
    if len(archive.infolist()) > MOST_ENTRIES:
        raise DatasetError(
            f"{name} holds {len(archive.infolist()):,} entries, and the limit is {MOST_ENTRIES:,}."
            " Split it, or unpack it and give the folder."
        )
    return archive


class _GuardedFile:
    """The file of a zip, for `zipfile`, which would read a directory of any size at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1, /) -> bytes:
        if size > _LARGEST_DIRECTORY:
            raise zipfile.BadZipFile(f"a directory of {size} bytes")
        return self._file.read(_LARGEST_DIRECTORY if size < 0 else size)


def _why_not_unpacked(entry: zipfile.ZipInfo) -> str | None:
    if entry.flag_bits & 1:
        return "it is locked with a password"
    # The others would unpack a piece of a bomb whole, whatever size was asked for.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is packed in an unusual way; make the zip with the usual settings"
    if entry.file_size > LARGEST_FILE:
        return f"cannot be read ({TOO_LARGE})"
    return None
