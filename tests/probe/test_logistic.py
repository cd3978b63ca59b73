"""Logistic regression: scikit-learn's minimum, its C chosen by what no held-out picture is in."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from featclass import probe
from featclass.base import Cancelled, ProbeKind
from featclass.probe import folds, logistic
from featclass.probe.normalisation import normalise
from tests.probe.clouds import DIMENSIONS, Floats, accuracy, blobs, codes_of

LOGISTIC = ProbeKind.LOGISTIC


def sklearns(X: Floats, labels: list[str], C: float) -> Floats:
    """Probabilities, shape (n, classes), by scikit-learn's own."""
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegression(C=C, tol=1e-10, max_iter=20_000).fit(X, labels)
    return np.asarray(model.predict_proba(X))


def softmaxed(coefficients: Floats, intercepts: Floats, X: Floats) -> Floats:
    powers = np.exp(X @ coefficients.T + intercepts)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@DIMENSIONS
@pytest.mark.parametrize("C", [0.01, 1.0, 100.0, 10_000.0])
@pytest.mark.parametrize("sizes", [[9, 14], [12, 5, 20, 8]])
def test_it_is_the_logistic_regression_of_scikit_learn(
    sizes: list[int], C: float, dimensions: int
) -> None:
    vectors, labels = blobs(sizes, dimensions, spread=3.0)
    X = normalise(vectors)
    own = softmaxed(*logistic.fit(X, codes_of(labels), C), X)
    np.testing.assert_allclose(own, sklearns(X, labels, C), atol=2e-3)


@DIMENSIONS
def test_c_of_a_fold_and_of_all_are_those_of_least_loss_by_separate_fits(dimensions: int) -> None:
    vectors, labels = blobs([20, 20, 20], dimensions, spread=5.0)
    X, codes = normalise(vectors), codes_of(labels)
    [held_out] = folds.cross_validation(folds.Images.of(codes), seed=0, repeats=1).held_out

    def losses(training: np.ndarray, tested: np.ndarray) -> list[float]:
        told = []
        for C in logistic.PENALTIES:
            fitted = logistic.fit(X[training], codes[training], float(C))
            own = softmaxed(*fitted, X[tested])[np.arange(tested.sum()), codes[tested]]
            told.append(float(-np.log(own).sum()))
        return told

    logits, C = logistic.held_out_logits(X, codes, held_out[None])
    everything = np.sum([losses(held_out != f, held_out == f) for f in range(5)], axis=0)
    assert logistic.PENALTIES[everything.argmin()] == C
    for fold in range(5):
        kept = held_out != fold
        inner = [losses(kept & (held_out != g), held_out == g) for g in range(5) if g != fold]
        best = float(logistic.PENALTIES[np.sum(inner, axis=0).argmin()])
        fitted = logistic.fit(X[kept], codes[kept], best)
        own, asked = softmaxed(*fitted, X), held_out == fold
        powers = np.exp(logits[0, asked])
        said = powers / powers.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(said, own[asked], atol=0.03)


def test_what_is_said_of_a_picture_does_not_depend_on_its_label() -> None:
    vectors, labels = blobs([15, 15], 30, spread=4.0)
    X, codes = normalise(vectors), codes_of(labels)
    [held_out] = folds.cross_validation(folds.Images.of(codes), seed=0, repeats=1).held_out
    honest, _ = logistic.held_out_logits(X, codes, held_out[None])
    for fold in range(5):
        asked = held_out == fold
        lying = np.where(asked, 1 - codes, codes)
        told, _ = logistic.held_out_logits(X, lying, held_out[None])
        np.testing.assert_allclose(told[0, asked], honest[0, asked], rtol=1e-3, atol=1e-3)
        assert np.abs(told[0, ~asked] - honest[0, ~asked]).max() > 0.01


