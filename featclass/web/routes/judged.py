"""The routes of the labelled pictures: what each was taken for by probes that never saw it.

As a list, and on the map where each picture lies among its like.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass.base import FeatclassError, OutOfFoldPrediction
from featclass.classifiers import Training
from featclass.probe import Layout
from featclass.server.state import Result
from featclass.server.studio import studio
from featclass.web.routes.requests import in_turn, number_of, slice_of
from featclass.workspaces import Picture, Workspace

MOST_AT_ONCE = 240
DOUBTFUL, TYPICAL = "doubtful", "typical"

Places = Mapping[str, tuple[int, Picture]]
"""Set id and picture by digest: where a picture stands now, whatever it was judged as."""


async def judged(request: Request) -> Response:
    """Answer with a page of the pictures of set `true` that were taken for set `said`.

    Either may be left out. `sort` is "doubtful" (the default) or "typical"; `from` and `count` as
    for the pictures of a set. Sets are named by their ids.
    """
    asked = request.query_params
    try:
        true, said = (number_of(asked, name, None) for name in ("true", "said"))
        part = slice_of(asked, count=48, most=MOST_AT_ONCE)
        found = await run_in_threadpool(_judged, request.path_params["token"], true, said)
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 404)
    if asked.get("sort", DOUBTFUL) == TYPICAL:
        found.reverse()
    return JSONResponse({"total": len(found), "pictures": found[part]})


def _judged(token: str, true: int | None, said: int | None) -> list[dict[str, Any]]:
    """Return the pictures of a cell, the most doubtful first."""
    workspace = studio().workspaces.open(token)
    result = studio().trainer.follow(workspace).result
    if result is None or result.training is None:
        return []
    ids = {name: set_id for set_id, name in result.names.items()}
    cell = [
        prediction
        for prediction in result.training.out_of_fold
        if true in (None, ids.get(prediction.label)) and said in (None, ids.get(prediction.said))
    ]
    cell.sort(key=lambda one: (one.label_probability, -one.probability, one.digest))
    places, strong = places_in(workspace), _strong(result.training)
    return [
        {**_as_json(prediction, ids, places), "strong": prediction.name in strong}
        for prediction in cell
    ]


def _strong(training: Training) -> set[str]:
    """Return the pictures of which it is clear that they are in the wrong set."""
    doubts = training.audit.label_errors if training.audit else ()
    return {doubt.path for doubt in doubts if doubt.suspect and doubt.strong}


def places_in(workspace: Workspace) -> Places:
    """Return where each picture stands now, in a set or as none of these."""
    strangers = workspace.strangers_id
    places = {one.digest: (strangers, one) for one in workspace.strangers if strangers is not None}
    in_sets = {
        picture.digest: (labelled.id, picture)
        for labelled in workspace.sets
        for picture in labelled.pictures
    }
    return places | in_sets


def _as_json(one: OutOfFoldPrediction, ids: Mapping[str, int], places: Places) -> dict[str, Any]:
    now, picture = places.get(one.digest, (None, None))
    return {
        "picture": picture.id if picture else None,
        "name": picture.name if picture else one.name.rpartition("/")[2],
        "digest": one.digest,
        "true": ids.get(one.label),
        "said": ids.get(one.said),
        "probability": one.probability,
        "label_probability": one.label_probability,
        "set": now,
        "left_out": picture.left_out if picture else None,
        "neighbours": [
            [like.digest, like.name.rpartition("/")[2], ids.get(like.label)]
            for like in one.neighbours
        ],
    }


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
    if result is None or result.training is None or result.vectors is None:
        return workspace, None, None
    digests = [one.digest for one in result.training.out_of_fold]
    if len(digests) != len(result.vectors):  # no score: nothing was said of the pictures
        return workspace, None, None
    whose = studio().workspaces.visitor_of(token)
    made = studio().maps.of(token, result.key, result.vectors, digests, whose=whose)
    return workspace, result, made


def _points(result: Result, workspace: Workspace, made: Layout) -> list[list[Any]]:
    assert result.training is not None
    ids = {name: set_id for set_id, name in result.names.items()}
    places: Places = places_in(workspace)
    found: list[list[Any]] = []
    for one, (x, y) in zip(result.training.out_of_fold, made.positions.tolist(), strict=True):
        now, picture = places.get(one.digest, (None, None))
        if picture is not None:
            sets = [ids.get(one.label), ids.get(one.said), now]
            place = [round(x, 4), round(y, 4)]
            out = picture.left_out is not None
            found.append([picture.id, one.digest, picture.name, *place, *sets, out])
    return found[:MOST]
