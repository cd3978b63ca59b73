"""The SQLite file of all workspaces: who may read and change it at once, and how."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Row,
    create_engine,
    event,
    func,
    select,
    update,
)
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.pool import ConnectionPoolEntry

from featclass.base import (
    DataFolderUnusable,
    DiskFull,
    FeatclassError,
    WorkspaceMissing,
    WorkspaceRemoved,
    WorkspacesLost,
    disk,
)
from featclass.workspaces import upgrades
from featclass.workspaces.tables import workspaces

BUSY_SECONDS = 30
"""How long a writer waits for the writers before it, each of which takes milliseconds."""


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does what is done now, and as part of what."""

    author: str | None = None
    """A digest of the visitor's name, which itself is a key to workspaces; None: not known."""
    drop: str | None = None
    """Key of the drop that what is added belongs to: all of it is one act."""


NOBODY = Doer()
_AUTHOR_LENGTH = 16
_doer: ContextVar[Doer] = ContextVar("doer", default=NOBODY)


@contextmanager
def acting(visitor: str | None, drop: str | None = None) -> Iterator[None]:
    """Let what is done within, also in threads that take the context along, be this visitor's."""
    author = visitor and hashlib.sha256(visitor.encode()).hexdigest()[:_AUTHOR_LENGTH]
    before = _doer.set(Doer(author or None, drop))
    try:
        yield
    finally:
        _doer.reset(before)


def doer() -> Doer:
    """Return who does what is done now."""
    return _doer.get()


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one workspace under way: nobody else writes until it ends."""

    db: Connection
    workspace: int
    """The row's id."""
    version: int
    """What the workspace's version will be."""
    now: datetime
    doer: Doer = NOBODY


