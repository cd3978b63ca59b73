"""Which images are most like each other."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass.probe.neighbours import nearest_others


def clouds(count: int, seed: int = 0) -> NDArray[np.float32]:
    """Points on the sphere in clouds of about fifty; every tenth has a near-copy after it."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(count // 50, 32))
    points = centres[rng.integers(0, len(centres), count)] + 0.5 * rng.normal(size=(count, 32))
    points[1::10] = points[::10][: len(points[1::10])] + 0.01 * rng.normal(size=(count // 10, 32))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return rng.permutation(points).astype(np.float32)


def by_hand(points: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    cosines = points @ points.T
    np.fill_diagonal(cosines, -2)
    return np.argsort(-cosines, axis=1, kind="stable")[:, :k]


@pytest.mark.parametrize("count", [700, 1500])
def test_few_images_are_compared_each_with_each(count: int) -> None:
    points = clouds(count)
    rows, cosines = nearest_others(points, 3)
    assert (rows == by_hand(points, 3)).all()
    beside = np.einsum("id,ikd->ik", points, points[rows])
    assert cosines == pytest.approx(beside, abs=1e-5)


def test_among_many_every_near_copy_is_found_and_most_others_are() -> None:
    points = clouds(6000)
    rows, cosines = nearest_others(points, 3, many=1000)
    truth = by_hand(points, 3)
    copied = np.einsum("id,id->i", points, points[truth[:, 0]]) > 0.99
    assert copied.sum() >= 1000
    assert (rows[copied, 0] == truth[copied, 0]).all()
    assert (rows == truth).mean() > 0.8
    assert (np.diff(cosines, axis=1) <= 0).all()
    assert (rows != np.arange(len(points))[:, None]).all()


def test_where_all_images_are_equal_each_has_others_all_the_same() -> None:
    points = np.tile(clouds(50)[:1], (2500, 1))
    rows, cosines = nearest_others(points, 3, many=1000)
    assert cosines == pytest.approx(1.0, abs=1e-5)
    assert all(len({row, *found}) == 4 for row, found in enumerate(rows.tolist()))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_there_are_never_more_neighbours_than_others(count: int) -> None:
    rows, cosines = nearest_others(clouds(50)[:count], 3)
    assert rows.shape == cosines.shape == (count, count - 1)
