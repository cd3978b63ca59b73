"""The learning curve: what more pictures should bring, or why that cannot be told."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from featclass.base.scores import ErrorsLeft, LearningCurve
from featclass.base.sentences import bounds
from featclass.probe.learning_curve import SHARES, Codes, Masks, band, learning_curve


class Luck:
    """A learner whose predictions are wrong as often as a law says, each image's luck its own."""

    def __init__(self, codes: Codes, a: float, b: float, c: float) -> None:
        self.codes, self.law = codes, (a, b, c)
        self.luck = np.random.default_rng(1).permutation(np.linspace(0, 1, codes.size))
        self.seen: Masks = np.zeros((0, codes.size), dtype=bool)

    def __call__(self, training: Masks) -> Codes:
        self.seen = training
        a, b, c = self.law
        errors = a + b * training.sum(axis=1, keepdims=True) ** -c
        return np.asarray(np.where(self.luck < errors, self.codes + 1, self.codes))

    def error(self, images: int) -> float:
        a, b, c = self.law
        return float(a + b * images**-c)


def labels(*sizes: int) -> list[str]:
    return [f"class {code}" for code, size in enumerate(sizes) for _ in range(size)]


def codes_of(names: list[str]) -> Codes:
    return np.asarray(np.unique(names, return_inverse=True)[1], dtype=np.intp)


def curve(
    sizes: tuple[int, ...], law: tuple[float, float, float], seed: int = 0
) -> tuple[LearningCurve, Luck]:
    names = labels(*sizes)
    learner = Luck(codes_of(names), *law)
    right: NDArray[np.bool_] = learner.luck >= learner.error(len(names))
    return learning_curve(names, right, learner, seed=seed), learner


def test_a_steep_law_is_found_and_followed() -> None:
    found, learner = curve((100, 100), (0.02, 4.0, 0.6))
    projected = found.projected
    assert projected is not None
    truth = 1 - learner.error(200 + projected.more)
    assert projected.low <= truth <= projected.high
    assert projected.accuracy_then == pytest.approx(truth, abs=0.02)
    assert projected.accuracy_now == pytest.approx(1 - learner.error(200), abs=0.005)
    assert projected.accuracy_then > projected.accuracy_now


def test_the_projection_proposes_no_more_than_takes_a_quarter_of_the_errors_away() -> None:
    found, learner = curve((100, 100), (0.0, 8.0, 0.8))
    assert found.projected is not None
    assert found.projected.more < 200
    wrong_now, wrong_then = (
        1 - found.projected.accuracy_now,
        1 - found.projected.accuracy_then,
    )
    assert wrong_then / wrong_now == pytest.approx(0.75, abs=0.01)
    left = learner.error(200 + found.projected.more) / learner.error(200)
    assert left == pytest.approx(0.7, abs=0.1)


def test_balanced_classes_grow_alike_and_the_sentence_says_so() -> None:
    found, _ = curve((60, 60, 60), (0.0, 6.0, 0.7))
    assert found.projected is not None
    assert found.projected.label is None
    assert found.projected.more % 3 == 0
    assert found.reason.startswith(f"About {found.projected.more} more pictures, as many of each")


def test_a_class_much_smaller_than_the_largest_is_named_and_only_filled_up() -> None:
    found, _ = curve((100, 30, 90), (0.0, 6.0, 0.7))
    assert found.projected is not None
    assert found.projected.label == "class 1"
    assert 0 < found.projected.more <= 70
    assert f"About {found.projected.more} more pictures of class 1 should" in found.reason


def test_errors_that_do_not_fall_are_called_flat() -> None:
    found, _ = curve((300, 300), (0.25, 0.0, 1.0))
    assert found.projected is None
    assert "should change little" in found.reason


def test_hardly_any_error_leaves_nothing_to_foresee() -> None:
    found, _ = curve((50, 50), (0.01, 0.0, 1.0))
    assert found.projected is None
    assert "too few errors" in found.reason
    assert len(found.points) == len(SHARES)