class Database:
    """Connections to one file; any number of threads and processes may have one at once."""

    def __init__(self, file: Path, *, check: Callable[[Connection], None] | None = None) -> None:
        """Open the file, or make it.

        `check` may raise: nothing is changed then. Raises `WorkspacesLost` where it is damaged, and
        `FeatclassError` where it cannot be used for another reason.
        """
        self._file = file
        self._reserve = disk.Reserve(file.parent)
        self._identity: tuple[int, int] | None = None
        self._engine = _engine(file)
        self._writer = self._engine.execution_options(begin="IMMEDIATE")
        try:
            with self._writing() as db:
                _require_writable(file)
                if damage := _damage(db, "integrity_check"):
                    raise _lost(file, damage)
                upgrades.prepare(db)
                if check is not None:
                    check(db)
            self._identity = _identity(file)
        except DatabaseError as error:
            self.close()
            raise _unopened(file, error) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database from first to last query."""
        self._require_in_place()
        with self._told_in_words(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self, *, adding: bool = False) -> Iterator[Connection]:
        """Give a connection that alone may write; committed at the end, undone on an error.

        On a full disk, the reserve is there for whatever is not `adding`. Raises `DiskFull`.
        """
        self._require_in_place()
        lent = nullcontext() if adding else self._reserve.lent()
        with lent, self._told_in_words(), self._writing() as connection:
            yield connection

    @contextmanager
    def change(
        self, token: str, *, removed_too: bool = False, adding: bool = False
    ) -> Iterator[Change]:
        """Begin a change of a workspace; its version grows if any row of it really changed.

        Raises `WorkspaceMissing` or `WorkspaceRemoved`, and what `write` does.
        """
        with self.write(adding=adding) as db:
            row = find(db, token, removed_too=removed_too)
            change = Change(db, row.id, row.version + 1, datetime.now(UTC), doer())
            rows_before = db.scalar(select(func.total_changes()))
            yield change
            if db.scalar(select(func.total_changes())) != rows_before:
                db.execute(
                    update(workspaces)
                    .where(workspaces.c.id == change.workspace)
                    .values(version=change.version, changed=change.now)
                )

    def trouble(self) -> str:
        """Return why nobody can work with the database, in a sentence; empty where all is well."""
        try:
            self._require_in_place()
            if not os.access(self._file, os.W_OK):
                return "The database of the workspaces cannot be written any more."
            with self._told_in_words(), self._engine.connect() as db:
                # What a connection read before would hide what the file has become.
                db.exec_driver_sql("PRAGMA shrink_memory")
                damage = _damage(db, "quick_check")
        except FeatclassError as error:
            return str(error)
        return f"The database of the workspaces is damaged: {damage}." if damage else ""

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._writer.begin() as connection:
            yield connection

    def _require_in_place(self) -> None:
        """Refuse to work with a file that nobody will find again, and to begin another."""
        if self._identity is not None and _identity(self._file) != self._identity:
            raise DataFolderUnusable(
                "The database of the workspaces was moved, deleted or replaced while this server"
                " runs. Whoever runs it should put it back, and start the server again."
            )

    @contextmanager
    def _told_in_words(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise  # a mistake of this package, not of the machine
        except OverflowError as error:
            raise FeatclassError("No set, picture or removal has so large a number.") from error
        except DatabaseError as error:
            if error.orig is not None and disk.is_full(error.orig):
                raise DiskFull(disk.FULL) from error
            # Whoever reads this may be a stranger, whom no path of the server concerns.
            log.error("The workspaces in %s cannot be reached: %s", self._file, error.orig)
            raise DataFolderUnusable(
                f"The workspaces cannot be reached: {error.orig}. Whoever runs this server should"
                " look at its data folder."
            ) from error


def find(db: Connection, token: str, *, removed_too: bool = False) -> Row[Any]:
    """Return the row of a workspace; raises `WorkspaceMissing` or `WorkspaceRemoved`."""
    row = None
    if token.isascii():
        row = db.execute(select(workspaces).where(workspaces.c.token == token)).one_or_none()
    if row is None:
        raise WorkspaceMissing(
            "No workspace has this link. Check that it was copied whole, or start a new one."
        )
    if row.removal_id is not None and not removed_too:
        raise WorkspaceRemoved(f"The workspace {row.name} was removed. It can be brought back.")
    return row


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _require_writable(file: Path) -> None:
    """Refuse a file that SQLite would open all the same, and whose first change would fail."""
    if not os.access(file, os.W_OK):
        raise DataFolderUnusable(
            f"The database {file} cannot be written. Let it be written, or set FEATCLASS_DATA to a"
            " folder that can be."
        )


def _damage(db: Connection, check: str) -> str:
    """Return the first thing that is wrong inside the file; empty where all is well.

    Of 100,000 pictures `quick_check` takes 0.1 s, and `integrity_check`, which sees what a journal
    left over from another file did to it, 1.6 s.
    """
    damage = str(db.exec_driver_sql(f"PRAGMA {check}(1)").scalar_one())
    return "" if damage == "ok" else damage.replace("\n", " ")


def _lost(file: Path, damage: str) -> WorkspacesLost:
    return WorkspacesLost(
        f"The workspaces in {file} cannot be reached: {damage}. Put the file back from a backup,"
        " or start with `featclass app --recover`, which sets it aside and makes a workspace of the"
        " pictures."
    )


def _unopened(file: Path, error: DatabaseError) -> FeatclassError:
    """Return what to tell whoever starts a server on this file."""
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # the last byte tells the kind
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return _lost(file, str(error.orig))
    if error.orig is not None and disk.is_full(error.orig):
        return DiskFull(
            f"The disk with {file.parent} is full, so that its workspaces cannot be opened. Make"
            " some room there."
        )
    return DataFolderUnusable(
        f"The workspaces in {file} cannot be reached: {error.orig}. Check that the folder can be"
        " written, and holds a database of featclass that no other program keeps busy."
    )


def _engine(file: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        connect_args={"timeout": BUSY_SECONDS},
        max_overflow=-1,  # a thread waits for the file, never for a connection
    )

    @event.listens_for(engine, "connect")
    def connected(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # BEGIN is ours, below
        cursor = connection.cursor()
        _journal_ahead(cursor)
        # A commit outlives the process at once. A power cut may take the last of them, never
        # more; waiting for the disk at every commit would not help, see `blobs`.
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    # Writers ask for the right to write before they read what they decide upon.
    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        kind = connection.get_execution_options().get("begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {kind}")

    return engine


def _journal_ahead(cursor: DBAPICursor) -> None:
    # Of two that do this to a new file at once, SQLite tells one "locked" without waiting.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.005)
