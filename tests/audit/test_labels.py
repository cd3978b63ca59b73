from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass import probe
from featclass.audit import label_errors
from featclass.audit.labels import Doubts
from featclass.probe.covariance import distances_left_out


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


def look_alikes(seed: int, *, noise: float) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return embeddings of 10 x 20 images, whose classes come in pairs, and their classes."""
    rng = np.random.default_rng(seed)
    means = np.repeat(rng.normal(size=(5, 40)), 2, axis=0)
    means += 0.7 * rng.normal(size=means.shape)
    codes = np.repeat(np.arange(10), 20)
    spread = noise * rng.standard_t(6, size=(codes.size, 40)) * np.linspace(1.2, 0.4, 40)
    return (means[codes] + spread / 2 + 1).astype("f4"), codes


def doubted(vectors: NDArray[np.float32], codes: NDArray[np.intp]) -> tuple[Doubts, float]:
    """Return the doubts about these labels, and how often out-of-fold predictions agree."""
    labels = [f"class {code:02}" for code in codes]
    judged = probe.out_of_fold(vectors, labels)
    agree = float((judged.probabilities.argmax(axis=1) == codes).mean())
    return label_errors(codes, judged.probabilities, distances_left_out(vectors, labels)), agree


def planted(codes: NDArray[np.intp], seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the labels with one in twenty replaced by another, and the places of those."""
    rng = np.random.default_rng(seed)
    wrong = rng.permutation(codes.size)[: round(0.05 * codes.size)]
    given = codes.copy()
    given[wrong] += rng.integers(1, codes.max() + 1, wrong.size)
    return given % (codes.max() + 1), wrong


@pytest.mark.parametrize(
    ("noise", "low", "high"), [(5.0, 0.7, 0.8), (4.2, 0.8, 0.9), (3.5, 0.9, 1.0)]
)
def test_at_most_one_in_25_of_a_clean_set_is_suspect_however_much_alike_its_classes(
    noise: float, low: float, high: float
) -> None:
    rounds = [doubted(*look_alikes(seed, noise=noise)) for seed in range(5)]
    assert low <= np.mean([agree for _, agree in rounds]) <= high
    assert np.mean([doubts.is_suspect.mean() for doubts, _ in rounds]) <= 0.04
    assert np.mean([doubts.is_strong.mean() for doubts, _ in rounds]) <= 0.01


def test_labels_planted_among_look_alikes_are_most_of_the_suspects() -> None:
    hits, suspects, strong_hits, strong, planted_ones = 0, 0, 0, 0, 0
    for seed in range(5):
        vectors, codes = look_alikes(seed, noise=3.8)
        given, wrong = planted(codes, seed)
        doubts, _ = doubted(vectors, given)
        is_wrong = np.isin(np.arange(codes.size), wrong)
        hits += (doubts.is_suspect & is_wrong).sum()
        suspects += doubts.is_suspect.sum()
        strong_hits += (doubts.is_strong & is_wrong).sum()
        strong += doubts.is_strong.sum()
        planted_ones += wrong.size
    assert hits / suspects >= 2 / 3
    assert hits / planted_ones >= 3 / 4
    assert strong_hits / strong >= 0.9
    assert strong_hits / planted_ones >= 1 / 3


def test_labels_that_follow_the_predictions_are_not_doubted_however_unlikely_some_are() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.full(4, 0.3), size=2000)
    codes = np.array([rng.choice(4, p=row) for row in probabilities])
    assert (probabilities.argmax(axis=1) != codes).mean() > 0.15
    doubts = label_errors(codes, probabilities)
    assert doubts.is_suspect.mean() <= 0.01
    assert not doubts.is_strong.any()


def test_the_score_is_the_chance_that_a_label_is_wrong() -> None:
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet(np.full(4, 0.2), size=4000)
    truth = np.array([rng.choice(4, p=row) for row in probabilities])
    given, wrong = planted(truth, 1)
    doubts = label_errors(given, probabilities)
    for low, high in ((0.2, 0.6), (0.6, 0.9), (0.9, 1.0)):
        rows = np.flatnonzero((doubts.scores > low) & (doubts.scores <= high))
        share = np.isin(rows, wrong).mean()
        assert abs(share - doubts.scores[rows].mean()) < 0.12


@pytest.mark.parametrize("place", [0, 5, 12, 13, 18, 23])
def test_one_picture_in_the_wrong_of_two_small_sets_is_the_only_suspect(place: int) -> None:
    rng = np.random.default_rng(4)
    codes = np.repeat([0, 1], [13, 11])
    vectors = (2 * rng.normal(size=(2, 30))[codes] + rng.normal(size=(24, 30)) + 3).astype("f4")
    given = codes.copy()
    given[place] = 1 - given[place]
    doubts, _ = doubted(vectors, given)
    assert np.flatnonzero(doubts.is_suspect).tolist() == [place]


def test_copies_under_one_wrong_label_do_not_vouch_for_each_other() -> None:
    rng = np.random.default_rng(2)
    codes = np.repeat([0, 1, 2], 12)
    vectors = rng.normal(size=(3, 60))[codes] + 1.2 * rng.normal(size=(36, 60)) + 2
    given = codes.copy()
    given[[3, 20]] = 1, 0
    four = np.concatenate([vectors + 0.2 * rng.normal(size=vectors.shape) for _ in range(4)])
    four = four.astype(np.float32)
    groups, labels = np.tile(np.arange(36), 4), [f"class {code}" for code in np.tile(given, 4)]
    judged = probe.out_of_fold(four, labels, groups=groups)
    distances = distances_left_out(four, labels, groups)
    doubts = label_errors(np.tile(given, 4), judged.probabilities, distances)
    assert set(groups[doubts.is_suspect].tolist()) == {3, 20}
    assert doubts.is_suspect.sum() == 8


def of_sound_pictures(count: int, odd: int) -> Doubts:
    """Doubts about so many labels, `odd` of which their pictures resemble with 10 % alone."""
    codes, own = np.arange(count) % 2, np.full(count, 0.95)
    own[:odd] = 0.1
    return label_errors(codes, np.where(np.eye(2)[codes] > 0, own[:, None], 1 - own[:, None]))


def test_one_picture_in_two_hundred_is_shown_until_so_many_are_known_that_chance_explains_it() -> (
    None
):
    assert np.flatnonzero(of_sound_pictures(200, odd=1).is_suspect).tolist() == [0]
    assert not of_sound_pictures(400, odd=2).is_suspect.any()
    assert of_sound_pictures(24, odd=1).is_suspect[0]  # few pictures say little of how many err
