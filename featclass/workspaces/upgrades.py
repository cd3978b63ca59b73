"""Bringing a database that an older featclass wrote up to date; making a new one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, inspect

from featclass.base import DataFolderUnusable, names
from featclass.workspaces import tables

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

_NONE_OF_THESE = ("ALTER TABLE labelled_set ADD COLUMN is_class BOOLEAN NOT NULL DEFAULT 1",)

# All that was built in when these were saved is the small one today.
_SAVED_WITH_THE_SMALL_ONE = (
    """UPDATE workspace SET encoder = 'builtin:small'
        WHERE encoder = 'builtin' AND classifier IS NOT NULL""",
)

# The sixth format: what older ones kept of acts can be undone in any order from then on.
_COLUMNS = (
    ("act", "author TEXT"),
    ("act", '"key" TEXT'),
    ("rejection", "removal_id INTEGER REFERENCES act (id) ON DELETE CASCADE"),
    ("picture", "hidden BOOLEAN NOT NULL DEFAULT 0"),
    ("labelled_set", "own_name TEXT NOT NULL DEFAULT ''"),
    ("labelled_set", "own_colour INTEGER NOT NULL DEFAULT 0"),
    ("labelled_set", "named INTEGER NOT NULL DEFAULT 0"),
)

_TABLES = (
    'CREATE INDEX IF NOT EXISTS ix_act_key ON act ("key")',
    "CREATE INDEX IF NOT EXISTS ix_rejection_removal_id ON rejection (removal_id)",
    "DROP INDEX picture_once_in_a_set",
    """CREATE UNIQUE INDEX picture_once_in_a_set
        ON picture (workspace_id, coalesce(labelled_set_id, 0), digest)
        WHERE removal_id IS NULL AND hidden = 0""",
    """CREATE TABLE IF NOT EXISTS effect (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        act_id INTEGER NOT NULL REFERENCES act (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        row_id INTEGER NOT NULL,
        field TEXT NOT NULL,
        "before" JSON NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS ix_effect_act_id ON effect (act_id)",
    "CREATE INDEX IF NOT EXISTS ix_effect_of_field ON effect (row_id, kind, field)",
    "UPDATE labelled_set SET own_name = name, own_colour = colour WHERE own_name = ''",
)

_NOTE = 'INSERT INTO effect (act_id, kind, row_id, field, "before") '

# Each act noted where a picture stood, and whether it counted, whichever of the two it changed.
_MOVED = (
    f"""{_NOTE}SELECT act_id, 'picture', picture_id, 'place', json_object(
            'labelled_set_id', labelled_set_id, 'name', former.name, 'arrived', arrived)
        FROM former JOIN act ON act.id = act_id AND NOT undone
        WHERE what NOT LIKE 'Left out %' AND what NOT LIKE 'Took back %' ORDER BY former.id""",
    f"""{_NOTE}SELECT act_id, 'picture', picture_id, 'left out', json_object('left_out', left_out)
        FROM former JOIN act ON act.id = act_id AND NOT undone
        WHERE what LIKE 'Left out %' OR what LIKE 'Took back %' OR what LIKE 'Said that %'
        ORDER BY former.id""",
    "DROP TABLE former",
)

_MADE = tuple(
    f"""{_NOTE}SELECT act_id, '{table}', row.id, 'removal', json_object('removal_id', act_id)
        FROM {table} AS row JOIN act ON act.id = act_id AND NOT undone"""
    for table in ("labelled_set", "accepted")
)

# A removed set took its pictures along by being out of sight; now each of them says so itself, also
# one that was removed before.
_REMOVED = (
    *(
        f"""{_NOTE}SELECT removal_id, '{table}', id, 'removal', json_object('removal_id', NULL)
            FROM {table} WHERE removal_id IS NOT NULL"""
        for table in ("picture", "labelled_set", "workspace", "accepted")
    ),
    f"""{_NOTE}SELECT of_set.removal_id, 'picture', picture.id, 'removal',
            json_object('removal_id', picture.removal_id)
        FROM picture JOIN labelled_set AS of_set ON of_set.id = picture.labelled_set_id
        WHERE of_set.removal_id > coalesce(picture.removal_id, 0)""",
    """UPDATE picture SET removal_id = of_set.removal_id FROM labelled_set AS of_set
        WHERE of_set.id = picture.labelled_set_id
        AND of_set.removal_id > coalesce(picture.removal_id, 0)""",
)


def _undo_in_any_order(connection: Connection) -> None:
    """Bring a database of the fifth format to the sixth; what could be undone still can be."""
    for table, column in _COLUMNS:
        name = column.partition(" ")[0].strip('"')
        if name not in _columns(connection, table):
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {column}")
    _run(connection, _TABLES)
    if _columns(connection, "former"):
        _run(connection, _MOVED)
        _name_apart(connection)
        _run(connection, _MADE)
        _run(connection, _REMOVED)


def _name_apart(connection: Connection) -> None:
    """Have no picture go back under a name that another has there: older formats gave it anew."""
    taken: defaultdict[tuple[int, int | None], dict[str, str]] = defaultdict(dict)
    there = "SELECT workspace_id, labelled_set_id, name, digest FROM picture"
    for workspace_id, set_id, name, digest in connection.exec_driver_sql(there):
        taken[workspace_id, set_id][name] = digest
    noted = """SELECT effect.id, workspace_id, digest, "before" FROM effect
        JOIN picture ON picture.id = row_id AND kind = 'picture' AND field = 'place'
        ORDER BY effect.id"""
    for effect_id, workspace_id, digest, before in connection.exec_driver_sql(noted).all():
        place = json.loads(before)
        in_set, name = taken[workspace_id, place["labelled_set_id"]], place["name"]
        if in_set.setdefault(name, digest) != digest:
            place["name"] = names.distinct(name, in_set.__contains__, is_file=True)
            in_set[place["name"]] = digest
            change = 'UPDATE effect SET "before" = ? WHERE id = ?'
            connection.exec_driver_sql(change, (json.dumps(place), effect_id))


def _columns(connection: Connection, table: str) -> set[str]:
    return {row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")}


def _run(connection: Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)


Upgrade = Sequence[str] | Callable[[Connection], None]

UPGRADES: Sequence[Upgrade] = (
    _ACTS,
    _BURSTS,
    _SETS_OF_MOVES,
    _NONE_OF_THESE,
    _undo_in_any_order,
    _SAVED_WITH_THE_SMALL_ONE,
)
"""Statements, or a function, that take a database from version 1 to 2, from 2 to 3, and so on."""


def prepare(connection: Connection, upgrades: Sequence[Upgrade] = UPGRADES) -> None:
    """Create the tables, or bring them up to date, within the caller's transaction.

    Raises `DataFolderUnusable` for a database of a newer featclass, or of another program.
    """
    newest = 1 + len(upgrades)
    version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if version > newest:
        raise DataFolderUnusable(
            "The workspaces in this data folder were written by a newer featclass (format"
            f" {version}; this one knows up to {newest}). Update featclass, or set FEATCLASS_DATA"
            " to another folder."
        )
    if version == newest:
        return
    if version == 0:
        if inspect(connection).get_table_names():
            raise DataFolderUnusable(
                "The database in this data folder is not one of featclass. Move it elsewhere, or"
                " set FEATCLASS_DATA to another folder."
            )
        tables.metadata.create_all(connection)
    else:
        for upgrade in upgrades[version - 1 :]:
            if callable(upgrade):
                upgrade(connection)
            else:
                _run(connection, upgrade)
    connection.exec_driver_sql(f"PRAGMA user_version = {newest}")
