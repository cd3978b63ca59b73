from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass.reports.colours import CLASS_COLOURS, class_colour

NEAR_WHITE, NEAR_BLACK = "#fbfbfd", "#0f0f17"

# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB.
SIGHTS = {
    "protanopia": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.052]],
    "deuteranopia": [[0.3673, 0.8606, -0.228], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "tritanopia": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
}
TO_CONES = [[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.63]]
TO_OKLAB = [[0.2105, 0.7936, -0.0041], [1.978, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]]


def linear(colour: str) -> NDArray[np.float64]:
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    low, high = sorted([float(linear(one) @ weights), float(linear(other) @ weights)])
    return (high + 0.05) / (low + 0.05)


def oklab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.array(TO_OKLAB) @ np.cbrt(np.array(TO_CONES) @ rgb))


@pytest.mark.parametrize("colour", CLASS_COLOURS)
def test_class_colours_stand_out_from_light_and_dark(colour: str) -> None:
    assert contrast(colour, NEAR_WHITE) >= 3
    assert contrast(colour, NEAR_BLACK) >= 3


@pytest.mark.parametrize("sight", SIGHTS)
def test_class_colours_differ_for_colour_blind_people(sight: str) -> None:
    seen = [oklab(np.clip(np.array(SIGHTS[sight]) @ linear(c), 0, 1)) for c in CLASS_COLOURS]
    for place, one in enumerate(seen):
        for other in seen[:place]:
            assert np.linalg.norm(one - other) > 0.08


def test_class_colours_start_again_after_eight() -> None:
    assert len({class_colour(index) for index in range(8)}) == 8
    assert class_colour(8) == class_colour(0)
