"""Give-aways: what would tell the classes apart without looking at what the pictures show."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from featclass.images import Appearance
from featclass.probe import Codes, binomial_tail

MOST = 2000
"""Images looked at; more would say the same."""
SAME_COLOURS = 6.0
"""Root mean square difference in levels, up to which two borders or corners are the same."""
EVEN = 4
"""Standard deviation of the luminance of a border that is one colour."""
LEAST_GAIN = 0.2
"""Of the way from guessing to always right, that a give-away must go."""
CHANCE_OF_ANY = 0.01
"""Of calling any cue a give-away in pictures that have none (with Bonferroni's correction)."""
FEWEST = 8
SIZE, PROPORTIONS = "size in pixels", "ratio of width to height"


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A cue, how often it alone names the right class, and for which class it does best."""

    cue: str
    accuracy: float
    chance: float
    label: int
    """The class that it gives away most surely, by its place among the classes."""
    rows: list[int]
    """The images of that class that it gives away."""


def shortcuts(appearances: Sequence[Appearance], codes: Codes, groups: Codes) -> list[Shortcut]:
    """Return the cues that alone would predict the class, the most accurate first.

    Each image is given the class that most images with the same cue have, itself and its
    near-duplicates left out. A cue counts where that is right more often than always guessing
    the largest class, by a binomial test over groups of near-duplicates.
    """
    places = _first_of_each(groups)
    places = places[np.linspace(0, places.size - 1, min(places.size, MOST)).astype(np.intp)]
    labels = codes[places]
    sizes = np.bincount(labels, minlength=int(codes.max(initial=0)) + 1)
    if places.size < FEWEST or (sizes > 0).sum() < 2:
        return []
    chance = float(sizes.max() / places.size)
    strong: list[Shortcut] = []
    cues = list(_cues([appearances[place] for place in places]))
    for cue, same in cues:
        is_right, is_like_others = _voted(same, labels)
        accuracy = float(is_right.mean())
        if accuracy < chance + LEAST_GAIN * (1 - chance):
            continue
        if binomial_tail(int(is_right.sum()), places.size, chance) > CHANCE_OF_ANY / len(cues):
            continue
        given_away = is_right & is_like_others
        shares = np.bincount(labels[given_away], minlength=sizes.size) / np.maximum(sizes, 1)
        label = int(shares.argmax())
        rows = places[given_away & (labels == label)].tolist()
        strong.append(Shortcut(cue, accuracy, chance, label, rows))
    if SIZE in (shortcut.cue for shortcut in strong):
        strong = [shortcut for shortcut in strong if shortcut.cue != PROPORTIONS]
    return sorted(strong, key=lambda shortcut: -shortcut.accuracy)


def _first_of_each(groups: Codes) -> Codes:
    return np.sort(np.unique(groups, return_index=True)[1])


def _cues(looks: Sequence[Appearance]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield each cue with which images have it in common, shape (n, n)."""
    yield "file format", _equal([look.format for look in looks])
    yield SIZE, _equal([(look.width, look.height) for look in looks])
    yield PROPORTIONS, _equal([round(6 * math.log2(look.width / look.height)) for look in looks])
    borders = np.array([look.borders for look in looks], np.float32)
    spreads = np.array([look.spreads for look in looks])
    is_even = np.asarray((spreads <= EVEN).all(axis=1))
    flat = borders.reshape(len(looks), -1)
    yield "border", _close(flat) & is_even & is_even[:, None]
    corners = np.array([look.corners for look in looks], np.float32)
    for place, name in enumerate(("top left", "top right", "bottom left", "bottom right")):
        yield f"{name} corner", _close(corners[:, place].reshape(len(looks), -1))


def _equal(values: Sequence[object]) -> NDArray[np.bool_]:
    numbers: dict[object, int] = {}
    codes = np.array([numbers.setdefault(value, len(numbers)) for value in values])
    return np.asarray(codes[:, None] == codes)


def _close(colours: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which rows differ by no more than `SAME_COLOURS`, shape (n, n)."""
    colours = colours - colours.mean(axis=0)
    lengths = (colours**2).sum(axis=1)
    squares = lengths[:, None] - 2 * colours @ colours.T + lengths
    return np.asarray(squares <= SAME_COLOURS**2 * colours.shape[1])


def _voted(same: NDArray[np.bool_], labels: Codes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which images the others with the same cue name rightly, and which have such others.

    Images whose cue nobody shares vote for each other. A tie names nothing.
    """
    others = ~np.eye(labels.size, dtype=bool)
    is_alone = np.asarray(~(same & others).any(axis=1))
    same = (same | (is_alone[:, None] & is_alone)) & others
    votes = same.astype(np.float32) @ np.eye(labels.max() + 1, dtype=np.float32)[labels]
    own = votes[np.arange(labels.size), labels].copy()
    votes[np.arange(labels.size), labels] = -1
    return own > np.maximum(votes.max(axis=1), 0), ~is_alone
