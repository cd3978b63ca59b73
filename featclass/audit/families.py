"""Which images are changed copies of each other: near pairs, confirmed one by one by their pixels.

A family is what was made of one picture. Its members are laid over one of them, its head, so that
no chain of pictures, each like the next, becomes a family. Nor do pictures whose pixels agree with
those of their crowd as well: what a fixed camera, a form or a dial shows is not the picture.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from featclass.audit.registration import (
    ROUGHLY,
    Affine,
    Features,
    agreement,
    composed,
    inverse,
    registration,
)
from featclass.images import Appearance
from featclass.probe import side_by_side

Codes = NDArray[np.intp]
Singles = NDArray[np.float32]

TRIED, LEAST_TRIED = 1.5, 500
"""Pairs that are compared by their pixels, for each image; and at least: a pair takes about a
millisecond, an image's corners another."""
IN_VAIN, LEAST_IN_VAIN = 0.2, 200
"""The same of pairs that are compared one after the other and are none: farther ones hardly are."""
AHEAD = 16
"""Pairs that are compared side by side: some of them may have become needless meanwhile."""
LATEST = 2000
"""Images whose corners are remembered, some 70 kB each."""
NAMED_ALIKE, COMPARED_BY_NAME = 16, 3
"""More images than these with one name before the number are a series; and how many of those named
alike, the nearest, an image is compared with."""
ASKED, USUAL = 12, 0.25
"""Members of a family that are compared with their crowd, at most; and the share of them, though
two at least, from which on it is none. A single one may agree by chance."""
STANDS = 0.03
"""Of its longer side, how far a picture's corners lie apart from those of one taken likewise."""
LEAST_NAME = 3
"""Letters that a common name has."""
MADE = re.compile(
    r"^(?:.*/)?(?:aug(?:mented)?[ _-]|copy of )?(.*?)(?:\.rf\..*)?(?:\.\w{2,5})?$", re.IGNORECASE
)
"""Folders, and what Roboflow, Keras and people put before and after the name of a copy."""
ENDING = re.compile(
    r"(?:[ _.-]*\(?\bcopy\b\)?|[ _.-]*\(\d+\)|[_-]\d+|[_-]aug(?:mented)?)$", re.IGNORECASE
)


class Components:
    """Nodes, and which of them are connected."""

    def __init__(self, count: int, pairs: Iterable[tuple[int, ...]] = ()) -> None:
        self._parents = list(range(count))
        for one, other in pairs:
            self.join(one, other)

    def root(self, node: int) -> int:
        """Return the same node for all that are connected: the first of them."""
        parents = self._parents
        while parents[node] != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    def join(self, one: int, other: int) -> None:
        """Connect two nodes."""
        low, high = sorted((self.root(one), self.root(other)))
        self._parents[high] = low


def relatives(
    appearances: Sequence[Appearance],
    pairs: Codes,
    farness: Singles,
    links: Sequence[tuple[int, ...]],
    hubs: Singles,
    crowds: Codes,
) -> list[tuple[int, int]]:
    """Return the pairs, of those given, that show the same cropped, shifted, turned and so on.

    Pairs that others have connected already are left out, and so are the last of very many.

    Args:
        appearances: Of all images.
        pairs: Worth a look, shape (pairs, 2).
        farness: Of each pair: the nearest are compared first, shape (pairs,).
        links: Pairs of images that are together anyway.
        hubs: How near others are to each image: the higher, the sooner it is a family's head.
        crowds: An image that is as near to each as many others are, shape (n,).
    """
    together = Components(len(appearances), links)
    families = _Families(appearances, hubs)
    count = len(appearances)
    left = max(LEAST_TRIED, round(TRIED * count))
    patience = in_vain = max(LEAST_IN_VAIN, round(IN_VAIN * count))
    joined = []
    order = np.argsort(farness, kind="stable")
    waiting = [*dict.fromkeys(map(tuple, pairs[order].tolist()))]
    for one, other, change in families.laid_over(waiting, together):
        if together.root(one) == together.root(other):
            continue
        if left == 0 or in_vain == 0:
            break
        left, in_vain = left - 1, in_vain - 1
        if families.join(one, other, change):
            together.join(one, other)
            joined.append((one, other))
            in_vain = patience
    alike = families.alike(crowds)
    return [pair for pair in joined if pair[0] not in alike]


