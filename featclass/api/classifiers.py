"""The route by which a saved classifier comes in."""

from __future__ import annotations

from typing import IO

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass import artifact
from featclass.api import bodies
from featclass.api.long_work import in_turn, visitor_of
from featclass.errors import FeatclassError
from featclass.studio import studio
from featclass.trainer import choice


async def saved(request: Request) -> Response:
    """Open a workspace for the saved classifier in the body; answers `{"token"}`, its link."""
    name = request.query_params.get("name", "classifier.featclass")
    try:
        async with bodies.spooled(request) as file:
            beside = request.path_params["token"]
            token = await in_turn(request, _opened, file, name, beside, visitor_of(request))
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 400)
    return JSONResponse({"token": token})


def _opened(file: IO[bytes], name: str, beside: str, visitor: str | None) -> str:
    """Return the link of a new workspace; raises `FeatclassError` where it is no classifier.

    It may use the encoder that was chosen in the workspace `beside` it.
    """
    data = file.read()
    classifier = artifact.loads(data)
    store = studio().workspaces
    choice.check_saved(classifier, store.open(beside).encoder, studio().config)
    name = name.removesuffix(".featclass")
    token = store.create(visitor=visitor, name=name, encoder=classifier.encoder)
    store.load_classifier(token, data)
    return token
