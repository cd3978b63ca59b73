"""What is known of one workspace's classifier: plain values, and what follows from them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from featclass import classifiers
from featclass.base import (
    OutOfFoldPrediction,
    Pace,
    Prediction,
    Rejected,
    Report,
    TrainedClassifier,
    is_default,
)
from featclass.classifiers import Training
from featclass.embedding import Engine
from featclass.workspaces import Picture, Workspace

FEW = 5
"""So many pictures a person changes one by one, and wants to see what came of it."""
CELL_BYTES, ROW_BYTES = 8, 300
"""What a cell of a confusion matrix, and a picture that could not be used, take in memory."""


class LearningPhase(StrEnum):
    """What is being done for a workspace."""

    IDLE = "idle"
    WAITING = "waiting"
    LOADING = "loading"
    EMBEDDING = "embedding"
    LEARNING = "learning"
    SETTLING = "settling"
    """There is a score; how far to trust it, and what is wrong with pictures, follows."""


@dataclass(frozen=True, slots=True)
class Before:
    """The score before a change, and what came of the pictures that it did not concern.

    Who labels what the classifier hesitates about adds the hardest ones: the score falls, though
    the classifier may have become better. What was there before tells.
    """

    report: Report
    same: int
    """Pictures that stand where they stood."""
    same_right: int
    """How many of these were right before."""
    same_right_now: int
    moved_as_guessed: int = 0
    """Pictures that now stand in the class that they were taken for, and did not before."""
    left_out_wrong: int = 0
    """Pictures taken wrong before that are learned from no more."""

    @property
    def raises_itself(self) -> bool:
        """Whether errors were moved to where they were guessed, or left out.

        Then the score rises whatever the truth is, and says nothing of new pictures.
        """
        return self.moved_as_guessed + self.left_out_wrong > 0


@dataclass(frozen=True, slots=True)
class Result:
    """A classifier, with the key of the labelled sets it was made from."""

    key: str
    training: Training | None
    """None where the sets do not make a classifier yet."""
    names: Mapping[int, str]
    """Set id -> name, at the time."""
    images: int
    rejected: tuple[Rejected, ...]
    engine: Engine = field(repr=False, compare=False)
    notes: tuple[str, ...] = ()
    """What to know of a saved classifier on this machine, a sentence each."""
    before: Report | None = None
    """Of the classifier under another encoder that this one took over from."""
    before_change: Before | None = None
    """What the score was before the last few pictures were moved, left out, added or removed."""
    is_settling: bool = False
    """Whether what takes longer than the score is still being worked out."""
    vectors: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    """Embeddings of the images, in the order of their digests; None for a saved classifier."""

    @property
    def classifier(self) -> TrainedClassifier | None:
        """The classifier alone."""
        return self.training.classifier if self.training else None


@dataclass(frozen=True, slots=True)
class State:
    """What the page shows: what is being done, and the newest result."""

    phase: LearningPhase = LearningPhase.IDLE
    pace: Pace = field(default_factory=Pace)
    """Of this phase."""
    result: Result | None = None
    wanted_key: str = ""
    """Of the sets as they are now."""
    working_key: str = ""
    """Of the sets that the running job works on."""
    is_predicting: bool = False
    tried_pace: Pace = field(default_factory=Pace)
    """Of the predictions."""
    predictions: Mapping[str, Prediction] = field(default_factory=dict)
    """By image digest, for the pictures to try; made by the classifier in `result`."""
    waits_for: str = ""
    """Spec of an encoder asked for by name whose weights are not on this machine yet."""
    error: str = ""

    @property
    def classifier(self) -> TrainedClassifier | None:
        """The newest classifier; None while there is none."""
        return self.result.classifier if self.result else None

    @property
    def is_current(self) -> bool:
        """Whether the result is of the sets as they are now."""
        return self.result is not None and self.result.key == self.wanted_key

    @property
    def is_busy(self) -> bool:
        """Whether something is being done."""
        return self.phase is not LearningPhase.IDLE or self.is_predicting


def held_bytes(state: State) -> int:
    """Return about how much memory a state holds: its vectors, and its classifier's.

    And the report's tables: a saved one that somebody forged can be larger by them than by vectors.
    """
    result = state.result
    if result is None:
        return 0
    size = 0 if result.vectors is None else result.vectors.nbytes
    if result.classifier is not None:
        size += result.classifier.exemplars.vectors.nbytes
        size += result.classifier.probe.coefficients.nbytes
        report = result.classifier.report
        size += CELL_BYTES * len(report.confusion_matrix or ()) ** 2
        size += ROW_BYTES * len(report.rejected)
    return size


def sets_key(workspace: Workspace, spec: str) -> str:
    """Name what a classifier is made from: which images stand together, under which encoder.

    The pictures that are none of these belong to it: they decide what it refuses. Renaming a set
    does not change it, nor does anything about a picture that is left out.
    """
    made_from = f"{spec}\0{workspace.classifier}\n".encode() + workspace.contents
    return hashlib.sha256(made_from).hexdigest()


def is_same_probe(result: Result, other: Result) -> bool:
    """Say whether both predict the same of every picture, whatever their reports say."""
    if result.classifier is None or other.classifier is None:
        return False
    return result.classifier.probe is other.classifier.probe


def names_of(workspace: Workspace) -> dict[int, str]:
    """Return the name of each set by its id."""
    return {labelled.id: labelled.name for labelled in workspace.sets}


def is_learned(workspace: Workspace, state: State) -> bool:
    """Say whether the classifier, and the names of its classes, are up to date."""
    result = state.result
    if workspace.classifier is None and not any(labelled.counted for labelled in workspace.sets):
        return result is None or state.is_current  # nothing to learn from yet
    if result is None or not state.is_current:
        return False
    if workspace.classifier is not None:
        return True
    return result.names == names_of(workspace)


def untried(workspace: Workspace, state: State) -> list[Picture]:
    """Return the pictures to try that wait for a prediction, newest first."""
    if state.classifier is None:
        return []
    return [picture for picture in workspace.tried if picture.digest not in state.predictions]


def empty_sets(workspace: Workspace) -> tuple[str, ...]:
    """Return the names that somebody gave to sets in which no picture counts yet, sorted."""
    sets = (labelled for labelled in workspace.sets if not labelled.counted)
    return tuple(sorted(labelled.name for labelled in sets if not is_default(labelled.name)))


def renamed(result: Result, workspace: Workspace, conflicts: tuple[Rejected, ...]) -> Result:
    """Return the same result with its classes called as the sets are now.

    Itself where it has to be learned anew, as more than the classes' own names hangs on them.

    Args:
        result: Of the labelled sets, called otherwise.
        workspace: With the names of now.
        conflicts: The pictures that stand in two of its sets, in the words of now.
    """
    if len(result.rejected) != len(conflicts):
        return result  # what else was rejected is called as its set was
    if classifiers.reads_names(result.engine) and _may_hang_on_names(result):
        return result
    names = names_of(workspace)
    new = {old: names[key] for key, old in result.names.items() if key in names}
    result = replace(result, names=names, rejected=conflicts)
    if result.training is None:
        return result
    training = classifiers.renamed(
        result.training, new, rejected=conflicts, empty_classes=empty_sets(workspace)
    )
    return replace(result, training=training)


def is_named_otherwise(result: Result, workspace: Workspace) -> bool:
    """Say whether the sets it was made of have other names by now."""
    if workspace.classifier is not None:  # its classes are no sets
        return False
    return result.names != names_of(workspace)


def _may_hang_on_names(result: Result) -> bool:
    """Say whether classes may be told by what they are called, few or no pictures showing them."""
    if result.classifier is None:
        return True
    report, shown = result.classifier.report, set(result.classifier.exemplars.labels)
    return len(result.names) > len(shown) or report.images <= classifiers.FEW * len(shown)


def before_change(old: Result | None, new: Result) -> Before | None:
    """Return the score of a classifier of the same classes, made of all but the same pictures.

    Of any number of others, where some of them went where the classifier before would have them.
    """
    if old is None or old.classifier is None or new.classifier is None:
        return None
    if old.classifier.encoder_id != new.classifier.encoder_id or old.names != new.names:
        return None
    was, now = (_places(result.classifier) for result in (old, new))
    changed = {digest for digest, _ in was ^ now}
    moved, left_out = _as_advised(old, new)
    if not (moved or left_out or 0 < len(changed) <= max(FEW, len(now) // 20)):
        return None
    rights = _rights(old), _rights(new)
    same = rights[0].keys() & rights[1].keys()
    then, after = (sum(right[place] for place in same) for right in rights)
    return Before(old.classifier.report, len(same), then, after, moved, left_out)


def _as_advised(old: Result, new: Result) -> tuple[int, int]:
    """Return how many errors of the old classifier now stand where it put them, and nowhere."""
    before, now = _out_of_fold(old), _out_of_fold(new)
    labels = {prediction.digest: prediction.label for prediction in now}
    if not labels:
        return 0, 0  # without a score, nothing is compared
    of_each = {prediction.digest: prediction for prediction in before}
    wrong = [prediction for prediction in of_each.values() if prediction.said != prediction.label]
    moved = sum(labels.get(prediction.digest) == prediction.said for prediction in wrong)
    return moved, sum(prediction.digest not in labels for prediction in wrong)


def _rights(result: Result) -> dict[tuple[str, str], bool]:
    """Return whether each image, by digest and class, was right out of fold."""
    return {(p.digest, p.label): p.said == p.label for p in _out_of_fold(result)}


def _out_of_fold(result: Result) -> Sequence[OutOfFoldPrediction]:
    return result.training.out_of_fold if result.training else ()


def _places(classifier: TrainedClassifier | None) -> set[tuple[str, str]]:
    """Return which image stands in which class."""
    exemplars = classifier.exemplars if classifier else None
    return set(zip(exemplars.digests, exemplars.labels, strict=True)) if exemplars else set()


def taken_over(old: Result | None, new: Result) -> Report | None:
    """Return the report of a classifier replaced only because the encoder is another."""
    if old is None or old.classifier is None or new.classifier is None:
        return None
    same_pictures = old.classifier.exemplars.digests == new.classifier.exemplars.digests
    same_encoder = old.classifier.encoder == new.classifier.encoder
    return old.classifier.report if same_pictures and not same_encoder else None
