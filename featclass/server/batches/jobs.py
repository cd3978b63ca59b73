"""The work on batches, in threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from filelock import FileLock

from featclass import classifiers
from featclass.base import (
    Cancelled,
    Clock,
    Config,
    FeatclassError,
    Image,
    Pace,
    Rejected,
)
from featclass.embedding import Engines
from featclass.server.batches import pictures
from featclass.server.batches.folder import BatchFolder, append
from featclass.server.batches.record import ENDED, Batch, BatchPhase, Counts, Record
from featclass.server.jobs import Job, Jobs, sentence

log = logging.getLogger(__name__)

AT_ONCE = 2


@dataclass(slots=True, eq=False, kw_only=True)
class _Job(Job):
    """The work on one batch."""

    counts: Counts
    lock: FileLock
    phase: BatchPhase = BatchPhase.WAITING
    is_unwanted: bool = False
    """To be deleted when it has ended."""


class BatchJobs:
    """Works on batches, at most once on each at a time; says how each stands."""

    def __init__(self, config: Config, engines: Engines) -> None:
        self._config = config
        self._engines = engines
        self._lock = threading.RLock()
        self._jobs: Jobs[Path, _Job] = Jobs(AT_ONCE, "batch", self._lock)
        self._counts: dict[Path, tuple[int, Counts]] = {}
        """Each with the bytes that were counted."""
        self._unwritten: dict[Path, tuple[BatchPhase, str]] = {}
        """How batches ended of which the disk did not even take that."""

    def submit(self, folder: BatchFolder) -> None:
        """Work on a batch when its turn comes; nothing happens where it is worked on already.

        Of several workspaces with batches each has its turn. Raises `FeatclassError` where another
        server works on it.
        """
        with self._lock:
            if self._jobs.closed.is_set() or self.has(folder):
                return
            counts = self._count(folder)
            job = _Job(counts=counts, lock=folder.locked(), pace=Pace(counts.done, 0))
            try:
                folder.change(phase=BatchPhase.WAITING, error="")
                self._unwritten.pop(folder.path, None)
                work, ended = partial(self._work, folder), partial(self._end, folder, job)
                self._jobs.submit(folder.path, str(folder.path.parent), job, work, ended)
            except BaseException:
                job.lock.release()
                raise

    def cancel(self, folder: BatchFolder) -> None:
        """Stop at the next step; what is done is kept."""
        self._jobs.cancel(folder.path)

    def delete(self, folder: BatchFolder) -> None:
        """Delete a batch: now, or where it is worked on, as soon as that has ended.

        Raises `FeatclassError` where another server works on it.
        """
        with self._lock:
            if (job := self._jobs.get(folder.path)) is not None:
                job.is_unwanted = True
                self.cancel(folder)  # an image away, or the loading of an encoder
                return
            lock = folder.locked()
            self._counts.pop(folder.path, None)
            self._unwritten.pop(folder.path, None)
        try:
            self._delete(folder)
        finally:
            lock.release()

    def _delete(self, folder: BatchFolder) -> None:
        """Delete a batch on which nobody works, and the embeddings of its pictures."""
        try:
            self._engines.cache.forget(folder.digests())
        except FeatclassError as error:
            log.warning("Embeddings of a batch that is deleted are still kept: %s", error)
        folder.delete()

    def has(self, folder: BatchFolder) -> bool:
        """Say whether a batch is worked on, or waits for it."""
        return folder.path in self._jobs

    def look(self, folder: BatchFolder, record: Record) -> Batch:
        """Say how a batch stands now."""
        with self._lock:
            if (job := self._jobs.get(folder.path)) is not None:
                stopping = job.cancelled.is_set()
                return Batch(record, job.phase, job.pace, job.counts.copy(), stopping)
            record = folder.record() or record  # its job may have ended since it was read
            if folder.path in self._unwritten:
                phase, error = self._unwritten[folder.path]
                record = replace(record, phase=phase, error=error)
            counts = self._count(folder).copy()
            # What no server works on was cut off by the end of one. Asked for a moment's lock, so
            # not while another thread here begins to work on it.
            phase = record.phase
            if phase not in ENDED and not folder.is_locked():
                phase = BatchPhase.STOPPED
        return Batch(record, phase, Pace(counts.done, max(record.total, counts.done)), counts)

    def close(self) -> None:
        """Stop all work at its next step; it can be resumed."""
        self._jobs.close()

    def _count(self, folder: BatchFolder) -> Counts:
        """Return what was counted of a batch; anew where another server went on with it."""
        size = folder.size()
        counted, counts = self._counts.get(folder.path, (-1, Counts()))
        if counted != size:
            counts = Counts()
            counts.count(folder.predictions())
            self._counts[folder.path] = size, counts
        return counts

    def _end(self, folder: BatchFolder, job: _Job, failure: Exception | None) -> None:
        phase, error = BatchPhase.DONE, ""
        if isinstance(failure, Cancelled):
            phase = BatchPhase.STOPPED
        elif failure is not None:
            phase, error = BatchPhase.FAILED, sentence(failure, "A batch of predictions broke off")
        # Of a slice that was half written, some is there all the same: it is counted anew.
        counted = -1 if phase is BatchPhase.FAILED else folder.size()
        self._counts[folder.path] = counted, job.counts
        try:
            if job.is_unwanted:
                del self._counts[folder.path]
                self._delete(folder)
            else:
                folder.change(phase=phase, error=error)
        except FeatclassError as unwritten:  # the disk is full: told while this server runs
            self._unwritten[folder.path] = phase, error
            log.warning("%s", unwritten)
        finally:
            job.lock.release()

    def _work(self, folder: BatchFolder, job: _Job) -> None:
        """Predict what is not predicted yet; raises `Cancelled` when it is to stop."""
        record = folder.record()
        if record is None:
            raise Cancelled("The batch was deleted.")
        job.check()
        job.phase = BatchPhase.LOADING
        classifier = folder.classifier()
        engine = self._engines.get(classifier.encoder)
        classifiers.check_encoder(classifier, engine)
        job.check()
        files = pictures.of_batch(folder, record, self._config)
        done = {prediction.path for prediction in folder.predictions()}
        left = sum(name not in done for name in files.sources)
        left += sum(rejected.name not in done for rejected in files.rejected)
        total = len(done) + left
        folder.change(phase=BatchPhase.RUNNING, total=total)
        job.phase, clock = BatchPhase.RUNNING, Clock()

        def progress(now: int, _: int) -> None:
            job.check()
            job.pace = clock(len(done) + now, total)

        def images() -> Iterator[Image | Rejected]:
            for image in files.but(done):
                job.check()
                if isinstance(image, Image):
                    note(image.digest)
                yield image

        slices = classifiers.predict_many(engine, classifier, images(), progress=progress)
        with folder.noting() as note, folder.appending() as file:
            for predictions in slices:
                append(file, predictions)
                with self._lock:
                    job.counts.count(predictions)
