from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass.errors import FeatclassError
from featclass.probe.familiarity import Familiarity
from featclass.probe.points import normalise
from featclass.probe.scatter import Scatter, class_means, distances_left_out, left_out

Vectors = NDArray[np.float32]


def families(
    size: int, *, classes: int = 3, seed: int = 0, shift: float = 0.0
) -> tuple[Vectors, list[str]]:
    """Return embeddings in classes, in noise whose variance falls along the dimensions."""
    rng = np.random.default_rng(0)
    scale = np.arange(1, 61) ** -0.5
    means = 1.5 * rng.normal(size=(classes, 60)) * scale + 2 * rng.normal(size=60) * scale
    noise = np.random.default_rng([seed, 1]).normal(size=(classes * size, 60)) * scale
    away = shift * np.random.default_rng(9).normal(size=60)
    vectors = np.repeat(means, size, axis=0) + noise + away
    return normalise(vectors).astype(np.float32), [
        f"class {i}" for i in range(classes) for _ in range(size)
    ]


def area(members: NDArray[np.float64], strangers: NDArray[np.float64]) -> float:
    return float((members[:, None] > strangers).mean())


@pytest.mark.parametrize("size", [1, 2, 3, 5, 11, 40])
def test_strangers_score_below_members(size: int) -> None:
    known = Familiarity.of(*families(size))
    members = known.score(families(60, seed=1)[0])
    assert area(members, known.score(families(60, seed=2, shift=2.0)[0])) > 0.97


def test_a_class_left_out_scores_below_members() -> None:
    vectors, labels = families(20, classes=6)
    known = Familiarity.of(vectors[:80], labels[:80])
    fresh, _ = families(40, classes=6, seed=1)
    assert area(known.score(fresh[:160]), known.score(fresh[160:])) > 0.8


@pytest.mark.parametrize("size", [5, 8, 13, 40])
def test_at_most_a_twentieth_of_new_members_is_refused_on_average(size: int) -> None:
    refused = []
    for seed in range(30):
        known = Familiarity.of(*families(size, seed=seed))
        refused.append(1 - known.is_known(families(40, seed=1000 + seed)[0]).mean())
    assert np.mean(refused) <= 0.055
    if size == 40:
        assert np.mean(refused) > 0.02


def test_scores_left_out_in_closed_form_are_those_of_really_leaving_out() -> None:
    vectors, _ = families(8)
    codes = np.repeat(np.arange(3), 8)
    points = normalise(vectors) - normalise(vectors).mean(axis=0)
    within = Scatter.of(points - class_means(points, codes)[codes])
    found = left_out(within, points, codes)
    for row in (0, 11, 23):
        rest = np.arange(24) != row
        kept, own = points[rest], codes[rest]
        means = class_means(kept, own)
        residuals = kept - means[own]
        covariance = residuals.T @ residuals / 24 + np.eye(60) / within.rest**2
        away = points[row] - means
        expected = np.einsum("ij,ij->i", away @ np.linalg.inv(covariance), away)
        np.testing.assert_allclose(found[row], expected, rtol=1e-3)


def test_distances_left_out_are_least_to_the_own_class() -> None:
    vectors, labels = families(12)
    distances = distances_left_out(3 * vectors, labels)
    assert (distances.argmin(axis=1) == np.repeat(np.arange(3), 12)).mean() > 0.9
    assert distances.shape == (36, 3)


def test_an_image_alone_in_its_class_does_not_set_the_threshold() -> None:
    vectors, labels = families(10)
    far = -vectors[:1]
    known = Familiarity.of(np.concatenate([vectors, far]), [*labels, "alone"])
    assert known.is_known(families(20, seed=1)[0]).mean() > 0.8
    assert not known.is_known(families(20, seed=2, shift=2.0)[0]).any()
    few, names = families(3)
    known = Familiarity.of(np.concatenate([few, far]), [*names, "alone"])
    assert not known.is_known(families(20, seed=2, shift=2.0)[0]).any()


def test_copies_alone_break_nothing() -> None:
    exemplars = np.repeat(np.eye(2, dtype=np.float32), 6, axis=0)
    known = Familiarity.of(exemplars, ["a"] * 6 + ["b"] * 6)
    assert np.isfinite(known.threshold)
    assert np.isfinite(known.score(exemplars)).all()


def test_embeddings_without_negative_values_are_compared_by_their_roots() -> None:
    vectors, labels = families(10)
    assert not Familiarity.of(vectors, labels).roots
    assert Familiarity.of(np.abs(vectors), labels).roots


def test_the_length_of_an_embedding_does_not_matter() -> None:
    known = Familiarity.of(*families(10))
    vectors = families(10, seed=1)[0]
    np.testing.assert_allclose(known.score(7 * vectors), known.score(vectors), rtol=1e-4, atol=1e-4)


def test_no_pictures_have_no_scores() -> None:
    assert Familiarity.of(*families(5)).score(np.empty((0, 60), np.float32)).shape == (0,)


def test_one_class_is_refused() -> None:
    with pytest.raises(FeatclassError, match="only one set"):
        Familiarity.of(np.eye(3, dtype=np.float32), ["a"] * 3)
