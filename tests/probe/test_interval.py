"""The interval of an out-of-fold accuracy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass.probe.statistics import DEPENDENCE, accuracy_interval

# scipy.stats.beta.ppf(0.025, k + 0.5, m - k + 0.5), where m = n / 1.5 and k = m * right / n, and
# (0.975, k + 1, m - k), where m = n / 2.
EIGHTEEN_OF_24 = (0.509271011274, 0.945139355472)
NINE_HUNDRED_OF_1000 = (0.875497657078, 0.924864184934)
AT_80_PERCENT = (0.594498679937, 0.904347094431)


def test_it_agrees_with_beta_quantiles_computed_elsewhere() -> None:
    assert accuracy_interval(18, 24) == pytest.approx(EIGHTEEN_OF_24, abs=1e-9)
    assert accuracy_interval(900, 1000) == pytest.approx(NINE_HUNDRED_OF_1000, abs=1e-9)
    assert accuracy_interval(18, 24, confidence=0.8) == pytest.approx(AT_80_PERCENT, abs=1e-9)


@pytest.mark.parametrize("n", [1, 2, 10, 1000])
def test_none_right_and_all_right_reach_the_ends(n: int) -> None:
    assert accuracy_interval(0, n)[0] == 0.0
    assert accuracy_interval(n, n)[1] == 1.0
    assert 0 < accuracy_interval(n, n)[0] < 1
    assert 0 < accuracy_interval(0, n)[1] < 1


def test_of_no_image_nothing_is_known() -> None:
    assert accuracy_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("n", [1, 3, 24, 100])
def test_it_holds_the_share_itself_and_grows_with_it(n: int) -> None:
    intervals = [accuracy_interval(right, n) for right in range(n + 1)]
    assert all(low <= right / n <= high for right, (low, high) in enumerate(intervals))
    assert intervals == sorted(intervals)
    assert [high for _, high in intervals] == sorted(high for _, high in intervals)


def test_of_one_miss_by_probes_of_fewer_images_it_does_not_follow_that_there_are_more() -> None:
    assert accuracy_interval(12, 13)[1] == 1.0
    assert accuracy_interval(999, 1000)[1] == 1.0
    assert accuracy_interval(11, 13)[1] < 1.0
    assert accuracy_interval(36, 39, n_groups=13)[1] == 1.0  # three copies of one picture
    assert accuracy_interval(36, 39)[1] < 1.0


def test_there_is_more_room_for_a_classifier_that_is_better_than_its_folds_than_for_a_worse() -> (
    None
):
    low, high = accuracy_interval(500, 1000)
    assert high - 0.5 > 1.1 * (0.5 - low)


def test_it_covers_where_folds_are_worse_than_the_classifier() -> None:
    # Six classes of three pictures: 0.78, and 0.71 by probes of two pictures a class.
    rng = np.random.default_rng(0)
    n, accuracy = 18, 0.78
    chances = np.clip(rng.normal(0.71, 0.1, 4000), 0, 1)
    intervals = [accuracy_interval(right, n) for right in rng.binomial(n, chances).tolist()]
    assert np.mean([low <= accuracy <= high for low, high in intervals]) >= 0.945


def test_pictures_that_stand_twice_tell_no_more_than_once() -> None:
    assert accuracy_interval(40, 48, n_groups=24) == accuracy_interval(20, 24)
    assert _width(accuracy_interval(40, 48)) < _width(accuracy_interval(20, 24))


@pytest.mark.parametrize("n", [6, 10, 24, 100, 1000])
@pytest.mark.parametrize("accuracy", [0.5, 0.7, 0.9, 0.95, 0.98])
def test_it_is_no_wider_than_1_4_times_wilsons_on_average(n: int, accuracy: float) -> None:
    drawn = np.random.default_rng(0).binomial(n, accuracy, 400)
    rights, times = np.unique(drawn, return_counts=True)
    own = times @ [_width(accuracy_interval(right, n)) for right in rights.tolist()]
    wilsons = times @ [_wilson_width(right, n) for right in rights.tolist()]
    assert wilsons < own <= 1.4 * wilsons


def test_it_covers_where_the_share_varies_more_than_independent_images_would() -> None:
    rng = np.random.default_rng(0)
    n, accuracy = 60, 0.85
    # Beta-binomial: so many times the variance of a binomial.
    correlation = (DEPENDENCE - 1) / (n - 1)
    strength = 1 / correlation - 1
    shares: NDArray[np.float64] = rng.beta(accuracy * strength, (1 - accuracy) * strength, 2000)
    known = [accuracy_interval(right, n) for right in range(n + 1)]
    intervals = [known[right] for right in rng.binomial(n, shares).tolist()]
    assert np.mean([low <= accuracy <= high for low, high in intervals]) >= 0.95


def _width(interval: tuple[float, float]) -> float:
    return interval[1] - interval[0]


def _wilson_width(right: int, n: int) -> float:
    z, share = 1.959964, right / n
    return float(2 * z / (1 + z**2 / n) * (share * (1 - share) / n + z**2 / (4 * n**2)) ** 0.5)
