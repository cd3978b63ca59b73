"""The choice of C, the inverse strength of the penalty."""

from __future__ import annotations

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
"""Leaves a log loss within 0.3 % of its own, far less than its standard error."""
SWEEP_WORK = 5 * 10**8
"""Most multiplications a step of the sweep may cost for each fold: some ten seconds in all."""
FEWEST_A_CLASS = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """C for each group of images, and a solution near the one that it leads to."""

    C: Floats
    """Shape (groups,)."""
    solutions: NDArray[Any]
    """Mean over the folds, shape (groups, *examples.shape)."""
    folds: NDArray[Any]
    """Those of the folds of the last group, shape (folds, *examples.shape)."""
    images: int
    """How many images it was chosen on: all, or a sample of many."""


def choose(
    examples: Examples, codes: Codes, groups: Masks, *, seed: int, progress: Progress
) -> Choice:
    """Choose C for each group of images, by stratified cross-validation inside the group.

    A single group of very many images is judged by a stratified sample of them.

    Of the values whose log loss is within one standard error of the lowest (of the difference,
    image by image), the one nearest to `DEFAULT_C` wins: weak evidence moves it little. A group
    with a class of one image gets `DEFAULT_C`.

    Args:
        examples: Points and their classes.
        codes: The classes again, shape (n,).
        groups: The images of each group, shape (groups, n).
        seed: Of the folds.
        progress: Called after each value of `GRID`, and while waiting for one.
    """
    if len(groups) == 1:
        sampled = _sample(examples, codes, groups[0], seed)
        examples, codes, groups = examples.some(sampled), codes[sampled], groups[:, sampled]
    sweep = _Sweep(examples, codes, groups, seed)
    for step, C in enumerate(GRID):
        sweep.advance(C)
        progress(step + 1, len(GRID))
    return sweep.choice()


def given(examples: Examples, groups: int, C: float) -> Choice:
    """Return the same C for every group, with nothing known of its solutions."""
    nothing = np.zeros((groups, *examples.shape), dtype=np.float32)
    return Choice(np.full(groups, C), nothing, nothing[:0], len(examples.codes))


def _sample(examples: Examples, codes: Codes, group: Masks, seed: int) -> NDArray[np.intp]:
    """Return which images of a group to try every C on, ascending: evenly by class."""
    members = np.flatnonzero(group)
    rows, width = examples.shape
    most = max(SWEEP_WORK // (rows * width), FEWEST_A_CLASS * examples.classes)
    if members.size <= most:
        return members
    kept = folds.single_split(codes[members], most / members.size, seed=seed)
    return np.asarray(members[kept], dtype=np.intp)


class _Sweep:
    """Out-of-fold log losses of groups of images, from the smallest C upwards."""

    def __init__(self, examples: Examples, codes: Codes, groups: Masks, seed: int) -> None:
        self.examples, self.groups = examples, groups
        smallest = np.array([np.bincount(codes[group]).min() for group in groups])
        counts = np.minimum(folds.MOST_FOLDS, smallest)
        self.owners = np.repeat(np.arange(len(groups)), counts)
        self.training = np.zeros((len(self.owners), codes.size), dtype=bool)
        for owner, group in enumerate(groups):
            inner = folds.stratified(codes[group], int(counts[owner]), seed=seed)
            self.training[np.ix_(self.owners == owner, group)] = inner
        self.firsts = np.flatnonzero(np.diff(self.owners, prepend=-1))
        self.testing = groups[self.owners] & ~self.training
        self.path = [np.zeros((len(self.owners), *examples.shape), dtype=np.float32)]
        self.is_settled = smallest < 2
        # A row for each C: losses (groups, n), solutions of the folds, and which groups have them.
        self.losses: list[Floats] = []
        self.solutions: list[NDArray[Any]] = []
        self.is_solved: list[Masks] = []

    def advance(self, C: float) -> None:
        """Solve for the next C; a group is settled once its loss has clearly turned upwards."""
        running = ~self.is_settled[self.owners]
        if not running.any():
            return
        theta = _extrapolated(self.path)
        theta[running] = solve(
            self.examples,
            self.training[running],
            np.full(int(running.sum()), C),
            theta[running],
            tolerance=TOLERANCE,
        )
        self.path = [*self.path[-2:], theta]
        losses = np.where(self.testing, self.examples.log_losses(theta), 0.0)
        self.losses.append(np.add.reduceat(losses, self.firsts))
        self.solutions.append(theta)
        self.is_solved.append(~self.is_settled)
        worse, doubt = _compare(np.array(self.losses), np.array(self.is_solved), self.groups)
        if len(worse) > 2:
            self.is_settled = self.is_settled | (worse > 2 * doubt)[-2:].all(axis=0)

    def choice(self) -> Choice:
        if not self.losses:
            return given(self.examples, len(self.groups), DEFAULT_C)
        best = _best(np.array(self.losses), np.array(self.is_solved), self.groups)
        theta = np.array(self.solutions)[best[self.owners], np.arange(len(self.owners))]
        counts = np.bincount(self.owners)[:, None, None]
        means = np.add.reduceat(theta, self.firsts) / counts.astype(np.float32)
        images = self.groups.shape[1]
        return Choice(np.array(GRID)[best], means, theta[self.firsts[-1] :], images)


def _extrapolated(path: list[NDArray[Any]]) -> NDArray[Any]:
    """Return where the solutions go next, quadratic in log C; they start from nothing."""
    if len(path) < 3:
        return path[-1].copy()
    before, last, now = path
    return np.asarray(3 * (now - last) + before)


def _best(losses: Floats, is_solved: Masks, groups: Masks) -> NDArray[np.intp]:
    """Return the place in `GRID` of each group's C, from losses of shape (values, groups, n)."""
    worse, doubt = _compare(losses, is_solved, groups)
    distance = np.abs(np.log(GRID[: len(losses)]) - np.log(DEFAULT_C))[:, None]
    alike = np.where(worse <= doubt, distance, np.inf).argmin(axis=0)
    return np.where(is_solved.any(axis=0), alike, GRID.index(DEFAULT_C))


def _compare(losses: Floats, is_solved: Masks, groups: Masks) -> tuple[Floats, Floats]:
    """Return how much worse each C is than the best, and that difference's standard error."""
    sizes = groups.sum(axis=1)
    means = np.where(is_solved, losses.sum(axis=2) / sizes, np.inf)
    best = losses[means.argmin(axis=0), np.arange(len(groups))]
    differences = losses - best
    worse = differences.sum(axis=2) / sizes
    spread = np.where(groups, differences - worse[:, :, None], 0.0)
    errors = np.sqrt((spread**2).sum(axis=2) / (sizes - 1) / sizes)
    return np.where(is_solved, worse, np.inf), errors
