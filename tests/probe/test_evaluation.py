from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass import probe
from featclass.base.errors import Cancelled, FeatclassError
from featclass.probe import calibration, discriminant, folds
from tests.probe.clouds import DIMENSIONS, accuracy, blobs, codes_of


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
    plan = folds.cross_validation(folds.Images.of(codes, groups, names), seed=seed, repeats=3)
    for held_out in plan.held_out:
        for group in np.unique(groups):
            assert np.unique(held_out[groups == group]).size == 1
    for training in plan.training:
        assert set(codes[training]) == {0, 1, 2}


@pytest.mark.parametrize("seed", range(5))
def test_folds_of_groups_are_even(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = np.repeat([0, 1], 100)
    groups = np.where(rng.random(200) < 0.3, codes * 500 + rng.integers(0, 20, 200), np.arange(200))
    held_out = folds.stratified(folds.Images.of(codes, groups), 5, seed=seed)
    for code in (0, 1):
        sizes = np.bincount(held_out[codes == code], minlength=5)
        assert sizes.max() - sizes.min() <= 1


def test_folds_hold_out_every_image_once_and_every_class_evenly() -> None:
    codes = np.repeat([0, 1, 2], [13, 11, 6])
    held_out = folds.stratified(folds.Images.of(codes), 5, seed=0)
    assert np.bincount(held_out).tolist() == [6] * 5
    for code in range(3):
        sizes = np.bincount(held_out[codes == code], minlength=5)
        assert sizes.max() - sizes.min() <= 1


def test_rounds_and_seeds_divide_anew() -> None:
    codes = np.repeat([0, 1], 20)
    first, turned, seeded = (
        folds.stratified(folds.Images.of(codes), 5, seed=seed, turn=turn)
        for seed, turn in [(0, 0), (0, 1), (1, 0)]
    )
    assert (first != turned).any()
    assert (first != seeded).any()


def test_an_added_image_leaves_nearly_all_others_in_their_folds() -> None:
    rng = np.random.default_rng(0)
    codes = np.sort(rng.integers(0, 5, 500))
    names = [f"{number:08x}" for number in rng.integers(0, 2**32, 500)]
    for place in (0, 250, 499):
        before = folds.stratified(folds.Images.of(codes, names=names), 5, seed=0)
        more = folds.Images.of(
            np.insert(codes, place, 2), names=[*names[:place], "new", *names[place:]]
        )
        after = np.delete(folds.stratified(more, 5, seed=0), place)
        assert (before != after).mean() < 0.1


def test_named_images_are_judged_alike_in_any_order() -> None:
    vectors, labels = blobs([14, 11, 12], spread=4.0)
    names = [f"{place}" for place in range(37)]
    order = np.random.default_rng(0).permutation(37)
    judged = probe.out_of_fold(vectors, labels, names=names)
    shuffled = probe.out_of_fold(
        vectors[order], [labels[i] for i in order], names=[names[i] for i in order]
    )
    np.testing.assert_allclose(shuffled.probabilities, judged.probabilities[order], atol=1e-8)
    np.testing.assert_array_equal(shuffled.held_out, judged.held_out[order])


def test_groups_of_one_image_each_change_nothing() -> None:
    vectors, labels = blobs([9, 12], spread=3.0)
    groups = np.random.default_rng(0).permutation(21) * 7
    grouped = probe.out_of_fold(vectors, labels, groups=groups)
    alone = probe.out_of_fold(vectors, labels)
    np.testing.assert_array_equal(grouped.probabilities, alone.probabilities)


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
    judged = probe.out_of_fold(vectors, labels)
    assert (judged.folds, judged.repeats, judged.leave_one_out) == planned
    assert set(judged.held_out) == set(range(judged.folds))
    np.testing.assert_allclose(judged.probabilities.sum(axis=1), 1.0)


def test_folds_are_as_many_as_the_smallest_class_has_groups() -> None:
    vectors, labels = blobs([12, 110], 5)
    groups = np.concatenate([np.arange(12) // 4, np.arange(3, 113)])
    judged = probe.out_of_fold(vectors, labels, groups=groups)
    assert (judged.folds, judged.leave_one_out) == (3, False)
    few = probe.out_of_fold(vectors[:40], labels[:40], groups=groups[:40])
    assert (few.folds, few.leave_one_out) == (3, False)


@DIMENSIONS
def test_out_of_fold_predictions_are_those_of_separate_probes(dimensions: int) -> None:
    vectors, labels = blobs([7, 9, 6], dimensions, spread=3.0)
    codes, placed = codes_of(labels), probe.normalise(vectors)
    plan = folds.cross_validation(folds.Images.of(codes), seed=5, repeats=2)
    logits = np.zeros((22, 3))
    for training in plan.training:
        fitted = discriminant.fit(placed[training], codes[training])
        logits[~training] += fitted.logits(placed[~training]) / 2
    held_out, whole = calibration.calibrated(logits, codes, float(plan.training.mean()))
    judged = probe.out_of_fold(vectors, labels, seed=5, repeats=2)
    np.testing.assert_allclose(judged.probabilities, held_out.probabilities(logits), atol=1e-6)
    assert judged.calibrated.temperature == pytest.approx(whole.temperature)
    np.testing.assert_array_equal(judged.held_out, plan.held_out[0])
    fitted_to_all = probe.fit(vectors, labels, calibrated=judged.calibrated)
    everything = discriminant.fit(placed, codes).logits(placed)
    np.testing.assert_allclose(
        probe.predict(fitted_to_all, vectors), whole.probabilities(everything), atol=1e-6
    )


@pytest.mark.parametrize("size", [4, 20])
def test_out_of_fold_predictions_cannot_remember_the_image(size: int) -> None:
    # Each image is recognisable by a dimension of its own, and labels are chance: only a probe
    # that saw an image could know its label.
    vectors = np.eye(2 * size, dtype=np.float32)
    labels = [str(code) for code in np.random.default_rng(0).permutation([0, 1] * size)]
    assert accuracy(probe.predict(probe.fit(vectors, labels), vectors), labels) == 1.0
    judged = probe.out_of_fold(vectors, labels)
    assert accuracy(judged.probabilities, labels) <= 0.6


@DIMENSIONS
def test_labels_by_chance_are_right_by_chance(dimensions: int) -> None:
    vectors, labels = blobs([60, 60], dimensions, spread=1.0)
    found = []
    for seed in range(10):
        chance = np.random.default_rng(seed).permutation(labels).tolist()
        found.append(accuracy(probe.out_of_fold(vectors, chance).probabilities, chance))
    assert 0.42 < np.mean(found) < 0.58


def test_copies_do_not_make_a_score() -> None:
    # Labels are chance, and every picture stands four times: only a leak could tell them.
    vectors = np.repeat(np.eye(30, dtype=np.float32), 4, axis=0)
    codes = np.random.default_rng(0).permutation([0, 1] * 15)
    labels = [str(code) for code in np.repeat(codes, 4)]
    leaked = probe.out_of_fold(vectors, labels)
    judged = probe.out_of_fold(vectors, labels, groups=np.repeat(np.arange(30), 4))
    assert accuracy(leaked.probabilities, labels) > 0.95
    assert np.abs(judged.probabilities - 0.5).max() < 0.1


def test_a_class_of_one_image_cannot_be_judged() -> None:
    vectors, labels = blobs([5, 1])
    with pytest.raises(FeatclassError, match=r"'class 1' has only one picture: add at least one"):
        probe.out_of_fold(vectors, labels)


def test_a_class_of_copies_cannot_be_judged() -> None:
    vectors, labels = blobs([5, 3])
    with pytest.raises(FeatclassError, match=r"The 3 pictures of 'class 1' are all nearly the sam"):
        probe.out_of_fold(vectors, labels, groups=np.array([0, 1, 2, 3, 4, 5, 5, 5]))


def test_classes_tied_together_by_copies_are_judged_group_by_group() -> None:
    # Two folds cannot keep every class of this triangle in training; three groups left out can.
    vectors, labels = blobs([2, 2, 2], 5)
    groups = np.array([0, 2, 0, 1, 1, 2])
    judged = probe.out_of_fold(vectors, labels, groups=groups)
    assert (judged.folds, judged.repeats, judged.leave_one_out) == (3, 1, True)


def test_out_of_fold_is_deterministic() -> None:
    vectors, labels = blobs([14, 11, 12], spread=4.0)
    one, other = (probe.out_of_fold(vectors, labels, seed=4) for _ in range(2))
    np.testing.assert_array_equal(one.probabilities, other.probabilities)
    assert one.calibrated == other.calibrated
    assert (probe.out_of_fold(vectors, labels, seed=5).held_out != one.held_out).any()


@DIMENSIONS
def test_progress_advances_and_may_stop_the_work(dimensions: int) -> None:
    vectors, labels = blobs([6, 6], dimensions)
    seen: list[tuple[int, int]] = []
    probe.out_of_fold(vectors, labels, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 15) for done in range(1, 16)]

    def cancel(done: int, total: int) -> None:
        if done == 2:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        probe.out_of_fold(vectors, labels, progress=cancel)


def test_split_tests_a_stratified_fifth() -> None:
    vectors, labels = blobs([13, 11], spread=0.5)
    tested, probabilities = probe.split(vectors, labels, seed=1)
    assert sorted(labels[i] for i in tested) == ["class 0"] * 3 + ["class 1"] * 2
    assert probabilities.shape == (5, 2)
    assert (probabilities.argmax(axis=1) == codes_of(labels)[tested]).all()
    again, same = probe.split(vectors, labels, seed=1)
    np.testing.assert_array_equal(again, tested)
    np.testing.assert_array_equal(same, probabilities)
    assert set(probe.split(vectors, labels, seed=2)[0]) != set(tested)


def test_split_never_tests_what_it_trained_on() -> None:
    vectors = np.eye(40, dtype=np.float32)
    labels = [str(code) for code in np.random.default_rng(1).permutation([0, 1] * 20)]
    tested, probabilities = probe.split(vectors, labels, train_share=0.5)
    assert len(tested) == 20
    assert np.abs(probabilities - 0.5).max() < 0.1


def test_split_is_calibrated_by_what_it_trains_on_alone() -> None:
    vectors, labels = blobs([20, 20], spread=3.0)
    groups = np.arange(40) // 2
    vectors = vectors[2 * groups]
    tested, probabilities = probe.split(vectors, labels, train_share=0.5, groups=groups)
    known = np.setdiff1d(np.arange(40), tested)
    its_labels = [labels[i] for i in known]
    judged = probe.out_of_fold(vectors[known], its_labels, groups=groups[known])
    fitted = probe.fit(vectors[known], its_labels, calibrated=judged.calibrated)
    np.testing.assert_allclose(probe.predict(fitted, vectors[tested]), probabilities)


@pytest.mark.parametrize("seed", range(10))
def test_split_keeps_near_duplicates_on_one_side(seed: int) -> None:
    codes, groups = pieces(seed)
    vectors = np.random.default_rng(seed).normal(size=(90, 8))
    labels = [str(code) for code in codes]
    tested, probabilities = probe.split(vectors, labels, groups=groups, seed=seed)
    known = np.setdiff1d(np.arange(90), tested)
    assert not set(groups[tested]) & set(groups[known])
    assert probabilities.shape == (tested.size, 3)


def test_split_keeps_single_images_for_training() -> None:
    vectors, labels = blobs([10, 1])
    tested, _ = probe.split(vectors, labels, train_share=0.5)
    assert {labels[i] for i in tested} == {"class 0"}


@pytest.mark.parametrize("seed", range(5))
def test_split_trains_on_a_class_whose_only_picture_has_a_copy_elsewhere(seed: int) -> None:
    vectors, labels = blobs([6, 6, 1])
    groups = np.array([*range(12), 0])
    tested, probabilities = probe.split(vectors, labels, train_share=0.3, groups=groups, seed=seed)
    assert probabilities.shape[1] == 3
    assert not {0, 12} & set(tested)


@pytest.mark.parametrize("share", [0.0, 1.0, -3.0])
def test_split_refuses_a_share_that_is_none(share: float) -> None:
    vectors, labels = blobs([5, 5])
    with pytest.raises(FeatclassError, match="between 0 and 1"):
        probe.split(vectors, labels, train_share=share)


def test_split_of_single_images_says_that_nothing_is_left_to_test() -> None:
    vectors, labels = blobs([1, 1])
    with pytest.raises(FeatclassError, match="leaves none to test"):
        probe.split(vectors, labels)
