from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from featclass import probe
from featclass.audit import label_errors
from featclass.probe.scatter import distances_left_out


def flipped(
    seed: int, noise: float
) -> tuple[NDArray[np.float32], list[str], NDArray[np.intp], NDArray[np.intp]]:
    """Return embeddings of 3 x 40 images, labels of which 6 are wrong, their places, the truth."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(3), 40)
    vectors = (rng.normal(size=(3, 60))[truth] + noise * rng.normal(size=(120, 60)) + 1).astype(
        "f4"
    )
    wrong = rng.permutation(120)[:6]
    codes = truth.copy()
    codes[wrong] = (codes[wrong] + rng.integers(1, 3, 6)) % 3
    return vectors, [f"class {code}" for code in codes], wrong, truth


def codes_of(labels: list[str]) -> NDArray[np.intp]:
    return np.searchsorted(sorted(set(labels)), labels)


def test_flipped_labels_are_among_the_most_doubtful_tenth() -> None:
    found = []
    for seed in range(5):
        vectors, labels, wrong, _ = flipped(seed, 2.5)
        judged = probe.out_of_fold(vectors, labels)
        doubts = label_errors(
            codes_of(labels), judged.probabilities, distances_left_out(vectors, labels)
        )
        found.append(np.isin(wrong, np.argsort(-doubts.scores)[:12]).mean())
    assert np.mean(found) >= 0.9


def test_suspects_are_the_flipped_ones_with_their_true_class_suggested() -> None:
    vectors, labels, wrong, truth = flipped(0, 1.0)
    judged = probe.out_of_fold(vectors, labels)
    doubts = label_errors(
        codes_of(labels), judged.probabilities, distances_left_out(vectors, labels)
    )
    suspects = np.flatnonzero(doubts.is_suspect)
    assert set(suspects) <= set(wrong)
    assert len(suspects) >= 5
    np.testing.assert_array_equal(doubts.suggested[wrong], truth[wrong])
    assert ((doubts.scores >= 0) & (doubts.scores <= 1)).all()


def test_clean_labels_have_no_suspects() -> None:
    vectors, _, _, truth = flipped(1, 1.5)
    labels = [f"class {code}" for code in truth]
    judged = probe.out_of_fold(vectors, labels)
    for distances in (None, distances_left_out(vectors, labels)):
        assert not label_errors(truth, judged.probabilities, distances).is_suspect.any()


def test_labels_by_chance_have_no_suspects() -> None:
    rng = np.random.default_rng(0)
    labels = [f"class {code}" for code in rng.integers(0, 2, 80)]
    vectors = rng.normal(size=(80, 20)).astype(np.float32)
    judged = probe.out_of_fold(vectors, labels)
    doubts = label_errors(
        codes_of(labels), judged.probabilities, distances_left_out(vectors, labels)
    )
    assert doubts.is_suspect.mean() <= 0.1


def test_a_suspect_needs_both_kinds_of_evidence() -> None:
    codes = np.array([0] * 10 + [1] * 10)
    sure = np.where(np.eye(2)[codes] > 0, 0.95, 0.05)
    sure[0] = 0.05, 0.95
    near = np.where(np.eye(2)[codes] > 0, 1.0, 9.0)
    assert not label_errors(codes, sure, near).is_suspect.any()
    near[0] = 9.0, 1.0
    assert np.flatnonzero(label_errors(codes, sure, near).is_suspect).tolist() == [0]
    assert np.flatnonzero(label_errors(codes, sure).is_suspect).tolist() == [0]


def test_evidence_for_different_classes_makes_no_suspect() -> None:
    codes = np.repeat([0, 1, 2], 8)
    sure, near = np.where(np.eye(3)[codes] > 0, 0.9, 0.05), 9 - 8 * np.eye(3)[codes]
    sure[0], near[0] = (0.05, 0.9, 0.05), (9, 9, 1)
    assert not label_errors(codes, sure, near).is_suspect.any()
    near[0] = 9, 1, 9
    assert label_errors(codes, sure, near).is_suspect[0]


def test_probabilities_of_nought_break_nothing() -> None:
    doubts = label_errors(np.array([0, 1, 0]), np.eye(2)[[0, 1, 1]], np.zeros((3, 2)))
    assert np.isfinite(doubts.scores).all()
    assert doubts.scores.argmax() == 2
