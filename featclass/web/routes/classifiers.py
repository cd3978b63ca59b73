"""The routes of a classifier: one that was saved comes in, its report goes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass.base import FeatclassError, file_stem
from featclass.classifiers import Training, artifact
from featclass.reports.contents import Contents
from featclass.reports.html import as_html
from featclass.reports.markdown import as_markdown
from featclass.server import choice
from featclass.server.state import Result
from featclass.server.studio import studio
from featclass.server.thumbnails import SIZES
from featclass.web import views
from featclass.web.routes import requests
from featclass.web.routes.requests import attachment, followed, in_turn, visitor_of
from featclass.workspaces import Workspace


async def saved(request: Request) -> Response:
    """Open a workspace for the saved classifier in the body; answers `{"token"}`, its link."""
    name = request.query_params.get("name", "classifier.featclass")
    async with requests.spooled(request) as file:
        beside = request.path_params["token"]
        token = await in_turn(request, _opened, file, name, beside, visitor_of(request))
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


Write = Callable[[Workspace, Result, Training], str]


async def _answer(request: Request, write: Write, ending: str) -> Response:
    name, text = await in_turn(request, _written, request.path_params["token"], write)
    kind = "text/html" if ending == "html" else "text/markdown"
    return Response(text, media_type=kind, headers=attachment(f"{name}-report.{ending}"))


def _written(token: str, write: Write) -> tuple[str, str]:
    workspace, state = followed(token)
    result = state.result
    if result is None or result.training is None:
        raise FeatclassError("There is no report yet: fill two sets first.")
    return file_stem(workspace.name), write(workspace, result, result.training)


def _html(workspace: Workspace, result: Result, training: Training) -> str:
    def thumbnail(digest: str) -> bytes | None:
        try:
            original = studio().workspaces.read(workspace.token, digest)
            return studio().thumbnails.of(digest, original, SIZES[0])
        except (FeatclassError, OSError):
            return None  # removed meanwhile: the report does without it

    contents = Contents.of(training, title=workspace.name, accepted=workspace.accepted)
    return as_html(contents, thumbnail=thumbnail, colours=views.class_colours(workspace, result))


def _markdown(workspace: Workspace, _: Result, training: Training) -> str:
    return as_markdown(Contents.of(training, title=workspace.name, accepted=workspace.accepted))
