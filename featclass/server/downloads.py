"""Downloads of encoder weights that run in the background while the page goes on."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from featclass import encoders
from featclass.base import Config, DownloadCancelled, EncoderUnavailable

log = logging.getLogger(__name__)

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


class Downloads:
    """At most one download a spec, in the whole process."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._states: dict[str, Download] = {}
        self._cancelled: dict[str, threading.Event] = {}

    def state(self, spec: str) -> Download | None:
        """Return where the download of `spec` stands, or None if nobody asked for it."""
        with self._lock:
            return self._states.get(spec)

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
            state = self._states.get(spec)
            if state is not None and state.phase is DownloadPhase.RUNNING:
                return
            self._states[spec] = Download(spec, DownloadPhase.RUNNING)
            cancelled = self._cancelled[spec] = threading.Event()
        threading.Thread(
            target=self._run, args=(spec, cancelled), name="download", daemon=True
        ).start()

    def cancel(self, spec: str) -> None:
        """Stop the download of `spec`; what has arrived is kept for the next start."""
        with self._lock:
            if spec in self._cancelled:
                self._cancelled[spec].set()

    def close(self) -> None:
        """Cancel everything."""
        with self._lock:
            for cancelled in self._cancelled.values():
                cancelled.set()

    def _run(self, spec: str, cancelled: threading.Event) -> None:
        def progress(done: int, total: int) -> None:
            self._change(spec, done=done, total=total)

        try:
            encoders.download(
                spec, config=self._config, progress=progress, cancelled=cancelled.is_set
            )
        except DownloadCancelled:
            self._change(spec, phase=DownloadPhase.CANCELLED, ended=time.monotonic())
        except EncoderUnavailable as error:
            log.warning("%s", error)
            self._fail(spec, str(error), is_cut_off=not encoders.can_reach_hub())
        except Exception as error:  # a thread that dies silently would seem to run for ever
            log.exception("The download of %s broke off", spec)
            self._fail(spec, f"The download broke off ({type(error).__name__}).")
        else:
            self._change(spec, phase=DownloadPhase.DONE, ended=time.monotonic())

    def _fail(self, spec: str, message: str, *, is_cut_off: bool = False) -> None:
        self._change(
            spec,
            phase=DownloadPhase.FAILED,
            message=message,
            is_cut_off=is_cut_off,
            ended=time.monotonic(),
        )

    def _change(self, spec: str, **changes: Any) -> None:
        with self._lock:
            self._states[spec] = replace(self._states[spec], **changes)
