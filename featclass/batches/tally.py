"""What came of a batch so far, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from featclass.records import Prediction

SHOWN = 50


@dataclass(slots=True)
class Tally:
    """Counts of predictions, and the first of them."""

    done: int = 0
    sure: Counter[str] = field(default_factory=Counter)
    doubtful: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    rejected: int = 0
    first: list[Prediction] = field(default_factory=list)

    def count(self, predictions: Iterable[Prediction]) -> None:
        """Count these too."""
        for said in predictions:
            self.done += 1
            if len(self.first) < SHOWN:
                self.first.append(said)
            if said.label is None:
                self.rejected += 1
            elif not said.known:
                self.unknown += 1
            else:
                (self.doubtful if said.is_doubtful else self.sure)[said.label] += 1

    def copy(self) -> Tally:
        """Return one that counts no further."""
        counters = self.sure.copy(), self.doubtful.copy()
        return Tally(self.done, *counters, self.unknown, self.rejected, self.first[:])
