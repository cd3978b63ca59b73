"""Images in, embeddings out as they get ready: workers that decode and encode.

On a processor each worker does both, with one thread of its own: it decodes until a batch is
waiting, then encodes it, so that no core ever waits for another. On a GPU one worker feeds it
with what the others decode. What somebody is waiting for (a live image) has a worker to itself.
"""

from __future__ import annotations

import atexit
import logging
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from featclass import images as pixels
from featclass.base import (
    Cancelled,
    EncoderUnavailable,
    Image,
    Rejected,
    give_back_freed_memory,
    reuse_freed_memory,
)
from featclass.encoders import Encoder, Pixels, Releasing
from featclass.images import Appearance

log = logging.getLogger(__name__)

Vector = NDArray[np.float32]
Task = Callable[[], None]
Role = tuple[Callable[[], Task | None], ...]
"""What a worker looks for, its first choice first."""

ENOUGH = 32
"""A batch of so many is worth encoding, though the device could take more at once."""

REST = 3.0
"""Seconds without a caller until memory is given back; a camera's next frame comes sooner."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """What became of an image."""

    vector: Vector
    appearance: Appearance | None
    """Where it was asked for."""


class _Job:
    """The images that one caller waits for."""

    def __init__(self, images: Sequence[Image], *, is_live: bool, describes: bool) -> None:
        self.is_live = is_live
        self.describes = describes
        self.undecoded = deque(images)
        self.outcomes: SimpleQueue[tuple[Image, Embedded | Rejected] | Exception] = SimpleQueue()
        self.is_over = False


@dataclass(slots=True)
class _Prepared:
    """An image ready for the encoder."""

    job: _Job
    image: Image
    pixels: Pixels
    appearance: Appearance | None
    is_second_try: bool = False


@dataclass(slots=True, eq=False)
class _Batch:
    """What a worker is encoding, and since when."""

    count: int
    started: float

    def left(self, pace: float) -> float:
        """Return about how many of its images are still to do, at `pace` seconds an image."""
        return max(0.0, self.count - (time.monotonic() - self.started) / pace)


class Pipeline:
    """Decodes and encodes images for several callers at once, in fair shares.

    `max_pixels` bounds a single image (see `featclass.images`); `decoders` is the number of
    threads that read and decode for a GPU, by default one for each processor.
    """

    def __init__(self, encoder: Encoder, *, max_pixels: int, decoders: int | None = None) -> None:
        reuse_freed_memory()
        self._encoder = encoder
        self._max_pixels = max_pixels
        self._changed = threading.Condition()
        # What follows is touched only while `_changed` is held.
        self._jobs: deque[_Job] = deque()
        self._decoding = 0
        self._encoding: list[_Batch] = []
        self._pace = math.inf
        self._ready: deque[_Prepared] = deque()
        self._live: deque[_Prepared] = deque()
        self._is_closed = False
        self._idle_since: float | None = None
        """None while somebody is served, and where all memory has been given back."""
        roles: list[Role] = [(self._encode_live, self._rest)]
        if encoder.device == "cpu":
            roles += [(self._encode_bulk, self._decode_next)] * encoder.workers
        else:
            roles += [(self._encode_bulk,)] * encoder.workers
            roles += [(self._decode_next,)] * (decoders or os.cpu_count() or 1)
        self._workers = [
            threading.Thread(target=self._work, args=(role,), name="embed", daemon=True)
            for role in roles
        ]
        for worker in self._workers:
            worker.start()
        # An interpreter that ends while a thread is inside torch aborts.
        atexit.register(self.close)

    def outcomes(
        self, images: Sequence[Image], *, live: bool, describe: bool = False
    ) -> Iterator[tuple[Image, Embedded | Rejected]]:
        """Yield each image with its embedding or rejection, as they get ready.

        With `describe`, each comes with its appearance. For whoever stops early nothing more is
        begun. Live images are decoded by the caller's own thread. Raises `Cancelled` where the
        pipeline is closed, and `EncoderUnavailable` where not even one image fits in the memory of
        the device.
        """
        job = _Job(images, is_live=live, describes=describe)
        with self._changed:
            if self._is_closed:
                raise _closed()
            self._jobs.append(job)
            self._idle_since = None
            self._changed.notify_all()
        try:
            while live and job.undecoded:
                self._decode(job, job.undecoded.popleft())
            for _ in images:
                outcome = job.outcomes.get()
                if isinstance(outcome, Exception):
                    raise outcome
                yield outcome
        finally:
            self._end(job)

    def close(self) -> None:
        """Finish what is being worked on, and end the threads; who still waits is told."""
        atexit.unregister(self.close)
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for worker in self._workers:
            worker.join()
        with self._changed:  # whoever is told leaves the list
            for job in self._jobs:
                job.outcomes.put(_closed())

    def _end(self, job: _Job) -> None:
        with self._changed:
            job.is_over = True
            self._jobs.remove(job)
            for waiting in (self._ready, self._live):
                kept = [prepared for prepared in waiting if prepared.job is not job]
                waiting.clear()
                waiting.extend(kept)
            if not self._jobs:
                self._idle_since = time.monotonic()
            self._changed.notify_all()

    def _work(self, role: Role) -> None:
        """Do what the role finds to do, until the pipeline is closed."""
        while task := self._next(role):
            task()

    def _next(self, role: Role) -> Task | None:
        with self._changed:
            while not self._is_closed:
                for find in role:
                    if task := find():
                        return task
                self._changed.wait(None if self._idle_since is None else REST)
        return None

    def _rest(self) -> Task | None:
        if self._idle_since is None or time.monotonic() < self._idle_since + REST:
            return None
        self._idle_since = None
        return self._give_back

    def _give_back(self) -> None:
        if isinstance(self._encoder, Releasing):
            self._encoder.release()
        give_back_freed_memory()

    def _encode_live(self) -> Task | None:
        batch = self._taken(self._live, self._encoder.batch_size)
        # Beside a bulk job, threads that share the work would wait for cores that are busy.
        is_alone = all(job.is_live for job in self._jobs)
        return (lambda: self._encode(batch, None if is_alone else 1)) if batch else None

    def _encode_bulk(self) -> Task | None:
        """Take a batch once it is large enough; at the end, what lets all workers end together."""
        if not self._ready:
            return None
        left = len(self._ready) + self._decoding
        left += sum(len(job.undecoded) for job in self._jobs if not job.is_live)
        encoding = sum(batch.left(self._pace) for batch in self._encoding)
        share = math.ceil((left + encoding) / self._encoder.workers)
        if len(self._ready) < min(self._encoder.batch_size, ENOUGH, share, left):
            return None
        taken = self._taken(self._ready, min(self._encoder.batch_size, share))
        batch = _Batch(len(taken), time.monotonic())
        self._encoding.append(batch)
        return lambda: self._encode_one_of_several(taken, batch)

    def _decode_next(self) -> Task | None:
        """Take an image of the job whose turn it is, unless enough is waiting already."""
        if len(self._ready) + self._decoding >= 2 * max(self._encoder.batch_size, ENOUGH):
            return None
        for _ in range(len(self._jobs)):
            job = self._jobs[0]
            self._jobs.rotate(-1)
            if job.undecoded and not job.is_live:
                image = job.undecoded.popleft()
                self._decoding += 1
                return lambda: self._decode(job, image)
        return None

    def _taken(self, waiting: deque[_Prepared], most: int) -> list[_Prepared]:
        """Remove the next batch; what failed in a batch before goes alone."""
        if waiting and waiting[0].is_second_try:
            most = 1
        return [waiting.popleft() for _ in range(min(most, len(waiting)))]

    def _decode(self, job: _Job, image: Image) -> None:
        outcome = self._prepared(job, image)
        with self._changed:
            if not job.is_live:
                self._decoding -= 1
            if isinstance(outcome, Rejected):
                job.outcomes.put((image, outcome))
            elif not job.is_over:
                waiting = self._live if job.is_live else self._ready
                waiting.append(outcome)
            self._changed.notify_all()

    def _prepared(self, job: _Job, image: Image) -> _Prepared | Rejected:
        """Read, decode and preprocess; once more where that failed in a way nobody foresaw."""
        try:
            return self._preprocessed(job, image)
        except Exception:  # of a decoder's own making: the worker has others to serve
            log.exception("%r failed while it was being decoded; trying once more", image.name)
        try:
            return self._preprocessed(job, image)
        except Exception as error:  # whoever asked is told by the image's name
            return _failed(image, error)

    def _preprocessed(self, job: _Job, image: Image) -> _Prepared | Rejected:
        try:
            data = image.read()
        except OSError as error:
            why = f"the file cannot be read at the moment ({error.strerror or 'it has gone'})"
            return Rejected(image.name, why, is_lasting=False)
        try:
            with pixels.decoded(
                data, max_pixels=self._max_pixels, side=self._encoder.side
            ) as picture:
                looks = None
                if job.describes:
                    looks = pixels.appearance(picture, data, max_pixels=self._max_pixels)
                return _Prepared(job, image, self._encoder.preprocess(picture), looks)
        except pixels.Unreadable as unreadable:
            return Rejected(image.name, str(unreadable))

    def _encode_one_of_several(self, taken: list[_Prepared], batch: _Batch) -> None:
        self._encode(taken, 1)
        with self._changed:
            self._encoding.remove(batch)
            self._pace = max(1e-9, time.monotonic() - batch.started) / batch.count
            self._changed.notify_all()

    def _encode(self, batch: list[_Prepared], threads: int | None) -> None:
        try:
            stacked = np.stack([prepared.pixels for prepared in batch])
            vectors = self._encoder.encode(stacked, threads=threads)
            embedded = [_embedded(one, vector) for one, vector in zip(batch, vectors, strict=True)]
        except EncoderUnavailable as error:
            for prepared in batch:
                prepared.job.outcomes.put(error)
        except Exception as error:  # of a device, or of one image: the worker must live on
            if not batch[0].is_second_try:
                log.exception("%d images failed in the encoder; trying each alone", len(batch))
            for prepared in batch:
                self._try_again(prepared, error)
        else:
            for prepared, outcome in zip(batch, embedded, strict=True):
                prepared.job.outcomes.put((prepared.image, outcome))

    def _try_again(self, prepared: _Prepared, error: Exception) -> None:
        """Encode an image of a failed batch once more, alone, in case another was the cause."""
        job = prepared.job
        if prepared.is_second_try:
            job.outcomes.put((prepared.image, _failed(prepared.image, error)))
            return
        prepared.is_second_try = True
        with self._changed:
            if not job.is_over:
                (self._live if job.is_live else self._ready).appendleft(prepared)
            self._changed.notify_all()


def _embedded(prepared: _Prepared, vector: Vector) -> Embedded | Rejected:
    """Return the embedding; no number, as of low precision overflowing, goes any further."""
    if np.isfinite(vector).all():
        return Embedded(vector, prepared.appearance)
    why = "the encoder gave no number for it"
    return Rejected(prepared.image.name, why, is_lasting=False)


def _failed(image: Image, error: Exception) -> Rejected:
    why = f"it could not be embedded, in two tries ({type(error).__name__}: {error})"
    return Rejected(image.name, why, is_lasting=False)


def _closed() -> Cancelled:
    return Cancelled("The encoder has been closed; open it again.")
