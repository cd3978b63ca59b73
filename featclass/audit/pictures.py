"""What an audit looks at: nothing but arrays and words that are there already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from featclass.images import Appearance

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True)
class AuditInput:
    """Labelled images, each with its embedding and its appearance, in any one order."""

    names: Sequence[str]
    digests: Sequence[str]
    labels: Sequence[str]
    vectors: NDArray[np.float32]
    """L2-normalised embeddings, shape (n, dimensions)."""
    appearances: Sequence[Appearance]

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The labels, sorted."""
        return tuple(sorted(set(self.labels)))

    @cached_property
    def codes(self) -> Codes:
        """Each label's place among `classes`, shape (n,)."""
        places = {name: place for place, name in enumerate(self.classes)}
        return np.array([places[label] for label in self.labels], dtype=np.intp)

    def key(self, kind: str, rows: Iterable[int], *words: str) -> str:
        """Return what a finding about these images is remembered by, whatever their order."""
        parts = sorted(self.digests[row] for row in rows)
        found = hashlib.sha256("\n".join([*words, *parts]).encode()).hexdigest()
        return f"{kind}:{found[:32]}"
