"""The background jobs that bring a classifier up to date, one a workspace at most."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from featclass import artifact, encoders, service
from featclass.config import Config
from featclass.downloads import Downloads
from featclass.engines import Engines
from featclass.errors import Cancelled, FeatclassError, WorkspaceMissing
from featclass.records import Image, Progress, Rejected
from featclass.service import AUTO, BUILTIN
from featclass.trainer.clock import Clock
from featclass.trainer.state import (
    Phase,
    Result,
    State,
    is_done,
    names_of,
    renamed,
    sets_key,
    taken_over,
)
from featclass.workspaces import Workspace, Workspaces, dataset, image_name

log = logging.getLogger(__name__)

JOBS = 4
KEPT_STATES = 64
# How often a running job looks whether the sets it works on are still the current ones.
LOOK_SECONDS = 0.3


class Trainer:
    """Follows workspaces: one background job a workspace at most, a few in all."""

    def __init__(
        self, config: Config, store: Workspaces, engines: Engines, downloads: Downloads
    ) -> None:
        self._config = config
        self._store = store
        self._engines = engines
        self._downloads = downloads
        self._pool = ThreadPoolExecutor(JOBS, thread_name_prefix="trainer")
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._states: OrderedDict[str, State] = OrderedDict()
        self._running: set[str] = set()
        self._closed = False

    def follow(self, workspace: Workspace) -> State:
        """Bring the classifier of `workspace` up to date in the background; returns at once."""
        spec = self.spec_in_use(workspace)
        key = sets_key(workspace, spec)
        token = workspace.token
        with self._lock:
            state = self._states.get(token, State())
            if state.wanted_key != key:
                state = replace(state, wanted_key=key, error="")
            waits = spec != AUTO and not self._is_here(spec)
            state = replace(state, waits_for=spec if waits else "")
            startable = not (waits or state.error or self._closed or token in self._running)
            if startable and not is_done(workspace, state):
                self._running.add(token)
                state = replace(state, phase=Phase.WAITING, done=0, total=0)
                self._pool.submit(self._run, token)
            self._states[token] = state
            self._states.move_to_end(token)
            self._forget_oldest()
        if waits and not self._config.offline:
            self._downloads.wish(spec)
        return state

    def spec_in_use(self, workspace: Workspace) -> str:
        """Return the spec that serves a workspace; for `auto`, the best one on this machine.

        For `auto`, starts the download of the preferred encoder where it is not here yet.
        """
        if workspace.encoder != AUTO:
            return workspace.encoder
        if self._engines.device is None:  # known as soon as the first job has loaded torch
            return AUTO
        preferred = encoders.preferred(self._engines.device)
        if self._is_here(preferred):
            return preferred
        if not self._config.offline:
            self._downloads.wish(preferred)
        return BUILTIN

    def retry(self, token: str) -> None:
        """Forget the error of a workspace, so that the next `follow` tries again."""
        self._change(token, error="")

    def wait(self, seconds: float) -> None:
        """Wait until something changes in any workspace, for `seconds` at most."""
        with self._changed:
            self._changed.wait(seconds)

    def close(self) -> None:
        """End all jobs at their next step."""
        self._closed = True
        self._pool.shutdown(wait=True)

    def _is_here(self, spec: str) -> bool:
        return self._engines.is_open(spec) or encoders.is_local(spec, self._config)

    def _forget_oldest(self) -> None:
        for token in list(self._states)[:-KEPT_STATES]:
            if token not in self._running:
                del self._states[token]

    def _change(self, token: str, **changes: Any) -> State:
        with self._lock:
            state = self._states[token] = replace(self._states.get(token, State()), **changes)
            self._changed.notify_all()
            return state

    def _run(self, token: str) -> None:
        error = ""
        try:
            while not self._closed and self._step(self._store.open(token)):
                pass
        except WorkspaceMissing:
            log.info("A workspace was removed while its classifier was being made")
        except FeatclassError as failure:
            error = str(failure)
        except Exception as failure:  # the page says it in a sentence, the log has the traceback
            log.exception("The classifier of a workspace could not be made")
            error = f"Something went wrong on our side ({type(failure).__name__})."
        with self._lock:
            self._running.discard(token)
            self._states[token] = replace(self._states[token], phase=Phase.IDLE, error=error)
            self._changed.notify_all()

    def _step(self, workspace: Workspace) -> bool:
        """Do what is missing for one snapshot of a workspace; False where nothing was."""
        token = workspace.token
        if self._engines.device is None:
            self._engines.find_device()
        spec = self.spec_in_use(workspace)
        state = self._change(token, wanted_key=sets_key(workspace, spec))
        if is_done(workspace, state) or not self._is_here(spec):
            return False
        result = state.result
        if result is None or not state.is_current:
            try:
                result = self._learn(workspace, spec, state.wanted_key)
            except Cancelled:
                return True
            result = replace(result, before=taken_over(state.result, result))
            self._change(token, result=result, predictions={})
        elif result.names != names_of(workspace):
            result = renamed(result, names_of(workspace))
            self._change(token, result=result, predictions={})
        self._predict(workspace, result)
        return True

    def _learn(self, workspace: Workspace, spec: str, key: str) -> Result:
        token = workspace.token
        self._change(token, phase=Phase.LOADING, done=0, total=0, seconds_left=None)
        engine = self._engines.get(spec)
        names = names_of(workspace)
        if workspace.classifier is not None:
            saved = artifact.loads(self._store.read(token, workspace.classifier))
            service.check_encoder(saved, engine)
            return Result(key, saved, names, saved.report.images, (), engine)
        pictures = dataset(self._store, workspace)
        clock = Clock(lambda **changes: self._change(token, **changes))
        self._change(token, phase=Phase.EMBEDDING, total=len(pictures.images))
        started = time.perf_counter()
        embedded = service.embed(engine, pictures, progress=clock)
        seconds = time.perf_counter() - started
        if self._reject(workspace, embedded.rejected[len(pictures.rejected) :]):
            raise Cancelled("Pictures that cannot be read left their sets.")
        classes = {image.label for image in embedded.images}
        if len(classes) < 2:
            return Result(key, None, names, len(embedded.images), embedded.rejected, engine)
        self._change(token, phase=Phase.LEARNING, done=0, total=0, seconds_left=None)
        classifier = service.learn(
            embedded,
            engine,
            seconds_to_embed=seconds,
            progress=self._until_superseded(token, key),
        )
        return Result(
            key, classifier, names, len(embedded.images), classifier.report.rejected, engine
        )

    def _until_superseded(self, token: str, key: str) -> Progress:
        """Return a progress that stops the work once the sets it is about have changed."""
        looked = time.monotonic()

        def progress(done: int, total: int) -> None:
            nonlocal looked
            if time.monotonic() - looked < LOOK_SECONDS:
                return
            looked = time.monotonic()
            self._change(token, done=done, total=total)
            now = self._store.open(token)
            if self._closed or sets_key(now, self.spec_in_use(now)) != key:
                raise Cancelled("The labelled sets have changed meanwhile.")

        return progress

    def _reject(self, workspace: Workspace, rejected: Sequence[Rejected]) -> bool:
        """Move pictures that turned out unreadable to the rejected list of their set."""
        reasons = {item.name: item.reason for item in rejected}
        moved = False
        for labelled in workspace.sets:
            for picture in labelled.pictures:
                reason = reasons.get(image_name(labelled, picture))
                if reason is not None:
                    self._store.reject_picture(workspace.token, picture.id, reason)
                    moved = True
        return moved

    def _predict(self, workspace: Workspace, result: Result) -> None:
        """Predict the pictures to try that have no prediction yet."""
        if result.classifier is None:
            return
        token = workspace.token
        known = self._change(token).predictions
        images = [
            Image(picture.name, picture.digest, self._store.source(picture.digest))
            for picture in workspace.tried
            if picture.digest not in known
        ]
        said = service.predict(result.engine, result.classifier, images, live=True)
        fresh = {image.digest: prediction for image, prediction in zip(images, said, strict=True)}
        self._change(token, predictions={**known, **fresh})
