"""What is known of a batch: plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from featclass.base import Pace, Prediction, TrainedClassifier

SHOWN = 50


@dataclass(slots=True)
class Counts:
    """Counts of predictions, and the first of them."""

    done: int = 0
    sure: Counter[str] = field(default_factory=Counter)
    doubtful: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    rejected: int = 0
    first: list[Prediction] = field(default_factory=list)

    def count(self, predictions: Iterable[Prediction]) -> None:
        """Count these too."""
        for prediction in predictions:
            self.done += 1
            if len(self.first) < SHOWN:
                self.first.append(prediction)
            if prediction.label is None:
                self.rejected += 1
            elif not prediction.known:
                self.unknown += 1
            else:
                (self.doubtful if prediction.is_doubtful else self.sure)[prediction.label] += 1

    def copy(self) -> Counts:
        """Return one that counts no further."""
        counters = self.sure.copy(), self.doubtful.copy()
        return Counts(self.done, *counters, self.unknown, self.rejected, self.first[:])


class BatchPhase(StrEnum):
    """Where a batch stands."""

    WAITING = "waiting"
    LOADING = "loading"
    """The encoder, or the list of the pictures."""
    RUNNING = "running"
    STOPPED = "stopped"
    """Cancelled, or cut off by the end of the server; can be resumed."""
    FAILED = "failed"
    DONE = "done"


ENDED = (BatchPhase.STOPPED, BatchPhase.FAILED, BatchPhase.DONE)


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """Which classifier is to predict, and how it is shown."""

    classifier: TrainedClassifier = field(repr=False)
    key: str
    """Names the classifier: another key is another one."""
    colours: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """What `batch.json` holds."""

    id: str
    name: str
    """Of the zip or the folder, as the person knows it."""
    folder: str | None
    """The folder of this machine; None for a zip."""
    key: str
    classes: tuple[str, ...]
    colours: Mapping[str, str]
    created: datetime
    phase: BatchPhase = BatchPhase.WAITING
    error: str = ""
    total: int = 0
    """Files to look at; 0 while they were not counted."""
    removed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch at one moment."""

    record: Record
    phase: BatchPhase
    pace: Pace
    counts: Counts
    is_stopping: bool = False

    @property
    def is_running(self) -> bool:
        """Whether it will change by itself."""
        return self.phase not in ENDED
