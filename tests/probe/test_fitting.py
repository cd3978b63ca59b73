from __future__ import annotations

import dataclasses
import subprocess
import sys
import warnings

import numpy as np
import pytest

from featclass import probe
from featclass.base.errors import FeatclassError
from featclass.probe import discriminant
from featclass.probe.normalisation import normalise, takes_roots
from tests.probe.clouds import DIMENSIONS, Codes, Floats, accuracy, blobs, codes_of

SIZES = pytest.mark.parametrize(
    "sizes", [[9, 7], [8, 3, 12, 2]], ids=["two classes", "four, unbalanced"]
)


def placed(sizes: list[int], dimensions: int, spread: float = 2.0) -> tuple[Floats, Codes]:
    vectors, labels = blobs(sizes, dimensions, spread=spread)
    return probe.normalise(vectors), codes_of(labels)


def textbook(known: Floats, codes: Codes, asked: Floats) -> Floats:
    """Return the logits of the formula, with the covariance made and inverted in full."""
    counts = np.bincount(codes)
    means = np.array([known[codes == code].mean(axis=0) for code in range(counts.size)])
    centre = means.mean(axis=0)
    shifts = (means - centre) * (counts / (counts + discriminant.MEAN_PRIOR))[:, None]
    covariance = (known - means[codes]).T @ (known - means[codes]) / len(known)
    size = np.trace(covariance) / len(covariance)
    share = discriminant.SPREAD_PRIOR / (discriminant.SPREAD_PRIOR + counts.mean())
    shrunk = (1 - share) * covariance / size + share * np.eye(len(covariance))
    inverse = np.linalg.inv(shrunk)
    lengths = np.einsum("kd,de,ke->k", shifts, inverse, shifts)
    return np.asarray((asked - centre) @ inverse @ shifts.T - lengths / 2)


def centred(logits: Floats) -> Floats:
    return np.asarray(logits - logits.mean(axis=1, keepdims=True))


def test_normalise_scales_to_length_one_and_leaves_zero_vectors() -> None:
    scaled = probe.normalise(np.array([[3, 4], [0, 0], [1e-30, 0]], dtype=np.float32))
    np.testing.assert_allclose(scaled, [[0.6, 0.8], [0.0, 0.0], [1.0, 0.0]])


@SIZES
@DIMENSIONS
def test_fit_is_discriminant_analysis_of_scikit_learn(
    dimensions: int, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    monkeypatch.setattr(discriminant, "MEAN_PRIOR", 0.0)
    known, codes = placed(sizes, dimensions)
    # Its covariance weighs classes by their priors, ours by their images: these must be the
    # priors, and come off again. Ours is also divided by the mean variance.
    shares = np.bincount(codes) / codes.size
    shrinkage = 20 / (20 + np.mean(sizes))
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=shares)
    theirs.fit(known, codes)
    within = known - np.array([known[codes == code].mean(axis=0) for code in codes])
    decision = theirs.decision_function(known)
    if decision.ndim == 1:  # of the second class over the first
        decision = np.stack([np.zeros(codes.size), decision], axis=1)
        shares = np.array([1.0, shares[1] / shares[0]])
    decision -= np.log(shares)
    fitted = discriminant.fit(known, codes)
    np.testing.assert_allclose(
        centred(fitted.logits(known)),
        centred(decision) * (within**2).mean(),
        atol=1e-8,
    )


@SIZES
@DIMENSIONS
def test_fit_is_the_textbook_formula(dimensions: int, sizes: list[int]) -> None:
    known, codes = placed(sizes, dimensions)
    asked = placed([5, 5], dimensions, spread=4.0)[0]
    np.testing.assert_allclose(
        discriminant.fit(known, codes).logits(asked), textbook(known, codes, asked), atol=1e-9
    )


@SIZES
@DIMENSIONS
def test_few_images_and_many_are_solved_alike(dimensions: int, sizes: list[int]) -> None:
    known, codes = placed(sizes, dimensions)
    by_sums = discriminant._Sums.of(known, codes, len(sizes)).discriminant()
    weights, intercepts = discriminant._dual(known @ known.T, codes, dimensions)
    np.testing.assert_allclose(weights.T @ known, by_sums.coefficients, atol=1e-8)
    np.testing.assert_allclose(intercepts, by_sums.intercepts, atol=1e-8)


@pytest.mark.parametrize("dimensions", [6, 20, 23, 24, 200])
def test_held_out_logits_are_those_of_separate_fits(dimensions: int) -> None:
    # 24 images: with 20 and 23 dimensions all are solved one way, those of a fold the other.
    known, codes = placed([9, 4, 11], dimensions)
    fold = np.random.default_rng(0).permutation(np.arange(24) % 4)
    done: list[int] = []
    found = discriminant.held_out_logits(known, codes, fold, lambda: done.append(1))
    assert len(done) == 4
    for each in range(4):
        kept, asked = fold != each, fold == each
        alone = discriminant.fit(known[kept], codes[kept]).logits(known[asked])
        np.testing.assert_allclose(found[asked], alone, atol=1e-8)


