"""The route that says what labelled pictures were taken for by probes that never saw them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass.api.paging import number_of, slice_of
from featclass.errors import FeatclassError
from featclass.learned import Learned
from featclass.records import Judgement
from featclass.studio import studio
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
    if result is None or result.learned is None:
        return []
    ids = {name: set_id for set_id, name in result.names.items()}
    cell = [
        judgement
        for judgement in result.learned.judgements
        if true in (None, ids.get(judgement.label)) and said in (None, ids.get(judgement.said))
    ]
    cell.sort(key=lambda one: (one.label_probability, -one.probability, one.digest))
    places, strong = places_in(workspace), _strong(result.learned)
    return [
        {**_as_json(judgement, ids, places), "strong": judgement.name in strong}
        for judgement in cell
    ]


def _strong(learned: Learned) -> set[str]:
    """Return the pictures of which it is clear that they are in the wrong set."""
    doubts = learned.audit.label_errors if learned.audit else ()
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


def _as_json(one: Judgement, ids: Mapping[str, int], places: Places) -> dict[str, Any]:
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
