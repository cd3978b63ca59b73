"""The routes that say where the files of a drop belong, before any of them is sent."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import IO, NotRequired, TypedDict
from urllib.parse import unquote

from starlette.requests import Request

from featclass.base import FoldersAmbiguous, UploadRefused
from featclass.web.routes import drops, requests
from featclass.web.routes.requests import in_turn, refusing

PLAN_BYTES = 2 * 10**6
MOST_TABLES = 4
TABLE_BYTES = 5 * 10**6
DEEPEST = 100
NO_PLAN = "that is not a list of paths"


class Planned(TypedDict):
    """Which set each path of a drop belongs to."""

    targets: tuple[drops.Target, ...]
    """None for files that are skipped."""
    sets: tuple[str, ...]
    """The names of the sets that the drop itself names."""
    notes: tuple[str, ...]
    """Sentences."""
    zips: NotRequired[tuple[int, ...]]
    """Places of the paths that are to be sent as zips instead."""


async def plan(request: Request) -> Planned | drops.Asked:
    """Answer which set each path of a drop belongs to, making the sets that are missing.

    Takes `{"set": id | "try" | "new", "paths": [...]}`, with `tables` (path -> bytes in base64),
    `folders` (those that hold nothing) and `classes_at` where there are any. Asks where they can
    be read in two ways.
    """
    data = await request.body()
    return await in_turn(request, _planned, request.path_params["token"], data)


async def plan_form(request: Request) -> Planned | drops.Asked:
    """Answer as `plan` does to a form: a file `plan` of JSON, and files `table` as they are."""
    token, kind = request.path_params["token"], request.headers.get("content-type", "")
    async with requests.spooled(request) as file:
        return await in_turn(request, _planned_by_form, token, file, kind)


def _planned_by_form(token: str, file: IO[bytes], content_type: str) -> Planned | drops.Asked:
    data, tables = b"", {}
    most = MOST_TABLES + 1
    for part in requests.parts(file, content_type, most=most, most_bytes=TABLE_BYTES):
        if part.size > len(part.data) or (part.name == "plan" and part.size > PLAN_BYTES):
            raise UploadRefused(NO_PLAN)  # tables of labels are small, and a plan is
        if part.name == "plan":
            data = part.data
        else:
            tables[unquote(part.filename or "table.csv")] = part.data
    return _planned(token, data, tables)


def _planned(
    token: str, data: bytes, tables: Mapping[str, bytes] | None = None
) -> Planned | drops.Asked:
    with refusing(NO_PLAN):
        asked = requests.parsed(data)
        drop = drops.Drop(
            *(token, str(asked["set"]), _texts(asked["paths"]), depth_of(asked.get("classes_at"))),
            _tables(asked.get("tables") or {}) | dict(tables or {}),
            _texts(asked.get("folders") or []),
        )
    try:
        placement = drops.place(drop)
    except FoldersAmbiguous as ambiguous:
        return {"question": drops.question(ambiguous, _top(drop.paths), drop.target)}
    drops.remember(token, drop.target, placement.targets, placement.rejected)
    answer = Planned(targets=placement.targets, sets=placement.made, notes=placement.notes)
    return {**answer, "zips": placement.zips} if placement.zips else answer


def _texts(value: object) -> list[str]:
    """Return a list of texts; raises `ValueError` for what is none."""
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError("a list of paths holds texts")
    return value


def _top(paths: Sequence[str]) -> str:
    """Return what to call a drop: the folder that all of it lies in."""
    tops = {path.partition("/")[0] for path in paths}
    return tops.pop() if len(tops) == 1 else "This drop"


def depth_of(value: object) -> int | None:
    """Return how deep the classes are said to be; raises `ValueError` for what is no depth."""
    if value in (None, ""):
        return None
    depth = int(str(value))
    if not 0 <= depth <= DEEPEST:
        raise ValueError("no folders lie so deep")
    return depth


def _tables(encoded: Mapping[str, str]) -> dict[str, bytes]:
    """Return the bytes of the tables sent along; raises `ValueError` where they are too many."""
    tables = {str(path): base64.b64decode(text, validate=True) for path, text in encoded.items()}
    if len(tables) > MOST_TABLES or any(len(table) > TABLE_BYTES for table in tables.values()):
        raise ValueError("tables of labels are few and small")
    return tables
