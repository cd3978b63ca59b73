"""Multinomial logistic regression, C chosen by cross-validation: what papers call a linear probe.

Of embeddings scaled to length 1 it is scikit-learn's `LogisticRegression(C)`. It is worked out in
the coordinates of the embeddings' principal axes, of which there are no more than images: every
row of its coefficients is a sum of embeddings (the representer theorem: Schölkopf, Herbrich and
Smola 2001), and turning the axes changes no length, nor does it matter of which images they are.
From the smallest C to the largest each begins where the one before ended.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from operator import methodcaller

import numpy as np

from featclass.base import Progress, no_progress
from featclass.probe.folds import Folds
from featclass.probe.normalisation import Codes, Floats, Masks
from featclass.probe.softmax_regression import Real, Regressions
from featclass.probe.threads import use_one_thread_each

PENALTIES = 10.0 ** np.arange(-3, 7)
"""Values of C that are tried."""
UNTRIED = 1000.0
"""C where no image can be held out to choose it by."""
BLOCKS = 5
"""Parts that C is chosen by leaving out; of more folds, several make one."""
COLUMNS = 256
"""Classes times regressions that one thread works out side by side."""
NEAR, NEARER = 2e-3, 1e-4
"""Tolerances: of what is held out, and of what is kept."""
RANK = 1e-10
"""Share of the largest variance along an axis below which there is none."""


@dataclass(frozen=True, slots=True)
class _Axes:
    """The principal axes of embeddings, and where these lie along them."""

    centre: Floats
    axes: Floats
    """Shape (dimensions, r), r at most the number of images."""
    features: Floats
    """A 1 behind each, shape (n, r + 1)."""

    @classmethod
    def of(cls, X: Floats) -> _Axes:
        centre = X.mean(axis=0)
        places = X - centre
        is_wide = len(X) <= X.shape[1]
        squares, turned = np.linalg.eigh(places @ places.T if is_wide else places.T @ places)
        kept = squares > RANK * max(float(squares[-1]), np.finfo(np.float64).tiny)
        axes = turned[:, kept]
        if is_wide:
            axes = places.T @ axes / np.sqrt(squares[kept])
        return cls(centre, axes, np.concatenate([places @ axes, np.ones((len(X), 1))], axis=1))

    def turned_back(self, along: Floats) -> tuple[Floats, Floats]:
        """Return coefficients along these axes, shape (r + 1, classes), as those of embeddings.

        That is of shape (classes, dimensions), and intercepts, shape (classes,).
        """
        coefficients = along[:-1].T @ self.axes.T
        return coefficients, np.asarray(along[-1] - coefficients @ self.centre)


@dataclass(slots=True)
class _Path:
    """Regressions on their way from the smallest C to the largest."""

    regressions: Regressions
    before: Real
    at: Real

    @classmethod
    def of(cls, features: Real, codes: Codes, training: Masks) -> _Path:
        """Begin with regressions of these images, shape (regressions, n)."""
        member = np.eye(int(codes.max()) + 1)[codes].astype(features.dtype)
        regressions = Regressions(features, member, training.T.astype(features.dtype))
        return cls(regressions, regressions.start(), regressions.start())

    def to(self, C: float, tolerance: float = NEAR) -> Real:
        """Go on to C, and return the logits of all images, shape (n, classes, regressions).

        As far again as from the last C to this one is nearly there: where classes are kept apart,
        coefficients grow as log C.
        """
        # Of two classes scikit-learn penalises their difference alone, which is twice as much.
        weight = C / 2 if self.regressions.member.shape[1] == 2 else C
        start = 2 * self.at - self.before
        self.before = self.at
        self.at = self.regressions.minimised(weight, start, tolerance=tolerance)
        return self.regressions.logits(self.at)


def fit(X: Floats, codes: Codes, C: float | None = None) -> tuple[Floats, Floats]:
    """Train on embeddings (n, dimensions) of classes 0, 1, ...; without C, `UNTRIED`.

    Returns:
        Coefficients of shape (classes, dimensions), and intercepts of shape (classes,).
    """
    use_one_thread_each()
    axes = _Axes.of(X)
    path = _Path.of(axes.features, codes, np.ones((1, codes.size), dtype=bool))
    path.to(UNTRIED if C is None else C, NEARER)
    return axes.turned_back(np.asarray(path.at[:, :, 0], dtype=np.float64))


def held_out_logits(
    X: Floats, codes: Codes, held_out: Folds, progress: Progress = no_progress
) -> tuple[Floats, float]:
    """Return logits of each image by regressions of all other folds, and C for all images.

    Each chooses its C by cross-validation among its own images, whose parts are the other folds:
    what stands together there does so here. C for all is chosen by all that was held out.

    Args:
        X: Shape (n, dimensions).
        codes: Class of each; each class is in two folds or more.
        held_out: Which fold holds each image out, shape (rounds, n).
        progress: Called now and then; may raise to stop.

    Returns:
        Logits of shape (rounds, n, classes), and C.
    """
    use_one_thread_each()
    features = _Axes.of(X).features.astype(np.float32)
    tried = _Tried.of(codes, held_out % BLOCKS)
    total, steps = len(tried.left_out) * PENALTIES.size, itertools.count(1)
    with closing(_along(features, codes, tried.training, PENALTIES)) as along:
        for row, place, own in along:
            tried.note(row, place, own)
            progress(next(steps), total)
    logits = np.empty(tried.logits.shape[1:])
    for turn, fold in enumerate(held_out):
        chosen = tried.chosen(turn)
        logits[turn] = tried.logits[chosen, turn, np.arange(codes.size)]
        if fold.max() >= BLOCKS:
            logits[turn] = _one_by_one(features, codes, fold, chosen)
    return logits, float(PENALTIES[tried.best()])


def predicted(
    X: Floats,
    codes: Codes,
    training: Masks,
    mixed: Callable[[Floats, Codes, float], Floats] = lambda logits, classes, size: logits,
    C: float | None = None,
) -> Codes:
    """Return the class of every image by a regression of each mask, shape (masks, n).

    `mixed` may change logits, given their classes and their size: log-odds are always of size 1.
    """
    use_one_thread_each()
    features = _Axes.of(X).features.astype(np.float32)
    codes_by_mask = np.empty(training.shape, dtype=np.intp)
    for row, _, logits in _along(features, codes, training, [UNTRIED if C is None else C]):
        classes = np.unique(codes[training[row]])
        own = mixed(logits[:, classes].astype(np.float64), classes, 1.0)
        codes_by_mask[row] = classes[own.argmax(axis=1)]
    return codes_by_mask


@dataclass(frozen=True, slots=True)
class _Tried:
    """What each C said of images left out, one block of a round or two: a pair serves both.

    Where one block is held out, C is chosen by its pairs with the others: by regressions of neither
    block, and how these do on the other one.
    """

    codes: Codes
    blocks: Folds
    """Shape (rounds, n)."""
    left_out: list[tuple[int, tuple[int, ...]]]
    """Of each regression: the round, and one or two of its blocks."""
    losses: Floats
    """Of those left out, shape (regressions, C, blocks)."""
    logits: Real
    """Of each image by the regression that left out its block alone, shape (C, rounds, n, classes).
    """

    @classmethod
    def of(cls, codes: Codes, blocks: Folds) -> _Tried:
        """Plan for every block, and every two, as long as there is something to tell apart."""
        left_out = [
            (turn, tuple(out))
            for turn, own in enumerate(blocks)
            for count in (1, 2)
            for out in itertools.combinations(np.unique(own).tolist(), count)
            if np.unique(codes[~np.isin(own, out)]).size > 1
        ]
        losses = np.zeros((len(left_out), PENALTIES.size, BLOCKS))
        shape = PENALTIES.size, *blocks.shape, int(codes.max()) + 1
        return cls(codes, blocks, left_out, losses, np.zeros(shape, np.float32))

    @property
    def training(self) -> Masks:
        """Which images each regression is of, shape (regressions, n)."""
        return np.array([~np.isin(self.blocks[turn], out) for turn, out in self.left_out])

    def note(self, regression: int, place: int, logits: Real) -> None:
        """Keep what a regression says with a C of those that it left out; logits (n, classes)."""
        turn, out = self.left_out[regression]
        blocks = self.blocks[turn]
        asked = np.flatnonzero(np.isin(blocks, out))
        losses = _losses(logits[asked], self.codes[asked])
        self.losses[regression, place] = np.bincount(blocks[asked], losses, minlength=BLOCKS)
        if len(out) == 1:
            self.logits[place, turn, asked] = logits[asked]

    def best(self) -> int:
        """Return the place of the C of least loss on all that was left out block by block."""
        alone = [row for row, (_, out) in enumerate(self.left_out) if len(out) == 1]
        return _least(self.losses[alone].sum(axis=(0, 2)))

    def _best_without(self, turn: int, block: int) -> int:
        """Return the place of the C of least loss on other blocks, as chosen without this one."""
        losses = np.zeros(PENALTIES.size)
        for row, (own, out) in enumerate(self.left_out):
            if own == turn and len(out) == 2 and block in out:
                [other] = {*out} - {block}
                losses += self.losses[row, :, other]
        return _least(losses)

    def chosen(self, turn: int) -> Codes:
        """Return the place of each image's C in a round, chosen without its block, shape (n,)."""
        own = self.blocks[turn]
        places = np.zeros(BLOCKS, dtype=np.intp)
        for block in np.unique(own).tolist():
            places[block] = self._best_without(turn, block)
        return np.asarray(places[own])


