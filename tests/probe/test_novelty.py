from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass.base.errors import FeatclassError
from featclass.probe.covariance import class_means, distances_left_out
from featclass.probe.normalisation import normalise
from featclass.probe.novelty import NoveltyDetector, simulated_strangers

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
    known = NoveltyDetector.of(*families(size))
    members = known.score(families(60, seed=1)[0])
    assert area(members, known.score(families(60, seed=2, shift=2.0)[0])) > 0.97


def test_a_class_left_out_scores_below_members() -> None:
    vectors, labels = families(20, classes=6)
    known = NoveltyDetector.of(vectors[:80], labels[:80])
    fresh, _ = families(40, classes=6, seed=1)
    assert area(known.score(fresh[:160]), known.score(fresh[160:])) > 0.8


@pytest.mark.parametrize("size", [5, 8, 13, 40])
def test_at_most_a_twentieth_of_new_members_is_refused_on_average(size: int) -> None:
    refused = []
    for seed in range(30):
        known = NoveltyDetector.of(*families(size, seed=seed))
        refused.append(1 - known.is_known(families(40, seed=1000 + seed)[0]).mean())
    assert np.mean(refused) <= 0.055
    if size == 40:
        assert np.mean(refused) > 0.02


def really_left_out(
    X: NDArray[np.float64], codes: NDArray[np.intp], row: int
) -> NDArray[np.float64]:
    """Return squared distances to the class means, (classes,), without the row: slow and plain."""
    n, dimensions = X.shape
    everything = X - class_means(X, codes)[codes]
    variance = (everything**2).sum() / n / min(n, dimensions)
    rest = np.arange(n) != row
    means = class_means(X[rest], codes[rest])
    residuals = X[rest] - means[codes[rest]]
    covariance = residuals.T @ residuals / n + np.eye(dimensions) * variance
    away = X[row] - means
    return np.asarray(np.einsum("ij,ij->i", away @ np.linalg.inv(covariance), away))


@pytest.mark.parametrize(("size", "tolerance"), [(8, 1e-9), (30, 1e-4)])
def test_scores_left_out_in_closed_form_are_those_of_really_leaving_out(
    size: int, tolerance: float
) -> None:
    vectors, labels = families(size)
    assert (3 * size <= vectors.shape[1]) == (size == 8)
    codes = np.repeat(np.arange(3), size)
    distances = distances_left_out(vectors, labels)
    for row in (0, size + 3, 3 * size - 1):
        expected = really_left_out(normalise(vectors), codes, row)
        np.testing.assert_allclose(distances[row], expected, rtol=tolerance)


@pytest.mark.parametrize("size", [8, 30])
def test_copies_are_left_out_together_at_their_mean(size: int) -> None:
    vectors, labels = families(size)
    X, codes = normalise(vectors), np.repeat(np.arange(3), size)
    groups = np.arange(3 * size)
    groups[[1, 2]] = 0
    once = np.concatenate([X[:3].mean(axis=0, keepdims=True), X[3:]])
    distances = distances_left_out(vectors, labels, groups)
    for row, place in ((0, 0), (2, 0), (9, 7)):
        expected = really_left_out(once, codes[2:], place)
        np.testing.assert_allclose(distances[row], expected, rtol=1e-4)


@pytest.mark.parametrize("size", [8, 30])
def test_a_new_picture_scores_as_by_the_inverse_of_the_scatter(size: int) -> None:
    vectors, labels = families(size)
    known, fresh = NoveltyDetector.of(vectors, labels), families(5, seed=1)[0]
    X = known.exemplars * known.lengths[:, None]  # without strays, seen from their mean
    assert known.relative is not None
    codes, (n, dimensions) = known.relative.codes, X.shape
    far = []
    for around in (np.zeros((1, dimensions)), class_means(X, codes)):
        residuals = X - (around[codes] if len(around) > 1 else around)
        covariance = residuals.T @ residuals / n
        covariance += np.eye(dimensions) * np.trace(covariance) / min(n, dimensions)
        away = (normalise(fresh) - known.centre)[:, None] - around
        inverse = np.linalg.inv(covariance)
        far.append(np.einsum("kci,ij,kcj->kc", away, inverse, away).min(axis=1))
    seen = normalise(normalise(fresh) - known.centre)
    near = np.sort(seen @ known.exemplars.T, axis=1)[:, -3:].mean(axis=1)
    parts = (np.stack([far[0] - far[1], near]) - known.usual[:, None]) / known.spread[:, None]
    np.testing.assert_allclose(known.score(fresh), parts[0] + parts[1] / 2, rtol=1e-9)


def test_distances_left_out_are_least_to_the_own_class() -> None:
    vectors, labels = families(12)
    distances = distances_left_out(3 * vectors, labels)
    assert (distances.argmin(axis=1) == np.repeat(np.arange(3), 12)).mean() > 0.9
    assert distances.shape == (36, 3)


