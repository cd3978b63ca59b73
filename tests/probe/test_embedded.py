"""What is worked out once and by several threads is what it would be alone."""

from __future__ import annotations

import os

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass import probe
from featclass.probe import cholesky, discriminant, embedded
from featclass.probe.embedded import Embedded, cross_products, products
from featclass.probe.normalisation import Codes, Floats
from featclass.probe.threads import side_by_side


def seen(images: int, dimensions: int, classes: int = 4) -> tuple[Floats, Codes]:
    """Return values none of which is negative, in classes, whose variance falls; and the classes"""
    rng = np.random.default_rng([images, dimensions])
    codes = np.arange(images) % classes
    scale = np.arange(1, dimensions + 1) ** -0.7
    rates = np.exp(0.5 * rng.normal(size=(classes, dimensions))) * scale
    return rates[codes] * rng.gamma(0.8, size=(images, dimensions)), codes


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have small matrices treated as the largest are."""
    monkeypatch.setattr(embedded, "LARGE", 8)
    monkeypatch.setattr(discriminant, "LARGE", 8)
    monkeypatch.setattr(cholesky, "LARGE", 8)
    monkeypatch.setattr(embedded, "BLOCK", 32)
    monkeypatch.setattr(discriminant, "BLOCK", 32)
    monkeypatch.setattr(cholesky, "BLOCK", 10)
    monkeypatch.setattr(cholesky, "LARGE_BLOCK", 24)


@pytest.mark.parametrize(("images", "dimensions"), [(1, 5), (50, 700), (700, 50), (330, 330)])
def test_products_are_those_of_one_multiplication(images: int, dimensions: int) -> None:
    X = seen(images, dimensions)[0]
    np.testing.assert_allclose(products(X), X @ X.T, rtol=1e-12)
    np.testing.assert_allclose(cross_products(X), X.T @ X, rtol=1e-12)
    singles = X.astype(np.float32)
    assert products(singles).dtype == np.float32
    np.testing.assert_allclose(cross_products(singles), X.T @ X, rtol=1e-5)


def test_nothing_depends_on_how_many_processors_there_are(
    monkeypatch: pytest.MonkeyPatch, shared: None
) -> None:
    outcomes: list[NDArray[np.generic]] = []
    for processors in (1, 2, 5):
        monkeypatch.setattr(os, "cpu_count", lambda processors=processors: processors)
        for shape in ((90, 160), (200, 60)):
            vectors, codes = seen(*shape)
            labels = [str(code) for code in codes]
            masks = np.random.default_rng(0).random((6, len(codes))) < 0.7
            both = Embedded.of(vectors)
            outcomes.append(probe.out_of_fold(both, labels).probabilities)
            outcomes.append(probe.fit(both, labels).coefficients)
            outcomes.append(probe.distances_left_out(both, labels))
            outcomes.append(probe.learner(both, labels)(masks))
    for place, outcome in enumerate(outcomes):
        np.testing.assert_array_equal(outcome, outcomes[place % 8])


@pytest.mark.parametrize("images", [60, 200])
def test_what_is_handed_on_gives_the_same_as_the_vectors(images: int) -> None:
    vectors, codes = seen(images, 100)
    labels = [str(code) for code in codes]
    both = Embedded.of(vectors)
    assert both.roots
    assert both.is_wide == (images == 60)
    for measure in (
        lambda given: probe.out_of_fold(given, labels).probabilities,
        lambda given: probe.fit(given, labels).coefficients,
        lambda given: probe.distances_left_out(given, labels, codes + 10 * (codes > 1)),
        lambda given: probe.learner(given, labels)(np.arange(images)[None] % 3 > 0),
    ):
        np.testing.assert_array_equal(measure(both), measure(vectors))


def test_an_encoder_whose_names_count_is_seen_without_roots() -> None:
    vectors = seen(20, 30)[0]
    without = Embedded.of(Embedded.of(vectors), roots=False)
    np.testing.assert_allclose(without.X, probe.normalise(vectors), rtol=1e-12)


@pytest.mark.parametrize("images", [90, 150, 400])
def test_single_precision_moves_a_probability_by_less_than_a_hundred_thousandth(
    images: int, shared: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, codes = seen(images, 80)
    labels = [str(code) for code in codes]
    fast = probe.out_of_fold(vectors, labels), probe.fit(vectors, labels)
    distances = probe.distances_left_out(vectors, labels)
    monkeypatch.undo()
    assert Embedded.of(vectors).centred.dtype == np.float64
    plain = probe.out_of_fold(vectors, labels), probe.fit(vectors, labels)
    np.testing.assert_allclose(fast[0].probabilities, plain[0].probabilities, atol=1e-5)
    asked = [probe.predict(fitted, vectors) for fitted in (fast[1], plain[1])]
    np.testing.assert_allclose(asked[0], asked[1], atol=1e-5)
    np.testing.assert_allclose(distances, probe.distances_left_out(vectors, labels), rtol=1e-3)


@pytest.mark.parametrize("shape", [(40, 90), (300, 30)])
def test_nested_subsamples_are_learned_as_each_alone(shape: tuple[int, int]) -> None:
    vectors, codes = seen(*shape)
    X = probe.normalise(np.sqrt(vectors))
    order = np.random.default_rng(3).permutation(len(X))
    masks = np.array([order < share * len(X) for share in (0.4, 0.6, 0.8, 0.3, 0.5)])
    together = discriminant.predicted(X, codes, masks)
    for mask, outcome in zip(masks, together, strict=True):
        alone = discriminant.fit(X[mask], codes[mask]).logits(X).argmax(axis=1)
        np.testing.assert_array_equal(outcome, alone)


@pytest.mark.parametrize("shape", [(40, 90), (300, 30)])
@pytest.mark.usefixtures("shared")
def test_learning_stops_at_the_fold_after_which_it_is_told_to(shape: tuple[int, int]) -> None:
    vectors, codes = seen(*shape)
    labels, calls = [str(code) for code in codes], []

    def stop(done: int, total: int) -> None:
        calls.append(done)
        if done == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        probe.out_of_fold(vectors, labels, progress=stop)
    with pytest.raises(InterruptedError):
        probe.learner(vectors, labels, progress=stop)(np.tile(codes > -1, (9, 1)))
    assert calls == [1, 2, 1, 2]


def test_what_has_not_begun_when_nobody_listens_any_more_never_does() -> None:
    begun = []

    def work(task: int) -> int:
        begun.append(task)
        return task

    outcomes = side_by_side(work, range(10_000))
    assert next(outcomes) == 0
    outcomes.close()  # type: ignore[attr-defined]
    assert len(begun) < 10_000


@pytest.mark.parametrize("rows", [3, 40, 129, 400])
def test_systems_are_solved_as_by_the_general_solver(rows: int) -> None:
    check_solver(rows)


@pytest.mark.parametrize("rows", [9, 61, 130])
@pytest.mark.usefixtures("shared")
def test_large_systems_are_solved_as_by_the_general_solver(rows: int) -> None:
    check_solver(rows)


def check_solver(rows: int) -> None:
    rng = np.random.default_rng(rows)
    half = rng.normal(size=(rows, rows + 3))
    matrix, right = half @ half.T + np.eye(rows), rng.normal(size=(rows, 2))
    expected = np.linalg.solve(matrix, right)
    np.testing.assert_allclose(cholesky.solve(matrix.copy(), right), expected, rtol=1e-6)
    root = cholesky.inverse_root(matrix.copy())
    assert not np.triu(root, 1).any()
    np.testing.assert_allclose(root.T @ root @ matrix, np.eye(rows), atol=1e-8)