def test_a_class_with_few_different_pictures_cannot_be_foreseen() -> None:
    found, _ = curve((40, 4), (0.2, 1.0, 0.5))
    assert found.projected is None
    assert found.points == ()
    assert "class 1 has fewer" in found.reason


def test_errors_by_chance_of_few_pictures_are_not_read_as_a_trend() -> None:
    names = labels(8, 8)
    rng = np.random.default_rng(0)

    def guess(training: Masks) -> Codes:
        return np.asarray(rng.integers(0, 2, training.shape))

    found = [learning_curve(names, rng.random(16) < 0.5, guess, seed=seed) for seed in range(10)]
    assert sum(each.projected is not None for each in found) <= 1


def test_points_rise_with_the_images_and_lie_in_their_bands() -> None:
    found, _ = curve((100, 100), (0.02, 4.0, 0.6))
    images = [point.images for point in found.points]
    accuracies = [point.accuracy for point in found.points]
    assert images == sorted(images)
    assert accuracies == sorted(accuracies)
    assert all(point.low <= point.accuracy <= point.high for point in found.points)


def test_a_band_reaches_to_the_side_on_which_the_bootstraps_lie() -> None:
    bootstraps = np.concatenate([np.full(10, 0.80), np.full(90, 0.94)])
    low, high = band(np.append(bootstraps, 0.92))
    assert low < 0.80  # and further: out-of-fold accuracies vary more than bootstraps do
    assert 0.94 < high < 0.96


def test_images_trained_on_do_not_count() -> None:
    names = labels(20, 20)
    codes = codes_of(names)
    found = learning_curve(
        names, np.arange(40) % 2 > 0, lambda training: np.where(training, codes, codes + 1)
    )
    assert [point.accuracy for point in found.points] == [0.0] * len(SHARES)


def test_near_duplicates_are_never_on_both_sides() -> None:
    names = labels(40, 40)
    learner = Luck(codes_of(names), 0.02, 2.0, 0.6)
    right = np.arange(80) % 5 > 0
    groups = np.arange(80) // 2
    learning_curve(names, right, learner, groups=groups.tolist())
    assert (learner.seen[:, ::2] == learner.seen[:, 1::2]).all()
    learning_curve(names, right, learner)
    assert (learner.seen[:, ::2] != learner.seen[:, 1::2]).any()


def test_every_class_is_trained_on_and_left_out_at_every_size() -> None:
    names = labels(5, 60)
    learner = Luck(codes_of(names), 0.02, 2.0, 0.6)
    learning_curve(names, np.arange(65) % 5 > 0, learner)
    small = learner.seen[:, :5].sum(axis=1)
    assert small.min() >= 1
    assert small.max() <= 4


def test_the_same_images_give_the_same_curve_which_json_can_hold() -> None:
    first, second = (curve((50, 50), (0.0, 4.0, 0.6), seed=3)[0] for _ in range(2))
    assert first == second
    assert msgspec.json.encode(first)


@pytest.mark.parametrize(("each", "few"), [(12, True), (100, False), (500, False)])
def test_errors_that_vary_too_much_are_said_to_with_the_number_and_so_few_only_of_few(
    each: int, few: bool
) -> None:
    found, _ = curve((each, each), (0.02, 0.5, 0.5))
    assert isinstance(found.unforeseen, ErrorsLeft)
    assert not found.unforeseen.is_flat
    assert 0 < found.unforeseen.low < 0.9 < found.unforeseen.high <= 1
    assert ("from so few" in found.reason) == few
    low, high = bounds(found.unforeseen.low, found.unforeseen.high)
    assert f"one part of the {2 * each:,} pictures to another" in found.reason
    assert f"between {low} % and {high} % of the errors may be left" in found.reason


def test_a_flat_curve_is_told_from_one_that_varies_too_much() -> None:
    found, _ = curve((300, 300), (0.25, 0.0, 1.0))
    assert isinstance(found.unforeseen, ErrorsLeft)
    assert found.unforeseen.is_flat
    assert found.unforeseen.low > 0.8
    assert "cannot be told" not in found.reason
