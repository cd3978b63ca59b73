"""Routes that take in pictures: what is answered as added is on disk."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import IO, BinaryIO, NotRequired, TypedDict, TypeVar, cast
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from featclass import datasets, images
from featclass.base import FoldersAmbiguous, Rejected, UploadRefused
from featclass.server.studio import studio
from featclass.web.routes import drops, requests
from featclass.web.routes.drops import TRY, set_id_of
from featclass.web.routes.plans import MOST_TABLES, TABLE_BYTES, depth_of
from featclass.web.routes.requests import in_turn, refusing
from featclass.workspaces import NewPicture

MOST_FILES = 1000
BATCH = 64
PORTION_BYTES = 64 * 10**6
BURST = re.compile(r"[A-Za-z0-9-]{8,64}")

T = TypeVar("T")


class AddedCounts(TypedDict):
    """What came of files that were sent."""

    added: int
    copies: int
    rejected: int
    opposed: NotRequired[int]
    """How many stay none of these, as a person had said."""
    notes: NotRequired[list[str]]
    """That the set had been removed meanwhile and is there again."""


class Unpacked(AddedCounts):
    """What came of a zip that was sent."""

    sets: tuple[str, ...]
    names: drops.Names | None


async def pictures(request: Request) -> AddedCounts:
    """Add the files of a form to one set.

    A field `burst` before them names the recording that all of them are frames of.
    """
    token, target = request.path_params["token"], request.query_params.get("set", "")
    kind = request.headers.get("content-type", "")
    await run_in_threadpool(drops.require, token, target)
    async with requests.spooled(request) as file:
        return await in_turn(request, _add_form, token, target, file, kind)


def _add_form(token: str, target: str, file: IO[bytes], content_type: str) -> AddedCounts:
    """Add the files of a form, a portion at a time."""
    adding = _Adding(token)
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
        adding.add(target, files, burst)
    return {**adding.counts(), "notes": adding.notes} if adding.notes else adding.counts()


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


async def archive(request: Request) -> Unpacked | drops.Asked:
    """Add the pictures of a zip; its subfolders become sets, or `among` other zips, it is one.

    Asks where they can be read in two ways.
    """
    asked, target = request.query_params, request.query_params.get("set", "")
    token, name = request.path_params["token"], asked.get("name", "archive.zip")
    with refusing("that is no depth of folders"):
        depth = depth_of(asked.get("classes_at"))
    await run_in_threadpool(drops.require, token, target)
    async with requests.spooled(request) as file:
        return await in_turn(
            request,
            _unpack,
            *(token, target, name, file),
            classes_at=depth,
            is_one_of_several="among" in asked,
        )


def _burst(text: str) -> str:
    if not BURST.fullmatch(text):
        raise UploadRefused("that names no recording; load the page again")
    return text


class _Adding:
    """Adds files to the sets of a workspace, and counts what came of them."""

    def __init__(self, token: str) -> None:
        self.notes: list[str] = []
        """Which sets came back for them."""
        self._token = token
        self._counts: Counter[str] = Counter()

    def counts(self, unusable: int = 0) -> AddedCounts:
        """Return what came of them, `unusable` others among the rejected."""
        counts = self._counts
        answer = AddedCounts(
            added=counts["added"],
            copies=counts["copies"],
            rejected=counts["rejected"] + unusable,
        )
        return {**answer, "opposed": counts["opposed"]} if counts["opposed"] else answer

    def add(
        self, target: str, files: Iterable[tuple[str, bytes | str]], burst: str | None = None
    ) -> None:
        """Add files, bytes or why there are none, to one set or to the pictures to try.

        What cannot be used is remembered there.
        """
        set_id = None if target == TRY else set_id_of(target)
        good, bad = _sorted_out(files, burst)
        store = studio().workspaces
        added = store.add_pictures(self._token, set_id, good) if good else []
        if bad:
            store.reject(self._token, set_id, bad)
        if restored := [item.digest for item in added if item.restored]:
            studio().trainer.read_again(self._token, restored)
        self.notes += [
            f"{name} had been removed meanwhile; it is here again, with what was added now."
            for name in dict.fromkeys(item.brought_back for item in added if item.brought_back)
        ]
        copies = sum(item.duplicate for item in added)
        opposed = sum(item.is_opposed for item in added)
        self._counts.update(
            added=len(added) - copies,
            copies=copies - opposed,
            rejected=len(bad),
            opposed=opposed,
        )


def _sorted_out(
    files: Iterable[tuple[str, bytes | str]], burst: str | None
) -> tuple[list[NewPicture], list[Rejected]]:
    """Return the files that are pictures, and why the others are none."""
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
    return good, bad


def _unpack(
    token: str,
    target: str,
    name: str,
    file: IO[bytes],
    *,
    classes_at: int | None,
    is_one_of_several: bool,
) -> Unpacked | drops.Asked:
    """Add the files of a zip, a batch at a time, each to the set of its folder."""
    limit = studio().config.max_upload_bytes
    listing = datasets.files_of_zip(cast(BinaryIO, file), name=name, max_unpacked_bytes=limit)
    before = frozenset(labelled.name for labelled in studio().workspaces.open(token).sets)
    drop = drops.Drop(
        *(token, target, [path for path, _ in listing.files]),
        classes_at=classes_at,
        tables=_tables_inside(listing.files),
        folders=listing.folders,
        alone=datasets.class_of_zip(name),
        is_one_of_several=is_one_of_several,
    )
    try:
        placement = drops.place(drop)
    except FoldersAmbiguous as ambiguous:
        return {"question": drops.question(ambiguous, name, target)}
    adding = _Adding(token)
    damaged = _add_of_zip(adding, listing, placement)
    unusable = [*listing.rejected, *damaged]
    drops.remember(token, target, placement.targets, [*placement.rejected, *unusable])
    names = drops.other_names(token, name, listing, placement, before, classes_at)
    of_names = () if names else listing.notes  # else they are said with the choice
    return {
        **adding.counts(len(unusable)),
        "sets": placement.made,
        "notes": [*of_names, *placement.notes, *adding.notes],
        "names": names,
    }


def _add_of_zip(
    adding: _Adding, listing: datasets.ZipListing, placement: drops.Placement
) -> list[Rejected]:
    """Add the files of a zip where they belong; returns those found to be damaged on the way."""
    groups: defaultdict[str, list[tuple[str, datasets.ZipSource]]] = defaultdict(list)
    for (path, source), target in zip(listing.files, placement.targets, strict=True):
        if target is not None:
            groups[str(target)].append((path, source))
    damaged: list[Rejected] = []
    for target, members in groups.items():
        for portion in portions(members, lambda member: member[1].size):
            files = [(path, _bytes_or_reason(source)) for path, source in portion]
            damaged += [Rejected(path, data) for path, data in files if isinstance(data, str)]
            adding.add(target, [(path, data) for path, data in files if isinstance(data, bytes)])
    return damaged


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
