"""All batches of one data folder, as one object: kept, worked on, and thrown away."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from featclass import service
from featclass.batches import pictures
from featclass.batches.folder import BatchFolder, append, explained
from featclass.batches.pictures import Pictures
from featclass.batches.record import ENDED, Batch, Order, Phase, Record
from featclass.batches.tally import Tally
from featclass.config import Config
from featclass.engines import Engines
from featclass.errors import Cancelled, DatasetError, FeatclassError, UploadRefused
from featclass.pace import Clock, Pace
from featclass.records import Image, Prediction, Rejected

log = logging.getLogger(__name__)

JOBS = 2
MOST_KEPT = 20
"""Of one workspace: each may hold a zip of some gigabytes."""
UNDO = timedelta(minutes=15)
ABANDONED_SECONDS = 24 * 3600
LONGEST_NAME = 120
_ID = re.compile("[0-9a-f]{16}")


@dataclass(slots=True)
class _Job:
    """The work on one batch, from its start to its end."""

    tally: Tally
    cancelled: threading.Event = field(default_factory=threading.Event)
    pace: Pace = field(default_factory=Pace)
    phase: Phase = Phase.WAITING
    future: Future[None] | None = None


class Batches:
    """Batches kept in a folder; each workspace sees its own.

    Every method may be called from several threads. All that take an id raise `FeatclassError`
    where this workspace has no such batch.
    """

    def __init__(self, config: Config, engines: Engines) -> None:
        self._folder = config.data / "batches"
        self._config = config
        self._engines = engines
        self._pool = ThreadPoolExecutor(JOBS, thread_name_prefix="batch")
        self._lock = threading.RLock()
        self._jobs: dict[Path, _Job] = {}
        self._tallies: dict[Path, Tally] = {}
        self._closed = threading.Event()

    # Starting

    @contextmanager
    def incoming(self, token: str) -> Iterator[IO[bytes]]:
        """Open a file for a zip to arrive in: pass its path to `start_zip`, else it is deleted."""
        self._refuse_too_many(token)
        path = self._of(token) / f"incoming-{secrets.token_hex(8)}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                yield file
        except OSError as error:
            raise FeatclassError(
                f"The zip could not be kept ({error.strerror or error}). Make room on the server,"
                " or send a smaller one."
            ) from error
        finally:
            path.unlink(missing_ok=True)

    def start_zip(self, token: str, arrived: Path, name: str, order: Order) -> Batch:
        """Start on a zip that has arrived; raises `DatasetError` where it is none."""
        total = len(self._of_zip(arrived))
        return self._start(token, order, name, None, total, arrived)

    def start_folder(self, token: str, folder: str, order: Order) -> Batch:
        """Start on a folder of this machine; raises `UploadRefused` where it is not allowed."""
        self._refuse_too_many(token)
        total = len(pictures.of_folder(folder, self._config.pictures))
        return self._start(token, order, folder, folder, total, None)

    def start_again(self, token: str, batch_id: str, order: Order) -> Batch:
        """Start a new batch on the pictures of this one, with another classifier."""
        self._refuse_too_many(token)
        folder, record = self._found(token, batch_id)
        source = None if record.folder is not None else folder.zip
        return self._start(token, order, record.name, record.folder, record.total, source)

    def _start(
        self,
        token: str,
        order: Order,
        name: str,
        asked: str | None,
        total: int,
        arrived: Path | None,
    ) -> Batch:
        folder = BatchFolder(self._of(token) / secrets.token_hex(8))
        record = Record(
            folder.path.name,
            name.strip()[:LONGEST_NAME] or "pictures.zip",
            asked,
            order.key,
            order.classifier.classes,
            dict(order.colours),
            datetime.now(UTC),
            total=total,
        )
        try:
            with explained(self._folder):
                folder.path.mkdir(parents=True)
                if arrived is not None:
                    _link(arrived, folder.zip)
                folder.keep_classifier(order.classifier)
                folder.write(record)
        except FeatclassError:
            folder.delete()
            raise
        self._submit(folder)
        return self._as_is(folder, record)

    def _refuse_too_many(self, token: str) -> None:
        if len(self.of(token)) >= MOST_KEPT:
            raise UploadRefused(f"{MOST_KEPT} batches are kept here already: remove one first.")

    # What a person does to one

    def resume(self, token: str, batch_id: str) -> None:
        """Go on where it stopped; nothing happens where it runs or is done."""
        folder, record = self._found(token, batch_id)
        if record.phase is not Phase.DONE:
            self._submit(folder)

    def cancel(self, token: str, batch_id: str) -> None:
        """Stop it; what is done is kept."""
        folder, _ = self._found(token, batch_id)
        with self._lock:
            if (job := self._jobs.get(folder.path)) is not None:
                job.cancelled.set()

    def remove(self, token: str, batch_id: str) -> None:
        """Hide it; it is deleted for good a while later, with what was uploaded."""
        folder, _ = self._found(token, batch_id)
        self.cancel(token, batch_id)
        self._change(folder, removed=datetime.now(UTC))
        later = threading.Timer(UNDO.total_seconds() + 1, self.sweep)
        later.daemon = True
        later.start()

    def bring_back(self, token: str, batch_id: str) -> None:
        """Undo a removal."""
        folder, _ = self._found(token, batch_id, removed_too=True)
        self._change(folder, removed=None)

    def delete(self, token: str, batch_id: str) -> None:
        """Delete it for good, now."""
        folder, _ = self._found(token, batch_id, removed_too=True)
        self._delete(folder)

    # Looking

    def of(self, token: str) -> list[Batch]:
        """Return the batches of a workspace, newest first."""
        found = [(folder, folder.record()) for folder in self._folders(self._of(token))]
        shown = [(f, r) for f, r in found if r is not None and r.removed is None]
        shown.sort(key=lambda each: each[1].created, reverse=True)
        return [self._as_is(folder, record) for folder, record in shown]

    def has_any(self, token: str) -> bool:
        """Say whether a workspace has batches, without looking into them."""
        return next(self._folders(self._of(token)), None) is not None

    def get(self, token: str, batch_id: str) -> Batch:
        """Return one batch."""
        return self._as_is(*self._found(token, batch_id))

    def predictions(self, token: str, batch_id: str) -> Iterator[Prediction]:
        """Go through what was said so far, in order."""
        return self._found(token, batch_id)[0].predictions()

    def pictures(self, token: str, batch_id: str) -> Pictures:
        """List the pictures; raises `FeatclassError` where they are not to be had any more."""
        folder, record = self._found(token, batch_id)
        return self._pictures(folder, record)

    # House-keeping

    def purge(self, *, older_than: timedelta) -> None:
        """Delete what is older, what was removed, and what nobody finished sending."""
        oldest = datetime.now(UTC) - older_than
        for folder in self._all():
            record = folder.record()
            if folder.path in self._jobs:
                continue
            if record.created < oldest if record else _age(folder.path) > ABANDONED_SECONDS:
                self._delete(folder)
        for file in self._folder.glob("*/incoming-*"):
            if _age(file) > ABANDONED_SECONDS:
                file.unlink(missing_ok=True)
        self.sweep()

    def sweep(self) -> None:
        """Delete for good what was removed a while ago."""
        oldest = datetime.now(UTC) - UNDO
        for folder in self._all():
            record = folder.record()
            if record is not None and record.removed is not None and record.removed < oldest:
                self._delete(folder)

    def close(self) -> None:
        """Stop all work at its next step; it can be resumed."""
        self._closed.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    # Inside

    def _of(self, token: str) -> Path:
        return self._folder / hashlib.sha256(token.encode()).hexdigest()[:32]

    def _all(self) -> Iterator[BatchFolder]:
        for workspace in self._folder.glob("*"):
            yield from self._folders(workspace)

    @staticmethod
    def _folders(workspace: Path) -> Iterator[BatchFolder]:
        for path in workspace.glob("*"):
            if _ID.fullmatch(path.name):
                yield BatchFolder(path)

    def _found(
        self, token: str, batch_id: str, *, removed_too: bool = False
    ) -> tuple[BatchFolder, Record]:
        if _ID.fullmatch(batch_id):
            folder = BatchFolder(self._of(token) / batch_id)
            record = folder.record()
            if record is not None and (removed_too or record.removed is None):
                return folder, record
        raise FeatclassError("These predictions are not here (any more).")

    def _as_is(self, folder: BatchFolder, record: Record) -> Batch:
        with self._lock:
            if (job := self._jobs.get(folder.path)) is not None:
                stopping = job.cancelled.is_set()
                return Batch(record, job.phase, job.pace, job.tally.copy(), stopping)
            record = folder.record() or record  # its job may have ended since it was read
        # What runs in no job was cut off by the end of a server.
        phase = record.phase if record.phase in ENDED else Phase.STOPPED
        tally = self._tally(folder)
        return Batch(record, phase, Pace(tally.done, max(record.total, tally.done)), tally)

    def _tally(self, folder: BatchFolder) -> Tally:
        with self._lock:
            if (kept := self._tallies.get(folder.path)) is None:
                kept = self._tallies[folder.path] = Tally()
                kept.count(folder.predictions())
            return kept

    def _of_zip(self, path: Path) -> Pictures:
        try:
            return pictures.of_zip(path, max_unpacked=self._config.max_upload_bytes)
        except DatasetError as error:
            raise DatasetError(str(error).replace(str(path), "The zip", 1)) from error

    def _pictures(self, folder: BatchFolder, record: Record) -> Pictures:
        if record.folder is not None:
            return pictures.of_folder(record.folder, self._config.pictures)
        return self._of_zip(folder.zip)

    def _change(self, folder: BatchFolder, **changes: object) -> None:
        with self._lock:
            record = folder.record()
            if record is not None:
                folder.write(replace(record, **changes))  # type: ignore[arg-type]

    def _delete(self, folder: BatchFolder) -> None:
        with self._lock:
            job = self._jobs.get(folder.path)
        if job is not None and job.future is not None:
            job.cancelled.set()
            job.future.exception()  # waits for its end, a step away
        folder.delete()
        self._tallies.pop(folder.path, None)

    # Working

    def _submit(self, folder: BatchFolder) -> None:
        with self._lock:
            if self._closed.is_set() or folder.path in self._jobs:
                return
            self._change(folder, phase=Phase.WAITING, error="")
            job = self._jobs[folder.path] = _Job(self._tally(folder))
            job.pace = Pace(job.tally.done, 0)
            job.future = self._pool.submit(self._in_job, folder, job)

    def _in_job(self, folder: BatchFolder, job: _Job) -> None:
        phase, error = Phase.DONE, ""
        try:
            self._work(folder, job)
        except Cancelled:
            phase = Phase.STOPPED
        except FeatclassError as failure:
            phase, error = Phase.FAILED, str(failure)
        except Exception as failure:  # the page says it in a sentence, the log has the traceback
            log.exception("A batch of predictions broke off")
            phase = Phase.FAILED
            error = f"Something went wrong on our side ({type(failure).__name__})."
        with self._lock:
            try:
                self._change(folder, phase=phase, error=error)
            except FeatclassError as failure:  # the disk is full: what it says meanwhile will do
                log.warning("%s", failure)
            del self._jobs[folder.path]

    def _work(self, folder: BatchFolder, job: _Job) -> None:
        """Predict what is not predicted yet; raises `Cancelled` when it is to stop."""
        record = folder.record()
        if record is None:
            raise Cancelled("The batch was deleted.")
        stop = self._stopper(job)
        stop()
        job.phase = Phase.LOADING
        classifier = folder.classifier()
        engine = self._engines.get(classifier.encoder)
        stop()
        found = self._pictures(folder, record)
        done = {said.path for said in folder.predictions()}
        left = sum(name not in done for name in found.sources)
        left += sum(each.name not in done for each in found.rejected)
        total = len(done) + left
        self._change(folder, phase=Phase.RUNNING, total=total)
        job.phase, clock = Phase.RUNNING, Clock()

        def progress(now: int, _: int) -> None:
            stop()
            job.pace = clock(len(done) + now, total)

        def each() -> Iterator[Image | Rejected]:
            for picture in found.but(done):
                stop()
                yield picture

        many = service.predict_many(engine, classifier, each(), progress=progress)
        with folder.appending() as file:
            for said in many:
                self._keep(file, job, said)

    def _keep(self, file: IO[bytes], job: _Job, said: Sequence[Prediction]) -> None:
        append(file, said)
        with self._lock:
            job.tally.count(said)

    def _stopper(self, job: _Job) -> Callable[[], None]:
        def stop() -> None:
            if job.cancelled.is_set() or self._closed.is_set():
                raise Cancelled("The batch was cancelled.")

        return stop


def _link(source: Path, target: Path) -> None:
    """Have a file under a second name, without a copy where the disk can do that."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