class _Families:
    """Images, each laid over the head of its family."""

    def __init__(self, appearances: Sequence[Appearance], hubs: Singles) -> None:
        self._hubs = hubs
        self._heads = list(range(len(appearances)))
        self._members = {image: [image] for image in self._heads}
        self._laid: dict[int, Affine] = {}
        # Not a method: this object would hold itself, and the pictures with it, for long.
        self._features = lru_cache(LATEST)(lambda image: Features.of(appearances[image].small()))

    def laid_over(
        self, pairs: Sequence[tuple[int, int]], together: Components
    ) -> Iterator[tuple[int, int, Affine | None]]:
        """Yield each pair, and how one image lies in the other, unless they are together by then.

        A few pairs are looked at ahead, side by side, whatever comes of those before.
        """
        for first in range(0, len(pairs), AHEAD):
            ahead = [
                (one, other)
                for one, other in pairs[first : first + AHEAD]
                if together.root(one) != together.root(other)
            ]
            for pair, change in zip(ahead, side_by_side(self._laid_over, ahead), strict=True):
                yield *pair, change

    def _laid_over(self, pair: tuple[int, int]) -> Affine | None:
        one, other = pair
        return registration(self._features(one), self._features(other))

    def join(self, one: int, other: int, change: Affine | None) -> bool:
        """Join two images' families, if both images show the same, and their heads too.

        `change` is where a position of one lies in the other, None if they do not show the same.
        """
        if change is None:
            return False
        head, other_head = self._heads[one], self._heads[other]
        between = composed(composed(inverse(self._place(one)), change), self._place(other))
        if (head, other_head) != (one, other):
            greys = self._features(head).grey, self._features(other_head).grey
            if agreement(*greys, between) < ROUGHLY:
                return False
        if self._hubs[head] < self._hubs[other_head]:
            head, other_head, between = other_head, head, inverse(between)
        for image in self._members.pop(other_head):
            self._laid[image] = composed(self._place(image), inverse(between))
            self._heads[image] = head
            self._members[head].append(image)
        return True

    def alike(self, crowds: Codes) -> set[int]:
        """Return members of families that show no more of each other than of their crowd."""
        alike: set[int] = set()
        for members in self._members.values():
            asked = members[:ASKED] if len(members) > 1 else []
            usual = sum(self._is_usual(image, int(crowds[image])) for image in asked)
            if usual >= max(2, len(asked) * USUAL):
                alike.update(members)
        return alike

    def _is_usual(self, image: int, other: int) -> bool:
        """Return whether an image shows what one of its crowd does, which is no copy of it.

        In a family larger than its crowd such a one lies where the image itself does, as a camera
        that stands still sees it; copies of one picture would each be changed in another way.
        """
        change = registration(self._features(image), self._features(other))
        if change is None or self._heads[image] != self._heads[other]:
            return change is not None
        high, wide = self._features(image).grey.shape
        corners = np.array([[0, 0, 1], [wide, 0, 1], [0, high, 1], [wide, high, 1]])
        moved = np.linalg.norm(corners @ change.T - corners[:, :2], axis=1)
        return bool(moved.max() <= STANDS * max(high, wide))

    def _place(self, image: int) -> Affine:
        """Return where a position of an image lies in the head of its family."""
        return self._laid.get(image, np.eye(2, 3))


def named_alike(names: Sequence[str], normalised: Singles) -> Codes:
    """Return pairs whose names tell that they may be copies, shape (pairs, 2).

    Such are `a_jpg.rf.1f3e.jpg` (Roboflow), `a_0_1234.jpg` (Keras), `aug_a.jpg`, `a-1.jpg`,
    `a (1).jpg` and `a copy.jpg`: equal up to a number, and few.

    Args:
        names: Of files.
        normalised: L2-normalised embeddings, shape (n, dimensions).
    """
    alike: dict[str, set[int]] = defaultdict(set)
    for image, name in enumerate(names):
        for stem in _stems(name):
            alike[stem].add(image)
    pairs: set[tuple[int, int]] = set()
    for rows in (sorted(images) for images in alike.values()):
        if 1 < len(rows) <= NAMED_ALIKE:
            cosines = normalised[rows] @ normalised[rows].T
            np.fill_diagonal(cosines, -1)
            nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :COMPARED_BY_NAME]
            for row, others in zip(rows, nearest.tolist(), strict=True):
                pairs |= {(min(row, rows[k]), max(row, rows[k])) for k in others if rows[k] != row}
    return np.array(sorted(pairs), np.intp).reshape(-1, 2)


def _stems(name: str) -> set[str]:
    """Return a file's name without what tools and people add to that of a copy, step by step."""
    copy = MADE.match(name.lower())
    stem = copy[1] if copy else name.lower()
    stems = {stem}
    for _ in range(2):
        stem = ENDING.sub("", stem)
        stems.add(stem)
    return {stem for stem in stems if len(stem) >= LEAST_NAME}
