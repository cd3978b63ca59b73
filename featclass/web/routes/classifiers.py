"""The routes of a classifier: one that was saved comes in, its report goes out."""

from __future__ import annotations

from functools import partial
from typing import IO

from starlette.requests import Request
from starlette.responses import Response

from featclass.base import FeatclassError, file_stem
from featclass.classifiers import artifact
from featclass.reports.contents import Contents
from featclass.reports.html import as_html
from featclass.reports.markdown import as_markdown
from featclass.server import choice
from featclass.server.state import Result
from featclass.server.studio import studio, visitor_in
from featclass.server.thumbnails import SIZES
from featclass.web import views
from featclass.web.routes import requests
from featclass.web.routes.requests import attachment, by_turns, followed, in_turn
from featclass.workspaces import Workspace


async def saved(request: Request) -> dict[str, str]:
    """Open a workspace for the saved classifier in the body; answers `{"token"}`, its link."""
    name = request.query_params.get("name", "classifier.featclass")
    async with requests.spooled(request) as file:
        beside = request.path_params["token"]
        token = await in_turn(request, _opened, file, name, beside, visitor_in(request.cookies))
    return {"token": token}


def _opened(file: IO[bytes], name: str, beside: str, visitor: str | None) -> str:
    """Return the link of a new workspace; raises `FeatclassError` where it is no classifier.

    It may use the encoder that was chosen in the workspace `beside` it.
    """
    data = file.read()
    classifier = artifact.loads(data)
    store = studio().workspaces
    encoder = choice.encoder_of_saved(classifier, store.open(beside).encoder, studio().config)
    name = name.removesuffix(".featclass")
    token = store.create(visitor=visitor, name=name, encoder=encoder)
    store.load_classifier(token, data)
    return token


@by_turns
def html(request: Request) -> Response:
    """Answer with the report as one HTML file, pictures included."""
    workspace, result, contents = _reported(request)
    thumbnail = partial(_thumbnail, workspace.token)
    colours = views.class_colours(workspace, result)
    text = as_html(contents, thumbnail=thumbnail, colours=colours)
    headers = attachment(f"{file_stem(workspace.name)}-report.html")
    return Response(text, media_type="text/html", headers=headers)


@by_turns
def markdown(request: Request) -> Response:
    """Answer with the report as Markdown."""
    workspace, _, contents = _reported(request)
    headers = attachment(f"{file_stem(workspace.name)}-report.md")
    return Response(as_markdown(contents), media_type="text/markdown", headers=headers)


def _reported(request: Request) -> tuple[Workspace, Result, Contents]:
    workspace, state = followed(request.path_params["token"])
    result = state.result
    if result is None or result.training is None:
        raise FeatclassError("There is no report yet: fill two sets first.")
    accepted = workspace.accepted
    contents = Contents.of(result.training, title=workspace.name, accepted=accepted)
    return workspace, result, contents


def _thumbnail(token: str, digest: str) -> bytes | None:
    try:
        original = studio().workspaces.read(token, digest)
        return studio().thumbnails.of(digest, original, SIZES[0])
    except (FeatclassError, OSError):
        return None  # removed meanwhile: the report does without it
