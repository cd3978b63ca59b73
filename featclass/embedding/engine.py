"""Images in, embeddings out: what the cache has, and for the rest the pipeline of an encoder.

Each encoder is loaded once in a process and serves everybody.
"""

from __future__ import annotations

import gc
import itertools
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from featclass import encoders
from featclass.base import (
    Config,
    DiskFull,
    EncoderUnavailable,
    FeatclassError,
    Image,
    Progress,
    Rejected,
    no_progress,
)
from featclass.embedding.cache import Cache
from featclass.embedding.scheduler import Embedded, Pipeline
from featclass.encoders import AUTO, BUILTIN, Encoder
from featclass.images import Appearance

log = logging.getLogger(__name__)

LIVE_IMAGES = 8
"""Somebody who asks about more at once waits for a bulk job, in fair shares with the others."""
LOOKED_UP = 1000
"""Digests asked of the cache at once: what it returns is held twice for a moment."""
KEPT = 64
"""Embeddings written to the cache at once, unless a batch is larger."""
AFTER_FIRST_PAINT = 1.0
"""Seconds: importing torch holds the interpreter, and the first page is still being drawn."""
SOON = 0.2
"""Seconds, where nothing is to be loaded that takes long."""


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
        table = _Table(images, self.encoder.dimensions)
        if keep:
            self._look_up(table, describe=describe)
        missing = table.missing()
        done = len(images) - len(missing)
        progress(done, len(images))
        fresh: dict[str, Embedded] = {}
        is_urgent = live and len(missing) <= LIVE_IMAGES
        try:
            for image, outcome in self._pipeline.outcomes(
                missing, live=is_urgent, describe=describe
            ):
                table.add(image.digest, outcome)
                if keep and isinstance(outcome, Embedded):
                    fresh[image.digest] = outcome
                if len(fresh) >= max(KEPT, self.encoder.batch_size):
                    keep = self._keep(fresh)
                done += 1
                progress(done, len(images))
        finally:
            self._keep(fresh)
        return table.in_order()

    def _look_up(self, table: _Table, *, describe: bool) -> None:
        """Fill in what the cache has; to `describe` an image, nothing of it may lack."""
        digests = iter(table.rows)
        while some := tuple(itertools.islice(digests, LOOKED_UP)):
            if describe:
                for digest, data in self.cache.appearances(some).items():
                    if (look := Appearance.from_bytes(data)) is not None:
                        table.looks[digest] = look
                some = tuple(digest for digest in some if digest in table.looks)
            for digest, vector in self.cache.get(some, self.encoder.fingerprint).items():
                if vector.shape == (self.encoder.dimensions,) and np.isfinite(vector).all():
                    table.add(digest, Embedded(vector, None))

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


class _Table:
    """What is known of the images of one call: a row for each digest, filled in as it comes."""

    def __init__(self, images: Sequence[Image], dimensions: int) -> None:
        self.rows = {d: row for row, d in enumerate(dict.fromkeys(i.digest for i in images))}
        self.looks: dict[str, Appearance] = {}
        self._images = images
        self._vectors = np.empty((len(self.rows), dimensions), np.float32)
        self._is_known = np.zeros(len(self.rows), np.bool_)
        self._refused: dict[str, Rejected] = {}

    def add(self, digest: str, outcome: Embedded | Rejected) -> None:
        if isinstance(outcome, Rejected):
            self._refused[digest] = outcome
            return
        row = self.rows[digest]
        self._vectors[row], self._is_known[row] = outcome.vector, True
        if outcome.appearance is not None:
            self.looks[digest] = outcome.appearance

    def missing(self) -> list[Image]:
        images = {image.digest: image for image in self._images}
        return [image for digest, image in images.items() if not self._is_known[self.rows[digest]]]

    def in_order(self) -> Embeddings:
        """Return a row for each image that has one, and each refusal under the image's own name."""
        used = tuple(image for image in self._images if self._is_known[self.rows[image.digest]])
        vectors = self._vectors
        if not len(used) == len(self._images) == len(self.rows):
            vectors = vectors[[self.rows[image.digest] for image in used]]
        rejected = tuple(
            replace(self._refused[image.digest], name=image.name)
            for image in self._images
            if image.digest in self._refused
        )
        looks = tuple(self.looks[image.digest] for image in used) if self.looks else ()
        return Embeddings(used, vectors, rejected, looks)


