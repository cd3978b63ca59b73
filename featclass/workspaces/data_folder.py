"""Opening a data folder: what must hold of it before anybody works with it.

Whatever is refused here is left as it is, for its owner to look at and to put right.
"""

from __future__ import annotations

import logging
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select, union

from featclass import images
from featclass.base import DataFolderUnusable, FeatclassError, WorkspacesLost, disk
from featclass.workspaces.blobs import Blobs
from featclass.workspaces.database import Database
from featclass.workspaces.tables import pictures, workspaces

log = logging.getLogger(__name__)

DATABASE_FILE: Final = "workspaces.sqlite"
REFERENCED: Final = union(
    select(pictures.c.digest),
    select(workspaces.c.classifier).where(workspaces.c.classifier.is_not(None)),
)
"""Every digest that something refers to, be it removed and not yet purged."""

_ANY_SIZE = 10**12
_BESIDE_DATABASE = ("-wal", "-shm", "-journal")
_REMEDY = (
    "Put the right file back from a backup, or start with `featclass app --recover`, which makes a"
    " workspace of the pictures that have none."
)


def open_folder(folder: Path, blobs: Blobs, *, despite_loss: bool = False) -> Database:
    """Open the database of a data folder, making both where there is neither.

    Args:
        folder: The data folder.
        blobs: The pictures in it.
        despite_loss: Set a database aside that is lost or damaged, and begin a new one.

    Raises:
        WorkspacesLost: The database is missing, damaged, or older than the pictures.
        FeatclassError: The folder cannot be used for another reason.
    """
    _usable(folder, folder)
    file = (folder / DATABASE_FILE).resolve()  # its journal lies beside it, not beside a link to it
    with disk.Reserve(folder).lent():
        database = _opened(file, blobs, despite_loss)
        try:
            _usable(folder, *blobs.folders)
        except BaseException:
            database.close()
            raise
    return database


def _opened(file: Path, blobs: Blobs, despite_loss: bool) -> Database:
    def check(db: Connection) -> None:
        _refuse_without_pictures(db, file, blobs)
        _refuse_orphans(db, file, blobs, despite_loss)

    try:
        _refuse_missing(file, blobs)
        return Database(file, check=check)
    except WorkspacesLost:
        if not despite_loss:
            raise
    _set_aside(file)
    return Database(file)


def _usable(data: Path, *folders: Path) -> None:
    """Make folders where they are missing, and see whether files can be made in them."""
    for folder in folders:
        probe = folder / f".{secrets.token_hex(8)}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
        except OSError as error:
            if disk.is_full(error):  # what is there can be looked at all the same
                continue
            raise DataFolderUnusable(
                f"The data folder {data} cannot be used: {folder.name}: {error.strerror}. Let it be"
                " written, or set FEATCLASS_DATA to a folder that can be."
            ) from error


def _refuse_missing(file: Path, blobs: Blobs) -> None:
    """Refuse to begin a new database beside pictures, or beside the journal of a lost one."""
    try:
        is_missing = not file.stat().st_size
    except FileNotFoundError:
        is_missing = True
    if not is_missing:
        return
    journal = file.with_name(f"{file.name}-wal")
    if any(True for _ in blobs.digests()) or (journal.is_file() and journal.stat().st_size):
        what = "is empty" if file.exists() else "is missing"
        raise WorkspacesLost(
            f"The database {file} {what}, and the pictures that it knew are still there. {_REMEDY}"
        )


def _refuse_without_pictures(db: Connection, file: Path, blobs: Blobs) -> None:
    """Refuse to begin a new folder of pictures beside a database that knows some."""
    if not blobs.folder.is_dir() and (known := len(set(db.scalars(REFERENCED)))):
        raise DataFolderUnusable(
            f"The folder {blobs.folder} is missing, and the database {file.name} knows {known:,}"
            " pictures in it. Put it back; if it is lost, make an empty folder of that name, and"
            " start again: each picture can then be added again, or removed."
        )


def _refuse_orphans(db: Connection, file: Path, blobs: Blobs, despite_loss: bool) -> None:
    """Refuse a database that does not know most of the pictures that were in use.

    While it may be written by nobody else, all such pictures are known to it. An older featclass
    noted nothing of the classifiers that were put aside, so there they are not missed.
    """
    if despite_loss:
        return
    digests = [*blobs.digests()]  # before what is noted of them: each is noted before it is written
    known, let_go = set(db.scalars(REFERENCED)), blobs.unreferenced()
    in_use = [digest for digest in digests if digest not in let_go]
    unknown = [digest for digest in in_use if digest not in known]
    others = (
        [] if blobs.has_notes else [digest for digest in unknown if not _is_picture(blobs, digest)]
    )
    lost = len(unknown) - len(others)
    if 2 * lost > len(in_use):
        raise WorkspacesLost(
            f"The database {file} does not know {lost:,} of the {len(in_use):,} pictures beside"
            f" it: it is new, or an old copy. {_REMEDY}"
        )
    if others:
        with suppress(OSError):  # a folder that cannot be written is refused hereafter
            blobs.begin_notes(others)
    if not lost:
        return
    log.warning(
        "%s of %s pictures in the data folder belong to no workspace. They are deleted in 30 days,"
        " unless `featclass app --recover` makes a workspace of them.",
        *(f"{lost:,}", f"{len(in_use):,}"),
    )


def _is_picture(blobs: Blobs, digest: str) -> bool:
    try:
        with blobs.blob(digest).path.open("rb") as file:
            images.check(file, max_pixels=_ANY_SIZE)
    except images.Unreadable:
        return False
    except OSError:  # it may have been one
        return True
    return True


def _set_aside(file: Path) -> None:
    """Give a database that is lost another name, with what belongs to it."""
    name = f"{file.stem}-damaged-{datetime.now(UTC):%Y%m%d-%H%M%S}{file.suffix}"
    try:
        for ending in ("", *_BESIDE_DATABASE):
            old = file.with_name(file.name + ending)
            if old.exists():
                old.rename(file.with_name(name + ending))
    except OSError as error:
        raise FeatclassError(
            f"The damaged database {file} cannot be set aside: {error.strerror}. Move it to another"
            " folder."
        ) from error
    log.warning("The database that was there is now called %s.", name)