@DIMENSIONS
def test_the_label_of_an_image_has_no_say_in_its_own_prediction(dimensions: int) -> None:
    known, codes = placed([9, 6, 9], dimensions)
    fold = np.arange(24) % 4
    honest = discriminant.held_out_logits(known, codes, fold)
    for image in range(24):
        lying = codes.copy()
        lying[image] = (codes[image] + 1) % 3
        told = discriminant.held_out_logits(known, lying, fold)
        np.testing.assert_allclose(told[image], honest[image], atol=1e-9)
        others = fold != fold[image]
        assert np.abs(told[others] - honest[others]).max() > 1e-6


@DIMENSIONS
def test_copies_of_all_pictures_count_as_so_many_more(
    dimensions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, codes = placed([8, 12], dimensions)
    monkeypatch.setattr(discriminant, "SPREAD_PRIOR", 60.0)
    monkeypatch.setattr(discriminant, "MEAN_PRIOR", 3.0)
    tripled = discriminant.fit(np.concatenate([known] * 3), np.concatenate([codes] * 3))
    monkeypatch.setattr(discriminant, "SPREAD_PRIOR", 20.0)
    monkeypatch.setattr(discriminant, "MEAN_PRIOR", 1.0)
    once = discriminant.fit(known, codes)
    np.testing.assert_allclose(tripled.coefficients, once.coefficients, atol=1e-8)
    np.testing.assert_allclose(tripled.intercepts, once.intercepts, atol=1e-8)


@pytest.mark.parametrize("times", [1, 3, 60])
def test_without_any_spread_the_nearest_mean_is_chosen(
    times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discriminant, "MEAN_PRIOR", 0.0)
    vectors, labels = blobs([1, 1, 1])
    fitted = probe.fit(np.repeat(vectors, times, axis=0), np.repeat(labels, times).tolist())
    asked, _ = blobs([20, 20, 20], seed=3)
    means, found = probe.normalise(vectors), probe.predict(fitted, asked)
    nearest = ((probe.normalise(asked)[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(found.argmax(axis=1), nearest)
    assert accuracy(probe.predict(fitted, vectors), labels) == 1.0


@pytest.mark.parametrize("dimensions", [20, 300])
def test_two_images_a_class_tell_clear_classes_apart(dimensions: int) -> None:
    vectors, labels = blobs([2, 2], dimensions, spread=0.1)
    fitted = probe.fit(vectors, labels)
    more, theirs = blobs([40, 40], dimensions, spread=0.1)
    assert accuracy(probe.predict(fitted, more), theirs) == 1.0
    judged = probe.out_of_fold(vectors, labels)
    assert (judged.folds, accuracy(judged.probabilities, labels)) == (2, 1.0)


def test_a_larger_class_is_not_taken_to_be_likelier() -> None:
    # What lies as near to either mean goes to either: the sizes of the sets do not decide.
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2000, 30))
    vectors = 0.3 * noise + np.array([[1.0], [-1.0]]).repeat([1900, 100], axis=0) * np.eye(30)[0]
    labels = ["large"] * 1900 + ["small"] * 100
    found = probe.predict(probe.fit(vectors, labels), rng.normal(size=(1000, 30)))
    assert 0.4 < (found.argmax(axis=1) == 0).mean() < 0.6


def test_unbalanced_classes_are_both_found() -> None:
    vectors, labels = blobs([200, 5], spread=1.0)
    judged = probe.out_of_fold(vectors, labels)
    right = judged.probabilities.argmax(axis=1) == codes_of(labels)
    assert right[:200].mean() > 0.95
    assert right[200:].mean() >= 0.8


def test_rectified_embeddings_are_compared_by_their_roots() -> None:
    vectors, labels = blobs([12, 9], spread=2.0)
    rectified = np.maximum(vectors, 0.0)
    assert probe.fit(rectified, labels).roots
    assert not probe.fit(vectors, labels).roots
    expected = probe.normalise(np.sqrt(rectified.astype(np.float64)))
    np.testing.assert_allclose(normalise(rectified, roots=True), expected, atol=1e-12)
    known = discriminant.fit(expected, codes_of(labels))
    fitted = probe.fit(rectified, labels)
    ratio = fitted.coefficients / known.coefficients
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-6)


def test_a_picture_is_compared_as_the_training_images_were() -> None:
    vectors, labels = blobs([12, 9], spread=1.0)
    for known in (np.maximum(vectors, 0.0), vectors):
        fitted = probe.fit(known, labels)
        # Alone it is not negative, or is: neither changes how it is compared.
        for asked in (np.abs(vectors[:1]), -vectors[:1], vectors):
            logits = normalise(asked, roots=takes_roots(known)) @ fitted.coefficients.T
            logits += fitted.intercepts
            shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
            np.testing.assert_allclose(
                probe.predict(fitted, asked), (1 - fitted.floor) * shares + fitted.floor / 2
            )


@pytest.mark.parametrize("factor", [1e-6, 1e6])
@pytest.mark.parametrize("rectified", [False, True])
def test_the_length_of_embeddings_does_not_matter(factor: float, rectified: bool) -> None:
    vectors, labels = blobs([7, 9])
    if rectified:
        vectors = np.abs(vectors)
    fitted = probe.fit(vectors, labels)
    scaled = probe.fit(vectors.astype(np.float64) * factor, labels)
    np.testing.assert_allclose(scaled.coefficients, fitted.coefficients, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        probe.predict(fitted, vectors * np.float32(factor)),
        probe.predict(fitted, vectors),
        rtol=1e-4,
    )


def test_zero_vectors_are_trained_on_and_predicted() -> None:
    vectors, labels = blobs([6, 6])
    vectors[3] = 0.0
    fitted = probe.fit(vectors, labels)
    assert np.isfinite(fitted.coefficients).all()
    found = probe.predict(fitted, np.zeros((2, 40), dtype=np.float32))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    judged = probe.out_of_fold(np.zeros((8, 5), dtype=np.float32), ["a", "b"] * 4)
    np.testing.assert_allclose(judged.probabilities, 0.5)


def test_embeddings_that_are_all_equal_leave_every_class_as_likely() -> None:
    judged = probe.out_of_fold(np.ones((10, 5), dtype=np.float32), ["a", "b"] * 5)
    np.testing.assert_allclose(judged.probabilities, 0.5, atol=1e-6)


def test_training_is_deterministic_and_sorts_the_classes() -> None:
    vectors, labels = blobs([6, 6, 6], spread=2.0)
    backwards = [f"z{label}" if label == "class 0" else label for label in labels]
    one, other = (probe.fit(vectors, backwards) for _ in range(2))
    assert one.classes == ("class 1", "class 2", "zclass 0")
    np.testing.assert_array_equal(one.coefficients, other.coefficients)
    np.testing.assert_array_equal(one.intercepts, other.intercepts)
    assert accuracy(probe.predict(one, vectors), backwards) > 0.8


@DIMENSIONS
def test_the_order_of_the_images_does_not_matter(dimensions: int) -> None:
    vectors, labels = blobs([9, 5, 7], dimensions, spread=2.0)
    order = np.random.default_rng(0).permutation(21)
    shuffled = probe.fit(vectors[order], [labels[i] for i in order])
    np.testing.assert_allclose(
        shuffled.coefficients, probe.fit(vectors, labels).coefficients, rtol=1e-6, atol=1e-6
    )


def test_one_class_is_refused_with_what_to_do() -> None:
    vectors, _ = blobs([3])
    with pytest.raises(FeatclassError, match=r"only one set with pictures, 'cats': add a second"):
        probe.fit(vectors, ["cats"] * 3)
    with pytest.raises(FeatclassError, match="no set with pictures yet"):
        probe.fit(vectors[:0], [])


def test_predictions_of_a_certain_probe_do_not_overflow() -> None:
    vectors, labels = blobs([3, 3], 4)
    fitted = probe.fit(vectors, labels)
    certain = dataclasses.replace(
        fitted, coefficients=fitted.coefficients * 1e6, intercepts=fitted.intercepts * 1e6
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probabilities = probe.predict(certain, vectors)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


@DIMENSIONS
def test_a_learner_answers_as_fit_and_predict(dimensions: int) -> None:
    vectors, labels = blobs([12, 9, 10], dimensions, spread=3.0)
    rng = np.random.default_rng(0)
    training = rng.random((8, 31)) < 0.5
    training[0, :12] = False  # nothing of the first class, and of the second and third
    training[1, 12:21] = False
    training[2, 21:] = False
    found = probe.learner(vectors, labels)(training)
    assert found.shape == (8, 31)
    classes = sorted(set(labels))
    for codes, mask in zip(found, training, strict=True):
        fitted = probe.fit(vectors[mask], [labels[i] for i in np.flatnonzero(mask)])
        expected = [fitted.classes[i] for i in probe.predict(fitted, vectors).argmax(axis=1)]
        assert [classes[code] for code in codes] == expected


def test_the_probe_and_the_map_keep_to_one_thread_of_blas() -> None:
    code = """
import numpy as np, sys
from threadpoolctl import threadpool_info
from featclass import probe
from featclass.probe.tsne import layout
vectors = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
probe.fit(vectors, ["a", "b"] * 20)
layout(vectors, digests=[str(row) for row in range(40)])
libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
sys.exit(len(libraries) < 2 or {library["num_threads"] for library in libraries} != {1})
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_predicting_needs_no_heavy_library() -> None:
    code = "import sys, featclass.probe; sys.exit(bool({'sklearn', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
