"""Routes that show the pictures of a workspace."""

from __future__ import annotations

import os
import re
import tempfile
import zipfile
from pathlib import Path
from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from featclass import images
from featclass.errors import FeatclassError
from featclass.studio import studio
from featclass.workspaces import Workspace, file_stem

SIZES = {"160": 160, "480": 480}
MOST_AT_ONCE = 1000
# What a digest shows never changes; private, because the link it stands under is a key.
KEEP = {"cache-control": "private, max-age=31536000, immutable"}


async def thumbnail(request: Request) -> Response:
    """Answer with a small JPEG of a picture of this workspace."""
    size = SIZES.get(request.query_params.get("size", "160"))
    if size is None:
        return JSONResponse({"error": "no such size"}, 404)
    token, digest = request.path_params["token"], request.path_params["digest"]
    try:
        data = await run_in_threadpool(_thumbnail, token, digest, size)
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 404)
    return Response(data, media_type="image/jpeg", headers=KEEP)


def _thumbnail(token: str, digest: str, size: int) -> bytes:
    """Make a thumbnail, or find the one made before, beside the embedding cache."""
    parts = studio()
    original = parts.workspaces.read(token, digest)  # also checks that the digest is one
    kept = parts.config.data / "thumbnails" / digest[:2] / f"{digest}-{size}.jpg"
    if kept.is_file():
        return kept.read_bytes()
    data = images.thumbnail(original, size=size, max_pixels=parts.config.max_pixels)
    _keep(kept, data)
    return data


def _keep(path: Path, data: bytes) -> None:
    """Write a file that other threads may be reading or writing at the same moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.replace(temporary, path)


async def archive(request: Request) -> Response:
    """Answer with all labelled pictures as a zip: a folder for each set."""
    try:
        workspace = await run_in_threadpool(studio().workspaces.open, request.path_params["token"])
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 404)
    handle, path = tempfile.mkstemp(suffix=".zip")
    os.close(handle)
    await run_in_threadpool(_write_zip, workspace, Path(path))
    name = f"{quote(file_stem(workspace.name))}.zip"
    return FileResponse(
        path,
        media_type="application/zip",
        headers={"content-disposition": f"attachment; filename*=UTF-8''{name}"},
        background=BackgroundTask(os.unlink, path),
    )


def _write_zip(workspace: Workspace, path: Path) -> None:
    """Write the pictures of all sets; they are compressed already."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for labelled in workspace.sets:
            for picture in labelled.pictures:
                data = studio().workspaces.source(picture.digest).read()
                file.writestr(f"{_safe(labelled.name)}/{_safe(picture.name)}", data)


def _safe(name: str) -> str:
    """Return a name that is one part of a path on every system."""
    return re.sub(r'[\\/:*?"<>|]+|\.\.+', "-", name).strip(" .") or "unnamed"


async def of_set(request: Request) -> Response:
    """Answer with a page of the pictures of one set: `from` and `count`."""
    try:
        start = int(request.query_params.get("from", "0"))
        count = min(MOST_AT_ONCE, int(request.query_params.get("count", "240")))
        workspace = await run_in_threadpool(studio().workspaces.open, request.path_params["token"])
    except (ValueError, FeatclassError) as error:
        return JSONResponse({"error": str(error)}, 404)
    for labelled in workspace.sets:
        if labelled.id == request.path_params["set_id"]:
            shown = labelled.pictures[start : start + count]
            return JSONResponse({"pictures": [[p.id, p.digest, p.name] for p in shown]})
    return JSONResponse({"error": "no such set"}, 404)
