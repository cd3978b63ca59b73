"""All batches of one data folder, as one object: started, looked at, and thrown away."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from featclass.base import (
    Config,
    DiskFull,
    FeatclassError,
    Prediction,
    UploadRefused,
    as_text,
    disk,
)
from featclass.embedding import Engines
from featclass.server.batches import pictures
from featclass.server.batches.folder import BatchFolder, explained
from featclass.server.batches.jobs import BatchJobs
from featclass.server.batches.pictures import BatchPictures
from featclass.server.batches.record import Batch, BatchPhase, BatchRequest, Record

log = logging.getLogger(__name__)

MOST_KEPT = 20
"""Of one workspace: each may hold a zip of some gigabytes."""
UNDO = timedelta(minutes=15)
ABANDONED = timedelta(days=1)
LONGEST_NAME = 120
_ID = re.compile("[0-9a-f]{16}")


class Batches:
    """Batches kept in a folder; each workspace sees its own.

    Every method may be called from several threads. All that take an id raise `FeatclassError`
    where this workspace has no such batch.
    """

    def __init__(self, config: Config, engines: Engines) -> None:
        self._folder = config.data / "batches"
        self._config = config
        self._reserve = disk.Reserve(config.data)
        self._jobs = BatchJobs(config, engines)
        self._lock = threading.Lock()
        self._next_sweep: threading.Timer | None = None
        self._is_closed = False

    # Starting

    @contextmanager
    def incoming(self, token: str) -> Iterator[IO[bytes]]:
        """Open a file for a zip to arrive in: pass its path to `start_zip`, else it is deleted."""
        self._refuse_too_many(token, arriving=sum(1 for _ in self._of(token).glob("incoming-*")))
        path = self._of(token) / f"incoming-{secrets.token_hex(8)}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                yield file
        except OSError as error:
            if disk.is_full(error):
                raise DiskFull(disk.FULL) from error
            raise FeatclassError(
                f"The zip could not be kept ({error.strerror or error}). Whoever runs this server"
                " should look at its data folder."
            ) from error
        finally:
            path.unlink(missing_ok=True)

    def start_zip(self, token: str, arrived: Path, name: str, request: BatchRequest) -> Batch:
        """Start on a zip that has arrived; raises `DatasetError` where it is none."""
        total = len(pictures.of_zip(arrived, max_unpacked=self._config.max_upload_bytes))
        return self._start(token, request, name, None, total, arrived)

    def start_folder(self, token: str, folder: str, request: BatchRequest) -> Batch:
        """Start on a folder of this machine; raises `UploadRefused` where it is not allowed."""
        self._refuse_too_many(token)
        total = len(pictures.of_folder(folder, self._config.pictures))
        return self._start(token, request, folder, folder, total, None)

    def start_again(self, token: str, batch_id: str, request: BatchRequest) -> Batch:
        """Start a new batch on the pictures of this one, with another classifier."""
        self._refuse_too_many(token)
        folder, record = self._found(token, batch_id)
        source = None if record.folder is not None else folder.zip
        return self._start(token, request, record.name, record.folder, record.total, source)

    def _start(
        self,
        token: str,
        request: BatchRequest,
        name: str,
        asked: str | None,
        total: int,
        arrived: Path | None,
    ) -> Batch:
        folder = BatchFolder(self._of(token) / secrets.token_hex(8))
        record = Record(
            folder.path.name,
            as_text(name).strip()[:LONGEST_NAME] or "pictures.zip",
            asked,
            request.key,
            request.classifier.classes,
            dict(request.colours),
            datetime.now(UTC),
            total=total,
        )
        try:
            with explained():
                folder.path.mkdir(parents=True)
                if arrived is not None:
                    _link(arrived, folder.zip)
                folder.keep_classifier(request.classifier)
            with self._lock:  # of several that arrive at once, the last ones are too many
                self._refuse_too_many(token)
                folder.write(record)
            self._jobs.submit(folder)
        except FeatclassError:
            folder.delete()
            raise
        return self._jobs.look(folder, record)

    def _refuse_too_many(self, token: str, *, arriving: int = 0) -> None:
        if len(self._kept(token)) + arriving >= MOST_KEPT:
            raise UploadRefused(f"{MOST_KEPT} batches are kept here already: remove one first.")

    # What a person does to one

    def resume(self, token: str, batch_id: str) -> None:
        """Go on where it stopped; nothing happens where it runs or is done."""
        folder, record = self._found(token, batch_id)
        if record.phase is not BatchPhase.DONE:
            self._jobs.submit(folder)

    def cancel(self, token: str, batch_id: str) -> None:
        """Stop it; what is done is kept."""
        self._jobs.cancel(self._found(token, batch_id)[0])

    def remove(self, token: str, batch_id: str) -> None:
        """Hide it; it is deleted for good a while later, with what was uploaded."""
        folder, _ = self._found(token, batch_id)
        self._jobs.cancel(folder)
        with self._reserve.lent():  # so that room can be made
            folder.change(removed=datetime.now(UTC))
        self._sweep_in(UNDO)

    def bring_back(self, token: str, batch_id: str) -> None:
        """Undo a removal."""
        folder, _ = self._found(token, batch_id, removed_too=True)
        with self._reserve.lent():
            folder.change(removed=None)

    def delete(self, token: str, batch_id: str) -> None:
        """Delete it for good, now."""
        folder, _ = self._found(token, batch_id, removed_too=True)
        self._delete(folder)

    # Looking

    def of(self, token: str) -> list[Batch]:
        """Return the batches of a workspace, newest first."""
        pairs = sorted(self._kept(token), key=lambda pair: pair[1].created, reverse=True)
        return [self._jobs.look(folder, record) for folder, record in pairs]

    def get(self, token: str, batch_id: str) -> Batch:
        """Return one batch."""
        return self._jobs.look(*self._found(token, batch_id))

    def predictions(self, token: str, batch_id: str) -> Iterator[Prediction]:
        """Go through what was said so far, in order."""
        return self._found(token, batch_id)[0].predictions()

    def pictures(self, token: str, batch_id: str) -> BatchPictures:
        """List the pictures; raises `FeatclassError` where they are not to be had any more."""
        folder, record = self._found(token, batch_id)
        return pictures.of_batch(folder, record, self._config)

    # House-keeping

    def purge(self, *, older_than: timedelta) -> None:
        """Delete what is older, what was removed, and what nobody finished sending."""
        oldest = datetime.now(UTC) - older_than
        for folder in self._all():
            if self._jobs.has(folder):
                continue
            record = folder.record()
            if record.created < oldest if record else _age(folder.path) > older_than:
                self._delete_if_idle(folder)
        for file in self._folder.glob("*/incoming-*"):
            if _age(file) > ABANDONED:
                file.unlink(missing_ok=True)
        self.sweep()

    def sweep(self) -> None:
        """Delete for good what was removed a while ago; comes back for the rest when it is due."""
        self._forget_next_sweep()
        due: list[timedelta] = []
        for folder in self._all():
            record = folder.record()
            if record is None or record.removed is None:
                continue
            left = record.removed + UNDO - datetime.now(UTC)
            if left > timedelta():
                due.append(left)
            else:
                self._delete_if_idle(folder)
        if due:
            self._sweep_in(min(due))

    def close(self) -> None:
        """Stop all work at its next step; it can be resumed."""
        self._is_closed = True
        self._forget_next_sweep()
        self._jobs.close()

    # Inside

    def _sweep_in(self, time_left: timedelta) -> None:
        with self._lock:
            if self._next_sweep is None and not self._is_closed:
                seconds = time_left.total_seconds() + 1
                self._next_sweep = threading.Timer(seconds, self.sweep)
                self._next_sweep.daemon = True
                self._next_sweep.start()

    def _of(self, token: str) -> Path:
        return self._folder / hashlib.sha256(token.encode()).hexdigest()[:32]

    def _forget_next_sweep(self) -> None:
        with self._lock:
            if self._next_sweep is not None:
                self._next_sweep.cancel()
            self._next_sweep = None

    def _kept(self, token: str) -> list[tuple[BatchFolder, Record]]:
        pairs = [(folder, folder.record()) for folder in self._folders(self._of(token))]
        return [(f, r) for f, r in pairs if r is not None and r.removed is None]

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

    def _delete(self, folder: BatchFolder) -> None:
        if self._jobs.has(folder):  # it is out of sight until it can be deleted
            folder.change(removed=datetime.now(UTC))
        self._jobs.delete(folder)

    def _delete_if_idle(self, folder: BatchFolder) -> None:
        try:
            self._delete(folder)
        except FeatclassError as error:  # another server works on it
            log.info("%s", error)


def _link(source: Path, target: Path) -> None:
    """Have a file under a second name, without a copy where the disk can do that."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _age(path: Path) -> timedelta:
    try:
        return timedelta(seconds=time.time() - path.stat().st_mtime)
    except OSError:
        return timedelta()
