"""Downloads of encoder weights that run in the background while the page goes on."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from featclass import encoders
from featclass.base import Cancelled, Config, DownloadCancelled, EncoderUnavailable, Pace
from featclass.server.jobs import Job, Jobs, sentence

log = logging.getLogger(__name__)

AT_ONCE = 8
# How long a failed download rests before `wish` starts it anew by itself.
RETRY_SECONDS = 600


class DownloadPhase(StrEnum):
    """Where a download stands."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Download:
    """The state of one download; `total` is 0 while the size is not known yet."""

    spec: str
    phase: DownloadPhase
    done: int = 0
    total: int = 0
    message: str = ""
    """In a sentence, why it failed."""
    is_cut_off: bool = False
    """Whether it failed because the hub cannot be reached at all."""
    ended: float = 0.0
    """`time.monotonic()` of its end."""


@dataclass(slots=True, eq=False, kw_only=True)
class _Job(Job):
    is_cut_off: bool = False


class Downloads:
    """At most one download a spec, in the whole process."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lock = threading.RLock()
        self._jobs: Jobs[str, _Job] = Jobs(AT_ONCE, "download", self._lock)
        self._ended: dict[str, Download] = {}

    def state(self, spec: str) -> Download | None:
        """Return where the download of `spec` stands, or None if nobody asked for it."""
        with self._lock:
            if (job := self._jobs.get(spec)) is not None:
                return Download(spec, DownloadPhase.RUNNING, job.pace.done, job.pace.total)
            return self._ended.get(spec)

    def wish(self, spec: str) -> None:
        """Start a download nobody asked for by name, unless it was cancelled or failed lately."""
        state = self.state(spec)
        resting = (
            state is not None
            and state.phase is DownloadPhase.FAILED
            and time.monotonic() - state.ended < RETRY_SECONDS
        )
        if not resting and (state is None or state.phase is not DownloadPhase.CANCELLED):
            self.start(spec)

    def start(self, spec: str) -> None:
        """Start, or resume, the download of `spec`; nothing happens where it runs already."""
        with self._lock:
            if spec not in self._jobs:
                job = _Job()
                work, ended = partial(self._run, spec), partial(self._end, spec, job)
                self._jobs.submit(spec, spec, job, work, ended)

    def cancel(self, spec: str) -> None:
        """Stop the download of `spec`; what has arrived is kept for the next start."""
        self._jobs.cancel(spec)

    def close(self) -> None:
        """Cancel everything."""
        self._jobs.close()

    def _run(self, spec: str, job: _Job) -> None:
        def progress(done: int, total: int) -> None:
            job.pace = Pace(done, total)

        try:
            encoders.download(
                spec, config=self._config, progress=progress, cancelled=job.cancelled.is_set
            )
        except DownloadCancelled:
            raise
        except EncoderUnavailable as error:
            log.warning("%s", error)
            job.is_cut_off = not encoders.can_reach_hub()  # takes seconds: not while others wait
            raise

    def _end(self, spec: str, job: _Job, failure: Exception | None) -> None:
        phase, message = DownloadPhase.DONE, ""
        if isinstance(failure, Cancelled | DownloadCancelled):
            phase = DownloadPhase.CANCELLED
        elif failure is not None:
            phase = DownloadPhase.FAILED
            what = f"The download of {spec} broke off"
            message = sentence(failure, what, ours="The download broke off")
        done, total, now = job.pace.done, job.pace.total, time.monotonic()
        self._ended[spec] = Download(spec, phase, done, total, message, job.is_cut_off, now)
