"""What is said of the pictures tried, as the page and its routes tell it."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Any

from featclass.records import Prediction
from featclass.trainer.state import State
from featclass.workspaces import Picture, Workspace

MOST_BARS = 5


class Kind(StrEnum):
    """What a picture tried is, for the filters of the gallery."""

    WAITING = "waiting"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    """It resembles none of the classes."""
    DOUBTFUL = "doubtful"
    SURE = "sure"

    @classmethod
    def of(cls, prediction: Prediction | None) -> Kind:
        """Return the kind of a picture of which this was said."""
        if prediction is None:
            return cls.WAITING
        if prediction.rejected is not None:
            return cls.REJECTED
        if not prediction.known:
            return cls.UNKNOWN
        return cls.DOUBTFUL if prediction.is_doubtful else cls.SURE


def is_ready(workspace: Workspace, state: State) -> bool:
    """Say whether a picture tried is told something, now or soon."""
    filled = sum(bool(labelled.counted) for labelled in workspace.sets)
    if filled > 1 or workspace.classifier is not None:
        return True
    # The names of other sets may do, where the encoder reads them.
    return bool(filled) and state.result is not None and state.result.classifier is not None


def classifier_stamp(state: State) -> str:
    """Return what changes with the classifier: also where its classes are called otherwise."""
    if state.result is None:
        return ""
    names = hashlib.sha256(repr(sorted(state.result.names.items())).encode()).hexdigest()
    return f"{state.result.key[:16]} {names[:16]}"


def stamp(workspace: Workspace, state: State) -> str:
    """Return what changes whenever anything else is said of the pictures tried."""
    return f"{workspace.version} {classifier_stamp(state)} {len(state.predictions)}"


def row(picture: Picture, state: State) -> list[Any]:
    """Return [id, digest, name, kind, class, probability] of a picture tried, one of many."""
    said = state.predictions.get(picture.digest)
    label, share = (said.label, _share(said)) if said else (None, None)
    return [picture.id, picture.digest, picture.name, Kind.of(said), label, share]


def _share(said: Prediction) -> float | None:
    return None if said.probability is None else round(said.probability, 4)


def told(picture: Picture, workspace: Workspace, state: State) -> dict[str, Any]:
    """Return all that is said of a picture tried: `bars` are [class, share], most likely first.

    A neighbour is [digest, name, class, similarity, whether it is shown in this workspace].
    """
    said = state.predictions.get(picture.digest)
    data: dict[str, Any] = {
        "id": picture.id,
        "digest": picture.digest,
        "name": picture.name,
        "kind": Kind.of(said),
    }
    if said is None:
        return data
    if said.rejected is not None:
        return {**data, "rejected": said.rejected}
    here = {found.digest for labelled in workspace.sets for found in labelled.pictures}
    ranked = sorted(said.probabilities.items(), key=lambda item: -item[1])[:MOST_BARS]
    return {
        **data,
        "label": said.label,
        "probability": _share(said),
        "bars": [list(item) for item in ranked],
        "neighbours": [
            [n.digest, n.name.rpartition("/")[2], n.label, round(n.similarity, 4), n.digest in here]
            for n in said.neighbours
        ],
    }
