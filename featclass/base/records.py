"""The words of the domain as plain values, shared by all layers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from featclass.base.fields import Amount, AnyText, Count, Share, Text, Texts
from featclass.base.methods import Method, ProbeKind, clauses
from featclass.base.scores import LearningCurve, Verdict

FloatArray = NDArray[np.float32] | NDArray[np.float64]


class Source(Protocol):
    """Where the bytes of an image come from: a file, an entry of a zip, memory."""

    def read(self) -> bytes:
        """Return all bytes; raises `OSError` when they cannot be had any more."""


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of the bytes as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class Image:
    """One picture file; identified by the SHA-256 of its bytes."""

    name: str
    """As its owner knows it: the path inside the dataset, or the file name."""
    digest: str
    """SHA-256 of the bytes, 64 lower-case hexadecimal digits."""
    source: Source = field(repr=False, compare=False)
    label: str | None = None
    burst: str | None = None
    """Equal for pictures of a class that a camera recorded in one go: hardly independent."""
    split: str | None = None
    """The part of a split that its owner put it in: `train`, `val`, `test`, or a fold's name."""
    other_splits: tuple[str, ...] = ()
    """Other parts of the split that hold the same bytes: a leak, if they are scored."""

    def read(self) -> bytes:
        """Return the bytes; raises `OSError` when the source has gone."""
        return self.source.read()


@dataclass(frozen=True, slots=True)
class Rejected:
    """An image that could not be used, with its name and the reason in words."""

    name: AnyText
    reason: AnyText
    is_lasting: bool = True
    """False where another try may succeed: the disk was not there, say."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled sets together: what is embedded, trained on and evaluated."""

    images: tuple[Image, ...]
    rejected: tuple[Rejected, ...] = ()
    empty: tuple[str, ...] = ()
    """Classes that there is a folder for, but no picture: an encoder may know them by name."""
    notes: tuple[str, ...] = ()
    """How it was read where that could be taken otherwise: sentences for a person."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels, sorted."""
        return tuple(sorted({image.label for image in self.images if image.label is not None}))


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Probe:
    """A linear map on embeddings of length 1, and how its logits become probabilities."""

    classes: tuple[str, ...]
    coefficients: NDArray[np.float64]
    """Shape (len(classes), dimensions)."""
    intercepts: NDArray[np.float64]
    """Shape (len(classes),)."""
    roots: bool
    """Whether it takes the embeddings' square roots, scaled to length 1."""
    floor: float
    """Share of a probability that every class has alike: none is ever certain."""


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Figures of one class; None where the denominator is zero (nothing predicted as it)."""

    precision: Share | None
    recall: Share | None
    f1: Share | None
    support: Count
    recall_interval: tuple[Share, Share] | None = None
    """95 %, low and high; None of too few pictures, and where there is no score."""


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """Copies of a picture among the images: they stay on one side of every split."""

    images: Count
    """That have a near-duplicate among the others."""
    groups: Count
    """How many pictures they are, counted once each."""
    accuracy_with_leak: Share | None
    """What the score would have been with copies on both sides."""
    bursts: Count = 0
    """How many of the groups are, or hold, pictures that a camera recorded in one go."""


@dataclass(frozen=True, slots=True)
class TextPriorUse:
    """How much the names of classes count, read by the text tower of the encoder."""

    weight: Share
    """Of the names against the images, 0 to 1; 0 where pictures held out showed no gain."""
    without_images: Texts
    """Classes that no image shows: they are known by their names alone, and not judged."""


@dataclass(frozen=True, slots=True)
class SeenInTraining:
    """Pictures scored that the classifier learned from already: such a score is too good."""

    same: Count
    """The very files."""
    near_duplicates: Count
    """Others that show nearly the same as a picture it learned from."""
    accuracy_without: Share | None
    """Of all the others; None where there are none."""

    @property
    def images(self) -> int:
        """Of both kinds."""
        return self.same + self.near_duplicates


@dataclass(frozen=True, slots=True)
class Report:
    """How well a classifier does on images it never saw: numbers only, no drawing."""

    encoder: Text
    classes: Texts
    images: Count
    rejected: tuple[Rejected, ...]
    accuracy: Share | None
    accuracy_interval: tuple[Share, Share] | None
    """95 %, low and high."""
    chance_accuracy: Share
    """Of always guessing the largest class."""
    confusion_matrix: tuple[tuple[Count, ...], ...] | None
    """Rows true, columns predicted, in the order of `classes`; None where there is no score."""
    per_class: Mapping[str, ClassFigures]
    procedure: Method
    """How the figures were obtained, as values; `method` says it in words."""
    seconds: Mapping[Text, Amount]
    """Of `embed`, `fit` and `evaluate`."""
    precision: Text | None = None
    """The precision class that pictures were embedded in: `float32`, `bfloat16` or `mixed`; None
    where it was not written down."""
    verdict: Verdict | None = None
    """None where there is no score, or one of pictures seen in training."""
    learning_curve: LearningCurve | None = None
    """None where it was not worked out."""
    near_duplicates: NearDuplicates | None = None
    """None where no image has any."""
    calibration_error: Share | None = None
    """Of the out-of-fold probabilities: their mean distance from the share that was right."""
    refused_share: Share | None = None
    """Share of the images that a probe which never saw them takes for none of the classes."""
    refuses: Share | None = None
    """Share of simulated strangers, pictures of something else, that it takes for none of the
    classes; None where that cannot be told."""
    class_names: TextPriorUse | None = None
    """None where the names were not asked."""
    empty_classes: Texts = ()
    """Classes that there is a folder or a set for, but no picture that could be used; sorted."""
    unknown_classes: Texts = ()
    """Classes scored that the classifier had not learned, their pictures all wrong; sorted."""
    seen_in_training: SeenInTraining | None = None
    """None where what is scored is held back by featclass itself: then nothing was seen."""
    probe: ProbeKind = ProbeKind.DISCRIMINANT
    C: Amount | None = None
    """Of logistic regression, as chosen by cross-validation; None where nothing could be held out
    to choose it by, or no classifier is kept."""

    @property
    def method(self) -> str:
        """How the figures were obtained, in words without a full stop; class names as they are."""
        if isinstance(self.procedure, str):
            return self.procedure
        return self.procedure.sentence + clauses(self)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Exemplars:
    """The training images a classifier remembers, to show what a new picture resembles."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    digests: tuple[str, ...]
    vectors: NDArray[np.float32]
    """L2-normalised embeddings, shape (len(names), dimensions)."""


