"""What is known of a batch: plain values, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from featclass.batches.tally import Tally
from featclass.pace import Pace
from featclass.records import TrainedClassifier


class Phase(StrEnum):
    """Where a batch stands."""

    WAITING = "waiting"
    LOADING = "loading"
    """The encoder, or the list of the pictures."""
    RUNNING = "running"
    STOPPED = "stopped"
    """Cancelled, or cut off by the end of the server; can be resumed."""
    FAILED = "failed"
    DONE = "done"


ENDED = (Phase.STOPPED, Phase.FAILED, Phase.DONE)


@dataclass(frozen=True, slots=True)
class Order:
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
    phase: Phase = Phase.WAITING
    error: str = ""
    total: int = 0
    """Files to look at; 0 while they were not counted."""
    removed: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object."""
        removed = self.removed.isoformat() if self.removed else None
        return {**asdict(self), "created": self.created.isoformat(), "removed": removed}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Record:
        """Return the record; raises `KeyError`, `TypeError` or `ValueError` for another object.

        What a later featclass knows more of it is passed over.
        """
        data = {name: data[name] for name in (each.name for each in fields(cls)) if name in data}
        removed = datetime.fromisoformat(data["removed"]) if data["removed"] else None
        return cls(
            **{
                **data,
                "classes": tuple(data["classes"]),
                "created": datetime.fromisoformat(data["created"]),
                "phase": Phase(data["phase"]),
                "removed": removed,
            }
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch at one moment."""

    record: Record
    phase: Phase
    pace: Pace
    tally: Tally
    is_stopping: bool = False

    @property
    def is_running(self) -> bool:
        """Whether it will change by itself."""
        return self.phase not in ENDED
