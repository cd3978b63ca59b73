"""Which predictions a person should look at before trusting them."""

from __future__ import annotations

from typing import Final

from featclass.records import Prediction

DOUBTFUL: Final = 0.7
"""A probability below this is a doubtful one; the next class then has up to 0.3 or more."""


def is_doubtful(prediction: Prediction) -> bool:
    """Say whether the class it looks like is not much more probable than another."""
    return prediction.probability is not None and prediction.probability < DOUBTFUL
