"""Stratified ways to divide labelled images into those to train on and those to predict."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from featclass.probe.examples import Codes, Masks

MOST_FOLDS = 5
LEAVE_ONE_OUT_IMAGES = 100
"""With fewer than five images in a class and no more than this in all, each is left out alone."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which images each probe of a cross-validation trains on; the rest it predicts."""

    training: Masks
    """Shape (folds * repeats, n)."""
    folds: int
    repeats: int
    leave_one_out: bool


def cross_validation(codes: Codes, *, seed: int, repeats: int) -> Plan:
    """Plan as many folds as the smallest class allows, up to five; every class has two images."""
    smallest = int(np.bincount(codes).min())
    if smallest < MOST_FOLDS and codes.size <= LEAVE_ONE_OUT_IMAGES:
        return Plan(~np.eye(codes.size, dtype=bool), codes.size, 1, leave_one_out=True)
    folds = min(MOST_FOLDS, smallest)
    rounds = [stratified(codes, folds, seed=seed, turn=turn) for turn in range(repeats)]
    return Plan(np.concatenate(rounds), folds, repeats, leave_one_out=False)


def stratified(codes: Codes, folds: int, *, seed: int, turn: int = 0) -> Masks:
    """Return training masks (folds, n); each class is dealt out evenly, in an order by chance."""
    rng = np.random.default_rng([seed, turn])
    held_out = np.empty(codes.size, dtype=np.intp)
    dealt = 0
    for code in np.unique(codes):
        members = rng.permutation(np.flatnonzero(codes == code))
        # Going on where the last class stopped keeps the folds equally large.
        held_out[members] = (dealt + np.arange(members.size)) % folds
        dealt += members.size
    return np.asarray(held_out != np.arange(folds)[:, None])


def single_split(codes: Codes, train_share: float, *, seed: int) -> Masks:
    """Return the training mask (n,) of one stratified split; every class keeps one to train on."""
    rng = np.random.default_rng([seed, 0])
    sizes = np.bincount(codes)
    # As scikit-learn counts: 20 % of 24 are 5 to test. The slack is for 0.8 not being 4 / 5.
    wanted = (1 - train_share) * sizes
    spare = math.ceil(wanted.sum() - 1e-9) - np.floor(wanted).sum()
    shares = np.floor(wanted).astype(np.intp)
    shares[np.argsort(shares - wanted, kind="stable")[: int(spare)]] += 1
    training = np.ones(codes.size, dtype=bool)
    for code, share in enumerate(np.minimum(shares, sizes - 1)):
        training[rng.permutation(np.flatnonzero(codes == code))[:share]] = False
    return training
