"""Probabilities that come true as often as they say, and are never certain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featclass.probe.normalisation import Codes, Floats, softmax

USUAL = 0.045
"""Before any out-of-fold prediction log T is normal about log(USUAL / sqrt(n)), with standard
deviation `DOUBT`: from draws of 1 to 40 images a class of nine sets."""
DOUBT = 0.7
BINS = 15
MEASURED = 5000
"""Images that the temperature is found from: more move it by less than a step of the search."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Probabilities are (1 - floor) softmax(logits / temperature) + floor / classes."""

    temperature: float
    floor: float

    def probabilities(self, logits: Floats) -> Floats:
        """Return probabilities, shape (n, classes), for logits of that shape."""
        shares = softmax(logits / self.temperature)
        return floored(shares, self.floor)


def floored(shares: Floats, floor: float) -> Floats:
    """Mix probabilities, shape (n, classes), with as much of each class."""
    return np.asarray((1 - floor) * shares + floor / shares.shape[1])


def usual(images: int, classes: int) -> Calibration:
    """Return what serves where a class has a single image, so that nothing was held out."""
    return Calibration(USUAL / images**0.5, _floor(images, classes))


def calibrated(logits: Floats, codes: Codes, share: float) -> tuple[Calibration, Calibration]:
    """Return the calibration of held-out logits, and that of the discriminant of all images.

    Temperature scaling (Guo et al. 2017), the most probable temperature given the prior. Logits
    grow about as the images do that they are made from: with all images in place of a `share`,
    the temperature is that much less. The floor keeps each probability at 1 - 1 / (4 n + 2) or
    below: of n pictures none can tell what one in four times as many would be.

    Args:
        logits: Out of fold, shape (n, classes).
        codes: Class of each.
        share: Of the images that a fold trains on.
    """
    n, classes = logits.shape
    temperature = _most_probable(logits, codes, np.log(USUAL / n**0.5), np.log(share))
    floor = _floor(n, classes)
    return Calibration(temperature, floor), Calibration(temperature * share, floor)


def usual_log_odds(images: int, classes: int) -> Calibration:
    """Return what serves for logits that are meant as log-odds, where nothing was held out."""
    return Calibration(1.0, _floor(images, classes))


def calibrated_log_odds(rounds: Floats, codes: Codes) -> tuple[Calibration, Calibration]:
    """Return the calibration of the mean of held-out log-odds, and that of a probe of all images.

    As `calibrated`, but log T is normal about 0, and all images in place of a share do not change
    it. The mean over rounds is surer than one probe is: of few images it would sharpen that too
    much, so that the second temperature is found from each round by itself.

    Args:
        rounds: Out of fold, shape (rounds, n, classes).
        codes: Class of each.
    """
    count, n, classes = rounds.shape
    floor = _floor(n, classes)
    apart, many = rounds.reshape(-1, classes), np.tile(codes, count)
    return (
        Calibration(_most_probable(rounds.mean(axis=0), codes, 0.0), floor),
        Calibration(_most_probable(apart, many, 0.0, weight=1 / count), floor),
    )


def _most_probable(
    logits: Floats, codes: Codes, prior: float, shift: float = 0.0, weight: float = 1.0
) -> float:
    """Return the temperature T where log T + shift is normal about the prior.

    A loss counts as `weight` says.
    """
    asked = np.random.default_rng(0).permutation(codes.size)[:MEASURED]
    shifted = logits[asked] - logits[asked].max(axis=1, keepdims=True)
    own = shifted[np.arange(asked.size), codes[asked]]

    def cost(log_t: float) -> float:
        t = np.exp(log_t)
        loss = np.log(np.exp(shifted / t).sum(axis=1)) - own / t
        return float(weight * loss.sum() + ((log_t + shift - prior) / DOUBT) ** 2 / 2)

    grid = prior + np.linspace(-4, 4, 33)
    for _ in range(2):  # to 0.25, then to 0.016 of log T
        best, step = grid[int(np.argmin([cost(value) for value in grid]))], grid[1] - grid[0]
        grid = np.linspace(best - step, best + step, 33)
    return float(np.exp(best))


def calibration_error(probabilities: Floats, codes: Codes) -> float:
    """Return the expected calibration error of the largest probabilities, bins of equal mass.

    Guo et al. 2017, "On calibration of modern neural networks"; fewer bins where there are fewer
    than ten predictions for each of 15.
    """
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == codes
    order = np.argsort(sure, kind="stable")
    bins = np.array_split(order, max(1, min(BINS, order.size // 10)))
    gaps = [abs(sure[rows].mean() - right[rows].mean()) * rows.size for rows in bins]
    return float(sum(gaps) / order.size)


def _floor(images: int, classes: int) -> float:
    return classes / (classes - 1) / (4 * images + 2)
