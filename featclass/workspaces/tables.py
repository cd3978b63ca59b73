"""What is kept of workspaces."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
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
    literal_column,
    select,
    text,
)
from sqlalchemy.schema import SchemaItem

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


def listed(values: Iterable[str | int]) -> Any:
    """Return a subquery of values: one parameter however many, as SQLite takes only 32,766."""
    return select(func.json_each(json.dumps(list(values))).table_valued("value").c.value)


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