class Engines:
    """Opens engines by encoder spec, for one device, over one cache.

    `device` is `auto`, `cpu`, `cuda` or `mps`; `precision` is `auto`, `float32` or `bfloat16`, by
    default that of `config`. With `freeze`, the garbage collector leaves alone
    whatever has been loaded: for a server, where its walk would stall every user of the page.
    """

    def __init__(
        self,
        config: Config,
        cache: Cache,
        *,
        device: str = "auto",
        precision: str | None = None,
        freeze: bool = False,
    ) -> None:
        self.cache = cache
        self._freeze = freeze
        self._config = config
        self._wanted_device = device
        self._precision = config.precision if precision is None else precision
        self._engines: dict[str, Engine] = {}
        self._loading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._warming: threading.Timer | None = None
        self.device: str | None = None
        """What encoders run on; None until it has been looked for, which takes seconds."""

    def find_device(self) -> str:
        """Look for the device; raises `EncoderUnavailable` where the one asked for is absent."""
        self.device = encoders.choose_device(self._wanted_device)
        return self.device

    def get(
        self,
        spec: str,
        *,
        download: Progress | None = None,
        tell: Callable[[str], None] = log.warning,
    ) -> Engine:
        """Return the engine of `spec`, loading the encoder the first time.

        `auto` is the best encoder for the device, else the built-in one: then `tell` hears why, in
        a sentence, before that is loaded. `download` is told of the bytes that arrive where the
        weights are not on this machine yet. Raises `EncoderUnavailable` in one sentence for an
        encoder asked for by name that cannot be had.
        """
        if spec != AUTO:
            return self._loaded(spec, download)
        preferred = encoders.preferred(self.find_device())
        try:
            return self._loaded(preferred, download)
        except EncoderUnavailable as error:
            tell(f"{error} Using the built-in encoder meanwhile.")
            return self._loaded(BUILTIN)

    def _loaded(self, spec: str, download: Progress | None = None) -> Engine:
        with self._lock:
            loading = self._loading.setdefault(spec, threading.Lock())
        with loading:
            if spec not in self._engines:
                encoder = encoders.load(
                    spec,
                    device=self.find_device(),
                    precision=self._precision,
                    config=self._config,
                    progress=download,
                )
                self._engines[spec] = Engine(
                    encoder, self.cache, max_pixels=self._config.max_pixels
                )
                if self._freeze:
                    gc.collect()
                    gc.freeze()
            return self._engines[spec]

    def choose(
        self, spec: str, *, tell: Callable[[str], None], download: Progress | None = None
    ) -> Engine:
        """Return the engine of an encoder that a person asked for, as `get` does, and remember it.

        A classifier made with it and saved is then loaded here without it being named once more.
        """
        engine = self.get(spec, download=download, tell=tell)
        if spec != AUTO and not encoders.is_offered(spec):
            with suppress(DiskFull):
                self.cache.choose(spec, engine.encoder.id)
        return engine

    def warm(self, spec: str) -> None:
        """Load `spec` in the background, once, so that the first visitor need not wait for it."""
        with self._lock:
            if self._warming is not None:
                return
            takes_torch = self._wanted_device != "cpu" and encoders.may_have_gpu()
            wait = AFTER_FIRST_PAINT if takes_torch else SOON
            self._warming = threading.Timer(wait, self._warm, (spec,))
        self._warming.daemon = True
        self._warming.start()

    def _warm(self, spec: str) -> None:
        try:
            self.get(spec)
        except EncoderUnavailable as error:  # whoever needs it is told when they ask for it
            log.warning("%s", error)

    def is_open(self, spec: str) -> bool:
        """Say whether `spec` is loaded already."""
        return spec in self._engines

    def close(self) -> None:
        """End the threads of every engine."""
        if self._warming is not None:
            self._warming.cancel()
            self._warming.join()
        with self._lock, ExitStack() as closing:
            if self._freeze:
                closing.callback(gc.unfreeze)
            for engine in self._engines.values():
                closing.callback(engine.close)
            self._engines.clear()
