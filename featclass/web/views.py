"""What is said of the pictures tried, as the page and its routes tell it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from featclass.base import Prediction, orderly
from featclass.server.state import State, empty_sets
from featclass.workspaces import LabelledSet, Picture, Workspace, without_own

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
    if workspace.classifier is not None:
        return True
    if state.result is not None and (state.is_current or len(_teaching(workspace.sets)) < 2):
        # The names of other sets may do, where the encoder reads them.
        return state.result.classifier is not None and any(s.counted for s in workspace.sets)
    return len(_teaching(workspace.sets)) > 1


def may_be_ready(workspace: Workspace, state: State) -> bool:
    """Say whether it is ready, or a class without pictures may turn out to be known by name."""
    is_looked_into = state.result is None and state.is_busy
    by_name = any(s.counted for s in workspace.sets) and bool(empty_sets(workspace))
    return is_ready(workspace, state) or (is_looked_into and by_name)


def _teaching(sets: Sequence[LabelledSet]) -> list[LabelledSet]:
    """Return the sets with a picture that is theirs alone."""
    shared = without_own(sets)
    return [labelled for labelled in sets if labelled.counted and labelled.id not in shared]


def hindrance(workspace: Workspace, state: State) -> str:
    """Return why nothing is said of a picture tried, in a sentence; empty while it only waits."""
    if workspace.classifier is not None or (state.result and state.result.classifier):
        return ""
    if state.error:
        return state.error
    if not is_ready(workspace, state):
        return in_two_sets(workspace.sets)
    return "The encoder is still on its way." if state.waits_for else ""


def in_two_sets(sets: Sequence[LabelledSet]) -> str:
    """Return which set has no picture of its own, and what to do about it; nothing where all have.

    The newest such set is named: the others may be right once it is.
    """
    shared = without_own(sets)
    if not shared:
        return ""
    newest = next(labelled for labelled in reversed(sets) if labelled.id in shared)
    others = [other.name for other in shared[newest.id]]
    where = "one of the two" if len(others) == 1 else "all sets but one"
    end = "so that there are two sets to tell apart"
    if len(_teaching(sets)) > 1:
        end = "as a picture in two sets counts in neither"
    return (
        f"All pictures of {newest.name} are also in {' or '.join(others)}: remove them from"
        f" {where}, {end}."
    )


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
    return None if said.probability is None else shown_share(said.probability)


def shown_share(probability: float) -> float:
    """Return a probability in four decimals that is never 0 nor 1, as none is ever certain."""
    return min(max(round(probability, 4), 1e-4), 1 - 1e-4)


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
            [n.digest, _own_name(n.name), n.label, round(n.similarity, 4), n.digest in here]
            for n in said.neighbours
        ],
    }


def _own_name(path: str) -> str:
    """Return the name of a file as text: one of a saved classifier can be in no known writing."""
    return orderly(path.rpartition("/")[2])
