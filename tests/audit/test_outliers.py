from __future__ import annotations

import numpy as np

from featclass.audit.checks import outliers, strangeness


def test_a_picture_far_from_all_others_is_an_outlier() -> None:
    rng = np.random.default_rng(0)
    familiarity = rng.normal(0.75, 0.03, 40)
    familiarity[7] = 0.1
    assert outliers(familiarity, np.zeros(40, np.intp)) == [7]


def test_a_class_that_varies_more_has_no_outliers_for_that() -> None:
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], 30)
    familiarity = np.where(codes == 0, 0.9, 0.5) + rng.normal(0, 0.02, 60)
    assert outliers(familiarity, codes) == []
    assert abs(np.median(strangeness(familiarity, codes)[codes == 1])) < 1e-9


def test_where_everything_is_alike_nothing_is_an_outlier() -> None:
    familiarity = np.append(np.full(30, 0.999), 0.95)
    assert outliers(familiarity, np.zeros(31, np.intp)) == []


def test_of_ten_pictures_one_can_be_an_outlier() -> None:
    familiarity = np.array([0.8, 0.79, 0.81, 0.8, 0.78, 0.82, 0.8, 0.79, 0.81, 0.0])
    assert outliers(familiarity, np.zeros(10, np.intp)) == [9]


def test_fewer_than_ten_pictures_have_no_outliers() -> None:
    assert outliers(np.array([0.8] * 8 + [0.0]), np.zeros(9, np.intp)) == []
