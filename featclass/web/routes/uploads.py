"""Routes that take in pictures: what is answered as added is on disk."""

from __future__ import annotations

import base64
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, BinaryIO, TypeVar, cast
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass import datasets, images
from featclass.base import DatasetError, FeatclassError, FoldersAmbiguous, Rejected, UploadRefused
from featclass.server.studio import studio
from featclass.web.routes import drops, requests
from featclass.web.routes.drops import NEW, TRY, set_id_of
from featclass.web.routes.requests import in_turn
from featclass.workspaces import NewPicture

MOST_FILES = 1000
BATCH = 64
PORTION_BYTES = 64 * 10**6
PLAN_BYTES = 2 * 10**6
MOST_TABLES = 4
TABLE_BYTES = 5 * 10**6
DEEPEST = 100
BURST = re.compile(r"[A-Za-z0-9-]{8,64}")

T = TypeVar("T")


async def plan(request: Request) -> Response:
    """Answer which set each path of a drop belongs to, making the sets that are missing.

    Takes `{"set": id | "try" | "new", "paths": [...]}`, with `tables` (path -> bytes in base64),
    `folders` (those that hold nothing) and `classes_at` where there are any; answers `{"targets":
    [id | "try" | null], "sets": [names], "notes": [sentences]}`, null for files that are skipped,
    or `{"question": ...}` (`drops.Question`), and then no set is made. With `"zips": [places]`,
    those paths are to be sent as zips instead.
    """
    data = await request.body()
    return await _planned(request, lambda: _planned_by(request.path_params["token"], data))


async def plan_form(request: Request) -> Response:
    """Answer as `plan` does to a form: a file `plan` of JSON, and files `table` as they are."""
    token, kind = request.path_params["token"], request.headers.get("content-type", "")
    try:
        async with requests.spooled(request) as file:
            return await _planned(request, lambda: _planned_by_form(token, file, kind))
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 400)


async def _planned(request: Request, work: Callable[[], dict[str, Any]]) -> Response:
    try:
        return JSONResponse(await in_turn(request, work))
    except (ValueError, KeyError, TypeError, AttributeError):
        return JSONResponse({"error": "that is not a list of paths"}, 400)
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 400)


def _planned_by_form(token: str, file: IO[bytes], content_type: str) -> dict[str, Any]:
    data, tables = b"", {}
    most = MOST_TABLES + 1
    for part in requests.parts(file, content_type, most=most, most_bytes=TABLE_BYTES):
        if part.size > len(part.data) or (part.name == "plan" and part.size > PLAN_BYTES):
            raise ValueError("tables of labels are small, and a plan is")
        if part.name == "plan":
            data = part.data
        else:
            tables[unquote(part.filename or "table.csv")] = part.data
    return _planned_by(token, data, tables)


def _planned_by(
    token: str, data: bytes, tables: Mapping[str, bytes] | None = None
) -> dict[str, Any]:
    asked = requests.parsed(data)
    target, paths = str(asked["set"]), _texts(asked["paths"])
    try:
        placement = drops.place(
            *(token, target, paths),
            classes_at=_depth(asked.get("classes_at")),
            tables=_tables(asked.get("tables") or {}) | dict(tables or {}),
            folders=_texts(asked.get("folders") or []),
        )
    except FoldersAmbiguous as ambiguous:
        return {"question": drops.question(ambiguous, _top(paths), target)}
    _remember(token, target, placement.targets, placement.rejected)
    answer: dict[str, Any] = {
        "targets": placement.targets,
        "sets": placement.made,
        "notes": placement.notes,
    }
    return {**answer, "zips": placement.zips} if placement.zips else answer


def _texts(given: object) -> list[str]:
    """Return a list of texts; raises `ValueError` for what is none."""
    if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
        raise ValueError("a list of paths holds texts")
    return given


def _top(paths: Sequence[str]) -> str:
    """Return what to call a drop: the folder that all of it lies in."""
    tops = {path.partition("/")[0] for path in paths}
    return tops.pop() if len(tops) == 1 else "This drop"


def _depth(given: object) -> int | None:
    """Return how deep the classes are said to be; raises `ValueError` for what is no depth."""
    if given in (None, ""):
        return None
    depth = int(str(given))
    if not 0 <= depth <= DEEPEST:
        raise ValueError("no folders lie so deep")
    return depth


