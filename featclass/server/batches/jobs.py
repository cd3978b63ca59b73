"""The work on batches, in threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from filelock import FileLock

from featclass import classifiers
from featclass.base import (
    Cancelled,
    Clock,
    Config,
    FeatclassError,
    Image,
    Pace,
    Prediction,
    Rejected,
    Turns,
)
from featclass.embedding import Engines
from featclass.server.batches import pictures
from featclass.server.batches.folder import BatchFolder, append
from featclass.server.batches.record import ENDED, Batch, BatchPhase, Counts, Record

log = logging.getLogger(__name__)

AT_ONCE = 2


@dataclass(slots=True)
class _Job:
    """The work on one batch, from its start to its end."""

    counts: Counts
    lock: FileLock
    cancelled: threading.Event = field(default_factory=threading.Event)
    pace: Pace = field(default_factory=Pace)
    phase: BatchPhase = BatchPhase.WAITING
    future: Future[None] | None = None
    is_unwanted: bool = False
    """To be deleted when it has ended."""


class Jobs:
    """Works on batches, at most once on each at a time; says how each stands."""

    def __init__(self, config: Config, engines: Engines) -> None:
        self._config = config
        self._engines = engines
        self._pool = Turns(AT_ONCE, "batch")
        self._lock = threading.RLock()
        self._jobs: dict[Path, _Job] = {}
        self._tallies: dict[Path, tuple[int, Counts]] = {}
        """Each with the bytes that were counted."""
        self._unwritten: dict[Path, tuple[BatchPhase, str]] = {}
        """How batches ended of which the disk did not even take that."""
        self._closed = threading.Event()

    def submit(self, folder: BatchFolder) -> None:
        """Work on a batch when its turn comes; nothing happens where it is worked on already.

        Of several workspaces with batches each has its turn. Raises `FeatclassError` where another
        server works on it.
        """
        with self._lock:
            if self._closed.is_set() or self.has(folder):
                return
            job = _Job(self._tally(folder), folder.locked())
            try:
                folder.change(phase=BatchPhase.WAITING, error="")
                self._unwritten.pop(folder.path, None)
                job.pace = Pace(job.counts.done, 0)
                whose = str(folder.path.parent)
                job.future = self._pool.submit(whose, self._in_job, folder, job)
            except BaseException:
                job.lock.release()
                raise
            self._jobs[folder.path] = job

    def cancel(self, folder: BatchFolder) -> None:
        """Stop at the next step; what is done is kept."""
        with self._lock:
            if (job := self._jobs.get(folder.path)) is not None:
                job.cancelled.set()
                if job.future is not None and job.future.cancel():  # its turn had not come
                    self._ended(folder, BatchPhase.STOPPED)

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
            self._tallies.pop(folder.path, None)
            self._unwritten.pop(folder.path, None)
        try:
            self._delete(folder)
        finally:
            lock.release()

    def _delete(self, folder: BatchFolder) -> None:
        """Delete a batch on which nobody works, and the embeddings of its pictures."""
        try:
            self._engines.forget(folder.digests())
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
            counts = self._tally(folder).copy()
            # What no server works on was cut off by the end of one. Asked for a moment's lock, so
            # not while another thread here begins to work on it.
            phase = record.phase
            if phase not in ENDED and not folder.is_locked():
                phase = BatchPhase.STOPPED
        return Batch(record, phase, Pace(counts.done, max(record.total, counts.done)), counts)

    def close(self) -> None:
        """Stop all work at its next step; it can be resumed."""
        with self._lock:
            self._closed.set()
        self._pool.close()
        with self._lock:
            for job in self._jobs.values():  # whose turn never came
                job.lock.release()
            self._jobs.clear()

    def _tally(self, folder: BatchFolder) -> Counts:
        """Return what was counted of a batch; anew where another server went on with it."""
        size = folder.size()
        known, counts = self._tallies.get(folder.path, (-1, Counts()))
        if folder.path not in self._jobs and known != size:
            counts = Counts()
            counts.count(folder.predictions())
            self._tallies[folder.path] = size, counts
        return counts

    def _in_job(self, folder: BatchFolder, job: _Job) -> None:
        phase, error = BatchPhase.DONE, ""
        try:
            self._work(folder, job)
        except Cancelled:
            phase = BatchPhase.STOPPED
        except FeatclassError as failure:
            phase, error = BatchPhase.FAILED, str(failure)
        except Exception as failure:  # the page says it in a sentence, the log has the traceback
            log.exception("A batch of predictions broke off")
            phase = BatchPhase.FAILED
            error = f"Something went wrong on our side ({type(failure).__name__})."
        with self._lock:
            self._ended(folder, phase, error)

    def _ended(self, folder: BatchFolder, phase: BatchPhase, error: str = "") -> None:
        job = self._jobs.pop(folder.path)
        # Of a slice that was half written, some is there all the same: it is counted anew.
        counted = -1 if phase is BatchPhase.FAILED else folder.size()
        self._tallies[folder.path] = counted, job.counts
        try:
            if job.is_unwanted:
                del self._tallies[folder.path]
                self._delete(folder)
            else:
                folder.change(phase=phase, error=error)
        except FeatclassError as failure:  # the disk is full: told for as long as this server runs
            self._unwritten[folder.path] = phase, error
            log.warning("%s", failure)
        finally:
            job.lock.release()

    def _work(self, folder: BatchFolder, job: _Job) -> None:
        """Predict what is not predicted yet; raises `Cancelled` when it is to stop."""
        record = folder.record()
        if record is None:
            raise Cancelled("The batch was deleted.")
        stop = self._stopper(job)
        stop()
        job.phase = BatchPhase.LOADING
        classifier = folder.classifier()
        engine = self._engines.get(classifier.encoder)
        classifiers.check_encoder(classifier, engine)
        stop()
        found = pictures.of_batch(folder, record, self._config)
        done = {said.path for said in folder.predictions()}
        left = sum(name not in done for name in found.sources)
        left += sum(each.name not in done for each in found.rejected)
        total = len(done) + left
        folder.change(phase=BatchPhase.RUNNING, total=total)
        job.phase, clock = BatchPhase.RUNNING, Clock()

        def progress(now: int, _: int) -> None:
            stop()
            job.pace = clock(len(done) + now, total)

        def each() -> Iterator[Image | Rejected]:
            for picture in found.but(done):
                stop()
                if isinstance(picture, Image):
                    note(picture.digest)
                yield picture

        many = classifiers.predict_many(engine, classifier, each(), progress=progress)
        with folder.noting() as note, folder.appending() as file:
            for said in many:
                self._keep(file, job, said)

    def _keep(self, file: IO[bytes], job: _Job, said: Sequence[Prediction]) -> None:
        append(file, said)
        with self._lock:
            job.counts.count(said)

    def _stopper(self, job: _Job) -> Callable[[], None]:
        def stop() -> None:
            if job.cancelled.is_set() or self._closed.is_set():
                raise Cancelled("The batch was cancelled.")

        return stop
