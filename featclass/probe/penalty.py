"""The choice of C, the inverse strength of the penalty."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from featclass.probe import folds
from featclass.probe.examples import Codes, Examples, Floats, Masks
from featclass.probe.solver import solve
from featclass.records import Progress

GRID: tuple[float, ...] = tuple(10.0 ** (power / 2) for power in range(-4, 9))
DEFAULT_C = GRID[9]
"""For classes of one image, and what a sweep has to argue against.

Over draws of 2 to 45 images a class from six real sets (EfficientNet-Lite0), its log loss on the
rest was within 0.05 of the best C in hindsight on average (C = 100: 0.08).
"""
TOLERANCE = 1e-2
"""Leaves a log loss within 0.4 % of its own (3 % for 24 images), less than its standard error."""
FIRST = GRID.index(DEFAULT_C)
ORDER = (*range(FIRST, len(GRID)), *reversed(range(FIRST)))
SWEEP_WORK = 5 * 10**8
"""Most multiplications a step of the sweep may cost for each fold: some ten seconds in all."""
FEWEST_A_CLASS = 10

Solutions = dict[int, NDArray[Any]]
"""By place in `GRID`, shape (problems, *examples.shape): of all images, of those outside each
fold, and of those outside each two."""


@dataclass(frozen=True, slots=True)
class Choice:
    """C for all images and, where nested, without each fold; and the solutions it was seen by."""

    C: Floats
    """Shape (1,), or (1 + folds,): for all images, then without each fold."""
    solutions: Solutions
    images: int
    """How many images it was chosen on: all, or a sample of many."""

    def near(self, C: float, fold: int | None = None) -> NDArray[Any]:
        """Return what is near the solution for `C`, of all images or of those outside a fold."""
        nearest = min(self.solutions, key=lambda place: abs(np.log(GRID[place] / C)))
        solutions = self.solutions[nearest]
        return np.asarray(solutions[0 if fold is None or len(solutions) == 1 else 1 + fold])


def choose(
    examples: Examples,
    codes: Codes,
    held_out: folds.Folds,
    *,
    progress: Progress,
    nested: bool = False,
    former: Solutions | None = None,
) -> Choice:
    """Choose C by cross-validated log loss: for all images and, if nested, without each fold.

    What is trained without folds i and j tests j where C is chosen without i, and i where it is
    chosen without j: each inner fit serves two folds. Very many images, unless nested, are judged
    by a stratified sample of them.

    Of the values whose log loss is within one standard error of the lowest (of the difference,
    image by image), the one nearest to `DEFAULT_C` wins: weak evidence moves it little. That is
    where the search starts; it goes up, then down, until every loss has clearly risen. Where
    nothing can be left out without losing a class, `DEFAULT_C` stays.

    Args:
        examples: Points and their classes.
        codes: The classes again, shape (n,).
        held_out: The fold of each image, shape (n,).
        progress: Called after each value of `GRID`; may raise to stop.
        nested: Whether to choose without each fold, too.
        former: Solutions for images nearly the same, in the same coordinates, to start from.
    """
    if not nested:
        sampled = _sample(examples, codes)
        examples, codes, held_out = examples.some(sampled), codes[sampled], held_out[sampled]
    sweep = _Sweep(examples, codes, held_out, nested, former)
    for step, place in enumerate(ORDER):
        sweep.visit(place)
        progress(step + 1, len(GRID))
    return sweep.choice()


def given(examples: Examples, C: float, choices: int = 1) -> Choice:
    """Return this C, with nothing known of its solutions."""
    nothing = np.zeros((1, *examples.shape), dtype=np.float32)
    return Choice(np.full(choices, C), {FIRST: nothing}, len(examples.codes))


def _sample(examples: Examples, codes: Codes) -> NDArray[np.intp]:
    """Return which images to try every C on, ascending: evenly by class."""
    rows, width = examples.shape
    most = max(SWEEP_WORK // (rows * width), FEWEST_A_CLASS * examples.classes)
    if codes.size <= most:
        return np.arange(codes.size)
    return np.flatnonzero(folds.single_split(codes, most / codes.size, seed=0))


class _Sweep:
    """Log losses of images left out, by place in `GRID`."""

    def __init__(
        self,
        examples: Examples,
        codes: Codes,
        held_out: folds.Folds,
        nested: bool,
        former: Solutions | None,
    ) -> None:
        self.examples = examples
        count = int(held_out.max()) + 1
        ones = [(fold, fold) for fold in range(count)]
        self.twos = list(itertools.combinations(range(count), 2)) if nested else []
        masks = [(held_out != one) & (held_out != other) for one, other in ones + self.twos]
        has_all = [np.unique(codes[mask]).size == examples.classes for mask in masks]
        # What cannot be solved is replaced by all images, and judges none.
        self.training = np.array([masks[0] | True, *masks])
        self.training[1:][~np.array(has_all)] = True
        self.former = former or {}
        if any(len(theta) != len(self.training) for theta in self.former.values()):
            self.former = {}
        # Which solution judges each image, where C is for all images, then without each fold.
        self.judge = np.zeros((1 + count if nested else 1, codes.size), dtype=np.intp)
        for place in 1 + np.flatnonzero(has_all):
            one, other = (ones + self.twos)[place - 1]
            self.judge[1 + one if one != other else 0, held_out == other] = place
            self.judge[1 + other if one != other else 0, held_out == one] = place
        self.judged = self.judge > 0
        # A choice knows nothing of the values that the losses it is made by did not lead to.
        self.asked: dict[int, Masks] = {FIRST: np.asarray(self.judged.any(axis=1))}
        self.losses: dict[int, Floats] = {}
        self.solutions: Solutions = {}
        # How far solutions were from where they were expected.
        self.apart: Solutions = {}

    def visit(self, place: int) -> None:
        """Solve for this C, unless the one on the way to it is clearly worse than the best."""
        if place != FIRST:
            self._ask(place, place - 1 if place > FIRST else place + 1)
        if not self.asked[place].any():
            return
        theta = np.zeros((len(self.training), *self.examples.shape), dtype=np.float32)
        expected = self._formerly(place)
        first = len(theta) - len(self.twos)
        theta[:first] = self._solve(place, slice(first), expected[:first])
        if self.twos:
            one, other = 1 + np.array(self.twos).T
            if not self.former:
                # Leaving out two folds does nearly what each of them does, added up.
                expected[first:] = theta[one] + theta[other] - theta[0]
            theta[first:] = self._solve(place, slice(first, None), expected[first:])
        self.solutions[place] = theta
        self.apart[place] = theta - expected
        losses = np.take_along_axis(self.examples.log_losses(theta), self.judge, axis=0)
        self.losses[place] = np.where(self.judged, losses, 0.0)

    def choice(self) -> Choice:
        if not self.losses:
            return given(self.examples, DEFAULT_C, len(self.judge))
        values = np.array(GRID)[list(self.losses)]
        best = _best(*self._seen(), self.judged, values)
        return Choice(values[best], self.solutions, self.judge.shape[1])

    def _formerly(self, place: int) -> NDArray[Any]:
        if not self.former:
            return np.zeros((len(self.training), *self.examples.shape), dtype=np.float32)
        return self.former[min(self.former, key=lambda known: abs(known - place))]

    def _solve(self, place: int, part: slice, expected: NDArray[Any]) -> NDArray[Any]:
        training = self.training[part]
        back = -1 if place > FIRST else 1
        before = [
            self.apart[at][part]
            for at in range(place + back, place + 4 * back, back)
            if at in self.apart
        ]
        C = np.full(len(training), GRID[place])
        start = expected + _extrapolated(before)
        return solve(self.examples, training, C, start, tolerance=TOLERANCE)

    def _ask(self, place: int, last: int) -> None:
        """Let those go on to a value for whom the one before is not clearly worse than the best."""
        self.asked[place] = self.asked[last].copy()
        if last in self.losses:
            worse, doubt = _compare(*self._seen(), self.judged)
            self.asked[place] &= (worse <= 2 * doubt)[list(self.losses).index(last)]

    def _seen(self) -> tuple[Floats, Masks]:
        """Return the losses, shape (values, choices, n), and which choices asked for them."""
        values = list(self.losses)
        return np.array(list(self.losses.values())), np.array([self.asked[at] for at in values])


def _extrapolated(before: list[NDArray[Any]]) -> Any:
    """Return what follows, linear or quadratic in log C, from the last first."""
    if len(before) < 2:
        return before[0] if before else 0
    last, middle, *first = before
    return 3 * (last - middle) + first[0] if first else 2 * last - middle


def _best(losses: Floats, asked: Masks, judged: Masks, values: Floats) -> NDArray[np.intp]:
    """Return which of the values of C to choose, from losses of shape (values, choices, n)."""
    worse, doubt = _compare(losses, asked, judged)
    distance = np.abs(np.log(values / DEFAULT_C))[:, None]
    return np.asarray(np.where(worse <= doubt, distance, np.inf).argmin(axis=0), dtype=np.intp)


def _compare(losses: Floats, asked: Masks, judged: Masks) -> tuple[Floats, Floats]:
    """Return how much worse each C is than the best, and that difference's standard error."""
    sizes = judged.sum(axis=1).clip(min=2)
    sums = np.where(asked, losses.sum(axis=2), np.inf)
    best = losses[sums.argmin(axis=0), np.arange(len(judged))]
    differences = losses - best
    worse = differences.sum(axis=2) / sizes
    spread = np.where(judged, differences - worse[:, :, None], 0.0)
    errors = np.sqrt((spread**2).sum(axis=2) / (sizes - 1) / sizes)
    return np.where(asked, worse, np.inf), errors
