"""Whether wrong labels are found, and right ones left alone."""

from __future__ import annotations

import numpy as np

from benchmarks import pools
from benchmarks.pools import Pool
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table, means

DRAWS = 5
MOST = 400
FLIPPED = 0.05
LOOKED_AT = 0.1

LABEL_COLUMNS = (
    "pool", "images", "out-of-fold accuracy", "found in the first tenth",
    "by self-confidence alone", "suspects that are wrong", "wrong that are suspects",
)  # fmt: skip
LABEL_NOTE = (
    "One label in twenty is replaced by another by chance. Wanted are 90 % of them within the most"
    " doubtful tenth where classes are told apart nine times in ten, and 88 % on average."
)


def measure(settings: Settings) -> list[Table]:
    """Measure on drawn shapes, digits, and the folders that the environment names."""
    draws = 1 if settings.quick else DRAWS
    rows = [_labels(pool, draws, settings) for pool, _ in pools.drawn_and_given(settings)]
    shares = dict.fromkeys(LABEL_COLUMNS[2:], ".1%")
    return [Table("labels", "Planted label errors", LABEL_COLUMNS, rows, LABEL_NOTE, shares)]


def _labels(pool: Pool, draws: int, settings: Settings) -> list[Cell]:
    settings.say(f"planted label errors: {pool.name}")
    rows = [_planted(pool, draw) for draw in range(draws)]
    images = min(len(pool.labels), MOST)
    return [pool.name, images, *means([row[:5] for row in rows])]


def _planted(pool: Pool, draw: int) -> list[float]:
    from featclass import probe
    from featclass.audit import label_errors
    from featclass.probe.scatter import distances_left_out

    rng = np.random.default_rng(draw)
    rows = rng.permutation(len(pool.labels))[:MOST]
    vectors, codes = pool.vectors[rows], np.searchsorted(pool.classes, pool.labels[rows])
    wrong = rng.permutation(rows.size)[: max(1, round(FLIPPED * rows.size))]
    given = codes.copy()
    given[wrong] += rng.integers(1, len(pool.classes), wrong.size)
    given %= len(pool.classes)
    labels = [pool.classes[code] for code in given]
    judged = probe.out_of_fold(vectors, labels)
    doubts = label_errors(given, judged.probabilities, distances_left_out(vectors, labels))
    top = -(-rows.size // round(1 / LOOKED_AT))
    own = judged.probabilities[np.arange(rows.size), given]
    suspects = np.flatnonzero(doubts.is_suspect)
    hits = np.isin(suspects, wrong).sum()
    return [
        float((judged.probabilities.argmax(axis=1) == given).mean()),
        float(np.isin(wrong, np.argsort(-doubts.scores, kind="stable")[:top]).mean()),
        float(np.isin(wrong, np.argsort(own, kind="stable")[:top]).mean()),
        float(hits / max(1, suspects.size)),
        float(hits / wrong.size),
    ]
