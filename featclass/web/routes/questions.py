"""The route that says which of the pictures tried a person should label first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from anyio import CapacityLimiter, to_thread
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass import probe
from featclass.base import FeatclassError, Image
from featclass.embedding import Engine
from featclass.probe import MOST, MOST_LABELLED, spaced
from featclass.server.state import State
from featclass.server.studio import studio
from featclass.web.routes.requests import in_turn
from featclass.workspaces import Picture, Workspace

Vectors = NDArray[np.float32]
ASKED = 50
_openings = CapacityLimiter(2)
"""Threads in which an encoder is waited for: it may take a minute, and other routes find theirs."""
LOOKED_AT = 48
"""Pictures embedded for one answer while there is no classifier, which would look at them all."""


async def questions(request: Request) -> Response:
    """Answer with the pictures to ask about, the most useful first.

    Each is [picture, digest, name, what it would say, its probability], the last two null while
    there is no classifier, the probability also where the picture resembles no class. `without`
    names pictures that a person would not label, by ids with commas between: neither they nor
    their like are asked about.
    """
    token = request.path_params["token"]
    try:
        without = {int(one) for one in request.query_params.get("without", "").split(",") if one}
        if not await in_turn(request, _is_open, token):
            await to_thread.run_sync(_opened, token, limiter=_openings)
        found = await in_turn(request, _questions, token, without)
    except (ValueError, FeatclassError) as error:
        return JSONResponse({"error": str(error)}, 404)
    return JSONResponse({"questions": found})


def _questions(token: str, without: set[int]) -> list[list[Any]]:
    workspace = studio().workspaces.open(token)
    state = studio().trainer.follow(workspace)
    engine = _engine(workspace, state)
    left = [picture for picture in workspace.unlabelled if picture.id not in without]
    if engine is None or not left:
        return []
    considered = [left[place] for place in spaced(len(left), MOST)]
    usable = [one for one in considered if not _is_rejected(one, state)]
    is_learned = state.result is not None and state.result.classifier is not None
    vectors = _vectors(engine, usable, more=0 if is_learned else LOOKED_AT)
    usable = [one for one in usable if one.digest in vectors]
    if not usable:
        return []
    chosen = probe.most_useful(
        _known(engine, workspace, without),
        _stacked([vectors[one.digest] for one in usable], engine),
        _chances(usable, state),
        count=ASKED,
    )
    return [_as_json(usable[place], state) for place in chosen]


def _engine(workspace: Workspace, state: State) -> Engine | None:
    """Return the engine of the classifier, or the one there will be; None while it is fetched."""
    if state.result is not None:
        return state.result.engine
    if state.waits_for:
        return None
    engines = studio().engines
    if engines.device is None:
        engines.find_device()
    return engines.get(studio().trainer.spec_in_use(workspace))


def _is_open(token: str) -> bool:
    """Say whether what is asked can be answered without an encoder being loaded first."""
    workspace = studio().workspaces.open(token)
    state = studio().trainer.follow(workspace)
    spec = studio().trainer.spec_in_use(workspace)
    is_here = studio().engines.device is not None and studio().engines.is_open(spec)
    return is_here or state.result is not None or bool(state.waits_for)


def _opened(token: str) -> None:
    """Load the encoder that a workspace will learn with."""
    workspace = studio().workspaces.open(token)
    _engine(workspace, studio().trainer.follow(workspace))


def _vectors(engine: Engine, pictures: Sequence[Picture], *, more: int) -> dict[str, Vectors]:
    """Return embeddings by digest: those there are, and a few `more` of those still missing.

    A request must end soon: the next one finds others.
    """
    found: dict[str, Vectors] = dict(
        engine.cache.get([one.digest for one in pictures], engine.encoder.fingerprint)
    )
    missing = [one for one in pictures if one.digest not in found][:more]
    source = studio().workspaces.source
    embedded = engine.embed([Image(one.name, one.digest, source(one.digest)) for one in missing])
    fresh = zip((image.digest for image in embedded.images), embedded.vectors, strict=True)
    return found | dict(fresh)


def _known(engine: Engine, workspace: Workspace, without: set[int]) -> Vectors:
    """Return embeddings of what need not be asked about again, nor anything like it."""
    labelled = [picture.digest for found in workspace.sets for picture in found.counted]
    labelled += [picture.digest for picture in workspace.strangers]
    digests = [labelled[place] for place in spaced(len(labelled), MOST_LABELLED)]
    digests += [one.digest for one in workspace.tried if one.id in without]
    vectors = engine.cache.get(digests, engine.encoder.fingerprint)
    return _stacked([*vectors.values()], engine)


def _stacked(vectors: Sequence[Vectors], engine: Engine) -> Vectors:
    """Return a row for each, shape (n, dimensions), where n may be 0."""
    return np.array(vectors, np.float32).reshape(len(vectors), engine.encoder.dimensions)


def _is_rejected(picture: Picture, state: State) -> bool:
    said = state.predictions.get(picture.digest)
    return said is not None and said.rejected is not None


def _chances(pictures: Sequence[Picture], state: State) -> NDArray[np.float64] | None:
    """Return what the classifier says of each; of one it has not seen, that all is possible."""
    classifier = state.result.classifier if state.result else None
    if classifier is None:
        return None
    even = dict.fromkeys(classifier.classes, 1 / len(classifier.classes))
    said = [state.predictions.get(picture.digest) for picture in pictures]
    shares = [one.probabilities if one and one.probabilities else even for one in said]
    return np.array([[each.get(name, 0.0) for name in classifier.classes] for each in shares])


def _as_json(picture: Picture, state: State) -> list[Any]:
    said = state.predictions.get(picture.digest)
    guess = [said.label, said.probability if said.known else None] if said else [None, None]
    return [picture.id, picture.digest, picture.name, *guess]