@dataclass(frozen=True, slots=True)
class TrainedClassifier:
    """Encoder spec, probe, classes and report: what is saved, exported and served."""

    encoder: str
    """The encoder's spec."""
    encoder_id: str
    fingerprint: str
    probe: Probe
    exemplars: Exemplars
    report: Report
    strangers: NDArray[np.float32] | None = None
    """L2-normalised embeddings of pictures that a person called none of these, shape
    (m, dimensions)."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of featclass and of the libraries that shape an embedding."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels, in the order of the probe's rows."""
        return self.probe.classes


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A training image that a new picture resembles."""

    name: str
    label: str
    digest: str
    similarity: float
    """Cosine of the two embeddings, -1 to 1."""

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of this image beside a prediction."""
        return {
            "path": self.name,
            "label": self.label,
            "similarity": self.similarity,
            "digest": self.digest,
        }


@dataclass(frozen=True, slots=True)
class OutOfFoldPrediction:
    """What probes that never saw a training image, nor a near-duplicate of it, say of it."""

    name: str
    digest: str
    label: str
    said: str
    """The class it was taken for."""
    probability: float
    """Of the class it was taken for."""
    label_probability: float
    """Of its own class."""
    neighbours: tuple[Neighbour, ...]
    """The most similar of the other training images, near-duplicates included."""

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of this image in the report."""
        return {
            "path": self.name,
            "label": self.label,
            "predicted": self.said,
            "probability": self.probability,
            "label_probability": self.label_probability,
            "neighbours": [neighbour.to_json() for neighbour in self.neighbours],
        }


DOUBTFUL_BELOW = 0.8
"""Calibrated, a prediction of a lower probability is wrong more than one time in five."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a classifier says of one picture; `rejected` holds the reason where it cannot."""

    path: str
    label: str | None = None
    probability: float | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    known: bool = True
    """False where the picture resembles none of the classes; `label` is still the nearest."""
    neighbours: tuple[Neighbour, ...] = ()
    rejected: str | None = None

    @property
    def is_doubtful(self) -> bool:
        """Whether it resembles the classes, but which is less than `DOUBTFUL_BELOW` sure."""
        return self.known and self.probability is not None and self.probability < DOUBTFUL_BELOW

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that `featclass predict --json` prints for this picture."""
        if self.rejected is not None:
            return {"path": self.path, "rejected": self.rejected}
        return {
            "path": self.path,
            "label": self.label,
            "probability": self.probability,
            "probabilities": dict(self.probabilities),
            "known": self.known,
            "doubtful": self.is_doubtful,
            "neighbours": [neighbour.to_json() for neighbour in self.neighbours],
        }
