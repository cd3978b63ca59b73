"""The map of one picture for one class, and where on the picture it lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from featclass.encoders import Box


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """What spoke for a class (positive) and what against it (negative), place by place."""

    label: str
    values: NDArray[np.float32]
    """Shape (rows, columns), in log-odds: of the class against the mean of the others."""
    box: Box
    """The part of the upright picture that the map covers; the encoder looks at no more."""
    size: tuple[int, int]
    """Width and height of the upright picture, as it was decoded."""
    probability: float
    logit: float
    """Log-odds of the class against the mean of the others."""
    is_exact: bool
    """Whether the values sum to `logit`; else each says how far covering its place lowers it."""
    says: str = ""
    """One or two sentences for a person; class names are as their owner wrote them."""
    seconds: float = 0.0
    """What it took, embedding included."""

    @property
    def relative(self) -> NDArray[np.float32]:
        """The values, the largest of them 1 or -1."""
        return np.asarray(self.values / (np.abs(self.values).max() or 1.0), np.float32)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of this map, its values from -1 to 1 row by row."""
        rows, columns = self.values.shape
        return {
            "label": self.label,
            "probability": self.probability,
            "box": [round(share, 5) for share in self.box],
            "aspect": self.size[0] / self.size[1],
            "rows": rows,
            "columns": columns,
            "values": [round(float(value), 3) for value in self.relative.ravel()],
            "exact": self.is_exact,
            "says": self.says,
        }
