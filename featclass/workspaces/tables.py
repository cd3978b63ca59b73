"""What is kept of workspaces, and how a database of an older featclass is brought up to date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Float,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    func,
    literal_column,
    text,
)
from sqlalchemy.schema import SchemaItem

from featclass.errors import FeatclassError

metadata = MetaData()


class Moment(TypeDecorator[datetime]):
    """A time of the world, kept as seconds since 1970."""

    impl = Float
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> float | None:
        """Return the seconds."""
        return None if value is None else value.timestamp()

    def process_result_value(self, value: float | None, dialect: Dialect) -> datetime | None:
        """Return the time, in UTC."""
        return None if value is None else datetime.fromtimestamp(value, UTC)


def _table(name: str, *columns: SchemaItem) -> Table:
    # AUTOINCREMENT: the number of something purged never comes to mean something else.
    return Table(
        name,
        metadata,
        Column("id", Integer, primary_key=True),
        *columns,
        sqlite_autoincrement=True,
    )


def _part_of(table: str, *, optional: bool = False) -> Column[int]:
    key = ForeignKey(f"{table}.id", ondelete="CASCADE")
    return Column(f"{table}_id", Integer, key, nullable=optional, index=True)


workspaces = _table(
    "workspace",
    Column("token", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("encoder", Text, nullable=False),
    Column("classifier", Text),  # digest of a saved one, used in place of the sets
    Column("version", Integer, nullable=False),
    Column("changed", Moment, nullable=False),
    _part_of("removal", optional=True),
)

sets = _table(
    "labelled_set",
    _part_of("workspace"),
    Column("name", Text, nullable=False),
    Column("colour", Integer, nullable=False),
    _part_of("removal", optional=True),
)

pictures = _table(
    "picture",
    _part_of("workspace"),
    _part_of("labelled_set", optional=True),  # NULL: tried for a prediction
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False, index=True),
    Column("added", Moment, nullable=False),
    # The workspace's version that brought it where it is: an order that no clock can disturb.
    Column("arrived", Integer, nullable=False),
    _part_of("removal", optional=True),
)


def place(picture: FromClause) -> ColumnElement[int]:
    """Return the expression for a picture's set, 0 where it is tried; the index below has it."""
    # Not a parameter: SQLite would not see that it is the expression of the index.
    return func.coalesce(picture.c.labelled_set_id, literal_column("0"))


Index(
    "picture_once_in_a_set",
    pictures.c.workspace_id,
    place(pictures),
    pictures.c.digest,
    unique=True,
    sqlite_where=pictures.c.removal_id.is_(None),
)

rejections = _table(
    "rejection",
    _part_of("workspace"),
    _part_of("labelled_set", optional=True),
    Column("name", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

# A removed row names its removal. Bringing back clears that; purging the removal takes the rows.
removals = _table(
    "removal",
    _part_of("workspace"),
    Column("what", Text, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("undone", Boolean, nullable=False),
)

visits = _table(
    "visit",
    _part_of("workspace"),
    Column("visitor", Text, nullable=False, index=True),
    Column("at", Moment, nullable=False),
)

UPGRADES: Sequence[Sequence[str]] = ()
"""Statements that take a database from version 1 to 2, from 2 to 3, and so on."""


def prepare(connection: Connection, upgrades: Sequence[Sequence[str]] = UPGRADES) -> None:
    """Create the tables, or bring them up to date, within the caller's transaction.

    Raises `FeatclassError` for a database of a newer featclass.
    """
    newest = 1 + len(upgrades)
    found = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if found > newest:
        raise FeatclassError(
            "The workspaces in this data folder were written by a newer featclass (format"
            f" {found}; this one knows up to {newest}). Update featclass, or set FEATCLASS_DATA"
            " to another folder."
        )
    if found == newest:
        return
    if found == 0:
        metadata.create_all(connection)
    else:
        for statements in upgrades[found - 1 :]:
            for statement in statements:
                connection.execute(text(statement))
    connection.exec_driver_sql(f"PRAGMA user_version = {newest}")
