"""The pictures of a batch: entries of its zip, or files inside the folders that are allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from featclass import datasets
from featclass.base import (
    Config,
    DatasetError,
    Distinct,
    Image,
    Rejected,
    UploadRefused,
    clean_path,
)
from featclass.server.batches.folder import BatchFolder
from featclass.server.batches.record import Record


@dataclass(frozen=True, slots=True)
class BatchPictures:
    """The files of a batch by their distinct names, in order, and those that cannot be read."""

    sources: Mapping[str, datasets.StreamSource]
    rejected: Sequence[Rejected] = ()

    def __len__(self) -> int:
        return len(self.sources) + len(self.rejected)

    def but(self, done: set[str]) -> Iterator[Image | Rejected]:
        """Yield each as an image or as rejected, one at a time, without those of these names."""
        for rejected in self.rejected:
            if rejected.name not in done:
                yield rejected
        for name, source in self.sources.items():
            if name not in done:
                yield datasets.image_of(source, name)


def of_batch(folder: BatchFolder, record: Record, config: Config) -> BatchPictures:
    """List the pictures of a batch; raises `FeatclassError` where they are not to be had."""
    if record.folder is not None:
        return of_folder(record.folder, config.pictures)
    return of_zip(folder.zip, max_unpacked=config.max_upload_bytes)


def of_zip(path: Path, *, max_unpacked: int) -> BatchPictures:
    """List the entries of a zip; it stays open for as long as they are in use.

    Raises `DatasetError` where it is none, damaged, too large or empty.
    """
    listing = datasets.files_of_zip(path, name="The zip", max_unpacked_bytes=max_unpacked)
    distinct = Distinct()
    refused = [Rejected(distinct(r.name), r.reason) for r in listing.rejected]
    pictures = BatchPictures({distinct(name): source for name, source in listing.files}, refused)
    if not len(pictures):
        raise DatasetError("The zip holds no files. Pack the pictures again.")
    return pictures


def of_folder(asked: str, roots: Sequence[Path]) -> BatchPictures:
    """List the files of a folder and its subfolders; raises as `allowed` does."""
    root = allowed(asked, roots)
    walk = datasets.Walk.through(root, follow=False)
    distinct = Distinct()
    rejected = [Rejected(distinct(r.name), r.reason) for r in walk.rejected]
    named = ((clean_path(file.relative_to(root).as_posix()), file) for file in walk.files)
    sources = {distinct(name): datasets.FileSource(file, root) for name, file in named}
    pictures = BatchPictures(sources, rejected)
    if not len(pictures):
        raise DatasetError(f"The folder {asked} holds no files.")
    return pictures


def allowed(asked: str, roots: Sequence[Path]) -> Path:
    """Return a folder as it really stands on this machine: it must lie in one of the roots.

    `asked` may be a path inside a root. Raises `UploadRefused` for all else, in the same words
    whether it exists or not.
    """
    for root in roots:
        try:
            real_root = root.resolve(strict=True)
            real = (real_root / asked.strip()).resolve(strict=True)  # an absolute path stays itself
        except (OSError, ValueError, RuntimeError):
            continue
        if real.is_relative_to(real_root) and real.is_dir():
            return real
    if not roots:
        raise UploadRefused("This server offers no folders. Drop a zip instead.")
    raise UploadRefused(
        f"There is no folder {asked.strip()!r} among those that this server offers. It has to lie"
        f" in {' or '.join(map(str, roots))}."
    )
