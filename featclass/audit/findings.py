"""What an audit found: findings of one shape, each of which says itself in a sentence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar

from featclass.audit.quality import Fault
from featclass.base import percent


class FindingKind(StrEnum):
    """What may be wrong."""

    LABEL = "label"
    DUPLICATES = "duplicates"
    SHORTCUT = "shortcut"
    OUTLIER = "outlier"
    QUALITY = "quality"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True)
class _Finding(ABC):
    """What the findings have in common, beside `key`, `images`, `labels` and `about`.

    The key is what a finding is remembered by, however images and classes are called; `images`
    are paths, `labels` the class of each; `about` is what stands in "Said that ... is fine".
    """

    kind: ClassVar[FindingKind]

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What is wrong, and what to do."""

    @property
    def proposed_label(self) -> str | None:
        """The class that its image may belong to; None where that is not the question."""
        return None

    @property
    def is_certain(self) -> bool:
        """Whether its mend may be proposed before all else."""
        return False

    def to_json(self) -> dict[str, Any]:
        """Return its values and its sentence."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values}
        return {**plain, "sentence": self.sentence}


@dataclass(frozen=True, slots=True)
class _OfOneImage(_Finding):
    path: str
    label: str

    @property
    def images(self) -> tuple[str, ...]:
        """Its path alone."""
        return (self.path,)

    @property
    def labels(self) -> tuple[str, ...]:
        """Its class alone."""
        return (self.label,)

    @property
    def about(self) -> str:
        """Its file, without folders."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class LabelError(_OfOneImage):
    """How doubtful one label is."""

    kind = FindingKind.LABEL
    suggested: str
    score: float
    """How probably the label is wrong, 0 to 1."""
    suspect: bool
    """Whether to show it to somebody."""
    key: str
    strong: bool = False
    """Whether the evidence is so clear that moving it is the first thing to propose."""

    @property
    def sentence(self) -> str:
        """What to think of it; empty where it is no suspect."""
        if not self.suspect:
            return ""
        return f"Is labelled {self.label!r} and looks like {self.suggested!r}."

    @property
    def proposed_label(self) -> str:
        """The class that it looks like."""
        return self.suggested

    @property
    def is_certain(self) -> bool:
        """Whether the evidence is strong."""
        return self.strong


@dataclass(frozen=True, slots=True)
class DuplicateGroup(_Finding):
    """Pictures that show the same."""

    kind = FindingKind.DUPLICATES
    paths: tuple[str, ...]
    labels: tuple[str, ...]
    """Of each path."""
    is_exact: bool
    """Whether they are equal pixel by pixel, as far as can be told."""
    key: str

    @property
    def images(self) -> tuple[str, ...]:
        """Their paths."""
        return self.paths

    @property
    def is_across_classes(self) -> bool:
        """Whether the same picture has different labels."""
        return len(set(self.labels)) > 1

    @property
    def sentence(self) -> str:
        """How many they are, and under which labels."""
        same = "are the same" if self.is_exact else "show nearly the same"
        start = f"{len(self.labels)} pictures {same}"
        if not self.is_across_classes:
            return f"{start}."
        names = " and ".join(map(repr, sorted(set(self.labels))))
        return f"{start}, and are labelled {names}: one label must be wrong."

    @property
    def about(self) -> str:
        """How many they are."""
        return f"a group of {len(self.paths)} copies"

    @property
    def is_certain(self) -> bool:
        """Whether nobody can doubt that they are copies."""
        return self.is_exact

    def to_json(self) -> dict[str, Any]:
        """Return its values, `kind` being `exact` or `near`, and its sentence."""
        return {
            "paths": list(self.paths),
            "labels": list(self.labels),
            "kind": "exact" if self.is_exact else "near",
            "key": self.key,
            "sentence": self.sentence,
            "across_classes": self.is_across_classes,
        }


@dataclass(frozen=True, slots=True)
class Outlier(_OfOneImage):
    """A picture unlike all others."""

    kind = FindingKind.OUTLIER
    score: float
    """In robust standard deviations from the middle."""
    key: str

    @property
    def sentence(self) -> str:
        """That it resembles none."""
        return f"Resembles no other picture, of {self.label!r} or of any other class."


@dataclass(frozen=True, slots=True)
class QualityFault(_OfOneImage):
    """A picture too dark, too bright, blurred, empty, lost on white, too small or too long."""

    kind = FindingKind.QUALITY
    key: str
    fault: Fault
    """Which of these."""

    @property
    def sentence(self) -> str:
        """What is wrong with it, and what to do."""
        return self.fault.sentence

    def to_json(self) -> dict[str, Any]:
        """Return what its sentence is made of, and the sentence."""
        return {
            "path": self.path,
            "label": self.label,
            "kind": self.fault.kind,
            "key": self.key,
            "sentence": self.sentence,
            **self.fault.to_json(),
        }


