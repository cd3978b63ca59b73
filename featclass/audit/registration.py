"""Whether one picture is another one cropped, shifted, turned, sheared, mirrored or partly covered.

Corners of both are matched; what most of the matches obey must be a change that a person or a tool
makes to a picture, and laid over each other by it the two must show the same everywhere: a ground,
a frame or a caption in common is not enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from types import ModuleType

Grey = NDArray[np.uint8]
Singles = NDArray[np.float32]
Affine = NDArray[np.float64]
"""Shape (2, 3): where a position (x, y, 1) of one picture lies in another."""
Mask = NDArray[np.bool_]

SMALL, ENLARGED = 80, 112
"""Pictures with a shorter longer side than the one are enlarged to the other."""
CORNERS, QUALITY, APART = 110, 0.01, 3
"""How many corners are taken at most, how much of a corner each is beside the best, and how far
they lie apart."""
DETAIL = 0.05
"""Share of a picture's contrast that a quarter of its size cannot show. Of digits of 8 x 8 pixels,
enlarged, it is 0.02 at most, and all noughts are alike; of faces of 32 x 30 pixels 0.08, of
photographs and cartoons 0.15 at least."""
SMOOTH, CELLS, STEP = 2.0, 8, 2.5
"""Of a descriptor: how far gradients are smoothed, how many are taken each way, how far apart."""
RATIO = 0.85
"""How much nearer a match is than the next one (Lowe 2004)."""
MATCHED, OBEYING = 9, 0.5
"""Matches that obey the change: at least so many, and so much of all."""
TOLERANCE, ROUNDS = 2.5, 500
"""How far a match may lie from where the change says, and how often a change is guessed."""
REFINED = 2
"""Times that a change is fitted to all the corners that it lays on another."""
SQUEEZED, SCALED = 1.6, 2.0
"""How unlike the scales along both axes may be; and the scale, or one over it. Any turn is usual:
tools turn by quarters, and mirror upside down, before they crop."""
OVERLAP = 0.4
"""Of each picture, seen in both."""
EVEN = 2.0
"""Standard deviation of luminance, in levels, under which hardly anything is to be seen."""
BLUR, WINDOW = 1.2, 11
AGREES, AGREEING, ROUGHLY = 0.8, 0.88, 0.6
"""Correlation of what surrounds a place; share of the places where it is that high; and the share
where a change that is told by a few matches only is worth being fitted better."""
UNCOVERED, DRAWN = 0.5, 0.08
"""Share of what is drawn that neither picture covers with an even patch; and its share of the
picture: of less than that nothing can be said."""


def _grid() -> Singles:
    """Return where the gradients of a descriptor are taken: x and y, shape (2, cells)."""
    rows, columns = (np.indices((CELLS, CELLS)) - (CELLS - 1) / 2) * STEP
    return np.stack([columns.ravel(), rows.ravel()]).astype(np.float32)


def _flip() -> tuple[NDArray[np.intp], Singles]:
    """Return where each value of a descriptor stands, and its sign, when a mirror shows it.

    In the frame of the corner's own direction a mirror turns up into down.
    """
    cells = np.arange(CELLS * CELLS).reshape(CELLS, CELLS)[::-1].ravel()
    signs = np.repeat(np.array([1, -1], np.float32), cells.size)
    return np.concatenate([cells, cells.size + cells]), signs


GRID = _grid()
FLIPPED, SIGNS = _flip()


@dataclass(frozen=True, slots=True)
class Features:
    """Corners of a small grey picture, and what surrounds each."""

    grey: Grey
    corners: Singles
    """Positions (x, y), shape (n, 2)."""
    descriptors: Singles
    """Of length one, shape (n, 2 * cells): gradients along the corner's direction, and across."""

    @classmethod
    def of(cls, grey: Grey) -> Self:
        """Find the corners and describe what surrounds them.

        Corners are those of Shi and Tomasi ("Good features to track", 1994), each turned as the
        smoothed gradient points there, and described by samples of its surroundings in that frame
        (Brown, Szeliski and Winder, "Multi-image matching using multi-scale oriented patches",
        2005), here of gradients, as they tell more than luminance does.
        """
        cv2 = opencv()
        side = max(grey.shape)
        if side < SMALL:
            size = [max(1, round(length * ENLARGED / side)) for length in grey.shape[::-1]]
            grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC))
        spots = cv2.goodFeaturesToTrack(grey, CORNERS, QUALITY, APART)
        if spots is None or _detail(grey) < DETAIL:
            spots = np.zeros((0, 1, 2), np.float32)
        corners = spots.reshape(-1, 2)
        return cls(grey, corners, _described(grey, corners))

    def mirrored(self) -> Features:
        """Return the same of the picture as a mirror shows it."""
        flipped = self.corners.copy()
        flipped[:, 0] = self.grey.shape[1] - 1 - flipped[:, 0]
        return Features(self.grey[:, ::-1], flipped, self.descriptors[:, FLIPPED] * SIGNS)


