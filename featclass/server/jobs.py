"""Work in the background: in threads shared fairly, at most one job of a key at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from featclass.base import Cancelled, FairPool, FeatclassError, Pace

log = logging.getLogger(__name__)

Key = TypeVar("Key", bound=Hashable)


@dataclass(slots=True, eq=False, kw_only=True)
class Job:
    """One piece of work, from when it is asked for to its end."""

    pace: Pace = field(default_factory=Pace)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Raise `Cancelled` where it is to stop."""
        if self.cancelled.is_set():
            raise Cancelled("The work was cancelled.")


J = TypeVar("J", bound=Job)
Ended = Callable[[Exception | None], object]
"""Told, with the lock held, that a job has ended, and what ended it before it was done."""


class Jobs(Generic[Key, J]):
    """The jobs of one kind. A job is forgotten, and its owner told of its end, in one step.

    Args:
        threads: How many are done at once; of all who ask for some, each has their turn.
        name: What the threads are called.
        lock: Guards the jobs, and what their owner knows of them.
    """

    def __init__(self, threads: int, name: str, lock: threading.RLock) -> None:
        self._pool = FairPool(threads, name)
        self._lock = lock
        self._jobs: dict[Key, tuple[J, Future[None], Ended]] = {}
        self.closed = threading.Event()

    def submit(
        self, key: Key, whose: str, job: J, work: Callable[[J], object], ended: Ended
    ) -> None:
        """Do work when the turn of this person comes; nothing happens where all has ended."""
        with self._lock:
            if not self.closed.is_set():
                future = self._pool.submit(whose, self._run, key, job, work)
                self._jobs[key] = job, future, ended

    def __contains__(self, key: Key) -> bool:
        return key in self._jobs

    def get(self, key: Key) -> J | None:
        """Return the job of a key that is under way, or waits for its turn."""
        job, *_ = self._jobs.get(key, (None,))
        return job

    def cancel(self, key: Key) -> None:
        """Stop a job at its next `check`; at once, where its turn has not come."""
        with self._lock:
            if key in self._jobs:
                job, future, _ = self._jobs[key]
                job.cancelled.set()
                if future.cancel():
                    self._end(key, Cancelled("Its turn had not come."))

    def close(self) -> None:
        """Stop all jobs at their next `check`, and wait until they have ended."""
        with self._lock:
            self.closed.set()
            for key in [*self._jobs]:
                self.cancel(key)
        self._pool.close()

    def _run(self, key: Key, job: J, work: Callable[[J], object]) -> None:
        failure = None
        try:
            work(job)
        except Exception as error:  # whoever asked for it is told
            failure = error
        self._end(key, failure)

    def _end(self, key: Key, failure: Exception | None) -> None:
        with self._lock:
            *_, ended = self._jobs.pop(key)
            ended(failure)


def sentence(
    failure: Exception, what: str, *, ours: str = "Something went wrong on our side"
) -> str:
    """Return in a sentence why work failed; of a fault of ours the log has the traceback.

    Args:
        failure: What ended it.
        what: What to log of a fault of ours.
        ours: What to tell of it.
    """
    if isinstance(failure, FeatclassError):
        return str(failure)
    log.error(what, exc_info=failure)
    return f"{ours} ({type(failure).__name__})."