@pytest.mark.parametrize("kind", ProbeKind)
@DIMENSIONS
def test_labels_by_chance_are_right_by_chance(kind: ProbeKind, dimensions: int) -> None:
    vectors, labels = blobs([40, 40], dimensions, spread=1.0)
    found = []
    for seed in range(10):
        chance = np.random.default_rng(seed).permutation(labels).tolist()
        judged = probe.out_of_fold(vectors, chance, kind=kind, repeats=1)
        found.append(accuracy(judged.probabilities, chance))
    assert 0.4 < np.mean(found) < 0.6


@pytest.mark.parametrize("kind", ProbeKind)
def test_copies_do_not_make_a_score_nor_choose_c(kind: ProbeKind) -> None:
    # Labels are chance, and every picture stands four times: only a leak could tell them.
    vectors = np.repeat(np.eye(30, dtype=np.float32), 4, axis=0)
    codes = np.random.default_rng(0).permutation([0, 1] * 15)
    labels = [str(code) for code in np.repeat(codes, 4)]
    leaked = probe.out_of_fold(vectors, labels, kind=kind)
    judged = probe.out_of_fold(vectors, labels, groups=np.repeat(np.arange(30), 4), kind=kind)
    assert accuracy(leaked.probabilities, labels) > 0.95
    assert np.abs(judged.probabilities - 0.5).max() < 0.1
    if kind is LOGISTIC:
        assert leaked.C is not None
        assert judged.C is not None
        assert leaked.C >= 100 * judged.C


def test_c_of_each_fold_is_chosen_by_whole_groups_too() -> None:
    # Where copies stood in two inner parts, each fold would find that the largest C is best.
    vectors = np.repeat(np.eye(30), 4, axis=0)
    codes = np.repeat(np.random.default_rng(0).permutation([0, 1] * 15), 4)
    images = folds.Images.of(codes, np.repeat(np.arange(30), 4))
    plan = folds.cross_validation(images, seed=0, repeats=1)
    together, _ = logistic.held_out_logits(vectors, codes, plan.held_out)
    apart, _ = logistic.held_out_logits(vectors, codes, np.arange(120)[None] % 5)
    assert np.ptp(together, axis=2).max() < 1 < np.ptp(apart, axis=2).min()


def test_the_same_pictures_and_seed_give_the_same_numbers() -> None:
    vectors, labels = blobs([14, 11, 12], spread=4.0)
    one, other = (probe.out_of_fold(vectors, labels, seed=4, kind=LOGISTIC) for _ in range(2))
    np.testing.assert_array_equal(one.probabilities, other.probabilities)
    assert (one.calibrated, one.C) == (other.calibrated, other.C)
    turned = probe.out_of_fold(vectors, labels, seed=5, kind=LOGISTIC)
    assert (turned.probabilities != one.probabilities).any()


@pytest.mark.parametrize("sizes", [[2, 2], [2, 30], [3, 3, 3], [3] * 100, [40, 2, 2]])
def test_few_pictures_a_class_give_finite_predictions(sizes: list[int]) -> None:
    vectors, labels = blobs(sizes, 20, spread=0.5)
    judged = probe.out_of_fold(vectors, labels, kind=LOGISTIC, repeats=1)
    assert np.isfinite(np.log(judged.probabilities)).all()
    assert accuracy(judged.probabilities, labels) > 0.8
    fitted = probe.fit(vectors, labels, calibrated=judged.calibrated, kind=LOGISTIC, C=judged.C)
    assert accuracy(probe.predict(fitted, vectors), labels) > 0.95


def test_a_single_picture_a_class_is_learned_though_nothing_can_be_held_out() -> None:
    vectors, labels = blobs([1, 1, 1], 20, spread=0.5)
    fitted = probe.fit(vectors, labels, kind=LOGISTIC)
    probabilities = probe.predict(fitted, vectors)
    assert accuracy(probabilities, labels) == 1.0
    assert probabilities.max() < 1


def test_classes_tied_together_by_copies_are_judged_group_by_group() -> None:
    vectors, labels = blobs([2, 2, 2], 5)
    judged = probe.out_of_fold(vectors, labels, groups=np.array([0, 2, 0, 1, 1, 2]), kind=LOGISTIC)
    assert judged.leave_one_out
    assert np.isfinite(np.log(judged.probabilities)).all()