@dataclass(frozen=True, slots=True)
class GiveAway(_Finding):
    """A cue that would predict the class without looking at what the pictures show."""

    kind = FindingKind.SHORTCUT
    cue: str
    accuracy: float
    """How often the cue alone names the right class."""
    chance_accuracy: float
    label: str
    """The class that it gives away most surely."""
    paths: tuple[str, ...]
    """The pictures of that class that have it."""
    key: str
    label_images: int
    """How many pictures that class has."""

    @property
    def images(self) -> tuple[str, ...]:
        """The paths."""
        return self.paths

    @property
    def labels(self) -> tuple[str, ...]:
        """The class that it gives away, for each of these."""
        return (self.label,) * len(self.paths)

    @property
    def sentence(self) -> str:
        """How often the cue alone is right, and of which class."""
        return (
            f"{self._how_often}: {len(self.paths)} of {self.label_images} pictures of"
            f" {self.label!r} share theirs. The classifier may have learned that instead."
        )

    @property
    def caution(self) -> str:
        """What it means for a score where the cue explains all of it."""
        return f"{self._how_often}: the score may say nothing of what they show."

    @property
    def _how_often(self) -> str:
        return (
            f"The {self.cue} alone names the right class in {percent(self.accuracy)} of the"
            f" pictures (guessing: {percent(self.chance_accuracy)})"
        )

    @property
    def about(self) -> str:
        """That it gives the class away."""
        return f"what gives {self.label} away"


@dataclass(frozen=True, slots=True)
class Balance(_Finding):
    """How many pictures each class has."""

    kind = FindingKind.BALANCE
    images = labels = ()
    """It is about no single one."""
    counts: Mapping[str, int]
    """Images of each class, by its name."""
    is_unbalanced: bool
    key: str

    @property
    def sentence(self) -> str:
        """How even the classes are."""
        counts = self.counts
        if len(counts) < 2:
            return "There are not two classes to compare."
        largest, smallest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        if counts[largest] == counts[smallest]:
            return f"Every class has {counts[largest]} pictures."
        sizes = f"{largest!r} has {counts[largest]} pictures and {smallest!r} {counts[smallest]}"
        if self.is_unbalanced:
            return f"{sizes}: a guess at the larger class is right too often; add to the smaller."
        return f"{sizes}: no class is three times as large as another."

    @property
    def about(self) -> str:
        """What it compares."""
        return "the difference between the sizes of the sets"

    def to_json(self) -> dict[str, Any]:
        """Return its values, `images` being the counts, and its sentence."""
        return {
            "images": dict(self.counts),
            "is_unbalanced": self.is_unbalanced,
            "key": self.key,
            "sentence": self.sentence,
        }


Finding = LabelError | DuplicateGroup | Outlier | QualityFault | GiveAway | Balance


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything that is probably wrong with the pictures or their labels."""

    label_errors: tuple[LabelError, ...]
    """Every image, the most doubtful first; none where there are no out-of-fold predictions."""
    duplicates: tuple[DuplicateGroup, ...]
    outliers: tuple[Outlier, ...]
    quality: tuple[QualityFault, ...]
    shortcuts: tuple[GiveAway, ...]
    balance: Balance

    def of_kind(self, kind: FindingKind) -> tuple[Finding, ...]:
        """Return what is worth a look, the worst first: labels that are suspect, and so on."""
        match kind:
            case FindingKind.LABEL:
                return tuple(error for error in self.label_errors if error.suspect)
            case FindingKind.DUPLICATES:
                return self.duplicates
            case FindingKind.SHORTCUT:
                return self.shortcuts
            case FindingKind.OUTLIER:
                return self.outliers
            case FindingKind.QUALITY:
                return self.quality
            case FindingKind.BALANCE:
                return (self.balance,) if self.balance.is_unbalanced else ()

    def to_json(self) -> dict[str, Any]:
        """Return what `featclass audit --json` prints."""
        return {
            "label_errors": [error.to_json() for error in self.label_errors],
            "duplicates": [group.to_json() for group in self.duplicates],
            "outliers": [outlier.to_json() for outlier in self.outliers],
            "quality": [fault.to_json() for fault in self.quality],
            "shortcuts": [cue.to_json() for cue in self.shortcuts],
            "balance": self.balance.to_json(),
        }
