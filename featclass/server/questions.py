"""Which of the pictures tried a person should label first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from featclass import probe
from featclass.base import Image
from featclass.embedding import Engine
from featclass.probe import MOST, MOST_LABELLED, spaced
from featclass.server.state import State
from featclass.workspaces import Picture, Workspace, Workspaces

if TYPE_CHECKING:
    from featclass.server.studio import Studio

Vectors = NDArray[np.float32]
ASKED = 50
LOOKED_AT = 48
"""Pictures embedded for one answer while there is no classifier, which would look at them all."""


def is_engine_open(studio: Studio, workspace: Workspace, state: State) -> bool:
    """Say whether `engine_of` answers at once, without an encoder being loaded first."""
    spec = studio.trainer.choice.in_use(workspace)
    is_here = studio.engines.device is not None and studio.engines.is_open(spec)
    return is_here or state.result is not None or bool(state.waits_for)


def engine_of(studio: Studio, workspace: Workspace, state: State) -> Engine | None:
    """Return the engine of the classifier, or the one there will be; None while it is fetched."""
    if state.result is not None:
        return state.result.engine
    if state.waits_for:
        return None
    if studio.engines.device is None:
        studio.engines.find_device()
    return studio.engines.get(studio.trainer.choice.in_use(workspace))


def questions(
    engine: Engine,
    store: Workspaces,
    workspace: Workspace,
    state: State,
    *,
    without: Collection[int] = (),
) -> list[Picture]:
    """Return the unlabelled pictures to ask about, the most useful first.

    Args:
        engine: Of the classifier there is or will be.
        store: That the pictures are in.
        workspace: That they were tried in.
        state: What is known of its classifier.
        without: Ids of pictures that a person would not label: neither they nor their like are
            asked about.
    """
    left = [picture for picture in workspace.unlabelled if picture.id not in without]
    considered = [left[place] for place in spaced(len(left), MOST)]
    readable = [picture for picture in considered if not _is_rejected(picture, state)]
    is_learned = state.classifier is not None
    vectors = _vectors(engine, store, readable, more=0 if is_learned else LOOKED_AT)
    usable = [picture for picture in readable if picture.digest in vectors]
    if not usable:
        return []
    chosen = probe.most_useful(
        _known(engine, workspace, without),
        _stacked([vectors[picture.digest] for picture in usable], engine),
        _chances(usable, state),
        count=ASKED,
    )
    return [usable[place] for place in chosen]


def _is_rejected(picture: Picture, state: State) -> bool:
    prediction = state.predictions.get(picture.digest)
    return prediction is not None and prediction.rejected is not None


def _vectors(
    engine: Engine, store: Workspaces, pictures: Sequence[Picture], *, more: int
) -> dict[str, Vectors]:
    """Return embeddings by digest: those there are, and a few `more` of those still missing.

    A request must end soon: the next one finds others.
    """
    digests = [picture.digest for picture in pictures]
    vectors: dict[str, Vectors] = dict(engine.cache.get(digests, engine.encoder.fingerprint))
    missing = [picture for picture in pictures if picture.digest not in vectors][:more]
    embedded = engine.embed([Image(p.name, p.digest, store.source(p.digest)) for p in missing])
    fresh = zip((image.digest for image in embedded.images), embedded.vectors, strict=True)
    return vectors | dict(fresh)


def _known(engine: Engine, workspace: Workspace, without: Collection[int]) -> Vectors:
    """Return embeddings of what need not be asked about again, nor anything like it."""
    labelled = [picture.digest for labelled in workspace.sets for picture in labelled.counted]
    labelled += [picture.digest for picture in workspace.strangers]
    digests = [labelled[place] for place in spaced(len(labelled), MOST_LABELLED)]
    digests += [picture.digest for picture in workspace.tried if picture.id in without]
    vectors = engine.cache.get(digests, engine.encoder.fingerprint)
    return _stacked([*vectors.values()], engine)


def _stacked(vectors: Sequence[Vectors], engine: Engine) -> Vectors:
    """Return a row for each, shape (n, dimensions), where n may be 0."""
    return np.array(vectors, np.float32).reshape(len(vectors), engine.encoder.dimensions)


def _chances(pictures: Sequence[Picture], state: State) -> NDArray[np.float64] | None:
    """Return what the classifier says of each; of one it has not seen, that all is possible."""
    if state.classifier is None:
        return None
    classes = state.classifier.classes
    even = dict.fromkeys(classes, 1 / len(classes))
    predictions = [state.predictions.get(picture.digest) for picture in pictures]
    rows = [p.probabilities if p and p.probabilities else even for p in predictions]
    return np.array([[row.get(name, 0.0) for name in classes] for row in rows])
