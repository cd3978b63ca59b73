"""Routes that show the pictures of a workspace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypedDict

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from featclass.base import Distinct, FeatclassError, Source, file_stem, safe
from featclass.reports import prediction_csv
from featclass.reports.sorting import UNUSABLE_FILE, zip_of
from featclass.server.studio import studio
from featclass.server.thumbnails import SIZES
from featclass.web import views
from featclass.web.routes.requests import attachment, by_turns, slice_of

MOST_AT_ONCE = 1000
# What a digest shows never changes; private, because the link it stands under is a key.
KEEP = {"cache-control": "private, max-age=31536000, immutable"}


class PicturesOfSet(TypedDict):
    """A part of the pictures of a set."""

    pictures: list[views.PictureRow]


def thumbnail(request: Request) -> Response:
    """Answer with a small JPEG of a picture of this workspace."""
    size = request.query_params.get("size", str(SIZES[0]))
    if size not in map(str, SIZES):
        raise FeatclassError("no such size")
    token, digest = request.path_params["token"], request.path_params["digest"]
    original = studio().workspaces.read(token, digest)  # also checks that the digest is one
    data = studio().thumbnails.of(digest, original, int(size))
    return Response(data, media_type="image/jpeg", headers=KEEP)


@by_turns
def archive(request: Request) -> Response:
    """Answer with all labelled pictures that count as a zip: a folder for each set."""
    name, entries = _listed(request.path_params["token"])
    return StreamingResponse(
        zip_of(_read(entries)), media_type="application/zip", headers=attachment(f"{name}.zip")
    )


def _read(entries: Sequence[tuple[str, Source]]) -> Iterator[tuple[str, bytes]]:
    """Read one picture after the other; what is found to be damaged is named in a table instead."""
    damaged: list[str] = []
    for place, source in entries:
        try:
            data = source.read()
        except OSError as error:
            damaged.append(prediction_csv.line([place, str(error)]))
            continue
        yield place, data
    if damaged:
        head = prediction_csv.MARK + prediction_csv.line(["path", "reason"])
        yield UNUSABLE_FILE, "".join([head, *damaged]).encode()


def _listed(token: str) -> tuple[str, list[tuple[str, Source]]]:
    """Return the name of a workspace, and where each picture is to lie in its zip.

    Raises `FeatclassError` where a file is gone: half a zip would look like a whole one.
    """
    workspace = studio().workspaces.open(token)
    folders = Distinct()
    entries: list[tuple[str, Source]] = []
    for labelled in workspace.sets:
        folder, names = folders(safe(labelled.name)), Distinct()
        for picture in labelled.counted:
            if not studio().workspaces.has_file(picture.digest):
                raise FeatclassError(
                    f"The file of {picture.name} in {labelled.name} is gone: remove that picture,"
                    " or add it again."
                )
            source = studio().workspaces.source(picture.digest)
            entries.append((f"{folder}/{names(safe(picture.name))}", source))
    return file_stem(workspace.name), entries


def of_set(request: Request) -> PicturesOfSet:
    """Answer with a page of the pictures of one set, be it no class: `from` and `count`."""
    part = slice_of(request.query_params, count=240, most=MOST_AT_ONCE)
    workspace = studio().workspaces.open(request.path_params["token"])
    sets = {labelled.id: labelled.pictures for labelled in workspace.sets}
    if workspace.strangers_id is not None:
        sets[workspace.strangers_id] = workspace.strangers
    pictures = sets.get(request.path_params["set_id"])
    if pictures is None:
        raise FeatclassError("no such set")
    return {"pictures": views.picture_rows(pictures[part])}