def test_an_image_alone_in_its_class_does_not_set_the_threshold() -> None:
    vectors, labels = families(10)
    far = -vectors[:1]
    known = NoveltyDetector.of(np.concatenate([vectors, far]), [*labels, "alone"])
    assert known.is_known(families(20, seed=1)[0]).mean() > 0.8
    assert not known.is_known(families(20, seed=2, shift=2.0)[0]).any()
    few, names = families(3)
    known = NoveltyDetector.of(np.concatenate([few, far]), [*names, "alone"])
    assert not known.is_known(families(20, seed=2, shift=2.0)[0]).any()


def test_copies_alone_break_nothing() -> None:
    exemplars = np.repeat(np.eye(2, dtype=np.float32), 6, axis=0)
    known = NoveltyDetector.of(exemplars, ["a"] * 6 + ["b"] * 6)
    assert np.isfinite(known.threshold)
    assert np.isfinite(known.score(exemplars)).all()


def test_embeddings_without_negative_values_are_compared_by_their_roots() -> None:
    vectors, labels = families(10)
    assert not NoveltyDetector.of(vectors, labels).roots
    assert NoveltyDetector.of(np.abs(vectors), labels).roots


def test_the_length_of_an_embedding_does_not_matter() -> None:
    known = NoveltyDetector.of(*families(10))
    vectors = families(10, seed=1)[0]
    np.testing.assert_allclose(known.score(7 * vectors), known.score(vectors), rtol=1e-4, atol=1e-4)


def test_no_pictures_have_no_scores() -> None:
    assert NoveltyDetector.of(*families(5)).score(np.empty((0, 60), np.float32)).shape == (0,)


def test_one_class_is_refused() -> None:
    with pytest.raises(FeatclassError, match="only one set"):
        NoveltyDetector.of(np.eye(3, dtype=np.float32), ["a"] * 3)


def foreign(count: int, *, seed: int, alike: bool = False) -> Vectors:
    """Return embeddings of other things, each another one, or of one and the same."""
    rng = np.random.default_rng([seed, 7])
    away = 0.1 * rng.normal(size=(1 if alike else count, 60))
    return normalise(families(count, seed=seed)[0][:count] + away).astype(np.float32)


FOREIGN = foreign(40, seed=3)
FRESH = families(40, seed=1000)[0]


def refused(known: NoveltyDetector) -> tuple[float, float]:
    """Return the shares of foreign pictures and of new members that are refused."""
    return float(1 - known.is_known(FOREIGN).mean()), float(1 - known.is_known(FRESH).mean())


@pytest.mark.parametrize("size", [8, 13, 20, 40])
@pytest.mark.parametrize(
    ("strays", "alike", "sets"),
    [(1, False, (0,)), (2, False, (0, 0)), (2, True, (0, 0)), (3, False, (0, 1, 2))],
    ids=["one", "two", "two alike", "one in each set"],
)
def test_strays_in_a_set_do_not_switch_refusing_off(
    size: int, strays: int, alike: bool, sets: tuple[int, ...]
) -> None:
    shares = []
    for seed in range(5):
        vectors, labels = families(size, seed=seed)
        vectors = np.concatenate([vectors, foreign(strays, seed=50 + seed, alike=alike)])
        added = [f"class {place}" for place in sets]
        shares.append(refused(NoveltyDetector.of(vectors, [*labels, *added])))
    of_foreign, of_members = np.mean(shares, axis=0)
    assert of_foreign >= 0.85
    assert of_members <= 0.1


def various(size: int, *, seed: int, strange: bool = False) -> Vectors:
    """Return embeddings without signs that vary much, of two classes or each of another thing."""
    fixed, rng = np.random.default_rng(0), np.random.default_rng([seed, 1])
    common, looks = 0.4 * fixed.normal(size=60), 0.6 * fixed.normal(size=(2, 60))
    shown = 0.6 * rng.normal(size=(2 * size, 60)) if strange else np.repeat(looks, size, axis=0)
    return normalise(np.exp(0.7 * (shown + rng.normal(size=shown.shape) + common))).astype(
        np.float32
    )


@pytest.mark.parametrize("size", [13, 20])
def test_a_stray_in_a_small_set_of_much_variety_costs_little_of_the_refusing(size: int) -> None:
    labels = ["a"] * size + ["b"] * size
    strangers, fresh = various(50, seed=900, strange=True), various(100, seed=800)
    shares = []
    for seed in range(10):
        vectors = various(size, seed=seed)
        stray = various(1, seed=300 + seed, strange=True)[:1]
        clean = NoveltyDetector.of(vectors, labels)
        known = NoveltyDetector.of(np.concatenate([vectors, stray]), [*labels, "a"])
        shares.append(
            [1 - k.is_known(asked).mean() for k in (clean, known) for asked in (strangers, fresh)]
        )
    of_clean, members_of_clean, with_stray, members = np.mean(shares, axis=0)
    assert with_stray >= 0.9 * of_clean > 0.6
    assert max(members, members_of_clean) <= 0.08


