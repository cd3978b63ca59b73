"""The route of the map: where each picture lies among its like, and what it was taken for."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass.api.judged import Places, places_in
from featclass.api.long_work import in_turn
from featclass.errors import FeatclassError
from featclass.layout import Layout
from featclass.studio import studio
from featclass.trainer import Result
from featclass.workspaces import Workspace

MOST = 5000
"""Points in one answer; of more pictures the first are shown."""


async def pictures(request: Request) -> Response:
    """Answer with a point for each picture, once the map is worked out; none where it cannot be.

    A point is [picture, digest, name, x, y, set learned from, set it was taken for, set now, left
    out]; x and y lie within -1 and 1, and sets are named by their ids.
    """
    try:
        workspace, result, made = await in_turn(request, _asked, request.path_params["token"])
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 404)
    if result is None or made is None:
        return JSONResponse({"points": []})
    layout = await asyncio.wrap_future(made)  # no thread waits for it
    return JSONResponse({"points": await in_turn(request, _points, result, workspace, layout)})


def _asked(token: str) -> tuple[Workspace, Result | None, Future[Layout] | None]:
    """Return what a map is of, and the map, which may still be in the making; None for none."""
    workspace = studio().workspaces.open(token)
    result = studio().trainer.follow(workspace).result
    if result is None or result.learned is None or result.vectors is None:
        return workspace, None, None
    digests = [one.digest for one in result.learned.judgements]
    if len(digests) != len(result.vectors):  # no score: nothing was said of the pictures
        return workspace, None, None
    whose = studio().workspaces.visitor_of(token)
    made = studio().maps.of(token, result.key, result.vectors, digests, whose=whose)
    return workspace, result, made


def _points(result: Result, workspace: Workspace, made: Layout) -> list[list[Any]]:
    assert result.learned is not None
    ids = {name: set_id for set_id, name in result.names.items()}
    places: Places = places_in(workspace)
    found: list[list[Any]] = []
    for one, (x, y) in zip(result.learned.judgements, made.positions.tolist(), strict=True):
        now, picture = places.get(one.digest, (None, None))
        if picture is not None:
            sets = [ids.get(one.label), ids.get(one.said), now]
            place = [round(x, 4), round(y, 4)]
            out = picture.left_out is not None
            found.append([picture.id, one.digest, picture.name, *place, *sets, out])
    return found[:MOST]
