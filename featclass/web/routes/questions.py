"""The route that says which of the pictures tried a person should label first."""

from __future__ import annotations

from typing import NamedTuple

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

from featclass.server.questions import engine_of, is_engine_open, questions
from featclass.server.state import State
from featclass.server.studio import studio
from featclass.web.routes.requests import followed, in_turn, refusing
from featclass.workspaces import Picture

_openings = CapacityLimiter(2)
"""Threads in which an encoder is waited for: it may take a minute, and other routes find theirs."""


class QuestionRow(NamedTuple):
    """A picture to ask about, and what it would be taken for; None while that is not known."""

    picture: int
    digest: str
    name: str
    label: str | None
    probability: float | None
    """None also where the picture resembles no class."""


async def most_useful(request: Request) -> dict[str, list[QuestionRow]]:
    """Answer with a `QuestionRow` for each picture to ask about, the most useful first.

    `without` names pictures that a person would not label, by ids with commas between: neither they
    nor their like are asked about.
    """
    token = request.path_params["token"]
    with refusing("“without” takes ids with commas between"):
        ids = request.query_params.get("without", "").split(",")
        without = frozenset(int(number) for number in ids if number)
    if not await in_turn(request, _is_open, token):
        await to_thread.run_sync(_open, token, limiter=_openings)
    return {"questions": await in_turn(request, _questions, token, without)}


def _questions(token: str, without: frozenset[int]) -> list[QuestionRow]:
    workspace, state = followed(token)
    engine = engine_of(studio(), workspace, state)
    if engine is None:
        return []
    chosen = questions(engine, studio().workspaces, workspace, state, without=without)
    return [_question(picture, state) for picture in chosen]


def _question(picture: Picture, state: State) -> QuestionRow:
    prediction = state.predictions.get(picture.digest)
    label = prediction.label if prediction else None
    probability = prediction.probability if prediction and prediction.known else None
    return QuestionRow(picture.id, picture.digest, picture.name, label, probability)


def _is_open(token: str) -> bool:
    return is_engine_open(studio(), *followed(token))


def _open(token: str) -> None:
    """Load the encoder that a workspace will learn with."""
    engine_of(studio(), *followed(token))
