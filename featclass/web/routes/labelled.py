"""The routes of the labelled pictures: what each was taken for by probes that never saw it.

As a list, and on the map where each picture lies among its like.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Set
from concurrent.futures import Future
from typing import NamedTuple, TypedDict

from starlette.requests import Request

from featclass.base import OutOfFoldPrediction
from featclass.classifiers import Training
from featclass.probe import Layout
from featclass.server.state import Result
from featclass.server.studio import studio
from featclass.web.routes.requests import followed, in_turn, number_of, slice_of
from featclass.workspaces import Picture, Workspace

MOST_AT_ONCE = 240
DOUBTFUL, TYPICAL = "doubtful", "typical"

Places = Mapping[str, tuple[int, Picture]]
"""Set id and picture by digest: where a picture stands now, whatever it was judged as."""


class JudgedPicture(TypedDict):
    """A labelled picture, and what it was taken for; sets are named by their ids."""

    picture: int | None
    """None where it stands nowhere by now."""
    name: str
    digest: str
    true: int | None
    said: int | None
    probability: float
    label_probability: float
    """Of the set that it stood in."""
    set: int | None
    """Where it stands now."""
    left_out: str | None
    neighbours: list[tuple[str, str, int | None]]
    """Digest, name and set of the pictures that it resembles."""
    strong: bool
    """Whether it is clear that it is in the wrong set."""


class Point(NamedTuple):
    """A picture on the map; sets are named by their ids."""

    picture: int
    digest: str
    name: str
    x: float
    """Within -1 and 1, as y."""
    y: float
    true: int | None
    said: int | None
    set: int
    """Where it stands now."""
    left_out: bool


class Cell(TypedDict):
    """A part of the pictures of a cell of the matrix."""

    total: int
    pictures: list[JudgedPicture]


def out_of_fold(request: Request) -> Cell:
    """Answer with a page of the pictures of set `true` that were taken for set `said`.

    Either may be left out. `sort` is "doubtful" (the default) or "typical"; `from` and `count` as
    for the pictures of a set.
    """
    asked = request.query_params
    true, said = (number_of(asked, name, None) for name in ("true", "said"))
    part = slice_of(asked, count=48, most=MOST_AT_ONCE)
    cell = _cell(request.path_params["token"], true, said)
    if asked.get("sort", DOUBTFUL) == TYPICAL:
        cell.reverse()
    return {"total": len(cell), "pictures": cell[part]}


def _cell(token: str, true: int | None, said: int | None) -> list[JudgedPicture]:
    """Return the pictures of a cell, the most doubtful first."""
    workspace, state = followed(token)
    result = state.result
    if result is None or result.training is None:
        return []
    ids = {name: set_id for set_id, name in result.names.items()}
    cell = [
        prediction
        for prediction in result.training.out_of_fold
        if true in (None, ids.get(prediction.label)) and said in (None, ids.get(prediction.said))
    ]
    cell.sort(key=lambda judged: (judged.label_probability, -judged.probability, judged.digest))
    places, strong = places_in(workspace), _strong(result.training)
    return [_judged(prediction, ids, places, strong) for prediction in cell]


def _strong(training: Training) -> set[str]:
    """Return the pictures of which it is clear that they are in the wrong set."""
    doubts = training.audit.label_errors if training.audit else ()
    return {doubt.path for doubt in doubts if doubt.suspect and doubt.strong}


def places_in(workspace: Workspace) -> Places:
    """Return where each picture stands now, in a set or as none of these."""
    strangers = workspace.strangers_id
    places = {p.digest: (strangers, p) for p in workspace.strangers if strangers is not None}
    in_sets = {
        picture.digest: (labelled.id, picture)
        for labelled in workspace.sets
        for picture in labelled.pictures
    }
    return places | in_sets


def _judged(
    prediction: OutOfFoldPrediction, ids: Mapping[str, int], places: Places, strong: Set[str]
) -> JudgedPicture:
    set_now, picture = places.get(prediction.digest, (None, None))
    return {
        "picture": picture.id if picture else None,
        "name": picture.name if picture else prediction.name.rpartition("/")[2],
        "digest": prediction.digest,
        "true": ids.get(prediction.label),
        "said": ids.get(prediction.said),
        "probability": prediction.probability,
        "label_probability": prediction.label_probability,
        "set": set_now,
        "left_out": picture.left_out if picture else None,
        "neighbours": [
            (like.digest, like.name.rpartition("/")[2], ids.get(like.label))
            for like in prediction.neighbours
        ],
        "strong": prediction.name in strong,
    }


MOST_POINTS = 5000
"""In one answer; of more pictures the first are shown."""


async def picture_map(request: Request) -> dict[str, list[Point]]:
    """Answer with a `Point` for each picture, once the map is worked out; none where it cannot be.

    No thread waits for it.
    """
    workspace, result, future = await in_turn(request, _asked, request.path_params["token"])
    if result is None or future is None:
        return {"points": []}
    layout = await asyncio.wrap_future(future)
    return {"points": await in_turn(request, _points, result, workspace, layout)}


def _asked(token: str) -> tuple[Workspace, Result | None, Future[Layout] | None]:
    """Return what a map is of, and the map, which may still be in the making; None for none."""
    workspace, state = followed(token)
    result = state.result
    if result is None or result.training is None or result.vectors is None:
        return workspace, None, None
    digests = [prediction.digest for prediction in result.training.out_of_fold]
    if len(digests) != len(result.vectors):  # no score: nothing was said of the pictures
        return workspace, None, None
    whose = studio().workspaces.visitor_of(token)
    future = studio().maps.of(token, result.key, result.vectors, digests, whose=whose)
    return workspace, result, future


def _points(result: Result, workspace: Workspace, layout: Layout) -> list[Point]:
    assert result.training is not None
    ids = {name: set_id for set_id, name in result.names.items()}
    places = places_in(workspace)
    points: list[Point] = []
    for prediction, (x, y) in zip(
        result.training.out_of_fold, layout.positions.tolist(), strict=True
    ):
        if prediction.digest in places:
            set_now, picture = places[prediction.digest]
            points.append(
                Point(
                    *(picture.id, prediction.digest, picture.name, round(x, 4), round(y, 4)),
                    *(ids.get(prediction.label), ids.get(prediction.said), set_now),
                    picture.left_out is not None,
                )
            )
    return points[:MOST_POINTS]
