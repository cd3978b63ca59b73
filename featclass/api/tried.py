"""The routes of the gallery: what is said of all pictures tried in short, and of one in full."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass.errors import FeatclassError
from featclass.studio import studio
from featclass.trainer import tried


async def rows(request: Request) -> Response:
    """Answer with a row for each picture tried, newest first, and the stamp of what is said."""
    try:
        return JSONResponse(await run_in_threadpool(_rows, request.path_params["token"]))
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 404)


def _rows(token: str) -> dict[str, Any]:
    workspace = studio().workspaces.open(token)
    state = studio().trainer.follow(workspace)
    return {
        "stamp": tried.stamp(workspace, state),
        "version": workspace.version,
        "rows": [tried.row(picture, state) for picture in workspace.tried],
    }


async def one(request: Request) -> Response:
    """Answer with all that is said of one picture tried."""
    token, picture_id = request.path_params["token"], request.path_params["picture_id"]
    try:
        found = await run_in_threadpool(_one, token, picture_id)
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 404)
    return JSONResponse(found) if found else JSONResponse({"error": "no such picture"}, 404)


def _one(token: str, picture_id: int) -> dict[str, Any] | None:
    workspace = studio().workspaces.open(token)
    state = studio().trainer.follow(workspace)
    for picture in workspace.tried:
        if picture.id == picture_id:
            return {"stamp": tried.stamp(workspace, state), **tried.told(picture, workspace, state)}
    return None
