"""The names of the entries of a zip: text where the zip says how they are written, else bytes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zipfile import ZipInfo

from featclass.base import DatasetError, clean_path
from featclass.datasets.zips.code_pages import UTF8, Choice, chosen, code_page, text_in, title_of

Name = str | bytes
"""Bytes where the zip does not say how a name is written."""

_SAYS_UTF8: Final = 0x800
_UNICODE_PATH: Final = 0x7075
_LONGEST_SAMPLE: Final = 40


@dataclass(frozen=True, slots=True)
class ZipNames:
    """How the names in a zip are read."""

    choice: Choice
    """The code page of those that do not say theirs."""
    with_slashes: bool
    """Whether folders are told by "/": else by the backslash, as some programs of Windows do."""

    def path(self, name: Name, code: str = "") -> str:
        """Return a name as a cleaned path, in the code page chosen or in another."""
        text = _text(name, code or self.choice.code)
        return clean_path(text if self.with_slashes else text.replace("\\", "/"))

    def is_folder(self, entry: ZipInfo, name: Name) -> bool:
        """Whether an entry is a folder: PowerShell ends its name with a backslash."""
        text = _text(name, self.choice.code)
        ends_so = text.endswith("/") or (text.endswith("\\") and not entry.file_size)
        return ends_so or (bool(entry.external_attr & 0x10) and not entry.file_size)

    def notes(self, zip_name: str, names: Sequence[Name]) -> tuple[str, ...]:
        """Say which code page was chosen for these names, where one had to be."""
        choice = self.choice
        if choice.code == UTF8 or not choice.others:
            return ()
        sentence = f"{zip_name} does not say how its names are written; they were read as"
        sentence += f" {title_of(choice.code)}"
        if choice.is_clear:
            return (f"{sentence}.",)
        other = choice.others[0]
        sample = min((name for name in names if needs_code(name)), key=len, default=b"")
        here, there = (self.path(sample, code)[-_LONGEST_SAMPLE:] for code in ("", other))
        return (
            f"{sentence}, but that is not certain: as {title_of(other)}, “{here}” would be"
            f" “{there}”.",
        )


def read_names(zip_name: str, names: Sequence[Name], asked: str | None) -> ZipNames:
    """Find out how the names in a zip are to be read.

    Args:
        zip_name: For the start of a sentence.
        names: Of all its entries.
        asked: The code page that the person named; None to choose the likeliest.

    Raises:
        DatasetError: There is no such code page, or it has not all the names.
    """
    with_slashes = any(b"/" in name if isinstance(name, bytes) else "/" in name for name in names)
    unsaid = [name for name in names if isinstance(name, bytes)]
    choice = chosen(unsaid)
    if asked is None:
        return ZipNames(choice, with_slashes)
    code = code_page(asked)
    fitting = tuple(dict.fromkeys((choice.code, *choice.others)))
    if (sample := next((name for name in unsaid if text_in(name, code) is None), None)) is not None:
        raise DatasetError(
            f"{zip_name} holds names that are not {title_of(code)}, such as"
            f" {sample.decode('ascii', 'replace')[:_LONGEST_SAMPLE]!r}: say another of"
            f" {', '.join(fitting)}, or none."
        )
    others = tuple(other for other in fitting if other != code)
    return ZipNames(Choice(code, others=others), with_slashes)


class Readings(Mapping[str, tuple[str, ...]]):
    """The paths of the same files in other code pages, worked out when they are asked for."""

    def __init__(self, how: ZipNames, names: Sequence[Name]) -> None:
        self._how = how
        self._names = names
        self._codes = how.choice.others if any(map(needs_code, names)) else ()

    def __getitem__(self, code: str) -> tuple[str, ...]:
        if code not in self._codes:
            raise KeyError(code)
        return tuple(self._how.path(name, code) for name in self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)


def name_of(entry: ZipInfo) -> Name:
    """Return the name of an entry as the zip holds it."""
    # `filename` has lost its bytes already, and on Windows each "\\", which may be half a letter.
    if entry.flag_bits & _SAYS_UTF8:
        return entry.orig_filename.partition("\0")[0]
    raw = entry.orig_filename.encode("cp437")  # as zipfile decoded it; all 256 have a character
    return _unicode_path(entry.extra, raw) or raw.partition(b"\0")[0]


def needs_code(name: Name) -> bool:
    """Whether a name is another text in another code page."""
    return isinstance(name, bytes) and not name.isascii()


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """Return the name in UTF-8 that WinRAR and others write beside; None where it is stale."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        data, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and len(data) > 5 and data[0] == 1:
            is_of_this_name = int.from_bytes(data[1:5], "little") == zlib.crc32(raw)
            try:
                return data[5:].decode().partition("\0")[0] if is_of_this_name else None
            except UnicodeDecodeError:
                return None
    return None


def _text(name: Name, code: str) -> str:
    return name if isinstance(name, str) else name.decode(code, "replace")