def registration(one: Features, other: Features) -> Affine | None:
    """Return where a position of `one` lies in `other`; None where they do not show the same."""
    change = _laid(one, other)
    if change is not None:
        return change
    change = _laid(one, other.mirrored())
    flip = np.array([[-1.0, 0, other.grey.shape[1] - 1], [0, 1, 0]])
    return None if change is None else composed(change, flip)


def composed(first: Affine, then: Affine) -> Affine:
    """Return the change that is `first`, and `then` another one."""
    linear = then[:, :2] @ first
    linear[:, 2] += then[:, 2]
    return np.asarray(linear)


def inverse(change: Affine) -> Affine:
    """Return what undoes a change."""
    return np.asarray(np.linalg.inv(np.vstack([change, [0, 0, 1]]))[:2])


def agreement(one: Grey, other: Grey, change: Affine) -> float:
    """Return the share of places, where both show something, at which both show the same.

    Luminance around each place is correlated, so that light and contrast may differ. Left out is
    what one covers with an even patch, as cut-outs do, if that is not too much.

    Args:
        one: Luminance, shape (height, width).
        other: Luminance, of any shape.
        change: Where each position of `one` lies in `other`.

    Returns:
        0 where too little is left, or too little of either is seen in both.
    """
    if abs(np.linalg.det(change[:, :2])) < 1:  # the one that shows less detail is the measure
        one, other, change = other, one, inverse(change)
    cv2, size = opencv(), one.shape[::-1]
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(other, change, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    both = cv2.warpAffine(np.full(other.shape, 255, np.uint8), change, size, flags=how) == 255
    seen = both.sum() * np.array([1.0, abs(np.linalg.det(change[:, :2]))])
    if (seen < OVERLAP * np.array([one.size, other.size])).any():
        return 0.0
    even, other_even = _even(one), _even(laid)
    drawn = both & ~(even & other_even)
    shown = drawn & ~_patches(even ^ other_even)
    if shown.sum() < max(UNCOVERED * drawn.sum(), DRAWN * one.size):
        return 0.0
    return float((_correlation(one, laid, shown)[shown] >= AGREES).mean())


@cache
def opencv() -> ModuleType:
    """Return OpenCV, which runs on the thread that asks: the encoder has the others."""
    import cv2

    cv2.setNumThreads(1)
    return cv2


def _detail(grey: Grey) -> float:
    """Return the share of a picture's contrast that is finer than four pixels."""
    cv2, (high, wide) = opencv(), grey.shape
    small = cv2.resize(grey, (max(1, wide // 4), max(1, high // 4)), interpolation=cv2.INTER_AREA)
    rough = cv2.resize(small, (wide, high), interpolation=cv2.INTER_CUBIC)
    return float((grey - rough.astype(np.float32)).std() / max(1.0, float(grey.std())))


def _described(grey: Grey, corners: Singles) -> Singles:
    """Return a descriptor of each corner, shape (n, 2 * cells)."""
    if not len(corners):
        return np.zeros((0, 2 * CELLS * CELLS), np.float32)
    cv2 = opencv()
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), SMOOTH)
    slopes = cv2.Sobel(smooth, -1, 1, 0), cv2.Sobel(smooth, -1, 0, 1)
    columns, rows = corners.round().astype(np.intp).T
    wide = [cv2.GaussianBlur(slope, (0, 0), SMOOTH)[rows, columns] for slope in slopes]
    angles = np.arctan2(wide[1], wide[0])[:, None]
    cosines, sines = np.cos(angles), np.sin(angles)
    x = corners[:, :1] + cosines * GRID[0] - sines * GRID[1]
    y = corners[:, 1:] + sines * GRID[0] + cosines * GRID[1]
    across, down = (
        cv2.remap(slope, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for slope in slopes
    )
    values = [cosines * across + sines * down, cosines * down - sines * across]
    descriptors = np.concatenate(values, axis=1)
    lengths = np.linalg.norm(descriptors, axis=1, keepdims=True)
    return np.asarray(descriptors / np.maximum(lengths, 1e-6))


def _laid(one: Features, other: Features) -> Affine | None:
    """Return what `registration` does of pictures of which none is mirrored."""
    matches = _matches(one, other)
    change = _change(one.corners[matches[:, 0]], other.corners[matches[:, 1]])
    if change is None:
        return None
    agreed = agreement(one.grey, other.grey, change)
    if ROUGHLY <= agreed < AGREEING:
        change = _refined(one.corners, other.corners, change)
        agreed = agreement(one.grey, other.grey, change)
    return change if agreed >= AGREEING else None


def _matches(one: Features, other: Features) -> NDArray[np.intp]:
    """Return rows of both, shape (matches, 2), each the other's nearest by far."""
    if min(len(one.corners), len(other.corners)) < MATCHED:
        return np.zeros((0, 2), np.intp)
    likeness = one.descriptors @ other.descriptors.T
    rows, nearest = np.arange(len(likeness)), likeness.argmax(axis=1)
    is_mutual = likeness.argmax(axis=0)[nearest] == rows
    best = likeness[rows, nearest]
    likeness[rows, nearest] = -1
    is_clear = 1 - best <= RATIO**2 * (1 - likeness.max(axis=1))
    matched = np.flatnonzero(is_mutual & is_clear)
    return np.stack([matched, nearest[matched]], axis=1)


def _change(places: Singles, others: Singles) -> Affine | None:
    """Return the affine change that most matches obey, where it is near a similarity."""
    if len(places) < MATCHED:
        return None
    cv2 = opencv()
    cv2.setRNGSeed(0)
    change, obey = cv2.estimateAffine2D(
        places, others, method=cv2.RANSAC, ransacReprojThreshold=TOLERANCE, maxIters=ROUNDS
    )
    if change is None or obey.sum() < max(MATCHED, OBEYING * len(places)):
        return None
    linear = change[:, :2]
    if np.linalg.det(linear) <= 0:
        return None
    large, small = np.linalg.svd(linear, compute_uv=False).tolist()
    is_usual = large <= SQUEEZED * small and 1 <= large * small * SCALED**2 <= SCALED**4
    return np.asarray(change) if is_usual else None


def _refined(corners: Singles, others: Singles, change: Affine) -> Affine:
    """Return the change that fits all corners best that it lays on one of the other picture.

    A few matches, at whole pixels, tell it to a pixel or two at the margins; all corners better.
    """
    places = np.column_stack([corners, np.ones(len(corners))])
    for _ in range(REFINED):
        laid = places @ change.T
        apart = (laid**2).sum(axis=1)[:, None] - 2 * laid @ others.T + (others**2).sum(axis=1)
        nearest = apart.argmin(axis=1)
        rows = np.arange(len(places))
        is_mutual = apart.argmin(axis=0)[nearest] == rows
        fits = is_mutual & (apart[rows, nearest] <= TOLERANCE**2)
        if fits.sum() < MATCHED:
            break
        change = np.linalg.lstsq(places[fits], others[nearest[fits]], rcond=None)[0].T
    return np.asarray(change, np.float64)


def _even(grey: Grey) -> Mask:
    """Return where nothing is to be seen within two pixels."""
    cv2 = opencv()
    values = grey.astype(np.float32)
    means, squares = cv2.blur(values, (5, 5)), cv2.blur(values * values, (5, 5))
    return np.asarray(squares - means * means < EVEN**2)


def _patches(where: Mask) -> Mask:
    """Return what is more than a seam, and what is next to it."""
    cv2 = opencv()
    broad = cv2.morphologyEx(where.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return np.asarray(cv2.dilate(broad, np.ones((11, 11), np.uint8)) > 0)


def _correlation(one: Grey, other: Grey, where: Mask) -> Singles:
    """Return how well both agree around each place, of what is `where` alone."""
    cv2 = opencv()
    weights = where.astype(np.float32)
    share = np.maximum(cv2.blur(weights, (WINDOW, WINDOW)), 1e-6)

    def around(values: Singles) -> Singles:
        return np.asarray(cv2.blur(values * weights, (WINDOW, WINDOW)) / share)

    ones, others = (
        cv2.GaussianBlur(grey.astype(np.float32), (0, 0), BLUR) for grey in (one, other)
    )
    mean, other_mean = around(ones), around(others)
    spread = around(ones * ones) - mean * mean
    other_spread = around(others * others) - other_mean * other_mean
    common = around(ones * others) - mean * other_mean
    return np.asarray(common / np.sqrt(np.maximum(spread * other_spread, 1.0)))
