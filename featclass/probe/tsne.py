"""A map of embeddings: places in two dimensions, where pictures that are alike lie together."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from featclass.probe.normalisation import Codes as Rows
from featclass.probe.normalisation import Floats, blocks
from featclass.probe.threads import limit_blas

DIMENSIONS = 50
"""Principal components that t-SNE and the search for neighbours work on."""
FEWEST = 30
"""Below this many images neighbourhoods say less than the two main directions do."""
MOST = 2000
"""Above this many, a sample of so many is laid out, and the others beside their like."""
PERPLEXITY = 30.0
ITERATIONS = 1000
ITERATIONS_OF_MANY = 500
"""Of more than `FEW` images, where a thousand would take too long."""
FEW = 500
ITERATIONS_AGAIN = 250
"""From a former layout; all without exaggeration, which would tear it apart."""
LIKE = 3
"""Neighbours in whose middle an image outside the sample, or a new one, is put."""
SHRUNK = 0.7
"""A layout that fills less of the square than this is enlarged."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each image lies."""

    digests: tuple[str, ...]
    positions: NDArray[np.float32]
    """Shape (len(digests), 2), within -1 and 1."""
    extent: float = 15.0
    """Units of t-SNE to one of `positions`, at which it goes on; by default those it often has."""


def layout(
    vectors: NDArray[np.float32],
    *,
    digests: Sequence[str],
    former: Layout | None = None,
    seed: int = 0,
) -> Layout:
    """Lay images out by t-SNE (van der Maaten and Hinton, JMLR 9, 2008), or by PCA where few.

    The same arguments give the same layout. Images that stood in the former layout keep about
    their places where at least half of the images did: t-SNE goes on from there; and whatever was
    worked out is turned, mirrored, shifted and scaled onto it (Procrustes; Umeyama, IEEE PAMI 13,
    1991). Of more than `MOST` images those with the lowest hashes are laid out, so that the sample
    hardly changes either.

    Args:
        vectors: Embeddings, shape (n, dimensions); their lengths do not matter.
        digests: Of the images, in the order of the rows.
        former: Of some of these images, to stay close to.
        seed: Of the sample and of the approximations.

    Raises:
        ValueError: unless there is one digest a row.
    """
    if len(digests) != len(vectors):
        raise ValueError(f"{len(vectors)} vectors came with {len(digests)} digests; give one each.")
    components = _components(vectors, digests, seed)
    before = None if former is None else _Before.of(former, digests)
    if len(components) < FEWEST:
        positions = _plane(components)
    else:
        sample = _sampled(digests, seed)
        positions = np.empty((len(components), 2))
        positions[sample] = _embedded(components[sample], before and before.among(sample), seed)
        rest = np.setdiff1d(np.arange(len(components)), sample)
        positions[rest] = _beside(components[rest], components[sample], positions[sample])
    shown = _fitted(positions) if before is None else _kept_within(before.aligned(positions))
    extent = _spread(positions) / max(_spread(shown), 1e-12)
    return Layout(tuple(digests), shown.astype(np.float32), extent)


@dataclass(frozen=True, slots=True)
class _Before:
    """The former places of those images that had one."""

    rows: Rows
    """Of these images, among all there are now."""
    positions: Floats
    """Shape (rows.size, 2)."""
    extent: float
    was_embedded: bool

    @classmethod
    def of(cls, former: Layout, digests: Sequence[str]) -> _Before:
        places = {digest: place for place, digest in enumerate(former.digests)}
        rows = [row for row, digest in enumerate(digests) if digest in places]
        kept = [places[digests[row]] for row in rows]
        positions = former.positions[np.array(kept, dtype=np.intp)].astype(np.float64)
        was_embedded = len(former.digests) >= FEWEST
        return cls(np.array(rows, dtype=np.intp), positions, former.extent, was_embedded)

    def among(self, sample: Rows) -> _Before:
        """Return what is known of these images alone, as rows of the sample; it is sorted."""
        is_in = np.isin(self.rows, sample)
        rows = np.searchsorted(sample, self.rows[is_in])
        return replace(self, rows=rows, positions=self.positions[is_in])

    def aligned(self, positions: Floats) -> Floats:
        """Move all as a whole so that those known lie as close as possible to where they were."""
        if self.rows.size < 2:
            return _fitted(positions)
        now, before = positions[self.rows], self.positions
        centred, target = now - now.mean(axis=0), before - before.mean(axis=0)
        u, strengths, v = np.linalg.svd(centred.T @ target)
        spread = float((centred**2).sum())
        scale = strengths.sum() / spread if spread > 0 else 0.0
        if scale <= 0:
            return _fitted(positions)
        moved: Floats = scale * (positions - now.mean(axis=0)) @ (u @ v) + before.mean(axis=0)
        return moved


