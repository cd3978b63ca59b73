"""What an audit found, as values and as JSON; each finding says itself in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from featclass.audit.quality import Fault
from featclass.base import sentences


@dataclass(frozen=True, slots=True)
class LabelError:
    """How doubtful one label is."""

    path: str
    label: str
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
        return sentences.findings.wrong_label(self.label, self.suggested)


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Pictures that show the same."""

    paths: tuple[str, ...]
    labels: tuple[str, ...]
    """Of each path."""
    kind: str
    """`exact` where they are equal pixel by pixel, as far as can be told, else `near`."""
    key: str

    @property
    def is_across_classes(self) -> bool:
        """Whether the same picture has different labels."""
        return len(set(self.labels)) > 1

    @property
    def sentence(self) -> str:
        """How many they are, and under which labels."""
        return sentences.findings.copies(self.labels, is_exact=self.kind == "exact")


@dataclass(frozen=True, slots=True)
class Outlier:
    """A picture unlike all others."""

    path: str
    label: str
    score: float
    """In robust standard deviations from the middle."""
    key: str

    @property
    def sentence(self) -> str:
        """That it resembles none."""
        return sentences.findings.unlike_all(self.label)


@dataclass(frozen=True, slots=True)
class QualityFault:
    """A picture too dark, too bright, blurred, empty, lost on white, too small or too long."""

    path: str
    label: str
    key: str
    fault: Fault

    @property
    def kind(self) -> str:
        """Which of these."""
        return self.fault.kind

    @property
    def sentence(self) -> str:
        """What is wrong with it, and what to do."""
        return self.fault.sentence


@dataclass(frozen=True, slots=True)
class GiveAway:
    """A cue that would predict the class without looking at what the pictures show."""

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
    def sentence(self) -> str:
        """How often the cue alone is right, and of which class."""
        return sentences.findings.give_away(
            self.cue,
            accuracy=self.accuracy,
            chance=self.chance_accuracy,
            label=self.label,
            sharing=len(self.paths),
            images=self.label_images,
        )


@dataclass(frozen=True, slots=True)
class Balance:
    """How many pictures each class has."""

    images: Mapping[str, int]
    is_unbalanced: bool
    key: str

    @property
    def sentence(self) -> str:
        """How even the classes are."""
        return sentences.findings.balance(self.images, is_unbalanced=self.is_unbalanced)


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

    def to_json(self) -> dict[str, Any]:
        """Return what `featclass audit --json` prints."""
        return {
            "label_errors": [_plain(each) for each in self.label_errors],
            "duplicates": [
                {**_plain(each), "across_classes": each.is_across_classes}
                for each in self.duplicates
            ],
            "outliers": [_plain(each) for each in self.outliers],
            "quality": [
                {
                    "path": each.path,
                    "label": each.label,
                    "kind": each.kind,
                    "key": each.key,
                    "sentence": each.sentence,
                    **each.fault.to_json(),
                }
                for each in self.quality
            ],
            "shortcuts": [_plain(each) for each in self.shortcuts],
            "balance": {**_plain(self.balance), "images": dict(self.balance.images)},
        }


def _plain(finding: Any) -> dict[str, Any]:
    values = ((field.name, getattr(finding, field.name)) for field in fields(finding))
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values}
    return {**plain, "sentence": finding.sentence}