def test_of_many_groups_left_out_one_by_one_each_is_predicted_by_all_others() -> None:
    vectors, labels = blobs([6, 7], 12, spread=2.0)
    X, codes = normalise(vectors), codes_of(labels)
    logits, _ = logistic.held_out_logits(X, codes, np.arange(13)[None])
    for row in range(13):
        others = np.arange(13) != row
        margins = [
            np.subtract(*(X[row] @ coefficients.T + intercepts))
            for coefficients, intercepts in (
                logistic.fit(X[others], codes[others], float(C)) for C in logistic.PENALTIES
            )
        ]
        own = np.subtract(*logits[0, row])
        assert np.abs(own - margins).min() < 0.03 * max(1.0, abs(own))


@DIMENSIONS
def test_embeddings_that_are_all_alike_say_nothing(dimensions: int) -> None:
    vectors, labels = np.ones((20, dimensions), np.float32), ["a", "b"] * 10
    judged = probe.out_of_fold(vectors, labels, kind=LOGISTIC)
    np.testing.assert_allclose(judged.probabilities, 0.5, atol=1e-3)


def test_a_picture_of_any_size_of_embedding_gets_the_same_probabilities() -> None:
    vectors, labels = blobs([8, 9], 30, spread=2.0)
    fitted = probe.fit(np.abs(vectors), labels, kind=LOGISTIC, C=10.0)
    assert fitted.roots
    np.testing.assert_allclose(
        probe.predict(fitted, 7 * np.abs(vectors)), probe.predict(fitted, np.abs(vectors))
    )


def test_a_learner_predicts_as_separate_regressions_do() -> None:
    vectors, labels = blobs([12, 12, 12], 10, spread=3.0)
    X, codes = normalise(vectors), codes_of(labels)
    training = np.random.default_rng(0).random((8, 36)) < 0.6
    learned = probe.learner(vectors, labels, kind=LOGISTIC, C=10.0)(training)
    agree = []
    for mask, predicted in zip(training, learned, strict=True):
        coefficients, intercepts = logistic.fit(X[mask], codes[mask], 10.0)
        agree.append((predicted == (X @ coefficients.T + intercepts).argmax(axis=1)).mean())
    assert np.mean(agree) > 0.99


def test_a_learner_predicts_no_class_that_it_has_no_picture_of() -> None:
    vectors, labels = blobs([6, 6, 6], 10, spread=3.0)
    training = np.arange(18)[None] < 12
    assert set(probe.learner(vectors, labels, kind=LOGISTIC)(training)[0]) == {0, 1}


def test_progress_advances_and_may_stop_the_work() -> None:
    vectors, labels = blobs([6, 6], 20)
    seen: list[tuple[int, int]] = []
    probe.out_of_fold(
        vectors, labels, kind=LOGISTIC, progress=lambda done, total: seen.append((done, total))
    )
    total = seen[-1][1]
    assert seen == [(done, total) for done in range(1, total + 1)]

    def cancel(done: int, total: int) -> None:
        if done == 2:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        probe.out_of_fold(vectors, labels, kind=LOGISTIC, progress=cancel)


def test_names_blend_with_it_as_with_the_discriminant() -> None:
    vectors, labels = blobs([5, 5, 5], 12, spread=2.0)
    means = np.stack([vectors[i : i + 5].mean(axis=0) for i in (0, 5, 10)])
    names = probe.TextPrior(("class 0", "class 1", "class 2"), normalise(means), 20.0)
    judged = probe.out_of_fold(vectors, labels, prior=names, kind=LOGISTIC, repeats=1)
    assert accuracy(judged.probabilities, labels) > 0.8
    fitted = probe.fit(
        vectors, labels, calibrated=judged.calibrated, prior=names, blend=judged.blend,
        kind=LOGISTIC, C=judged.C,
    )  # fmt: skip
    assert accuracy(probe.predict(fitted, vectors), labels) > 0.8
