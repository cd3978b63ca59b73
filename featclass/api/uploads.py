"""Routes that take in pictures: what is answered as added is on disk."""

from __future__ import annotations

import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any, BinaryIO, TypeVar, cast
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass import datasets, images
from featclass.errors import DatasetError, FeatclassError, UploadRefused
from featclass.records import Rejected, Source
from featclass.studio import studio
from featclass.workspaces import NewPicture

TRY, NEW = "try", "new"
MOST_FILES = 1000
MOST_SETS = 1000
BATCH = 64
PORTION_BYTES = 64 * 10**6
IN_MEMORY = 32 * 10**6
LONGEST_ID = 18
BURST = re.compile(r"[A-Za-z0-9-]{8,64}")

T = TypeVar("T")


async def plan(request: Request) -> Response:
    """Answer which set each path of a drop belongs to, making the sets that are missing.

    Takes `{"set": id | "try" | "new", "paths": [...]}`; answers `{"targets": [id | "try" | null],
    "sets": [names]}`, null for files that are skipped (hidden ones).
    """
    try:
        asked = await request.json()
        target, paths = str(asked["set"]), [str(path) for path in asked["paths"]]
        targets, made = await run_in_threadpool(
            _targets, request.path_params["token"], target, paths
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return JSONResponse({"error": "that is not a list of paths"}, 400)
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 400)
    return JSONResponse({"targets": targets, "sets": made})


async def pictures(request: Request) -> Response:
    """Add the files of a form to one set; answers `{"added", "copies", "rejected"}` as counts.

    A field `burst` names the recording that all of them are frames of.
    """
    token, target = request.path_params["token"], request.query_params.get("set", "")
    form = await request.form(max_files=MOST_FILES)
    counts: Counter[str] = Counter(added=0, copies=0, rejected=0)
    try:
        burst = _burst(form.get("burst"))
        parts = [part for _, part in form.multi_items() if isinstance(part, UploadFile)]
        for portion in portions(parts, lambda part: part.size or 0):
            files = [(unquote(part.filename or "picture"), await part.read()) for part in portion]
            counts.update(await run_in_threadpool(_add, token, target, files, burst))
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 400)
    finally:
        await form.close()
    return JSONResponse(counts)


def portions(items: Sequence[T], size: Callable[[T], int]) -> Iterator[list[T]]:
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
    """Add the pictures of a zip; its subfolders become sets."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        try:
            async for chunk in request.stream():
                file.write(chunk)
            counts = await run_in_threadpool(
                _unpack,
                request.path_params["token"],
                request.query_params.get("set", ""),
                request.query_params.get("name", "archive.zip"),
                file,
            )
        except FeatclassError as error:
            return JSONResponse({"error": str(error)}, 400)
    return JSONResponse(counts)


def _targets(token: str, target: str, paths: list[str]) -> tuple[list[int | str | None], list[str]]:
    """Return the set of each path, and the names of the sets that the drop itself makes."""
    classes = datasets.read_paths(paths).labels
    if target == TRY:
        return [None if name is None else TRY for name in classes], []
    named = sorted({name for name in classes if name})
    store = studio().workspaces
    # One folder dropped on a set fills that set; several folders are sets of their own.
    if target != NEW and len(named) < 2:
        return [None if name is None else _set_id(target) for name in classes], []
    if len(named) > MOST_SETS:
        raise UploadRefused(
            f"that would make {len(named):,} sets, and {MOST_SETS:,} is the most; each folder"
            " directly inside the dropped one becomes a set"
        )
    ids: dict[str, int] = {name: store.set_named(token, name) for name in named}
    if "" in classes:
        ids[""] = store.add_set(token) if target == NEW else _set_id(target)
    return [None if name is None else ids[name] for name in classes], named


def _burst(given: object) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str) or not BURST.fullmatch(given):
        raise UploadRefused("that names no recording; load the page again")
    return given


def _add(
    token: str, target: str, files: Iterable[tuple[str, bytes]], burst: str | None = None
) -> dict[str, int]:
    """Add files to one set, or to the pictures to try; what cannot be used is remembered there."""
    set_id = None if target == TRY else _set_id(target)
    good, bad = [], []
    for path, data in files:
        name = path.rsplit("/", 1)[-1]
        try:
            images.check(data, max_pixels=studio().config.max_pixels)
        except images.Unreadable as unreadable:
            bad.append(Rejected(name, str(unreadable)))
        else:
            good.append(NewPicture(name, data, burst))
    store = studio().workspaces
    added = store.add_pictures(token, set_id, good)
    if bad:
        store.reject(token, set_id, bad)
    copies = sum(item.duplicate for item in added)
    return {"added": len(added) - copies, "copies": copies, "rejected": len(bad)}


def _unpack(token: str, target: str, name: str, file: IO[bytes]) -> dict[str, Any]:
    """Add the files of a zip, a batch at a time, each to the set of its folder."""
    limit = studio().config.max_upload_bytes
    try:
        listing = datasets.files_of_zip(cast(BinaryIO, file), max_unpacked_bytes=limit)
    except DatasetError as error:
        raise UploadRefused(str(error).replace("The zip", name, 1)) from error
    files, unusable = listing.files, [*listing.rejected]
    targets, made = _targets(token, target, [path for path, _ in files])
    groups: defaultdict[str, list[tuple[str, datasets.ZipSource]]] = defaultdict(list)
    for (path, source), to in zip(files, targets, strict=True):
        if to is not None:
            groups[str(to)].append((path, source))
    counts: Counter[str] = Counter(added=0, copies=0, rejected=len(unusable))
    for to, members in groups.items():
        for portion in portions(members, lambda member: member[1].size):
            read = [(path, _bytes_or_reason(source)) for path, source in portion]
            unusable += [Rejected(path, str(got)) for path, got in read if isinstance(got, str)]
            usable = [(path, got) for path, got in read if isinstance(got, bytes)]
            counts.update(_add(token, to, usable))
    _remember(token, target, groups, unusable)
    return {**counts, "sets": made}


def _bytes_or_reason(source: Source) -> bytes | str:
    try:
        return source.read()
    except OSError as error:
        return str(error)


def _remember(token: str, target: str, groups: Iterable[str], unusable: list[Rejected]) -> None:
    """Keep what could not be unpacked where the zip was dropped, or at the first set it made."""
    if not unusable:
        return
    where = target if target != NEW else next(iter(groups), "")
    set_id = None if where == TRY else _set_id(where or str(studio().workspaces.add_set(token)))
    studio().workspaces.reject(token, set_id, unusable)


def _set_id(target: str) -> int:
    if not target.isdecimal() or len(target) > LONGEST_ID:
        raise UploadRefused("there is no such set; load the page again")
    return int(target)
