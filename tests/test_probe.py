from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass import probe
from featclass.errors import Cancelled, FeatclassError
from featclass.probe import examples, folds, penalty, solver
from featclass.probe.coordinates import coordinates
from featclass.probe.regression import both

Vectors = NDArray[np.float32]


def blobs(
    sizes: list[int], dimensions: int = 40, *, spread: float = 1.0, seed: int = 0
) -> tuple[Vectors, list[str]]:
    """Embeddings around one centre a class, all far from the origin as real ones are."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(sizes), dimensions)) + 2.0
    codes = np.repeat(np.arange(len(sizes)), sizes)
    noise = spread * rng.normal(size=(codes.size, dimensions))
    vectors = (centres[codes] + noise).astype(np.float32)
    return vectors, [f"class {code}" for code in codes]


def log_loss(probabilities: NDArray[np.float64], labels: list[str]) -> float:
    places = np.searchsorted(sorted(set(labels)), labels)
    return float(-np.log(probabilities[np.arange(len(labels)), places]).mean())


def accuracy(probabilities: NDArray[np.float64], labels: list[str]) -> float:
    places = np.searchsorted(sorted(set(labels)), labels)
    return float((probabilities.argmax(axis=1) == places).mean())


def test_normalise_scales_to_length_one_and_leaves_zero_vectors() -> None:
    scaled = probe.normalise(np.array([[3, 4], [0, 0], [1e-30, 0]], dtype=np.float32))
    np.testing.assert_allclose(scaled, [[0.6, 0.8], [0.0, 0.0], [1.0, 0.0]])


@pytest.mark.parametrize("C", [0.1, 10.0, 1000.0])
@pytest.mark.parametrize("sizes", [[9, 7], [8, 3, 12, 1]], ids=["binary", "multinomial"])
@pytest.mark.parametrize("dimensions", [6, 200], ids=["more images", "more dimensions"])
def test_fit_is_logistic_regression_of_scikit_learn(
    dimensions: int, sizes: list[int], C: float
) -> None:
    from sklearn.linear_model import LogisticRegression

    vectors, labels = blobs(sizes, dimensions, spread=2.0)
    fitted = probe.fit(vectors, labels, C=C)
    # With few dimensions its lbfgs stops 1e-4 from the solution, where its line search gives up.
    way = "newton-cholesky" if dimensions < len(labels) else "lbfgs"
    reference = LogisticRegression(C=C, tol=1e-12, max_iter=100_000, solver=way)
    reference.fit(probe.normalise(vectors), labels)

    expected = reference.coef_
    if len(sizes) == 2:
        expected = np.concatenate([-reference.coef_ / 2, reference.coef_ / 2])
    np.testing.assert_allclose(fitted.coefficients, expected, atol=1e-4)
    np.testing.assert_allclose(
        probe.predict(fitted, vectors),
        reference.predict_proba(probe.normalise(vectors)),
        atol=1e-4,
    )


def test_copies_of_a_picture_do_not_disturb_the_solution() -> None:
    from sklearn.linear_model import LogisticRegression

    vectors, labels = blobs([4, 4], 30)
    vectors, labels = np.concatenate([vectors] * 3), labels * 3
    reference = LogisticRegression(C=100, tol=1e-12, max_iter=100_000)
    reference.fit(probe.normalise(vectors), labels)
    fitted = probe.fit(vectors, labels, C=100)
    np.testing.assert_allclose(
        fitted.coefficients[1] - fitted.coefficients[0], reference.coef_[0], atol=1e-4
    )


def test_problems_solved_in_many_batches_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, labels = blobs([10, 10, 10])
    together = probe.out_of_fold(vectors, labels, C=100.0)
    monkeypatch.setattr(solver, "BATCH_VALUES", 1)
    apart = probe.out_of_fold(vectors, labels, C=100.0)
    np.testing.assert_allclose(apart.probabilities, together.probabilities, atol=1e-5)


@pytest.mark.parametrize("sizes", [[9, 7], [8, 5, 12]], ids=["binary", "multinomial"])
def test_torch_solves_as_numpy_does(sizes: list[int]) -> None:
    import torch

    vectors, labels = blobs(sizes, spread=2.0)
    codes = np.array([int(label[-1]) for label in labels])
    points = coordinates(probe.normalise(vectors)).points
    masks = folds.stratified(folds.images(codes), 4, seed=0) != np.arange(4)[:, None]
    solved = []
    for xp in (np, torch):
        held = examples.Examples(points, codes, "float64", xp=xp)
        start = np.zeros((4, *held.shape))
        C = np.array([0.1, 10.0, 1000.0, 1e4])
        solved.append(solver.solve(held, masks, C, start, tolerance=1e-7))
        np.testing.assert_allclose(
            held.log_losses(solved[-1]), log_losses(points, codes, solved[-1]), atol=1e-9
        )
    np.testing.assert_allclose(solved[1], solved[0], atol=1e-4)


def log_losses(
    points: NDArray[np.float64], codes: NDArray[np.intp], theta: NDArray[np.float64]
) -> NDArray[np.float64]:
    logits = both(theta)[:, :, :-1] @ points.T + both(theta)[:, :, -1:]
    own = np.exp(logits[:, codes, np.arange(len(codes))])
    return np.asarray(-np.log(own / np.exp(logits).sum(axis=1)))


def test_the_axes_of_many_dimensions_keep_distances(monkeypatch: pytest.MonkeyPatch) -> None:
    from featclass.probe import coordinates as module

    vectors = probe.normalise(blobs([90, 90], 100)[0])
    exact = coordinates(vectors)
    monkeypatch.setattr(module, "MOST_EXACT", 50)
    quick = coordinates(vectors)
    assert quick.points.shape == (180, 100 + module.LEADING)
    for found in (exact, quick):
        np.testing.assert_allclose(found.points @ found.points.T, _gram(vectors), atol=1e-10)
        np.testing.assert_allclose(found.points @ found.axes.T + found.centre, vectors, atol=1e-10)


def test_the_probe_is_the_same_along_any_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    from featclass.probe import coordinates as module

    vectors, labels = blobs([60, 70, 50], 80, spread=3.0)
    exact = probe.fit(vectors, labels, C=1000.0)
    monkeypatch.setattr(module, "MOST_EXACT", 50)
    quick = probe.fit(vectors, labels, C=1000.0)
    np.testing.assert_allclose(quick.coefficients, exact.coefficients, atol=2e-4)
    np.testing.assert_allclose(quick.intercepts, exact.intercepts, atol=2e-4)


def _gram(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = vectors - vectors.mean(axis=0)
    return np.asarray(centred @ centred.T)


def test_what_out_of_fold_knows_leads_to_the_same_probe() -> None:
    vectors, labels = blobs([12, 9, 10], spread=3.0)
    judged = probe.out_of_fold(vectors, labels, seed=1)
    cold = probe.fit(vectors, labels, seed=1)
    warm = probe.fit(vectors, labels, seed=1, C=judged.C, near=judged.near)
    assert warm.C == cold.C
    np.testing.assert_allclose(warm.coefficients, cold.coefficients, atol=1e-4)


def test_slices_of_the_points_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, labels = blobs([100, 200, 300], 10, spread=2.0)
    together = probe.fit(vectors, labels, C=10.0)
    monkeypatch.setattr(examples, "SLICE_VALUES", 1)
    monkeypatch.setattr(examples, "SLICE_POINTS", 50)
    apart = probe.fit(vectors, labels, C=10.0)
    np.testing.assert_allclose(apart.coefficients, together.coefficients, atol=1e-4)


def test_very_many_images_are_judged_once_and_swept_by_a_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from featclass.probe import evaluation

    for module, limit in ((evaluation, "NESTED_WORK"), (evaluation, "REPEATED_WORK")):
        monkeypatch.setattr(module, limit, 1)
    monkeypatch.setattr(penalty, "SWEEP_WORK", 1)
    vectors, labels = blobs([100, 60], spread=2.0)
    judged = probe.out_of_fold(vectors, labels)
    assert (judged.repeats, judged.images) == (1, 20)
    np.testing.assert_allclose(judged.probabilities.sum(axis=1), 1.0)


def test_hard_labels_in_single_precision_do_not_keep_the_solver_busy() -> None:
    rng = np.random.default_rng(0)
    points = probe.normalise(rng.normal(size=(5000, 100)))
    codes = rng.integers(0, 5, 5000)
    held = examples.Examples(points, codes)
    steps: list[int] = []
    masks = np.ones((1, 5000), dtype=bool)
    start = np.zeros((1, *held.shape))
    solver.solve(held, masks, np.array([1e4]), start, tolerance=1e-4, solved=steps.append)
    assert len(steps) < 40


def test_one_image_a_class_is_enough_to_train() -> None:
    vectors, labels = blobs([1, 1, 1], spread=0.1)
    fitted = probe.fit(vectors, labels)
    assert fitted.C == probe.DEFAULT_C
    assert accuracy(probe.predict(fitted, vectors), labels) == 1.0


def test_a_class_of_one_image_leaves_the_default_penalty() -> None:
    vectors, labels = blobs([12, 1])
    assert probe.fit(vectors, labels).C == probe.DEFAULT_C


def test_training_is_deterministic_and_sorts_the_classes() -> None:
    vectors, labels = blobs([6, 6, 6], spread=2.0)
    backwards = [f"z{label}" if label == "class 0" else label for label in labels]
    one, other = (probe.fit(vectors, backwards, seed=3) for _ in range(2))
    assert one.classes == ("class 1", "class 2", "zclass 0")
    assert one.C == other.C
    np.testing.assert_array_equal(one.coefficients, other.coefficients)
    np.testing.assert_array_equal(one.intercepts, other.intercepts)


def test_one_class_is_refused_with_what_to_do() -> None:
    vectors, _ = blobs([3])
    with pytest.raises(FeatclassError, match=r"only one set with pictures, 'cats': add a second"):
        probe.fit(vectors, ["cats"] * 3)
    with pytest.raises(FeatclassError, match="no set with pictures yet"):
        probe.fit(vectors[:0], [])


@pytest.mark.parametrize("spread", [0.5, 4.0, 8.0])
def test_the_chosen_penalty_is_hardly_worse_than_the_best(spread: float) -> None:
    vectors, labels = blobs([30, 30, 30], spread=spread)
    losses = {
        C: log_loss(probe.out_of_fold(vectors, labels, C=C).probabilities, labels)
        for C in probe.GRID
    }
    assert losses[probe.fit(vectors, labels).C] <= min(losses.values()) + 0.05


def test_the_sweep_strengthens_the_penalty_where_labels_are_noise() -> None:
    vectors, labels = blobs([40, 40], spread=60.0)
    assert probe.fit(vectors, labels).C < probe.DEFAULT_C


def test_without_evidence_the_default_penalty_stays() -> None:
    vectors = np.ones((10, 5), dtype=np.float32)
    assert probe.fit(vectors, ["a", "b"] * 5).C == probe.DEFAULT_C


def test_only_clear_evidence_moves_the_penalty_from_its_default() -> None:
    asked, judged = np.ones((len(probe.GRID), 1), dtype=bool), np.ones((1, 20), dtype=bool)
    alike, wobble = [np.ones(20)] * (len(probe.GRID) - 1), np.tile([0.0, 2.0], 10)

    def best(last: NDArray[np.float64]) -> float:
        losses = np.array([*alike, last])[:, None]
        return probe.GRID[int(penalty._best(losses, asked, judged, np.array(probe.GRID))[0])]

    assert best(wobble - 0.1) == probe.DEFAULT_C
    assert best(wobble - 1.0) == probe.GRID[-1]


@pytest.mark.parametrize("C", [None, 1000.0])
@pytest.mark.parametrize("size", [4, 20], ids=["leave-one-out", "five folds"])
def test_out_of_fold_predictions_cannot_remember_the_image(size: int, C: float | None) -> None:
    # Each image is recognisable by a dimension of its own, and labels are chance: only a probe
    # that saw an image could know its label.
    vectors = np.eye(2 * size, dtype=np.float32)
    labels = [str(code) for code in np.random.default_rng(0).permutation([0, 1] * size)]
    assert accuracy(probe.predict(probe.fit(vectors, labels, C=1000.0), vectors), labels) == 1.0
    judged = probe.out_of_fold(vectors, labels, C=C)
    assert accuracy(judged.probabilities, labels) <= 0.6


def test_out_of_fold_predictions_are_those_of_separate_fits() -> None:
    vectors, labels = blobs([7, 9, 6], spread=3.0)
    codes = np.array([int(label[-1]) for label in labels])
    judged = probe.out_of_fold(vectors, labels, C=30.0, seed=5, repeats=2)
    expected = np.zeros((22, 3))
    for training in folds.cross_validation(folds.images(codes), seed=5, repeats=2).training:
        fitted = probe.fit(vectors[training], [labels[i] for i in np.flatnonzero(training)], C=30.0)
        expected[~training] += probe.predict(fitted, vectors[~training]) / 2
    np.testing.assert_allclose(judged.probabilities, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("sizes", "planned"),
    [
        ([13, 11], (5, 3, False)),
        ([5, 30], (5, 3, False)),
        ([4, 30], (4, 3, False)),
        ([2, 2], (2, 3, False)),
        ([3, 120], (3, 3, False)),
    ],
)
def test_folds_are_as_many_as_the_smallest_class_allows(
    sizes: list[int], planned: tuple[int, int, bool]
) -> None:
    vectors, labels = blobs(sizes, 5)
    judged = probe.out_of_fold(vectors, labels, C=10.0)
    assert (judged.folds, judged.repeats, judged.leave_one_out) == planned
    np.testing.assert_allclose(judged.probabilities.sum(axis=1), 1.0)


def test_folds_hold_out_every_image_once_and_every_class_evenly() -> None:
    codes = np.repeat([0, 1, 2], [13, 11, 6])
    held_out = folds.stratified(folds.images(codes), 5, seed=0)
    assert np.bincount(held_out).tolist() == [6] * 5
    for code in range(3):
        sizes = np.bincount(held_out[codes == code], minlength=5)
        assert sizes.max() - sizes.min() <= 1


def test_rounds_and_seeds_divide_anew() -> None:
    codes = np.repeat([0, 1], 20)
    first, turned, seeded = (
        folds.stratified(folds.images(codes), 5, seed=seed, turn=turn)
        for seed, turn in [(0, 0), (0, 1), (1, 0)]
    )
    assert (first != turned).any()
    assert (first != seeded).any()


def test_out_of_fold_reports_the_penalty_that_fit_chooses() -> None:
    vectors, labels = blobs([10, 10, 12], spread=4.0)
    judged = probe.out_of_fold(vectors, labels, seed=2)
    assert judged.choice == "nested"
    assert judged.C == probe.fit(vectors, labels, seed=2).C
    assert probe.out_of_fold(vectors, labels, C=7.0).choice == "given"


def test_a_large_dataset_shares_one_choice_of_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    from featclass.probe import evaluation

    monkeypatch.setattr(evaluation, "NESTED_WORK", 1)
    vectors, labels = blobs([10, 10], spread=2.0)
    judged = probe.out_of_fold(vectors, labels)
    assert judged.choice == "shared"
    assert judged.C == probe.fit(vectors, labels).C


def test_a_class_of_one_image_cannot_be_judged() -> None:
    vectors, labels = blobs([5, 1])
    with pytest.raises(FeatclassError, match=r"'class 1' has only one picture: add at least one"):
        probe.out_of_fold(vectors, labels)


def test_split_tests_a_stratified_fifth() -> None:
    vectors, labels = blobs([13, 11], spread=0.5)
    tested, probabilities = probe.split(vectors, labels, seed=1)
    assert sorted(labels[i] for i in tested) == ["class 0"] * 3 + ["class 1"] * 2
    assert probabilities.shape == (5, 2)
    assert accuracy(probabilities, [labels[i] for i in tested]) == 1.0
    again, same = probe.split(vectors, labels, seed=1)
    np.testing.assert_array_equal(again, tested)
    np.testing.assert_array_equal(same, probabilities)
    assert set(probe.split(vectors, labels, seed=2)[0]) != set(tested)


def test_split_never_tests_what_it_trained_on() -> None:
    vectors = np.eye(40, dtype=np.float32)
    labels = [str(code) for code in np.random.default_rng(1).permutation([0, 1] * 20)]
    tested, probabilities = probe.split(vectors, labels, train_share=0.5, C=1000.0)
    assert len(tested) == 20
    assert np.abs(probabilities - 0.5).max() < 0.1


def test_split_keeps_single_images_for_training() -> None:
    vectors, labels = blobs([10, 1])
    tested, _ = probe.split(vectors, labels, train_share=0.5)
    assert {labels[i] for i in tested} == {"class 0"}


@pytest.mark.parametrize("share", [0.0, 1.0, -3.0])
def test_split_refuses_a_share_that_is_none(share: float) -> None:
    vectors, labels = blobs([5, 5])
    with pytest.raises(FeatclassError, match="between 0 and 1"):
        probe.split(vectors, labels, train_share=share)


def test_split_of_single_images_says_that_nothing_is_left_to_test() -> None:
    vectors, labels = blobs([1, 1])
    with pytest.raises(FeatclassError, match="leaves none to test"):
        probe.split(vectors, labels)


def test_progress_advances_and_may_stop_the_work() -> None:
    vectors, labels = blobs([6, 6])
    seen: list[tuple[int, int]] = []
    probe.fit(vectors, labels, progress=lambda done, total: seen.append((done, total)))
    assert list(dict.fromkeys(seen)) == [
        (done, len(probe.GRID)) for done in range(1, len(probe.GRID) + 1)
    ]

    def cancel(done: int, total: int) -> None:
        if done == 2:
            raise Cancelled("stopped")

    for work in (probe.fit, probe.out_of_fold, probe.split):
        with pytest.raises(Cancelled):
            work(vectors, labels, progress=cancel)


def test_predictions_of_a_certain_probe_do_not_overflow() -> None:
    vectors, labels = blobs([3, 3], 4)
    fitted = probe.fit(vectors, labels, C=1.0)
    certain = type(fitted)(
        fitted.classes, fitted.coefficients * 1e6, fitted.intercepts * 1e6, fitted.C
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probabilities = probe.predict(certain, vectors)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


def test_the_nearest_exemplars_come_most_similar_first() -> None:
    exemplars = probe.normalise(np.array([[1, 0], [0, 1], [1, 1], [-1, 0]])).astype(np.float32)
    indices, similarities = probe.nearest(exemplars, np.array([[5.0, 1.0]], dtype=np.float32), 3)
    assert indices.tolist() == [[0, 2, 1]]
    np.testing.assert_allclose(similarities[0], np.array([5, 6 / 2**0.5, 1]) / 26**0.5, atol=1e-6)


def test_fewer_exemplars_than_asked_for_are_all_returned() -> None:
    exemplars = np.eye(2, dtype=np.float32)
    indices, similarities = probe.nearest(exemplars, np.ones((1500, 2), dtype=np.float32), 5)
    assert indices.shape == similarities.shape == (1500, 2)


def test_known_pictures_pass_the_threshold_and_strangers_do_not() -> None:
    vectors, labels = blobs([60, 60], spread=0.5)
    exemplars = probe.normalise(vectors[::2]).astype(np.float32)
    threshold = probe.known_threshold(exemplars, labels[::2])
    members = probe.familiarity(exemplars, vectors[1::2])
    strangers = probe.familiarity(exemplars, blobs([50], seed=9)[0] - 4.0)
    assert (members < threshold).mean() <= 0.15
    assert (strangers < threshold).all()


@pytest.mark.parametrize("size", [2, 8, 50])
def test_at_most_a_twentieth_of_the_training_images_is_refused(size: int) -> None:
    vectors, labels = blobs([size, size], spread=2.0)
    exemplars = probe.normalise(vectors).astype(np.float32)
    threshold = probe.known_threshold(exemplars, labels)
    refused = sum(
        probe.familiarity(np.delete(exemplars, i, axis=0), vectors[i : i + 1])[0] < threshold - 1e-6
        for i in range(2 * size)
    )
    assert refused <= 0.05 * 2 * size
    if size == 50:
        assert refused > 0


def test_an_image_alone_in_its_class_does_not_set_the_threshold() -> None:
    vectors, labels = blobs([5, 5], spread=0.1)
    exemplars = probe.normalise(np.concatenate([vectors, -vectors[:1]])).astype(np.float32)
    assert probe.known_threshold(exemplars, [*labels, "alone"]) > 0.5


def test_copies_of_a_training_image_do_not_break_the_threshold() -> None:
    exemplars = np.repeat(np.eye(2, dtype=np.float32), 6, axis=0)
    assert probe.known_threshold(exemplars, ["a"] * 6 + ["b"] * 6) <= 1.0


def test_exemplars_are_capped_evenly_by_class() -> None:
    labels = ["rare"] * 3 + ["common"] * 50 + ["usual"] * 20
    kept = probe.exemplar_indices(labels, 23)
    counts = {name: sum(labels[i] == name for i in kept) for name in set(labels)}
    assert counts == {"rare": 3, "common": 10, "usual": 10}
    assert sorted(set(kept)) == list(kept)
    np.testing.assert_array_equal(kept, probe.exemplar_indices(labels, 23))


@pytest.mark.parametrize("limit", [5, 100])
def test_few_exemplars_are_all_kept(limit: int) -> None:
    assert probe.exemplar_indices(["b", "a", "b", "a", "c"], limit).tolist() == [0, 1, 2, 3, 4]


def test_fewer_exemplars_than_classes_are_still_within_the_limit() -> None:
    assert len(probe.exemplar_indices([str(i) for i in range(10)], 4)) == 4


def test_predicting_needs_no_heavy_library() -> None:
    code = "import sys, featclass.probe; sys.exit(bool({'sklearn', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
