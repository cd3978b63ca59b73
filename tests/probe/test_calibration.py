from __future__ import annotations

import numpy as np
import pytest

from featclass import probe
from featclass.probe import calibration
from featclass.probe.calibration import calibrated, calibration_error, floored, usual
from featclass.probe.normalisation import softmax
from tests.probe.clouds import Codes, Floats, blobs, codes_of


def drawn(
    images: int, temperature: float, *, classes: int = 4, sure: float = 2.0, seed: int = 0
) -> tuple[Floats, Codes]:
    """Logits, and labels that come as often as these say when divided by the temperature."""
    rng = np.random.default_rng(seed)
    logits = sure * rng.normal(size=(images, classes))
    shares = np.cumsum(softmax(logits), axis=1)
    codes = (rng.random((images, 1)) > shares[:, :-1]).sum(axis=1)
    return logits * temperature, codes


@pytest.mark.parametrize("times", [0.3, 1.0, 8.0])
def test_many_images_tell_the_temperature(times: float) -> None:
    temperature = times * usual(5000, 4).temperature
    found, _ = calibrated(*drawn(5000, temperature), 1.0)
    assert found.temperature == pytest.approx(temperature, rel=0.08)


def test_a_sample_of_very_many_images_tells_the_temperature_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logits, codes = drawn(20_000, usual(20_000, 4).temperature)
    order = np.argsort(codes)  # as folders are read
    sampled, _ = calibrated(logits[order], codes[order], 1.0)
    monkeypatch.setattr(calibration, "MEASURED", 20_000)
    whole, _ = calibrated(logits, codes, 1.0)
    assert sampled.temperature == pytest.approx(whole.temperature, rel=0.1)


@pytest.mark.parametrize("times", [0.1, 10.0])
def test_few_images_move_the_temperature_little(times: float) -> None:
    known = usual(4, 2).temperature
    found, _ = calibrated(*drawn(4, times * known, classes=2, sure=0.5), 1.0)
    assert 0.5 < found.temperature / known < 2


def test_the_temperature_is_the_most_probable_given_the_prior() -> None:
    logits, codes = drawn(30, usual(30, 4).temperature * 2)
    found, _ = calibrated(logits, codes, 0.8)

    def cost(temperature: float) -> float:
        own = softmax(logits / temperature)[np.arange(30), codes]
        away = np.log(0.8 * temperature / usual(30, 4).temperature) / calibration.DOUBT
        return float(-np.log(own).sum() + away**2 / 2)

    for other in np.geomspace(0.02, 50, 200) * found.temperature:
        assert cost(found.temperature) <= cost(float(other)) + 1e-3


@pytest.mark.parametrize("images", [4, 40, 4000])
@pytest.mark.parametrize("is_right", [True, False])
def test_predictions_that_are_all_right_or_all_wrong_have_a_temperature(
    images: int, is_right: bool
) -> None:
    codes = np.arange(images) % 2
    logits = np.eye(2)[codes if is_right else 1 - codes]
    found, whole = calibrated(logits, codes, 0.8)
    assert 0 < whole.temperature < found.temperature < np.inf
    probabilities = found.probabilities(logits)
    assert np.isfinite(np.log(probabilities)).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


def test_all_images_in_place_of_a_share_lower_the_temperature_by_as_much() -> None:
    held_out, whole = calibrated(*drawn(50, 0.01), 0.75)
    assert whole.temperature == pytest.approx(0.75 * held_out.temperature)
    assert whole.floor == held_out.floor


def test_a_constant_added_to_all_logits_of_an_image_changes_nothing() -> None:
    logits, codes = drawn(50, 0.01)
    shifted = logits + np.random.default_rng(1).normal(size=(50, 1)) * 1e3
    one, other = calibrated(logits, codes, 1.0)[0], calibrated(shifted, codes, 1.0)[0]
    assert other.temperature == pytest.approx(one.temperature, rel=0.02)