def _tables(given: Mapping[str, str]) -> dict[str, bytes]:
    """Return the bytes of the tables sent along; raises `ValueError` where they are too many."""
    tables = {str(path): base64.b64decode(text, validate=True) for path, text in given.items()}
    if len(tables) > MOST_TABLES or any(len(table) > TABLE_BYTES for table in tables.values()):
        raise ValueError("tables of labels are few and small")
    return tables


async def pictures(request: Request) -> Response:
    """Add the files of a form to one set; answers `{"added", "copies", "rejected"}` as counts.

    With `opposed` where some stay none of these, as a person had said.
    With `notes` where the set had been removed meanwhile and is there again.

    A field `burst` before them names the recording that all of them are frames of.
    """
    token, target = request.path_params["token"], request.query_params.get("set", "")
    kind = request.headers.get("content-type", "")
    try:
        await run_in_threadpool(drops.require, token, target)
        async with requests.spooled(request) as file:
            counts = await in_turn(request, _add_form, token, target, file, kind)
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 400)
    return JSONResponse(counts)


def _add_form(token: str, target: str, file: IO[bytes], content_type: str) -> dict[str, Any]:
    """Add the files of a form, a portion at a time."""
    counts: Counter[str] = Counter(added=0, copies=0, rejected=0)
    notes: list[str] = []
    burst: str | None = None
    most_bytes = studio().config.max_picture_bytes
    sent = requests.parts(file, content_type, most=MOST_FILES, most_bytes=most_bytes)
    for portion in portions(sent, lambda part: len(part.data)):
        files: list[tuple[str, bytes | str]] = []
        for part in portion:
            if part.filename is not None:
                is_whole = part.size == len(part.data)
                name = unquote(part.filename) or "picture"
                files.append((name, part.data if is_whole else _too_large(part.size)))
            elif part.name == "burst":
                burst = _burst(part.data.decode(errors="replace"))
        counts.update(_add(token, target, files, notes, burst))
    return {**counts, "notes": notes} if notes else dict(counts)


def _too_large(size: int) -> str:
    most = studio().config.max_picture_bytes
    return (
        f"has {size / 1e6:,.0f} MB, and {most / 1e6:,.0f} MB is the most that one picture may have"
    )


def portions(items: Iterable[T], size: Callable[[T], int]) -> Iterator[list[T]]:
    """Divide what is to be held in memory into portions of few files and few bytes."""
    portion: list[T] = []
    total = 0
    for item in items:
        if portion and (len(portion) >= BATCH or total + size(item) > PORTION_BYTES):
            yield portion
            portion, total = [], 0
        portion.append(item)
        total += size(item)
    if portion:
        yield portion


async def archive(request: Request) -> Response:
    """Add the pictures of a zip; its subfolders become sets, or `among` other zips, it is one.

    Answers as `pictures` does, with `sets`, `notes` and `names` (`drops.Names` or null), or
    `{"question": ...}` as `plan` does, and then nothing is added.
    """
    asked, target = request.query_params, request.query_params.get("set", "")
    token, name = request.path_params["token"], asked.get("name", "archive.zip")
    try:
        depth = _depth(asked.get("classes_at"))
        await run_in_threadpool(drops.require, token, target)
        async with requests.spooled(request) as file:
            answer = await in_turn(
                request,
                _unpack,
                *(token, target, name, file),
                classes_at=depth,
                is_one_of_several="among" in asked,
            )
    except FoldersAmbiguous as ambiguous:
        return JSONResponse({"question": drops.question(ambiguous, name, target)})
    except ValueError:
        return JSONResponse({"error": "that is no depth of folders"}, 400)
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 400)
    return JSONResponse(answer)


def _burst(given: str) -> str:
    if not BURST.fullmatch(given):
        raise UploadRefused("that names no recording; load the page again")
    return given


