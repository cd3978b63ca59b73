"""Images in, embeddings out: what the cache has, and for the rest the pipeline."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from featclass.base import FeatclassError, Image, Progress, Rejected, no_progress
from featclass.embedding.cache import Cache
from featclass.embedding.scheduler import Embedded, Pipeline
from featclass.encoders import Encoder
from featclass.images import Appearance

log = logging.getLogger(__name__)

LIVE_IMAGES = 8
"""Somebody who asks about more at once waits for a bulk job, in fair shares with the others."""
LOOKED_UP = 1000
"""Digests asked of the cache at once: what it returns is held twice for a moment."""
KEPT = 64
"""Embeddings written to the cache at once, unless a batch is larger."""


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Embeddings of the images that could be used, and the rejection of each that could not."""

    images: tuple[Image, ...]
    vectors: NDArray[np.float32]
    """Shape (len(images), dimensions), as the encoder gave them: not normalised."""
    rejected: tuple[Rejected, ...] = ()
    appearances: tuple[Appearance, ...] = ()
    """One an image where they were asked for, else none."""


class Engine:
    """Embeds images with one encoder, through one cache, for everybody in the process.

    `max_pixels` bounds a single image (see `featclass.images`); `decoders` is the number of
    threads that read and decode for a GPU, by default one for each processor.
    """

    def __init__(
        self, encoder: Encoder, cache: Cache, *, max_pixels: int, decoders: int | None = None
    ) -> None:
        self.encoder = encoder
        self.cache = cache
        self.max_pixels = max_pixels
        self._pipeline = Pipeline(encoder, max_pixels=max_pixels, decoders=decoders)

    def embed(
        self,
        images: Sequence[Image],
        *,
        progress: Progress = no_progress,
        live: bool = False,
        describe: bool = False,
        keep: bool = True,
    ) -> Embeddings:
        """Embed `images`, each distinct digest at most once ever.

        Keeps the order of `images`. With `describe`, each comes with its appearance. `progress` may
        raise to stop: nothing embedded so far is lost. A `live` request (somebody is waiting for a
        few predictions) overtakes bulk ones. Images that cannot be used come back as `rejected`,
        never as an exception. Without `keep`, as for frames of a camera, the cache is neither asked
        nor told.
        """
        rows = {digest: row for row, digest in enumerate(dict.fromkeys(i.digest for i in images))}
        vectors = np.empty((len(rows), self.encoder.dimensions), np.float32)
        is_known = np.zeros(len(rows), np.bool_)
        looks: dict[str, Appearance] = {}
        if keep:
            self._look_up(rows, vectors, is_known, looks if describe else None)
        missing = {i.digest: i for i in images if not is_known[rows[i.digest]]}
        refused: dict[str, Rejected] = {}
        fresh: dict[str, Embedded] = {}
        done = len(images) - len(missing)
        progress(done, len(images))
        is_urgent = live and len(missing) <= LIVE_IMAGES
        outcomes = self._pipeline.outcomes([*missing.values()], live=is_urgent, describe=describe)
        try:
            for image, outcome in outcomes:
                if isinstance(outcome, Rejected):
                    refused[image.digest] = outcome
                else:
                    row = rows[image.digest]
                    vectors[row], is_known[row] = outcome.vector, True
                    if keep:
                        fresh[image.digest] = outcome
                    if outcome.appearance is not None:
                        looks[image.digest] = outcome.appearance
                if len(fresh) >= max(KEPT, self.encoder.batch_size):
                    keep = self._keep(fresh)
                done += 1
                progress(done, len(images))
        finally:
            self._keep(fresh)
        return _in_order(images, rows, vectors, is_known, refused, looks)

    def _look_up(
        self,
        rows: dict[str, int],
        vectors: NDArray[np.float32],
        is_known: NDArray[np.bool_],
        looks: dict[str, Appearance] | None,
    ) -> None:
        """Fill in what the cache has; of `looks`, if wanted, nothing may lack."""
        digests = iter(rows)
        while some := tuple(itertools.islice(digests, LOOKED_UP)):
            if looks is not None:
                for digest, data in self.cache.appearances(some).items():
                    if (look := Appearance.from_bytes(data)) is not None:
                        looks[digest] = look
            wanted = some if looks is None else [digest for digest in some if digest in looks]
            for digest, vector in self.cache.get(wanted, self.encoder.fingerprint).items():
                if vector.shape == vectors[0].shape and np.isfinite(vector).all():
                    vectors[rows[digest]] = vector
                    is_known[rows[digest]] = True

    def _keep(self, fresh: dict[str, Embedded]) -> bool:
        """Write embeddings to the cache; says whether it took them: the work goes on without."""
        looks = {
            digest: embedded.appearance.to_bytes()
            for digest, embedded in fresh.items()
            if embedded.appearance is not None
        }
        vectors = {digest: embedded.vector for digest, embedded in fresh.items()}
        fresh.clear()
        try:
            if vectors:
                self.cache.put(vectors, self.encoder.fingerprint, looks)
        except FeatclassError as error:
            log.warning("Embeddings are not kept, and are made anew next time: %s", error)
            return False
        return True

    def close(self) -> None:
        """Finish what is being worked on and end the threads."""
        self._pipeline.close()


def _in_order(
    images: Sequence[Image],
    rows: dict[str, int],
    vectors: NDArray[np.float32],
    is_known: NDArray[np.bool_],
    refused: dict[str, Rejected],
    looks: dict[str, Appearance],
) -> Embeddings:
    """Return a row for each image that has one, and each refusal under the image's own name."""
    used = tuple(image for image in images if is_known[rows[image.digest]])
    if not len(used) == len(images) == len(rows):
        vectors = vectors[[rows[image.digest] for image in used]]
    appearances = tuple(looks[image.digest] for image in used) if looks else ()
    return Embeddings(used, vectors, tuple(_named(refused, images)), appearances)


def _named(refused: dict[str, Rejected], images: Iterable[Image]) -> Iterable[Rejected]:
    for image in images:
        if image.digest in refused:
            yield replace(refused[image.digest], name=image.name)
