"""Images in, embeddings out: a decode pool, one encoder worker, and the cache in between.

Reading, decoding and encoding overlap. One engine serves every caller in the process: whatever is
waiting is encoded together in one batch, and live requests go before bulk ones.
"""

from __future__ import annotations

import itertools
import os
import queue
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from featclass import images as pixels
from featclass.cache import Cache
from featclass.encoders import Encoder
from featclass.errors import Cancelled
from featclass.records import Embeddings, Image, Progress, Rejected, no_progress

LIVE, BULK, STOP = 0, 1, 2

Vector = NDArray[np.float32]


@dataclass(order=True, slots=True)
class _Waiting:
    """One preprocessed image in the encoder's queue: live before bulk, else first come."""

    priority: int
    number: int
    pixels: NDArray[np.float32] = field(compare=False)
    embedding: Future[Vector] = field(compare=False)


class Engine:
    """Embeds images with one encoder, through one cache.

    `max_pixels` bounds a single image (see `featclass.images`); `decoders` is the number of
    threads that read and decode, by default one for each processor.
    """

    def __init__(
        self, encoder: Encoder, cache: Cache, *, max_pixels: int, decoders: int | None = None
    ) -> None:
        pixels.give_back()
        self.encoder = encoder
        self.cache = cache
        self._max_pixels = max_pixels
        self._decoders = decoders or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._decoders, thread_name_prefix="decode")
        # The queue itself is unbounded: each caller keeps a bounded window in flight.
        self._waiting: queue.PriorityQueue[_Waiting] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._closed = False
        self._worker = threading.Thread(target=self._encode_forever, name="encode", daemon=True)
        self._worker.start()

    def embed(
        self, images: Sequence[Image], *, progress: Progress = no_progress, live: bool = False
    ) -> Embeddings:
        """Embed `images`, each distinct digest at most once ever.

        Keeps the order of `images`. `progress` may raise to stop: nothing embedded so far is lost.
        A `live` request (somebody is waiting for one prediction) overtakes bulk ones. Images that
        cannot be read come back as `rejected`, never as an exception.
        """
        if self._closed:
            raise Cancelled("The encoder has been closed; open it again.")
        fingerprint = self.encoder.fingerprint
        known: dict[str, Vector] = self.cache.get({i.digest for i in images}, fingerprint)
        missing = list({i.digest: i for i in images if i.digest not in known}.values())
        refused: dict[str, Rejected] = {}
        fresh: dict[str, Vector] = {}
        done = len(images) - len(missing)
        progress(done, len(images))
        try:
            for image, outcome in self._outcomes(missing, LIVE if live else BULK):
                if isinstance(outcome, Rejected):
                    refused[image.digest] = outcome
                else:
                    known[image.digest] = fresh[image.digest] = outcome
                if len(fresh) >= self.encoder.batch_size:
                    self.cache.put(fresh, fingerprint)
                    fresh.clear()
                done += 1
                progress(done, len(images))
        finally:
            if fresh:
                self.cache.put(fresh, fingerprint)
        used = tuple(image for image in images if image.digest in known)
        vectors = np.zeros((len(used), self.encoder.dimensions), np.float32)
        for row, image in enumerate(used):
            vectors[row] = known[image.digest]
        rejected = (
            replace(refused[image.digest], name=image.name)
            for image in images
            if image.digest in refused
        )
        return Embeddings(used, vectors, tuple(rejected))

    def _outcomes(
        self, images: Sequence[Image], priority: int
    ) -> Iterator[tuple[Image, Vector | Rejected]]:
        """Yield each image with its embedding, or with its rejection, in order."""
        window = 2 * self.encoder.batch_size + self._decoders
        in_flight: deque[tuple[Image, Future[Future[Vector] | Rejected]]] = deque()
        ahead = iter(images)
        try:
            while True:
                for image in itertools.islice(ahead, window - len(in_flight)):
                    in_flight.append((image, self._submit(image, priority)))
                if not in_flight:
                    return
                image, decoding = in_flight.popleft()
                decoded = decoding.result()
                yield image, decoded if isinstance(decoded, Rejected) else decoded.result()
        finally:
            for _, decoding in in_flight:
                decoding.cancel()

    def _submit(self, image: Image, priority: int) -> Future[Future[Vector] | Rejected]:
        if priority != LIVE:
            return self._pool.submit(self._decode, image, priority)
        # A live picture is decoded by its own caller: it never waits behind a bulk window.
        outcome: Future[Future[Vector] | Rejected] = Future()
        outcome.set_result(self._decode(image, priority))
        return outcome

    def _decode(self, image: Image, priority: int) -> Future[Vector] | Rejected:
        """Read, decode and preprocess; the embedding follows in the future."""
        try:
            data = image.read()
        except OSError as error:
            why = f"the file cannot be read at the moment ({error.strerror or 'it has gone'})"
            return Rejected(image.name, why, is_lasting=False)
        try:
            with pixels.decoded(data, max_pixels=self._max_pixels) as picture:
                prepared = self.encoder.preprocess(picture)
        except pixels.Unreadable as unreadable:
            return Rejected(image.name, str(unreadable))
        embedding: Future[Vector] = Future()
        self._waiting.put(_Waiting(priority, next(self._numbers), prepared, embedding))
        return embedding

    def _encode_forever(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < self.encoder.batch_size:
                try:
                    batch.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
            stopping = any(waiting.priority == STOP for waiting in batch)
            self._encode([waiting for waiting in batch if waiting.priority != STOP])
            if stopping:
                return

    def _encode(self, batch: list[_Waiting]) -> None:
        if not batch:
            return
        try:
            vectors = self.encoder.encode(np.stack([waiting.pixels for waiting in batch]))
        except Exception as error:  # handed to whoever asked: the worker itself must live on
            for waiting in batch:
                waiting.embedding.set_exception(error)
            return
        for waiting, vector in zip(batch, vectors, strict=True):
            waiting.embedding.set_result(vector)

    def close(self) -> None:
        """Finish what is in flight and end the threads."""
        self._closed = True
        self._pool.shutdown(wait=True)
        nothing = np.zeros(0, np.float32)
        self._waiting.put(_Waiting(STOP, next(self._numbers), nothing, Future()))
        self._worker.join()
        while not self._waiting.empty():  # a live request that came in at the last moment
            self._waiting.get().embedding.set_exception(Cancelled("The encoder has been closed."))
