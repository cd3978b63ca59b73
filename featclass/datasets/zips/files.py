"""The files of a zip, unpacked while they are read; whoever made it may mean harm."""

from __future__ import annotations

import stat
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader, FileIO
from pathlib import Path
from typing import IO, BinaryIO, Final
from weakref import finalize

from featclass.base import DatasetError, Rejected
from featclass.datasets.paths import is_skipped
from featclass.datasets.sources import LARGEST_FILE, TOO_LARGE, pieces, stream_digest, why
from featclass.datasets.zips.code_pages import UTF8
from featclass.datasets.zips.faults import SPLIT, is_split, why_no_zip, why_not_unpacked
from featclass.datasets.zips.names import Name, Readings, ZipNames, name_of, read_names

MOST_ENTRIES: Final = 200_000
MAX_UNPACKED: Final = 4000 * 10**6
"""Bytes of all entries together."""

_LARGEST_DIRECTORY: Final = 32 * 10**6
_REPLACED: Final = "the zip holds this name twice, and the later one counts"

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

    def digest(self) -> str:
        """Return the SHA-256 of the bytes; raises `images.Unreadable` where they are no image's."""
        return stream_digest(self.open)

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
    code: str = UTF8
    """The code page that names were read in; "utf-8" where nothing had to be chosen."""
    notes: tuple[str, ...] = ()
    """What was chosen, in sentences for a person; they name no option of a door."""
    alternatives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By code page, the likeliest first: the paths of `files`, in that order, as it would read
    them. Empty where nothing had to be chosen; `CODE_PAGES` names them for a person."""
    folders: tuple[str, ...] = ()
    """Those that the zip names itself, by their cleaned paths, sorted: some hold nothing."""


def files_of_zip(
    path: Path | str | BinaryIO,
    *,
    name: str | None = None,
    names: str | None = None,
    max_unpacked_bytes: int = MAX_UNPACKED,
) -> ZipListing:
    """List the files of a zip, and those that cannot be unpacked.

    The total is bounded as the directory of the zip tells it, and no entry gives more than it
    announced there.

    Args:
        path: The zip, or its bytes as a file.
        name: What sentences call it at their beginning; by default its path, or "The zip".
        names: The code page of names that do not say theirs, as "cp932", or as Python names it;
            None to choose the likeliest.
        max_unpacked_bytes: Of all entries together.

    Raises:
        DatasetError: Not a zip, damaged, or larger than allowed once unpacked.
    """
    name = name or name_of_zip(path)
    archive = _opened(path, name)
    entries = [(name_of(info), info) for info in archive.infolist()]
    how = read_names(name, [raw for raw, _ in entries], names)
    files, folders = _divided(entries, how)
    _check_size(name, files, max_unpacked_bytes)
    usable, rejected = _sorted_out(files)
    lock = threading.Lock()
    usable_names = [file.name for file in usable]
    readings = Readings(how, usable_names)
    return ZipListing(
        tuple((file.path, ZipSource(archive, file.info, lock)) for file in usable),
        tuple(rejected),
        how.choice.code if readings else UTF8,
        how.notes(name, usable_names) if readings and names is None else (),
        readings,
        tuple(sorted(folders)),
    )


@dataclass(frozen=True, slots=True)
class _File:
    """An entry that is no folder."""

    path: str
    name: Name
    info: zipfile.ZipInfo


def _divided(
    entries: Iterable[tuple[Name, zipfile.ZipInfo]], how: ZipNames
) -> tuple[list[_File], set[str]]:
    """Return the files, and the paths of folders, but for what systems add."""
    files: list[_File] = []
    folders: set[str] = set()
    for name, info in entries:
        path = how.path(name)
        if how.is_folder(info, name):
            if path and not is_skipped(f"{path}/"):
                folders.add(path)
        elif not is_skipped(path):
            files.append(_File(path, name, info))
    return files, folders


def _check_size(name: str, files: Iterable[_File], most: int) -> None:
    total = sum(file.info.file_size for file in files)
    if total > most:
        raise DatasetError(
            f"{name} would unpack to {total / 10**6:,.0f} MB, and the limit is"
            f" {most / 10**6:,.0f} MB. Split it, or raise FEATCLASS_MAX_UPLOAD_MB."
        )


def _sorted_out(files: Sequence[_File]) -> tuple[list[_File], list[Rejected]]:
    """Return the files that can be unpacked, by their paths, and why the others cannot."""
    last = {file.path: file for file in files}
    usable: list[_File] = []
    rejected: list[Rejected] = []
    for file in sorted(files, key=lambda file: file.path):
        reason = _REPLACED if last[file.path] is not file else _why_not_unpacked(file.info)
        if reason:
            rejected.append(Rejected(file.path, reason))
        else:
            usable.append(file)
    return usable, rejected


def name_of_zip(path: Path | str | BinaryIO) -> str:
    """Name a zip at the start of a sentence."""
    return str(path) if isinstance(path, Path | str) else "The zip"


def _opened(path: Path | str | BinaryIO, name: str) -> zipfile.ZipFile:
    try:
        # Opening a named pipe would wait for ever.
        if isinstance(path, Path | str) and not stat.S_ISREG(Path(path).stat().st_mode):
            raise DatasetError(f"{name} is not a file that holds anything.")
        file = BufferedReader(FileIO(path)) if isinstance(path, Path | str) else path
    except OSError as error:
        raise DatasetError(f"{name} {why(error)}.") from error
    cause: Exception | None = None
    try:
        archive = zipfile.ZipFile(_GuardedFile(file))
        sentence = _why_not_used(archive, file, name)
    except _BAD_ZIP as error:
        sentence, cause = why_no_zip(file, name), error
        if isinstance(error, UnicodeDecodeError):
            sentence = f"{name} says that its names are UTF-8, and they are not; pack it again."
    if sentence:
        if file is not path:
            file.close()
        raise DatasetError(sentence) from cause
    if file is not path:
        finalize(archive, file.close)
    return archive


def _why_not_used(archive: zipfile.ZipFile, file: BinaryIO, name: str) -> str:
    entries = archive.infolist()
    # An entry that begins before the file does lies in a part that is missing.
    if is_split(file) or any(entry.header_offset < 0 for entry in entries):
        return f"{name} {SPLIT}."
    if len(entries) > MOST_ENTRIES:
        return (
            f"{name} holds {len(entries):,} entries, and the limit is {MOST_ENTRIES:,}."
            " Split it, or unpack it and give the folder."
        )
    return ""


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
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "a link; links in a zip are not followed, so pack the picture itself"
    # The others would unpack a piece of a bomb whole, whatever size was asked for.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return why_not_unpacked(entry.compress_type)
    if entry.file_size > LARGEST_FILE:
        return f"cannot be read ({TOO_LARGE})"
    return None