def _along(
    features: Real, codes: Codes, training: Masks, penalties: Iterable[float]
) -> Generator[tuple[int, int, Real]]:
    """Yield a regression, the place of a C, and its logits of all images, shape (n, classes)."""
    size = max(1, COLUMNS // (int(codes.max()) + 1))
    firsts = range(0, len(training), size)
    paths = [_Path.of(features, codes, training[first : first + size]) for first in firsts]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for place, C in enumerate(penalties):
            several = pool.map(methodcaller("to", C), paths)
            for first, logits in zip(firsts, several, strict=True):
                for more in range(logits.shape[2]):
                    yield first + more, place, logits[:, :, more]


def _one_by_one(features: Real, codes: Codes, fold: Codes, chosen: Codes) -> Floats:
    """Return logits (n, classes) by regressions of all other folds, C in these places."""
    logits = np.empty((codes.size, int(codes.max()) + 1))
    for place in np.unique(chosen).tolist():
        numbers = np.unique(fold[chosen == place])
        training = fold != numbers[:, None]
        for row, _, own in _along(features, codes, training, [float(PENALTIES[place])]):
            logits[~training[row]] = own[~training[row]]
    return logits


def _losses(logits: Real, codes: Codes) -> Floats:
    """Return the cross-entropy of each image, shape (n,); 0 of classes that were not learned."""
    right = logits[np.arange(codes.size), codes].astype(np.float64)
    highest = logits.max(axis=1)
    total = np.log(np.exp(logits - highest[:, None], dtype=np.float64).sum(axis=1)) + highest
    return np.asarray(np.where(np.isfinite(right), total - right, 0))


def _least(losses: Floats) -> int:
    """Return the place of the least loss; that of `UNTRIED` where nothing was lost or won."""
    return int(losses.argmin() if losses.any() else np.searchsorted(PENALTIES, UNTRIED))