def _components(vectors: NDArray[np.float32], digests: Sequence[str], seed: int) -> Floats:
    """Return the main components of the directions, shape (n, at most 50)."""
    from sklearn.decomposition import PCA

    limit_blas()  # SciPy brought its own
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions = vectors / np.where(lengths > 0, lengths, 1)
    fitted = directions[_sampled(digests, seed)]
    if len(fitted) < 2 or np.ptp(fitted, axis=0).max() < 1e-6:
        return np.zeros((len(vectors), 2))
    most = min(DIMENSIONS, *fitted.shape)
    components: Floats = PCA(most, random_state=seed).fit(fitted).transform(directions)
    return components.astype(np.float64)


def _sampled(digests: Sequence[str], seed: int) -> Rows:
    """Return, in order, the rows that are laid out by themselves: all, or those hashed lowest."""
    if len(digests) <= MOST:
        return np.arange(len(digests))
    hashes = np.array([zlib.crc32(digest.encode(), seed) for digest in digests])
    return np.sort(np.argsort(hashes, kind="stable")[:MOST])


def _plane(components: Floats) -> Floats:
    plane = np.zeros((len(components), 2))
    plane[:, : min(2, components.shape[1])] = components[:, :2]
    return plane


def _embedded(components: Floats, before: _Before | None, seed: int) -> Floats:
    from sklearn.manifold import TSNE

    n = len(components)
    goes_on = before is not None and before.was_embedded and 2 * before.rows.size >= n
    if before is not None and goes_on:
        start = _started(components, before)
    else:
        start = _plane(components)
        start *= 1e-4 / max(float(start.std()), 1e-12)
    iterations = ITERATIONS if n <= FEW else ITERATIONS_OF_MANY
    fit = TSNE(
        init=start.astype(np.float32),
        perplexity=min(PERPLEXITY, (n - 1) / 3),
        early_exaggeration=1.0 if goes_on else 12.0,
        max_iter=ITERATIONS_AGAIN if goes_on else iterations,
        random_state=seed,
    )
    # Its threads meet after each of a thousand short steps, spinning: beside other work 500 images
    # took a minute with two, and take five seconds with one. The limit is this thread's own.
    with threadpool_limits(limits=1, user_api="openmp"):
        positions: Floats = fit.fit_transform(components.astype(np.float32)).astype(np.float64)
    return positions


def _started(components: Floats, before: _Before) -> Floats:
    """Return where t-SNE goes on from: the former places, and new images beside their like."""
    start = np.empty((len(components), 2))
    start[before.rows] = before.positions
    added = np.setdiff1d(np.arange(len(components)), before.rows)
    start[added] = _beside(components[added], components[before.rows], before.positions)
    return before.extent * start


def _beside(components: Floats, others: Floats, positions: Floats) -> Floats:
    """Return the middle of the positions of the nearest few of the others, for each."""
    few = min(LIKE, len(others))
    lengths = (others**2).sum(axis=1)
    middles = []
    for block in blocks(components):
        distances = lengths - 2 * block @ others.T
        nearest = np.argpartition(distances, few - 1, axis=1)[:, :few]
        middles.append(positions[nearest].mean(axis=1))
    return np.concatenate(middles)


def _spread(positions: Floats) -> float:
    return float(np.linalg.norm(positions - positions.mean(axis=0))) if len(positions) else 0.0


def _fitted(positions: Floats) -> Floats:
    """Centre in the square from -1 to 1, and fill it."""
    if not len(positions):
        return positions
    centred = positions - (positions.min(axis=0) + positions.max(axis=0)) / 2
    filled: Floats = centred / max(float(np.abs(centred).max()), 1e-12)
    return filled


def _kept_within(positions: Floats) -> Floats:
    """Leave places alone unless they left the square, or shrank from its edges."""
    reach = float(np.abs(positions).max(initial=0))
    return positions if SHRUNK <= reach <= 1 else _fitted(positions)
