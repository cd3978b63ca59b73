"""The sixth format: what older ones kept of acts can be undone in any order from then on."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, text

from featclass.base import names

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


def upgrade(connection: Connection) -> None:
    """Bring a database of the fifth format to the sixth; what could be undone still can be."""
    for table, column in _COLUMNS:
        name = column.partition(" ")[0].strip('"')
        if name not in _columns(connection, table):
            connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column}"))
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
            place["name"] = names.distinct(name, in_set, is_file=True)
            in_set[place["name"]] = digest
            change = 'UPDATE effect SET "before" = ? WHERE id = ?'
            connection.exec_driver_sql(change, (json.dumps(place), effect_id))


def _columns(connection: Connection, table: str) -> set[str]:
    return {row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")}


def _run(connection: Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)
