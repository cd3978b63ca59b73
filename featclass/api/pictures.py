"""Routes that show the pictures of a workspace."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from featclass.errors import FeatclassError
from featclass.file_names import Distinct, safe
from featclass.studio import studio
from featclass.thumbnails import SIZES
from featclass.workspaces import Workspace, file_stem

MOST_AT_ONCE = 1000
CHUNK = 2**20
# What a digest shows never changes; private, because the link it stands under is a key.
KEEP = {"cache-control": "private, max-age=31536000, immutable"}


async def thumbnail(request: Request) -> Response:
    """Answer with a small JPEG of a picture of this workspace."""
    size = request.query_params.get("size", str(SIZES[0]))
    if size not in map(str, SIZES):
        return JSONResponse({"error": "no such size"}, 404)
    token, digest = request.path_params["token"], request.path_params["digest"]
    try:
        data = await run_in_threadpool(_thumbnail, token, digest, int(size))
    except (FeatclassError, OSError) as error:
        return JSONResponse({"error": str(error)}, 404)
    return Response(data, media_type="image/jpeg", headers=KEEP)


def _thumbnail(token: str, digest: str, size: int) -> bytes:
    original = studio().workspaces.read(token, digest)  # also checks that the digest is one
    return studio().thumbnails.of(digest, original, size)


async def archive(request: Request) -> Response:
    """Answer with all labelled pictures that count as a zip: a folder for each set."""
    try:
        workspace = await run_in_threadpool(studio().workspaces.open, request.path_params["token"])
        file = await run_in_threadpool(_zipped, workspace)
    except (FeatclassError, OSError) as error:
        return JSONResponse({"error": str(error)}, 404)
    name = f"{quote(file_stem(workspace.name))}.zip"
    return StreamingResponse(
        _chunks(file),
        media_type="application/zip",
        headers={"content-disposition": f"attachment; filename*=UTF-8''{name}"},
    )


def _zipped(workspace: Workspace) -> IO[bytes]:
    """Return a nameless file: it is gone once closed, whatever happens to the request."""
    with ExitStack() as until_answered:
        file = until_answered.enter_context(tempfile.TemporaryFile())
        folders = Distinct()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # compressed already
            for labelled in workspace.sets:
                folder, names = folders(safe(labelled.name)), Distinct()
                for picture in labelled.counted:
                    name = names(safe(picture.name))
                    data = studio().workspaces.source(picture.digest).read()
                    archive.writestr(f"{folder}/{name}", data)
        file.seek(0)
        until_answered.pop_all()
    return file


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


async def of_set(request: Request) -> Response:
    """Answer with a page of the pictures of one set, be it no class: `from` and `count`."""
    try:
        start = int(request.query_params.get("from", "0"))
        count = min(MOST_AT_ONCE, int(request.query_params.get("count", "240")))
        workspace = await run_in_threadpool(studio().workspaces.open, request.path_params["token"])
    except (ValueError, FeatclassError) as error:
        return JSONResponse({"error": str(error)}, 404)
    sets = {labelled.id: labelled.pictures for labelled in workspace.sets}
    if workspace.strangers_id is not None:
        sets[workspace.strangers_id] = workspace.strangers
    pictures = sets.get(request.path_params["set_id"])
    if pictures is None:
        return JSONResponse({"error": "no such set"}, 404)
    shown = pictures[start : start + count]
    return JSONResponse({"pictures": [[p.id, p.digest, p.name, p.left_out] for p in shown]})
