"""The routes of a classifier: one that was saved comes in, its report goes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass.base import FeatclassError, file_stem
from featclass.classifiers import Training, artifact
from featclass.reports import documents
from featclass.reports.figures import class_colour
from featclass.server import choice
from featclass.server.studio import studio
from featclass.server.thumbnails import SIZES
from featclass.web.routes import requests
from featclass.web.routes.requests import in_turn, visitor_of
from featclass.workspaces import Workspace


async def saved(request: Request) -> Response:
    """Open a workspace for the saved classifier in the body; answers `{"token"}`, its link."""
    name = request.query_params.get("name", "classifier.featclass")
    try:
        async with requests.spooled(request) as file:
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


async def html(request: Request) -> Response:
    """Answer with the report as one HTML file, pictures included."""
    return await _answer(request, _html, "html")


async def markdown(request: Request) -> Response:
    """Answer with the report as Markdown."""
    return await _answer(request, _markdown, "md")


async def _answer(
    request: Request, write: Callable[[Workspace, Training], str], ending: str
) -> Response:
    try:
        name, text = await in_turn(request, _written, request.path_params["token"], write)
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 404)
    file = f"{quote(name)}-report.{ending}"
    return Response(
        text,
        media_type="text/html" if ending == "html" else "text/markdown",
        headers={"content-disposition": f"attachment; filename*=UTF-8''{file}"},
    )


def _written(token: str, write: Callable[[Workspace, Training], str]) -> tuple[str, str]:
    workspace = studio().workspaces.open(token)
    result = studio().trainer.follow(workspace).result
    if result is None or result.training is None:
        raise FeatclassError("There is no report yet: fill two sets first.")
    return file_stem(workspace.name), write(workspace, result.training)


def _html(workspace: Workspace, training: Training) -> str:
    def thumbnail(digest: str) -> bytes | None:
        try:
            original = studio().workspaces.read(workspace.token, digest)
            return studio().thumbnails.of(digest, original, SIZES[0])
        except (FeatclassError, OSError):
            return None  # removed meanwhile: the report does without it

    colours = {found.name: class_colour(found.colour) for found in workspace.sets}
    return documents.html(
        training,
        title=workspace.name,
        thumbnail=thumbnail,
        colours=colours,
        accepted=workspace.accepted,
    )


def _markdown(workspace: Workspace, training: Training) -> str:
    return documents.markdown(training, title=workspace.name, accepted=workspace.accepted)
