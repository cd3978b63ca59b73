"""The SQLite file of all workspaces: who may read and change it at once, and how."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
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

from featclass.errors import FeatclassError, WorkspaceMissing, WorkspaceRemoved
from featclass.workspaces import tables
from featclass.workspaces.tables import workspaces

BUSY_SECONDS = 30
"""How long a writer waits for the writers before it, each of which takes milliseconds."""


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
    former = _doer.set(Doer(author or None, drop))
    try:
        yield
    finally:
        _doer.reset(former)


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

    def __init__(self, file: Path) -> None:
        self._file = file
        self._engine = _engine(file)
        self._writer = self._engine.execution_options(begin="IMMEDIATE")
        try:
            with self.write() as db:
                tables.prepare(db)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database from first to last query."""
        with self._told_in_words(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection that alone may write; committed at the end, undone on an error."""
        with self._told_in_words(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def change(self, token: str, *, removed_too: bool = False) -> Iterator[Change]:
        """Begin a change of a workspace; its version grows if any row of it really changed.

        Raises `WorkspaceMissing` or `WorkspaceRemoved`.
        """
        with self.write() as db:
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

    @contextmanager
    def _told_in_words(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise  # a mistake of this package, not of the machine
        except OverflowError as error:
            raise FeatclassError("No set, picture or removal has so large a number.") from error
        except DatabaseError as error:
            raise FeatclassError(
                f"The workspaces in {self._file} cannot be reached: {error.orig}. Check that the"
                " folder can be written, is not full, and holds a database of featclass."
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
