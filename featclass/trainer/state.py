"""What is known of one workspace's classifier: plain values, and what follows from them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from featclass import service
from featclass.engine import Engine
from featclass.records import Prediction, Rejected, TrainedClassifier
from featclass.workspaces import Workspace


class Phase(StrEnum):
    """What is being done for a workspace."""

    IDLE = "idle"
    WAITING = "waiting"
    LOADING = "loading"
    EMBEDDING = "embedding"
    LEARNING = "learning"


@dataclass(frozen=True, slots=True)
class Result:
    """A classifier, with the key of the labelled sets it was made from."""

    key: str
    classifier: TrainedClassifier | None
    """None where the sets do not make a classifier yet."""
    names: Mapping[int, str]
    """Set id -> name, at the time."""
    images: int
    rejected: tuple[Rejected, ...]
    engine: Engine = field(repr=False, compare=False)
    before: TrainedClassifier | None = None
    """The classifier under another encoder that this one took over from."""


@dataclass(frozen=True, slots=True)
class State:
    """What the page shows: what is being done, and the newest result."""

    phase: Phase = Phase.IDLE
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    result: Result | None = None
    wanted_key: str = ""
    predictions: Mapping[str, Prediction] = field(default_factory=dict)
    """By image digest, for the pictures to try; made by the classifier in `result`."""
    waits_for: str = ""
    """Spec of an encoder asked for by name whose weights are not on this machine yet."""
    error: str = ""

    @property
    def is_current(self) -> bool:
        """Whether the result is of the sets as they are now."""
        return self.result is not None and self.result.key == self.wanted_key

    @property
    def is_busy(self) -> bool:
        """Whether something is being done."""
        return self.phase is not Phase.IDLE


def sets_key(workspace: Workspace, spec: str) -> str:
    """Name what a classifier is made from: which images stand together, under which encoder.

    Renaming a set does not change it.
    """
    seen = hashlib.sha256(f"{spec}\0{workspace.classifier}\n".encode())
    for labelled in sorted(workspace.sets, key=lambda labelled: labelled.id):
        for digest in sorted(picture.digest for picture in labelled.pictures):
            seen.update(f"{labelled.id} {digest}\n".encode())
    return seen.hexdigest()


def names_of(workspace: Workspace) -> dict[int, str]:
    """Return the name of each set by its id."""
    return {labelled.id: labelled.name for labelled in workspace.sets}


def is_done(workspace: Workspace, state: State) -> bool:
    """Say whether nothing is left to do: classifier, names and predictions are up to date."""
    result = state.result
    if result is None or not state.is_current:
        return False
    if result.classifier is None:
        return True
    named = workspace.classifier is not None or result.names == names_of(workspace)
    return named and all(picture.digest in state.predictions for picture in workspace.tried)


def renamed(result: Result, names: Mapping[int, str]) -> Result:
    """Return the same result with its classes called as the sets are now."""
    if result.classifier is None:
        return replace(result, names=names)
    new = {old: names[key] for key, old in result.names.items() if key in names}
    return replace(result, names=names, classifier=service.renamed(result.classifier, new))


def taken_over(old: Result | None, new: Result) -> TrainedClassifier | None:
    """Return the classifier that a new one replaces only because the encoder is another."""
    if old is None or old.classifier is None or new.classifier is None:
        return None
    same_pictures = old.classifier.exemplars.digests == new.classifier.exemplars.digests
    same_encoder = old.classifier.encoder == new.classifier.encoder
    return old.classifier if same_pictures and not same_encoder else None
