"""The bytes of the pictures, each kept once, in a file named by their digest and nothing else.

Beside them stands, as an empty file for each, which of them no workspace refers to, and since when.
It is known to the folder, not to the database: that one may be lost, or put back from an old copy.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from featclass.base import DiskFull, FeatclassError, digest_of, disk

_DIGEST = re.compile("[0-9a-f]{64}")
_ABANDONED_SECONDS = 24 * 3600
_REMEDY = "add the picture again, or remove it"


class PictureDamaged(OSError):
    """The file of a picture does not hold its bytes (any more); in words that name no path."""

    def __str__(self) -> str:
        return f"This picture cannot be read: {self.strerror}."


@dataclass(frozen=True, slots=True)
class Blob:
    """The bytes of one picture, on disk: a `featclass.base.records.Source`."""

    path: Path

    def read(self) -> bytes:
        """Return all bytes; raises `PictureDamaged` where they are there no more, or are others."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError as error:
            raise PictureDamaged(error.errno, f"its file is gone; {_REMEDY}") from error
        except OSError as error:
            why = f"its file cannot be opened ({error.strerror})"
            raise PictureDamaged(error.errno, why) from error
        if digest_of(data) != self.path.name:
            raise PictureDamaged(errno.EIO, f"its file is damaged or cut off; {_REMEDY}")
        return data


class Blobs:
    """A folder of files `ab/abcdef...`, and of those that are referred to by nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._incoming = folder / "incoming"
        self._unreferenced = folder / "unreferenced"

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that have to be there, and to be written."""
        return self.folder, self._incoming, self._unreferenced

    @property
    def has_notes(self) -> bool:
        """Whether it is noted here at all what is referred to by nothing."""
        return self._unreferenced.is_dir()

    def blob(self, digest: str) -> Blob:
        """Return where the bytes of this digest are, or would be."""
        if not _DIGEST.fullmatch(digest):
            raise FeatclassError("A digest is 64 hexadecimal digits; this one is not.")
        return Blob(self.folder / digest[:2] / digest)

    def keep(self, digest: str, data: bytes) -> bool:
        """Make sure that `data` is on disk under its digest; returns whether it was not.

        What is new counts as referred to by nothing, until `hold` says otherwise. A file appears
        under its name only when whole, so a killed process leaves no half picture. Bytes are handed
        to the operating system, not forced to the disk: a power cut may take the last half minute.
        (1,000 files of 10 kB: 0.04 s, and 0.18 s if each were forced, on a fast disk.) A file that
        was damaged that way is replaced when its picture is added again.
        """
        path = self.blob(digest).path
        new = self._incoming / secrets.token_hex(16)
        try:
            if _holds(path, data):
                return False
            (self._unreferenced / digest).touch()
            new.write_bytes(data)
            path.parent.mkdir(exist_ok=True)
            os.replace(new, path)
        except OSError as error:
            new.unlink(missing_ok=True)
            if not path.exists():
                self.hold([digest])
            if disk.is_full(error):
                raise DiskFull(disk.FULL) from error
            raise FeatclassError(
                f"A picture could not be kept in the data folder: {error.strerror}. Whoever runs"
                " this server should look at that folder; then add the picture again."
            ) from error
        return True

    def is_kept(self, digest: str) -> bool:
        """Say whether a file stands under this digest, whatever it holds."""
        return self.blob(digest).path.is_file()

    def digests(self) -> Iterator[str]:
        """Go through all that are kept."""
        for file in self.folder.glob("??/*"):
            if _DIGEST.fullmatch(file.name):
                yield file.name

    def oldest_first(self, digests: Iterable[str]) -> list[str]:
        """Return those of these that are kept, in the order in which they were written."""
        written: dict[str, float] = {}
        for digest in digests:
            with suppress(FileNotFoundError):
                written[digest] = self.blob(digest).path.stat().st_mtime
        return sorted(written, key=lambda digest: (written[digest], digest))

    def trouble(self) -> str:
        """Return why no picture can be added, in a sentence; empty where all is well."""
        if not all(folder.is_dir() for folder in self.folders):
            return "The folder of the pictures is missing."
        if not all(os.access(folder, os.W_OK) for folder in self.folders):
            return "The folder of the pictures cannot be written any more."
        return ""

    def delete(self, digest: str) -> None:
        """Delete the bytes, if there."""
        self.blob(digest).path.unlink(missing_ok=True)
        self.hold([digest])

    def let_go(self, digests: Iterable[str]) -> None:
        """Note that nothing refers to these from now on; of one noted before, nothing changes.

        To be called before the change that lets go of them is committed: what is noted of too many
        is put right at the next purge, what is noted of too few looks like a loss.
        """
        for digest in digests:
            with suppress(FileExistsError):
                (self._unreferenced / digest).touch(exist_ok=False)

    def begin_notes(self, digests: Iterable[str]) -> None:
        """Note the same in a folder of an older featclass, which had no notes."""
        self._unreferenced.mkdir(exist_ok=True)
        self.let_go(digests)

    def hold(self, digests: Iterable[str]) -> None:
        """Note that something refers to these; to be called once that is committed."""
        for digest in digests:
            (self._unreferenced / digest).unlink(missing_ok=True)

    def unreferenced(self) -> dict[str, timedelta]:
        """Return for how long nothing has referred to each file of which that is noted.

        A time that lies ahead, as the clock was set back meanwhile, begins anew.
        """
        now, ages = time.time(), {}
        for note in self._unreferenced.glob("*"):
            try:
                since = note.stat().st_mtime
                if since > now:
                    os.utime(note, (now, now))
            except FileNotFoundError:
                continue  # somebody has just added its picture
            ages[note.name] = timedelta(seconds=max(0.0, now - since))
        return ages

    def sweep(self) -> None:
        """Delete what writers that were killed left half written."""
        oldest = time.time() - _ABANDONED_SECONDS
        for file in self._incoming.iterdir():
            try:
                if file.stat().st_mtime < oldest:
                    file.unlink(missing_ok=True)
            except FileNotFoundError:
                continue  # its writer finished meanwhile


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False