@pytest.mark.parametrize("size", [13, 40])
def test_what_is_like_a_stray_is_not_made_familiar_by_it(size: int) -> None:
    vectors, labels = families(size)
    stray = foreign(1, seed=50)
    known = NoveltyDetector.of(np.concatenate([vectors, stray]), [*labels, labels[0]])
    assert not known.is_known(stray + 0.02 * families(1, seed=8)[0]).any()


@pytest.mark.parametrize("size", [3, 4, 5, 13, 40])
def test_clean_sets_keep_nearly_all_of_their_members(size: int) -> None:
    kept = [len(NoveltyDetector.of(*families(size, seed=seed)).exemplars) for seed in range(10)]
    least = 1.0 if size < 6 else 0.98
    assert np.mean(kept) >= least * 3 * size


@pytest.mark.parametrize("second", [13, 6, 5])
def test_a_class_of_two_looks_keeps_both(second: int) -> None:
    vectors, labels = families(13, classes=4)
    labels = ["class 0" if label == "class 3" else label for label in labels]
    vectors, labels = vectors[: 39 + second], labels[: 39 + second]
    known = NoveltyDetector.of(vectors, labels)
    assert len(known.exemplars) >= len(vectors) - 1
    fresh, names = families(40, classes=4, seed=1)
    looks = np.array([name == "class 3" for name in names])
    assert known.is_known(fresh[looks]).mean() > 0.75


def test_a_loose_class_beside_tight_ones_is_no_heap_of_strays() -> None:
    vectors, labels = families(20)
    centres = class_means(vectors.astype(np.float64), np.repeat(np.arange(3), 20))
    tight = centres.repeat(20, axis=0) + 0.2 * (vectors - centres.repeat(20, axis=0))
    mixed = np.concatenate([tight[:40], vectors[40:]])
    known = NoveltyDetector.of(normalise(mixed).astype(np.float32), labels)
    assert len(known.exemplars) >= 59


def test_a_stranger_that_was_named_is_refused_from_then_on_with_its_like() -> None:
    near = families(40, seed=5, shift=0.25)[0]
    given, asked = near[:60], near[60:]
    less, costs = [], []
    for seed in range(10):
        before = NoveltyDetector.of(*families(13, seed=seed))
        after = NoveltyDetector.of(*families(13, seed=seed), given)
        assert not after.is_known(given).any()
        less.append(before.is_known(asked).mean() - after.is_known(asked).mean())
        costs.append(1 - after.is_known(families(40, seed=1000 + seed)[0]).mean())
    assert np.mean(less) > 0.15
    assert np.mean(costs) <= 0.1


def test_strangers_that_look_like_members_cost_a_tenth_of_these_at_most() -> None:
    costs = []
    for seed in range(40):
        known = NoveltyDetector.of(*families(20, seed=seed), families(10, seed=500 + seed)[0])
        costs.append(1 - known.is_known(families(40, seed=1000 + seed)[0]).mean())
    assert np.mean(costs) <= 0.1


def test_strangers_far_from_everything_change_nothing_for_others() -> None:
    vectors, labels = families(13)
    before = NoveltyDetector.of(vectors, labels)
    after = NoveltyDetector.of(vectors, labels, families(5, seed=6, shift=3.0)[0])
    assert after.threshold == before.threshold
    np.testing.assert_array_equal(after.is_known(FRESH), before.is_known(FRESH))
    none = NoveltyDetector.of(vectors, labels, np.empty((0, 60), np.float32))
    np.testing.assert_array_equal(none.is_known(FOREIGN), before.is_known(FOREIGN))


@pytest.mark.parametrize("signed", [True, False])
def test_simulated_strangers_are_refused_where_real_ones_are_and_only_there(signed: bool) -> None:
    def seen(vectors: Vectors) -> Vectors:
        """Embeddings as a rectifier leaves them, where they are not signed."""
        return vectors if signed else normalise(np.maximum(vectors, 0)).astype(np.float32)

    vectors, labels = seen(families(20)[0]), families(20)[1]
    simulated = simulated_strangers(vectors)
    assert (simulated.min() < 0) == signed
    works = NoveltyDetector.of(vectors, labels)
    assert 1 - works.is_known(simulated).mean() > 0.8
    assert 1 - works.is_known(seen(FOREIGN)).mean() > 0.8
    # Too few in a set to tell a stray from them: refusing does not work, and that is known.
    few, names = seen(families(4)[0]), families(4)[1]
    stray = seen(-FOREIGN[:1])
    off = NoveltyDetector.of(np.concatenate([few, stray]), [*names, names[0]])
    simulated = simulated_strangers(np.concatenate([few, stray]))
    assert 1 - off.is_known(seen(FOREIGN)).mean() < 0.2
    assert 1 - off.is_known(simulated).mean() < 0.2


def test_the_same_exemplars_give_the_same_simulated_strangers() -> None:
    vectors, _ = families(5)
    np.testing.assert_array_equal(simulated_strangers(vectors), simulated_strangers(vectors))
