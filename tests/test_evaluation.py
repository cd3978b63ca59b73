from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass import probe
from featclass.errors import FeatclassError
from featclass.probe import examples, folds, penalty
from featclass.probe.coordinates import coordinates
from tests.test_probe import Vectors, accuracy, blobs


def pieces(seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Random codes and groups: some images alone, some with copies, a few in two classes."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, 90)
    groups = rng.integers(0, int(rng.integers(30, 120)), 90)
    return codes, groups


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("named", [False, True])
def test_near_duplicates_are_never_divided(seed: int, named: bool) -> None:
    codes, groups = pieces(seed)
    names = [f"{place:02}" for place in range(90)] if named else None
    plan = folds.cross_validation(folds.images(codes, groups, names), seed=seed, repeats=3)
    for held_out in (*plan.held_out, plan.choosing):
        for group in np.unique(groups):
            assert np.unique(held_out[groups == group]).size == 1
    for training in plan.training:
        assert set(codes[training]) == {0, 1, 2}


@pytest.mark.parametrize("seed", range(5))
def test_folds_of_groups_are_even(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = np.repeat([0, 1], 100)
    groups = np.where(rng.random(200) < 0.3, codes * 500 + rng.integers(0, 20, 200), np.arange(200))
    held_out = folds.stratified(folds.images(codes, groups), 5, seed=seed)
    for code in (0, 1):
        sizes = np.bincount(held_out[codes == code], minlength=5)
        assert sizes.max() - sizes.min() <= 1


def test_groups_of_one_image_each_change_nothing() -> None:
    vectors, labels = blobs([9, 12], spread=3.0)
    groups = np.random.default_rng(0).permutation(21) * 7
    grouped = probe.out_of_fold(vectors, labels, groups=groups)
    alone = probe.out_of_fold(vectors, labels)
    np.testing.assert_array_equal(grouped.probabilities, alone.probabilities)


def test_folds_are_as_many_as_the_smallest_class_has_groups() -> None:
    vectors, labels = blobs([12, 110], 5)
    groups = np.concatenate([np.arange(12) // 4, np.arange(3, 113)])
    judged = probe.out_of_fold(vectors, labels, groups=groups, C=10.0)
    assert (judged.folds, judged.leave_one_out) == (3, False)
    few = probe.out_of_fold(vectors[:40], labels[:40], groups=groups[:40], C=10.0)
    assert (few.folds, few.leave_one_out) == (3, False)


def test_copies_do_not_make_a_score() -> None:
    # Labels are chance, and every picture stands four times: only a leak could tell them.
    vectors = np.repeat(np.eye(30, dtype=np.float32), 4, axis=0)
    codes = np.random.default_rng(0).permutation([0, 1] * 15)
    labels = [str(code) for code in np.repeat(codes, 4)]
    leaked = probe.out_of_fold(vectors, labels)
    judged = probe.out_of_fold(vectors, labels, groups=np.repeat(np.arange(30), 4))
    assert accuracy(leaked.probabilities, labels) > 0.95
    assert np.abs(judged.probabilities - 0.5).max() < 0.1


def test_a_class_of_copies_cannot_be_judged() -> None:
    vectors, labels = blobs([5, 3])
    with pytest.raises(FeatclassError, match=r"The 3 pictures of 'class 1' are all nearly the sam"):
        probe.out_of_fold(vectors, labels, groups=np.array([0, 1, 2, 3, 4, 5, 5, 5]))


def test_classes_tied_together_by_copies_are_judged_group_by_group() -> None:
    # Two folds cannot keep every class of this triangle in training; three groups left out can.
    vectors, labels = blobs([2, 2, 2], 5)
    groups = np.array([0, 2, 0, 1, 1, 2])
    judged = probe.out_of_fold(vectors, labels, groups=groups)
    assert (judged.folds, judged.leave_one_out) == (3, True)


def test_an_added_image_leaves_nearly_all_others_in_their_folds() -> None:
    rng = np.random.default_rng(0)
    codes = np.sort(rng.integers(0, 5, 500))
    names = [f"{number:08x}" for number in rng.integers(0, 2**32, 500)]
    for place in (0, 250, 499):
        before = folds.stratified(folds.images(codes, names=names), 5, seed=0)
        more = folds.images(
            np.insert(codes, place, 2), names=[*names[:place], "new", *names[place:]]
        )
        after = np.delete(folds.stratified(more, 5, seed=0), place)
        assert (before != after).mean() < 0.1


def problem(spread: float = 4.0) -> tuple[Vectors, list[str], NDArray[np.intp], folds.Plan]:
    vectors, labels = blobs([15, 20, 17], spread=spread)
    codes = np.array([int(label[-1]) for label in labels])
    return vectors, labels, codes, folds.cross_validation(folds.images(codes), seed=0, repeats=3)


def nested(vectors: Vectors, codes: NDArray[np.intp], plan: folds.Plan) -> penalty.Choice:
    held = examples.Examples(coordinates(probe.normalise(vectors)).points, codes)
    return penalty.choose(held, codes, plan.choosing, nested=True, progress=lambda *done: None)


@pytest.mark.parametrize("spread", [1.0, 5.0, 20.0])
def test_nested_penalties_are_those_of_a_sweep_inside_each_fold(spread: float) -> None:
    vectors, _, codes, plan = problem(spread)
    together = nested(vectors, codes, plan)
    points = coordinates(probe.normalise(vectors)).points
    for fold in range(plan.folds):
        kept = plan.choosing != fold
        inner = np.unique(plan.choosing[kept], return_inverse=True)[1]
        held = examples.Examples(points[kept], codes[kept])
        alone = penalty.choose(held, codes[kept], inner, progress=lambda *done: None)
        assert together.C[1 + fold] == alone.C[0]


def test_held_out_labels_have_no_say_in_what_predicts_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(penalty, "TOLERANCE", 1e-5)
    vectors, _, codes, plan = problem()
    honest = nested(vectors, codes, plan)
    for fold in range(plan.folds):
        held_out = plan.choosing == fold
        lying = codes.copy()
        lying[held_out] = np.random.default_rng(fold).permutation(lying[held_out])
        assert (lying != codes).any()
        told = nested(vectors, lying, plan)
        assert told.C[1 + fold] == honest.C[1 + fold]


@pytest.mark.parametrize("size", [3, 15], ids=["leave-one-out", "five folds"])
def test_an_image_is_predicted_with_the_penalty_chosen_without_it(size: int) -> None:
    vectors, labels = blobs([size, 20], spread=5.0)
    codes = np.array([int(label[-1]) for label in labels])
    plan = folds.cross_validation(folds.images(codes), seed=0, repeats=3)
    chosen = nested(vectors, codes, plan)
    assert np.unique(chosen.C).size > 1
    expected = np.zeros((codes.size, 2))
    for held_out in plan.held_out:
        for image in range(codes.size):
            kept = np.flatnonzero(held_out != held_out[image])
            C = float(chosen.C[1 + plan.choosing[image]])
            fitted = probe.fit(vectors[kept], [labels[i] for i in kept], C=C)
            expected[image] += probe.predict(fitted, vectors[[image]])[0] / plan.repeats
    judged = probe.out_of_fold(vectors, labels)
    np.testing.assert_allclose(judged.probabilities, expected, atol=1e-3)


@pytest.mark.parametrize("dimensions", [20, 200], ids=["more images", "more dimensions"])
@pytest.mark.parametrize("change", ["added", "removed", "relabelled", "repeated"])
def test_the_former_result_leads_to_the_same_as_starting_anew(change: str, dimensions: int) -> None:
    vectors, labels = blobs([30, 25, 40], dimensions, spread=3.0)
    names = [f"{place}" for place in range(95)]
    former = probe.out_of_fold(vectors, labels, names=names, repeats=1 + (change != "repeated"))
    if change == "added":
        vectors = np.concatenate([vectors[:50], 1.1 * vectors[:1] - 0.1, vectors[50:]])
        labels, names = [*labels[:50], labels[0], *labels[50:]], [*names[:50], "new", *names[50:]]
    elif change == "removed":
        vectors, labels, names = vectors[1:], labels[1:], names[1:]
    elif change == "relabelled":
        labels = ["class 2", *labels[1:]]
    warm = probe.out_of_fold(vectors, labels, names=names, former=former)
    cold = probe.out_of_fold(vectors, labels, names=names)
    assert warm.C == cold.C
    np.testing.assert_allclose(warm.probabilities, cold.probabilities, atol=1e-3)
    one, other = (
        probe.fit(vectors, labels, C=judged.C, near=judged.near) for judged in (warm, cold)
    )
    np.testing.assert_allclose(one.coefficients, other.coefficients, atol=1e-3)


@pytest.mark.parametrize("foreign", ["embeddings", "dimensions", "classes"])
def test_a_former_result_of_something_else_does_no_harm(foreign: str) -> None:
    vectors, labels = blobs([12, 15], spread=2.0)
    others = {
        "embeddings": blobs([12, 15], seed=9),
        "dimensions": blobs([12, 15], 30),
        "classes": (vectors, [f"{label} {place % 2}" for place, label in enumerate(labels)]),
    }
    judged = probe.out_of_fold(vectors, labels, former=probe.out_of_fold(*others[foreign]))
    cold = probe.out_of_fold(vectors, labels)
    np.testing.assert_allclose(judged.probabilities, cold.probabilities, atol=1e-4)


def test_out_of_fold_is_deterministic() -> None:
    vectors, labels = blobs([14, 11, 12], spread=4.0)
    one, other = (probe.out_of_fold(vectors, labels, seed=4) for _ in range(2))
    np.testing.assert_array_equal(one.probabilities, other.probabilities)