@pytest.mark.parametrize("classes", [2, 3, 40])
def test_a_floored_probability_changes_no_answer_and_is_never_certain(classes: int) -> None:
    images = 60
    shares = np.eye(classes)[np.arange(images) % classes]
    found = floored(shares, usual(images, classes).floor)
    assert found.max() == pytest.approx(1 - 1 / (4 * images + 2))
    assert found.min() > 0
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    np.testing.assert_array_equal(found.argmax(axis=1), shares.argmax(axis=1))


@pytest.mark.parametrize("sizes", [[1, 1], [1, 1, 1], [2, 2], [5, 9], [40, 60, 30]])
def test_no_prediction_is_surer_than_the_images_allow(sizes: list[int]) -> None:
    vectors, labels = blobs(sizes, spread=0.01)
    most = 1 - 1 / (4 * len(labels) + 2) + 1e-12
    judged = probe.out_of_fold(vectors, labels) if min(sizes) > 1 else None
    fitted = probe.fit(vectors, labels, calibrated=judged.calibrated if judged else None)
    assert probe.predict(fitted, vectors).max() <= most
    assert judged is None or judged.probabilities.max() <= most


def test_a_probe_that_nothing_was_held_out_of_has_the_usual_calibration() -> None:
    vectors, labels = blobs([9, 7])
    same = probe.fit(vectors, labels, calibrated=usual(16, 2))
    fitted = probe.fit(vectors, labels)
    np.testing.assert_array_equal(fitted.coefficients, same.coefficients)
    assert fitted.floor == same.floor == usual(16, 2).floor


def test_the_temperature_changes_no_answer() -> None:
    vectors, labels = blobs([9, 7, 8], spread=4.0)
    judged = probe.out_of_fold(vectors, labels)
    cold, warm = (
        probe.fit(vectors, labels),
        probe.fit(vectors, labels, calibrated=judged.calibrated),
    )
    assert judged.calibrated.temperature != pytest.approx(usual(24, 3).temperature, rel=0.1)
    one, other = probe.predict(cold, vectors), probe.predict(warm, vectors)
    np.testing.assert_array_equal(one.argmax(axis=1), other.argmax(axis=1))
    assert np.abs(one - other).max() > 0.01


def test_the_calibration_error_is_small_where_probabilities_come_true() -> None:
    logits, codes = drawn(20_000, 1.0)
    assert calibration_error(softmax(logits), codes) < 0.02
    assert calibration_error(softmax(logits * 4), codes) > 0.1
    assert calibration_error(softmax(logits / 4), codes) > 0.1


def test_the_calibration_error_of_known_bins_is_their_mean_gap() -> None:
    # Ten predictions of 0.9, eight right; ten of 0.6, nine right.
    sure = np.repeat([0.9, 0.6], 10)
    right = np.repeat([True, False, True, False], [8, 2, 9, 1])
    probabilities = np.stack([sure, 1 - sure], axis=1)
    found = calibration_error(probabilities, np.where(right, 0, 1))
    assert found == pytest.approx((0.1 + 0.3) / 2)


def test_the_calibration_error_of_few_predictions_is_one_gap() -> None:
    probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]])
    assert calibration_error(probabilities, np.array([0, 0, 0])) == pytest.approx(0.8 - 2 / 3)


@pytest.mark.parametrize("spread", [3.0, 6.0])
def test_probabilities_of_new_pictures_come_true(spread: float) -> None:
    vectors, labels = blobs([1000, 1000, 1000], 200, spread=spread)
    known = np.arange(3000) % 10 == 0
    its_labels = [labels[i] for i in np.flatnonzero(known)]
    judged = probe.out_of_fold(vectors[known], its_labels)
    fitted = probe.fit(vectors[known], its_labels, calibrated=judged.calibrated)
    found = probe.predict(fitted, vectors[~known])
    assert 0.5 < found.max(axis=1).mean() < 0.999
    assert calibration_error(found, codes_of(labels)[~known]) < 0.1
    assert judged.calibration_error < 0.12
