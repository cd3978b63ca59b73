"""Whether a picture resembles any of the training images, or is a stranger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from featclass.base import FloatArray
from featclass.probe.covariance import lengths_of
from featclass.probe.embedded import Embedded
from featclass.probe.members import (
    MANY,
    Members,
    Relative,
    blended,
    deviation,
    farthest_of,
    largest_of,
    may_be_strays,
    without_strays,
)
from featclass.probe.normalisation import (
    Codes,
    Floats,
    blocks,
    encode,
    normalise,
    takes_roots,
)

REFUSED_SHARE = 0.05
MOST_REFUSED = 0.1
"""Of members, where strangers are given."""
SAME = 0.999
"""Cosine to a stranger from which on a picture is that stranger."""
MEASURED = 800
"""Exemplars that scatter, neighbours and threshold are measured on: more change little."""
SLACK = 10.0
"""Over the square of how many scores there are: what the lowest of fewer than 19 is lowered by."""
HELPS = 0.1
"""Share of simulated strangers that must be refused without a member, beyond those that are with
it, for it to be taken for a stray."""
SIMULATED = 200
"""Such strangers."""
FAR = 2.0
"""Robust deviations below the median at which such a member must lie at least."""
LOWEST, MOST_ROUNDS = 2, 4
"""How many of the lowest members are tried, and how often: each is a new measurement."""


@dataclass(frozen=True, slots=True)
class NoveltyDetector:
    """How much pictures resemble the training images, and how little a member may.

    The sum of two parts, each in standard deviations of what members score when left out. The
    first is the relative Mahalanobis distance to the nearest class mean (Ren et al. 2021, "A
    simple fix to Mahalanobis distance"), with scatter shrunk towards a sphere. The second, which
    counts half, is the mean cosine to the three nearest exemplars, as seen from their mean. Where
    no class has four exemplars their scatter says little: then it is that cosine alone, as seen
    from the origin.
    """

    roots: bool
    """Whether square roots of the embeddings are compared, as by the probe."""
    exemplars: Floats
    """Seen from the centre, L2-normalised, shape (m, dimensions), m at most `MEASURED`."""
    centre: Floats
    lengths: Floats
    """Of the exemplars as seen from the centre, before that, shape (m,)."""
    relative: Relative | None
    neighbours: int
    usual: Floats
    """Mean of both parts for members left out."""
    spread: Floats
    """Their standard deviations; infinite for a part that counts nothing."""
    threshold: float
    """A picture that scores below resembles none of the classes."""
    strangers: Floats
    """Pictures called none of the classes, seen as the exemplars are, shape (k, dimensions)."""
    margin: float
    """How much nearer a picture is to a stranger than to any exemplar that resembles no class."""

    @classmethod
    def of(
        cls, exemplars: FloatArray, labels: Sequence[str], strangers: FloatArray | None = None
    ) -> NoveltyDetector:
        """Measure training images against each other, each left out in turn (in closed form).

        Of 19 images and more, the threshold refuses at most 5 % of new members on average,
        whatever their distribution (a conformal quantile: Vovk et al. 2005); of fewer it is the
        lowest score or, of very few, less. An image alone in its class does not count, unless all
        are. No two exemplars should show the same picture: a member would look too familiar.

        `strays`, a photograph of something else among members, are left out, and the rest is
        measured anew. In small sets they are hard to tell by their scores alone: there a low member
        is one, too, if without it many more of `simulated_strangers` are refused. What strangers
        add refuses at most another 5 % of members.

        Args:
            exemplars: L2-normalised embeddings, shape (n, dimensions).
            labels: Class of each.
            strangers: L2-normalised embeddings of pictures that a person called none of the
                classes, shape (k, dimensions).

        Raises:
            FeatclassError: There are fewer than two classes.
        """
        encode(labels)
        rows = exemplar_indices(labels, MEASURED)
        codes = encode([labels[row] for row in rows])[1]
        embedded = Embedded.of(exemplars[rows], roots=takes_roots(exemplars))
        measured = _Measured.of(embedded, codes).that_refuses()
        if strangers is None or not len(strangers):
            return measured.detector
        return measured.detector._with(strangers, measured.scores, measured.members)

    def _with(self, strangers: FloatArray, scores: Floats, members: Members) -> NoveltyDetector:
        """Refuse strangers and their like as far as `MOST_REFUSED` of members allows.

        First what is nearer to a stranger than to any exemplar; then what scores no higher than
        strangers do, of those that score lower than all but so many members.

        Args:
            strangers: As for `of`.
            scores: Of the members tested, each left out.
            members: Which they are.
        """
        rows = np.linspace(0, len(strangers) - 1, min(len(strangers), MEASURED)).astype(np.intp)
        given = strangers[rows]
        seen = normalise(normalise(given, roots=self.roots) - self.centre)
        nearer = (self.exemplars @ seen.T).max(axis=1) - members.nearest
        nearer = nearer[members.tested]
        allowed = max(1, int(REFUSED_SHARE * (nearer.size + 1)))
        margin = max(0.0, float(np.sort(nearer)[-allowed]))
        left = int(MOST_REFUSED * (scores.size + 1)) - allowed
        others = np.sort(scores[nearer <= margin])
        threshold = self.threshold
        if left > 0:
            theirs = self.score(given)
            theirs = theirs[theirs < others[left - 1]]
            threshold = max(threshold, float(np.nextafter(theirs.max(initial=-np.inf), np.inf)))
        return replace(self, threshold=threshold, strangers=seen, margin=margin)

    def score(self, vectors: FloatArray) -> Floats:
        """Return the familiarity of embeddings of any length, shape (n, dimensions): (n,)."""
        parts = [self.scored(normalise(block, roots=self.roots)) for block in blocks(vectors)]
        return np.concatenate(parts)

    def is_known(self, vectors: FloatArray) -> NDArray[np.bool_]:
        """Return whether each embedding resembles any of the classes, shape (n,)."""
        known = self.score(vectors) >= self.threshold
        if len(self.strangers):
            known &= ~np.concatenate([self._are_strangers(block) for block in blocks(vectors)])
        return np.asarray(known)

    def scored(self, X: Floats) -> Floats:
        """Return the familiarity of embeddings as the probe sees them, shape (n, dimensions)."""
        places = X - self.centre
        squared, along = lengths_of(places), places @ self.exemplars.T
        cosines = along / np.where(squared > 0, np.sqrt(squared), 1)[:, None]
        near = largest_of(cosines, self.neighbours).mean(axis=1)
        far = np.zeros(len(places))
        if self.relative:
            far = self.relative.score(squared, along * self.lengths)
        return blended(np.stack([far, near]), self.usual, self.spread)

    def _are_strangers(self, vectors: FloatArray) -> NDArray[np.bool_]:
        """Return which pictures are one that was called none of the classes, or nearer to it."""
        seen = normalise(normalise(vectors, roots=self.roots) - self.centre)
        nearest = (seen @ self.exemplars.T).max(axis=1)
        beside = (seen @ self.strangers.T).max(axis=1)
        is_one = (beside > SAME) & (beside > nearest)
        return np.asarray((beside - nearest > self.margin) | is_one)


@dataclass(frozen=True, slots=True)
class _Measured:
    """Exemplars, those of them that are no strays, and what these are measured to be."""

    embedded: Embedded
    """All exemplars."""
    codes: Codes
    """Of all exemplars."""
    rows: Codes
    members: Members
    scores: Floats
    """Of the members tested, each left out."""
    detector: NoveltyDetector

    @classmethod
    def of(cls, embedded: Embedded, codes: Codes) -> Self:
        """Measure those that are no strays by their scores; clean sets seem to have some, too."""
        rows, members = without_strays(embedded.inner, codes, embedded.X.shape[1])
        return cls._of(embedded, codes, rows, members, strays=len(codes) - rows.size)

    @classmethod
    def _of(
        cls, embedded: Embedded, codes: Codes, rows: Codes, members: Members, strays: int = 0
    ) -> Self:
        usual, spread = members.usual_and_spread()
        scores = blended(members.parts[:, members.tested], usual, spread)
        places = embedded.X[rows]
        centre = places.mean(axis=0) if members.relative else np.zeros(places.shape[1])
        places -= centre
        detector = NoveltyDetector(
            embedded.roots,
            normalise(places),
            centre,
            np.sqrt(lengths_of(places)),
            members.relative,
            members.neighbours,
            usual,
            spread,
            _lowest_of_members(scores, strays),
            strangers=np.empty((0, places.shape[1])),
            margin=np.inf,
        )
        return cls(embedded, codes, rows, members, scores, detector)

    def that_refuses(self) -> Self:
        """Return the same without members that keep strangers from being refused, if there are."""
        if self.members.relative is None or len(self.codes) > MANY:
            return self
        refused = self._refused()
        enough, best = refused + HELPS, self
        if enough <= 1 and self.rows.size < len(self.codes):
            best = self._only(self.rows)
            refused = best._refused()
        for _ in range(MOST_ROUNDS):
            if refused + HELPS > 1:
                break
            fewer = [(measured._refused(), measured) for measured in best._with_fewer()]
            most = max((share for share, _ in fewer), default=0.0)
            if most < refused + HELPS:
                break
            refused, best = next(pair for pair in fewer if pair[0] == most)
        return best if refused >= enough else self

    def _only(self, rows: Codes) -> Self:
        """Measure these alone, and count nothing that was left out among what may be refused."""
        inner, dimensions = self.embedded.inner[np.ix_(rows, rows)], self.embedded.X.shape[1]
        members = Members.of(inner, self.codes[rows], dimensions)
        return self._of(self.embedded, self.codes, rows, members)

    def _with_fewer(self) -> Iterator[Self]:
        """Yield what is measured without one of the lowest members that lies far below the rest."""
        tested = np.flatnonzero(self.members.tested)
        lowest = tested[np.argsort(self.members.scores(), kind="stable")[:LOWEST]]
        left = may_be_strays(self.codes[self.rows], self.codes)
        for member in lowest.tolist():
            row = self.rows[member]
            if left[self.codes[row]]:
                fewer = self._only(np.delete(self.rows, member))
                score = float(fewer.detector.scored(self.embedded.X[row : row + 1])[0])
                if np.median(fewer.scores) - score >= FAR * deviation(fewer.scores):
                    yield fewer

    def _refused(self) -> float:
        """Return the share of strangers, made of these exemplars, that are refused."""
        X, rng = self.embedded.X[self.rows], np.random.default_rng(0)
        mean = 0.0 if self.embedded.roots else X.mean(axis=0)
        strangers = _shuffled(X[rng.integers(0, len(X), SIMULATED)], rng, mean)
        scores = self.detector.scored(normalise(strangers))
        return float(1 - (scores >= self.detector.threshold).mean())


def _lowest_of_members(scores: Floats, strays: int = 0) -> float:
    """Return what at most 5 % of new members score below, from the scores of members left out.

    Clean sets have members that are taken for strays. Of many images they count among the 5 %, up
    to half of it; of few, a member may score as low as any that is not taken for a stray.
    """
    refused = int(REFUSED_SHARE * (scores.size + 1))
    place = max(refused - min(strays, refused // 2), 1) - 1
    lowest = float(np.partition(scores, place)[place])
    if strays and refused < 2:
        return min(lowest, float(np.median(scores)) - farthest_of(scores.size) * deviation(scores))
    return lowest if refused else lowest - SLACK / scores.size**2


def simulated_strangers(exemplars: FloatArray, count: int = SIMULATED) -> Floats:
    """Return embeddings of what no training image shows, as an encoder might give them.

    Training images with their values in another order: what an encoder finds in them is another
    thing, as much of it. Where values have signs, their mean stays where it is: much of it is
    common to all images of an encoder.

    Args:
        exemplars: L2-normalised embeddings, shape (n, dimensions), with n > 0.
        count: How many to return; the same ones for the same exemplars.
    """
    rng = np.random.default_rng(0)
    chosen = rng.integers(0, len(exemplars), count)
    if takes_roots(exemplars):
        return _shuffled(normalise(exemplars[chosen], roots=True), rng) ** 2
    X = normalise(exemplars)
    return _shuffled(X[chosen], rng, X.mean(axis=0))


def _shuffled(X: Floats, rng: np.random.Generator, mean: Floats | float = 0.0) -> Floats:
    return np.asarray(mean + rng.permuted(X - mean, axis=1))


def exemplar_indices(labels: Sequence[str], limit: int) -> NDArray[np.intp]:
    """Return which training images to remember: at most `limit`, ascending, evenly by class.

    Every class keeps as many as the others while it has them; within a class they are spread
    evenly over the order given.
    """
    _, codes = np.unique(np.array(labels, dtype=object), return_inverse=True)
    sizes = np.bincount(codes)
    quotas = np.zeros_like(sizes)
    left = min(limit, codes.size)
    while left:
        hungry = np.flatnonzero(quotas < sizes)
        share = max(1, left // hungry.size)
        grant = np.minimum(share, sizes[hungry] - quotas[hungry])[:left]
        quotas[hungry[: grant.size]] += grant
        left -= int(grant.sum())
    rows = [np.empty(0, dtype=np.intp)]
    for code, quota in enumerate(quotas):
        members = np.flatnonzero(codes == code)
        rows.append(members[np.linspace(0, members.size - 1, quota).astype(np.intp)])
    return np.sort(np.concatenate(rows))
