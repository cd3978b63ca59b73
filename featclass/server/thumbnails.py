"""Small versions of pictures, made when they are first looked at and kept beside the originals."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from featclass import images

log = logging.getLogger(__name__)

SIZES = (160, 480)
_ABANDONED_SECONDS = 24 * 3600
_VERSION = f"-v{images.DECODING_VERSION}"


class Thumbnails:
    """Thumbnails in a folder, found by the digest of the original and the decoding version."""

    def __init__(self, folder: Path, *, max_pixels: int) -> None:
        self._folder = folder
        self._max_pixels = max_pixels

    def of(self, digest: str, original: bytes, size: int) -> bytes:
        """Return a JPEG whose shorter side has `size` pixels; raises `images.Unreadable`.

        `digest` must be one: it becomes part of a path. Where it cannot be kept, as on a full disk,
        it is made anew next time.
        """
        path = self._folder / digest[:2] / f"{digest}-{size}{_VERSION}.jpg"
        with suppress(OSError):
            if data := path.read_bytes():  # a power cut may leave an empty file
                return data
        thumbnail = images.thumbnail(original, size=size, max_pixels=self._max_pixels)
        try:
            self._keep(path, thumbnail)
        except OSError as error:
            log.info("A small picture could not be kept: %s", error.strerror)
        return thumbnail

    @staticmethod
    def _keep(path: Path, data: bytes) -> None:
        """Write a file that other threads may be reading or writing at the same moment."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise

    def forget(self, digests: Iterable[str]) -> None:
        """Delete the thumbnails of these originals."""
        for digest in digests:
            for path in (self._folder / digest[:2]).glob(f"{digest}-*"):
                path.unlink(missing_ok=True)

    def purge(self, keep: Collection[str]) -> None:
        """Delete the thumbnails of every original but these digests, and those decoded before.

        Also what writers that were killed left half written.
        """
        for path in self._folder.glob("*/*"):
            if path.suffix != ".jpg":
                self._delete_abandoned(path)
            elif path.name.partition("-")[0] not in keep or not path.stem.endswith(_VERSION):
                path.unlink(missing_ok=True)

    @staticmethod
    def _delete_abandoned(path: Path) -> None:
        with suppress(FileNotFoundError):  # its writer has finished meanwhile
            if path.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                path.unlink()
