"""What is kept of workspaces, and how a database of an older featclass is brought up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
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
    exists,
    func,
    inspect,
    literal_column,
    text,
)
from sqlalchemy.schema import SchemaItem

from featclass.base import DataFolderUnusable
from featclass.workspaces import reversible

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


def _part_of(table: str, *, optional: bool = False, name: str = "") -> Column[int]:
    key = ForeignKey(f"{table}.id", ondelete="CASCADE")
    return Column(name or f"{table}_id", Integer, key, nullable=optional, index=True)


def _removed_by() -> Column[int]:
    """Return the column of the act that took a row away; forgetting the act deletes the row."""
    return _part_of("act", optional=True, name="removal_id")


def _made_by() -> Column[int]:
    """Return a column that is not read any more: `effects` tells what an act made.

    SQLite drops no column that a foreign key names.
    """
    return Column("act_id", Integer, ForeignKey("act.id", ondelete="SET NULL"), index=True)


workspaces = _table(
    "workspace",
    Column("token", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("encoder", Text, nullable=False),
    Column("classifier", Text),  # digest of a saved one, used in place of the sets
    Column("version", Integer, nullable=False),
    Column("changed", Moment, nullable=False),
    _removed_by(),
)

sets = _table(
    "labelled_set",
    _part_of("workspace"),
    Column("name", Text, nullable=False),
    Column("colour", Integer, nullable=False),
    _removed_by(),
    _made_by(),
    # False of the one set in a workspace whose pictures are none of its classes.
    Column("is_class", Boolean, nullable=False, server_default=text("1")),
    # As it was named, and by which version of the workspace; `name` and `colour` are what it is
    # shown as, others where undoing brought it back beside a set that has them by now.
    Column("own_name", Text, nullable=False, server_default=text("''")),
    Column("own_colour", Integer, nullable=False, server_default=text("0")),
    Column("named", Integer, nullable=False, server_default=text("0")),
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
    _removed_by(),
    Column("left_out", Text),  # why it does not count; NULL: it does
    Column("burst", Text),  # key of the recording it is a frame of; NULL: of none
    # Undoing brought it to a place that has these bytes from a later act: that one is shown.
    Column("hidden", Boolean, nullable=False, server_default=text("0")),
)


def is_shown(picture: FromClause) -> ColumnElement[bool]:
    """Return the condition for a picture that is there to be seen, if its set is."""
    return picture.c.removal_id.is_(None) & ~picture.c.hidden


def is_set_shown(labelled_set: FromClause) -> ColumnElement[bool]:
    """Return the condition for a set that is there, or was removed and holds pictures again."""
    held = exists().where(pictures.c.labelled_set_id == labelled_set.c.id, is_shown(pictures))
    return labelled_set.c.removal_id.is_(None) | held


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
    sqlite_where=pictures.c.removal_id.is_(None) & ~pictures.c.hidden,
)

rejections = _table(
    "rejection",
    _part_of("workspace"),
    _part_of("labelled_set", optional=True),
    Column("name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    _removed_by(),
)

# What a person did that can be undone. A row that is not there names the act that took it away, or
# the undone one that made it: purging the act takes the rows along.
acts = _table(
    "act",
    _part_of("workspace"),
    Column("what", Text, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("undone", Boolean, nullable=False),
    Column("author", Text),  # NULL: not known
    Column("key", Text, index=True),  # of the drop that all of it is part of; NULL: of none
)

# What an act changed: the values that one field of one row had before. The value of a field is what
# the last act that is not undone gave it, so that acts can be undone in any order.
effects = _table(
    "effect",
    _part_of("act"),
    Column("kind", Text, nullable=False),  # name of the row's table
    Column("row_id", Integer, nullable=False),
    Column("field", Text, nullable=False),
    Column("before", JSON, nullable=False),  # by the names of the columns
    Index("ix_effect_of_field", "row_id", "kind", "field"),
)

# Findings of which the person said that they are fine.
accepted = _table(
    "accepted",
    _part_of("workspace"),
    Column("key", Text, nullable=False),
    _made_by(),
    _removed_by(),
)

visits = _table(
    "visit",
    _part_of("workspace"),
    Column("visitor", Text, nullable=False, index=True),
    Column("at", Moment, nullable=False),
)

_ACTS = (
    "ALTER TABLE removal RENAME TO act",
    "DROP INDEX ix_removal_workspace_id",
    "DROP INDEX ix_removal_at",
    "CREATE INDEX ix_act_workspace_id ON act (workspace_id)",
    "CREATE INDEX ix_act_at ON act (at)",
    "UPDATE act SET what = 'Removed ' || what",
    "ALTER TABLE picture ADD COLUMN left_out TEXT",
    """CREATE TABLE former (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        act_id INTEGER NOT NULL REFERENCES act (id) ON DELETE CASCADE,
        picture_id INTEGER NOT NULL REFERENCES picture (id) ON DELETE CASCADE,
        labelled_set_id INTEGER REFERENCES labelled_set (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        arrived INTEGER NOT NULL,
        left_out TEXT
    )""",
    "CREATE INDEX ix_former_act_id ON former (act_id)",
    "CREATE INDEX ix_former_picture_id ON former (picture_id)",
    "CREATE INDEX ix_former_labelled_set_id ON former (labelled_set_id)",
    """CREATE TABLE accepted (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        workspace_id INTEGER NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
        "key" TEXT NOT NULL,
        act_id INTEGER REFERENCES act (id) ON DELETE SET NULL,
        removal_id INTEGER REFERENCES act (id) ON DELETE CASCADE
    )""",
    "CREATE INDEX ix_accepted_workspace_id ON accepted (workspace_id)",
    "CREATE INDEX ix_accepted_act_id ON accepted (act_id)",
    "CREATE INDEX ix_accepted_removal_id ON accepted (removal_id)",
)

_BURSTS = ("ALTER TABLE picture ADD COLUMN burst TEXT",)

_SETS_OF_MOVES = (
    "ALTER TABLE labelled_set ADD COLUMN act_id INTEGER REFERENCES act (id) ON DELETE SET NULL",
    "CREATE INDEX ix_labelled_set_act_id ON labelled_set (act_id)",
)

Upgrade = Sequence[str] | Callable[[Connection], None]

_NONE_OF_THESE = ("ALTER TABLE labelled_set ADD COLUMN is_class BOOLEAN NOT NULL DEFAULT 1",)

UPGRADES: Sequence[Upgrade] = (
    _ACTS,
    _BURSTS,
    _SETS_OF_MOVES,
    _NONE_OF_THESE,
    reversible.upgrade,
)
"""Statements, or a function, that take a database from version 1 to 2, from 2 to 3, and so on."""


def prepare(connection: Connection, upgrades: Sequence[Upgrade] = UPGRADES) -> None:
    """Create the tables, or bring them up to date, within the caller's transaction.

    Raises `DataFolderUnusable` for a database of a newer featclass, or of another program.
    """
    newest = 1 + len(upgrades)
    found = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if found > newest:
        raise DataFolderUnusable(
            "The workspaces in this data folder were written by a newer featclass (format"
            f" {found}; this one knows up to {newest}). Update featclass, or set FEATCLASS_DATA"
            " to another folder."
        )
    if found == newest:
        return
    if found == 0:
        if inspect(connection).get_table_names():
            raise DataFolderUnusable(
                "The database in this data folder is not one of featclass. Move it elsewhere, or"
                " set FEATCLASS_DATA to another folder."
            )
        metadata.create_all(connection)
    else:
        for upgrade in upgrades[found - 1 :]:
            if callable(upgrade):
                upgrade(connection)
                continue
            for statement in upgrade:
                connection.execute(text(statement))
    connection.exec_driver_sql(f"PRAGMA user_version = {newest}")