def _add(
    token: str,
    target: str,
    files: Iterable[tuple[str, bytes | str]],
    notes: list[str],
    burst: str | None = None,
) -> dict[str, int]:
    """Add files, bytes or why there are none, to one set or to the pictures to try.

    What cannot be used is remembered there. A set that came back for them is said in `notes`.
    """
    set_id = None if target == TRY else set_id_of(target)
    good, bad = [], []
    for path, data in files:
        name = path.rsplit("/", 1)[-1]
        if isinstance(data, str):
            bad.append(Rejected(name, data))
            continue
        try:
            images.check(data, max_pixels=studio().config.max_pixels)
        except images.Unreadable as unreadable:
            bad.append(Rejected(name, str(unreadable)))
        else:
            good.append(NewPicture(name, data, burst))
    store = studio().workspaces
    added = store.add_pictures(token, set_id, good) if good else []
    if bad:
        store.reject(token, set_id, bad)
    if restored := [item.digest for item in added if item.restored]:
        studio().trainer.read_again(token, restored)
    notes += [
        f"{name} had been removed meanwhile; it is here again, with what was added now."
        for name in dict.fromkeys(item.brought_back for item in added if item.brought_back)
    ]
    copies, opposed = (
        sum(getattr(item, name) for item in added) for name in ("duplicate", "is_opposed")
    )
    counts = {"added": len(added) - copies, "copies": copies - opposed, "rejected": len(bad)}
    return {**counts, "opposed": opposed} if opposed else counts


def _unpack(
    token: str,
    target: str,
    name: str,
    file: IO[bytes],
    *,
    classes_at: int | None,
    is_one_of_several: bool,
) -> dict[str, Any]:
    """Add the files of a zip, a batch at a time, each to the set of its folder."""
    limit = studio().config.max_upload_bytes
    try:
        listing = datasets.files_of_zip(cast(BinaryIO, file), max_unpacked_bytes=limit)
    except DatasetError as error:
        raise UploadRefused(str(error).replace("The zip", name, 1)) from error
    before = frozenset(labelled.name for labelled in studio().workspaces.open(token).sets)
    placement = drops.place(
        *(token, target, [path for path, _ in listing.files]),
        classes_at=classes_at,
        tables=_tables_inside(listing.files),
        folders=listing.folders,
        alone=datasets.class_of_zip(name),
        is_one_of_several=is_one_of_several,
    )
    groups: defaultdict[str, list[tuple[str, datasets.ZipSource]]] = defaultdict(list)
    for (path, source), to in zip(listing.files, placement.targets, strict=True):
        if to is not None:
            groups[str(to)].append((path, source))
    unusable, back = [*listing.rejected], list[str]()
    counts: Counter[str] = Counter(added=0, copies=0, rejected=0)
    for to, members in groups.items():
        for portion in portions(members, lambda member: member[1].size):
            read = [(path, _bytes_or_reason(source)) for path, source in portion]
            unusable += [Rejected(path, str(got)) for path, got in read if isinstance(got, str)]
            usable = [(path, got) for path, got in read if isinstance(got, bytes)]
            counts.update(_add(token, to, usable, back))
    counts["rejected"] += len(unusable)  # what is damaged shows only as it is unpacked
    _remember(token, target, placement.targets, [*placement.rejected, *unusable])
    names = drops.other_names(token, name, listing, placement, before, classes_at)
    of_names = () if names else listing.notes  # else they are said with the choice
    notes = [*(note.replace("The zip", name, 1) for note in of_names), *placement.notes, *back]
    return {**counts, "sets": placement.made, "notes": notes, "names": names}


def _tables_inside(files: Iterable[tuple[str, datasets.ZipSource]]) -> dict[str, bytes]:
    """Return the small tables of a zip, which may hold labels; one that is damaged is none."""
    tables: dict[str, bytes] = {}
    for path, source in files:
        if len(tables) == MOST_TABLES:
            break
        if datasets.is_table(path) and source.size <= TABLE_BYTES:
            table = _bytes_or_reason(source)
            if isinstance(table, bytes):
                tables[path] = table
    return tables


def _bytes_or_reason(source: datasets.ZipSource) -> bytes | str:
    if source.size > studio().config.max_picture_bytes:
        return _too_large(source.size)
    try:
        return source.read()
    except OSError as error:
        return str(error)


def _remember(
    token: str, target: str, targets: Iterable[drops.Target], unusable: Sequence[Rejected]
) -> None:
    """Keep what could not be used where it was dropped, or at the first set that it made."""
    if not unusable:
        return
    first = next((to for to in targets if to is not None), "")
    where = target if target != NEW else str(first)
    set_id = None if where == TRY else set_id_of(where or str(studio().workspaces.add_set(token)))
    studio().workspaces.reject(token, set_id, unusable)
