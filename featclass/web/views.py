"""What the page and its routes both tell the browser: sets, colours, what is said of pictures.

What is sent by the thousand goes as rows, lists without keys, whose fields are named here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, NotRequired, TypedDict

from featclass.base import Prediction, Rejected, UploadRefused, orderly
from featclass.reports.colours import class_colour
from featclass.server.batches import BatchRequest
from featclass.server.readiness import is_up_to_date
from featclass.server.state import Result, State, names_of
from featclass.workspaces import Picture, Workspace

MOST_BARS = 5
NOT_READY = "The classifier is not ready yet. Wait for its score, and try again."


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


class SetRow(NamedTuple):
    """A set that pictures can be moved to."""

    id: int
    name: str
    colour: str
    """As "#rrggbb"."""


class PictureRow(NamedTuple):
    """A picture of a set."""

    id: int
    digest: str
    name: str
    left_out: str | None
    """Why it does not count."""


class TriedRow(NamedTuple):
    """A picture tried, one of many."""

    id: int
    digest: str
    name: str
    kind: Kind
    label: str | None
    probability: float | None


class RejectedRow(NamedTuple):
    """A file that could not be used."""

    name: str
    reason: str


class Bar(NamedTuple):
    """How probable a class is."""

    label: str
    share: float


class NeighbourRow(NamedTuple):
    """A training picture that one tried resembles."""

    digest: str
    name: str
    label: str
    similarity: float
    is_here: bool
    """Whether this workspace shows it: not one of a saved classifier."""


class TriedPicture(TypedDict):
    """All that is said of a picture tried; no more than its kind while nothing is."""

    id: int
    digest: str
    name: str
    kind: Kind
    rejected: NotRequired[str]
    label: NotRequired[str | None]
    probability: NotRequired[float | None]
    bars: NotRequired[list[Bar]]
    """The most likely class first."""
    neighbours: NotRequired[list[NeighbourRow]]


def base(workspace: Workspace) -> str:
    """Return the path that the routes of a workspace stand under."""
    return f"/api/w/{workspace.token}"


def set_rows(workspace: Workspace) -> list[SetRow]:
    """Return the labelled sets, in their order."""
    return [SetRow(s.id, s.name, class_colour(s.colour)) for s in workspace.sets]


def picture_rows(pictures: Sequence[Picture]) -> list[PictureRow]:
    """Return pictures of a set, in their order."""
    return [PictureRow(p.id, p.digest, p.name, p.left_out) for p in pictures]


def rejected_rows(rejected: Sequence[Rejected]) -> list[RejectedRow]:
    """Return files that could not be used, in their order."""
    return [RejectedRow(item.name, item.reason) for item in rejected]


def class_colours(workspace: Workspace, result: Result | None) -> dict[str, str]:
    """Return the colour of each class by its name, "#rrggbb".

    It is its set's, by what that is called, and by what it was called when it was learned. Classes
    of a saved classifier are no sets: their colours go by their order.
    """
    if workspace.classifier is not None:
        classes = result.classifier.classes if result and result.classifier else ()
        return {name: class_colour(place) for place, name in enumerate(classes)}
    colours = {labelled.id: class_colour(labelled.colour) for labelled in workspace.sets}
    learned = result.names if result else {}
    names = [*names_of(workspace).items(), *learned.items()]
    return {name: colours[set_id] for set_id, name in names if set_id in colours}


def classifier_stamp(state: State) -> str:
    """Return what changes with the classifier: also where its classes are called otherwise."""
    if state.result is None:
        return ""
    names = json.dumps(sorted(state.result.names.items()))
    return hashlib.sha256(f"{state.result.key} {names}".encode()).hexdigest()


def current_stamp(workspace: Workspace, state: State) -> str:
    """Return the stamp of the classifier; empty while that is being made."""
    return classifier_stamp(state) if is_up_to_date(workspace, state) else ""


def batch_request(workspace: Workspace, state: State) -> BatchRequest:
    """Return what predicts a batch, be it the classifier of before, and how it is shown.

    Raises `UploadRefused` where there is none.
    """
    if state.classifier is None:
        raise UploadRefused(state.error or NOT_READY)
    colours = class_colours(workspace, state.result)
    return BatchRequest(state.classifier, current_stamp(workspace, state), colours)


def stamp(workspace: Workspace, state: State) -> str:
    """Return what changes whenever anything else is said of the pictures tried."""
    return f"{workspace.version} {classifier_stamp(state)} {len(state.predictions)}"


def tried_row(picture: Picture, state: State) -> TriedRow:
    """Return what a picture tried is taken for, in short."""
    prediction = state.predictions.get(picture.digest)
    label, share = (prediction.label, _share(prediction)) if prediction else (None, None)
    return TriedRow(picture.id, picture.digest, picture.name, Kind.of(prediction), label, share)


def tried_picture(picture: Picture, workspace: Workspace, state: State) -> TriedPicture:
    """Return all that is said of a picture tried."""
    prediction = state.predictions.get(picture.digest)
    data = TriedPicture(
        id=picture.id, digest=picture.digest, name=picture.name, kind=Kind.of(prediction)
    )
    if prediction is None:
        return data
    if prediction.rejected is not None:
        return {**data, "rejected": prediction.rejected}
    here = {p.digest for labelled in workspace.sets for p in labelled.pictures}
    return {
        **data,
        "label": prediction.label,
        "probability": _share(prediction),
        "bars": bars(prediction, MOST_BARS),
        "neighbours": [
            NeighbourRow(
                *(n.digest, _own_name(n.name), n.label, round(n.similarity, 4)), n.digest in here
            )
            for n in prediction.neighbours
        ],
    }


def bars(prediction: Prediction, most: int) -> list[Bar]:
    """Return how probable each class is, the most likely `most` of them."""
    ranked = sorted(prediction.probabilities.items(), key=lambda item: -item[1])
    return [Bar(label, share) for label, share in ranked[:most]]


def _share(prediction: Prediction) -> float | None:
    return None if prediction.probability is None else shown_share(prediction.probability)


def shown_share(probability: float) -> float:
    """Return a probability in four decimals that is never 0 nor 1, as none is ever certain."""
    return min(max(round(probability, 4), 1e-4), 1 - 1e-4)


def _own_name(path: str) -> str:
    """Return the name of a file as text: one of a saved classifier can be in no known writing."""
    return orderly(path.rpartition("/")[2])
