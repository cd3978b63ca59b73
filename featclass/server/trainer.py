"""The background jobs of every workspace: at most one that learns and one that predicts."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypedDict, Unpack

from featclass import classifiers, encoders
from featclass.base import (
    Cancelled,
    Clock,
    Config,
    EncoderUnavailable,
    FeatclassError,
    Image,
    Pace,
    Prediction,
    WorkspaceMissing,
    give_back_freed_memory,
)
from featclass.embedding import Engines
from featclass.encoders import AUTO, BUILTIN
from featclass.server.attempt import Learning
from featclass.server.choice import EncoderChoice
from featclass.server.downloads import Downloads
from featclass.server.jobs import Job, Jobs, sentence
from featclass.server.state import (
    LearningPhase,
    Result,
    State,
    before_change,
    held_bytes,
    is_learned,
    is_named_otherwise,
    is_same_probe,
    renamed,
    sets_key,
    taken_over,
    untried,
)
from featclass.workspaces import Picture, Workspace, Workspaces, conflicts

log = logging.getLogger(__name__)

AT_ONCE = 4
KEPT_STATES, FEW_STATES, KEPT_BYTES = 64, 8, 10**9
"""Of workspaces looked at last: so many, and beyond a few as far as their vectors fit in so much;
what is forgotten is learned anew from the cache."""
# Predictions appear this many at a time.
SLICE = 16
# Whether the sets are still the same is looked up so often while a classifier is made of them.
CHECK_SECONDS = 0.3


class StateChange(TypedDict, total=False):
    """What the jobs of a workspace change of its `State`."""

    phase: LearningPhase
    pace: Pace
    result: Result
    wanted_key: str
    working_key: str
    tried_pace: Pace
    predictions: Mapping[str, Prediction]
    error: str


class Trainer:
    """Follows workspaces; a prediction never waits for somebody else's pictures to be learned.

    Of visitors with workspaces that are to be learned, each has their turn.
    """

    def __init__(
        self, config: Config, store: Workspaces, engines: Engines, downloads: Downloads
    ) -> None:
        self._config = config
        self._store = store
        self._engines = engines
        self._downloads = downloads
        self._lock = threading.RLock()
        self._learners: Jobs[str, Job] = Jobs(AT_ONCE, "learn", self._lock)
        self._predictors: Jobs[str, Job] = Jobs(AT_ONCE, "predict", self._lock)
        self._changed = threading.Condition(self._lock)
        self._states: OrderedDict[str, State] = OrderedDict()
        self.choice = EncoderChoice(config, engines)

    def follow(self, workspace: Workspace) -> State:
        """Bring the classifier of `workspace` up to date in the background; returns at once."""
        token = workspace.token
        try:
            spec, missing = self.choice.in_use(workspace), self.choice.missing(workspace)
        except FeatclassError as error:  # an encoder nobody knows
            return self._change(token, error=str(error), wanted_key="")
        key = sets_key(workspace, spec)
        with self._lock:
            state = self._states.get(token, State())
            if state.wanted_key != key:
                state = replace(state, wanted_key=key, error="")
            state = replace(state, waits_for=missing if missing == spec else "")
            state = self._states[token] = self._start(workspace, state)
            self._states.move_to_end(token)
            self._forget_oldest()
        self._fetch(missing)
        return state

    def known(self, token: str) -> State:
        """Return what `follow` last found, and what came of it since, starting nothing."""
        with self._lock:
            return self._states.get(token, State())

    def _start(self, workspace: Workspace, state: State) -> State:
        """Start the jobs that a workspace is in need of; called with the lock held."""
        token = workspace.token
        if self._learners.closed.is_set():
            return state
        may_learn = not (state.error or state.waits_for or token in self._learners)
        if may_learn and not is_learned(workspace, state):
            self._submit(self._learners, token, self._learn)
            state = replace(state, phase=LearningPhase.WAITING, pace=Pace())
        result = state.result
        if result and result.is_settling:
            # What is still being worked out must not keep the old names on the page.
            called = self._called_as_now(result, workspace)
            if called is not result:
                state = replace(state, result=called, predictions={})
        if token not in self._predictors and untried(workspace, state):
            self._submit(self._predictors, token, partial(self._predict, Clock()))
            state = replace(state, is_predicting=True, tried_pace=Pace())
        return state

    def _submit(self, jobs: Jobs[str, Job], token: str, step: Callable[[str], bool]) -> None:
        """Repeat a step, when its turn comes, until it finds nothing to do."""

        def work(job: Job) -> None:
            while not job.cancelled.is_set() and step(token):
                pass
            # Learning holds many matrices for a moment; a server at rest needs none of that.
            give_back_freed_memory()

        whose = self._store.visitor_of(token)
        jobs.submit(token, whose, Job(), work, partial(self._end, token))

    def _end(self, token: str, failure: Exception | None) -> None:
        """Tell on the page what went wrong; called with the lock held."""
        error = ""
        if isinstance(failure, WorkspaceMissing):
            log.info("A workspace was removed while its classifier was being made")
        elif failure is not None and not isinstance(failure, Cancelled):
            error = sentence(failure, "The classifier of a workspace could not be made")
        state = self._states.get(token, State())
        # An error of sets or of an encoder that are others by now concerns nobody any more.
        if error and state.working_key == state.wanted_key:
            state = replace(state, error=error)
        phase = state.phase if token in self._learners else LearningPhase.IDLE
        is_predicting = token in self._predictors
        self._states[token] = replace(state, phase=phase, is_predicting=is_predicting)
        self._changed.notify_all()

    def retry(self, token: str) -> None:
        """Forget what went wrong for a workspace, so that the next `follow` tries again."""
        self.choice.try_again()
        self._change(token, error="")

    def read_again(self, token: str, digests: Sequence[str]) -> None:
        """Look once more at pictures whose files were damaged, and are whole again."""
        with self._lock:
            state = self._states.get(token, State())
            predictions = {d: p for d, p in state.predictions.items() if d not in digests}
            result = state.result
            if result is not None and any(not item.is_lasting for item in result.rejected):
                result = replace(result, key="")  # of which nothing is current
            self._states[token] = replace(state, predictions=predictions, result=result)

    def wait(self, seconds: float) -> None:
        """Wait until something changes in any workspace, for `seconds` at most."""
        with self._changed:
            self._changed.wait(seconds)

    def close(self) -> None:
        """End all jobs at their next step, a fraction of a second away."""
        for jobs in (self._learners, self._predictors):
            jobs.close()

    def _fetch(self, spec: str) -> None:
        """Have an encoder downloaded that is not here, where that is allowed."""
        if spec and not encoders.is_offline(self._config):
            self._downloads.wish(spec)

    def _forget_oldest(self) -> None:
        held = 0
        for place, token in enumerate(reversed(list(self._states)), start=1):
            held += held_bytes(self._states[token])
            is_over = place > KEPT_STATES or (place > FEW_STATES and held > KEPT_BYTES)
            if is_over and not (token in self._learners or token in self._predictors):
                del self._states[token]

    def _change(self, token: str, **changes: Unpack[StateChange]) -> State:
        with self._lock:
            state = self._states[token] = replace(self._states.get(token, State()), **changes)
            self._changed.notify_all()
            return state

    def _learn(self, token: str) -> bool:
        """Do what is missing for the workspace as it is now; False where nothing was."""
        if self._engines.device is None:
            self._engines.find_device()
        workspace = self._store.open(token)
        self._fetch(self.choice.missing(workspace))
        spec = self.choice.in_use(workspace)
        key = sets_key(workspace, spec)
        state = self._change(token, wanted_key=key, working_key=key)
        if is_learned(workspace, state) or not self.choice.is_here(spec):
            return False
        result = state.result
        if result and state.is_current:
            called = self._called_as_now(result, workspace)
            if called is not result:
                self._publish(workspace, state, called)
                return True
        try:
            result = self._attempt(workspace, spec, key, partial(self._publish, workspace, state))
        except Cancelled:
            return True
        self._publish(workspace, state, result)
        return True

    def _publish(self, workspace: Workspace, old: State, result: Result) -> None:
        """Show a result in place of the `old` one, and say once more what that one had said.

        Sets may have got other names while it was made.
        """
        result = self._called_as_now(result, self._store.open(workspace.token))
        if result.key != (old.result.key if old.result else ""):
            result = replace(
                result,
                before=taken_over(old.result, result),
                before_change=before_change(old.result, result),
            )
        self._change(
            workspace.token,
            result=result,
            predictions=self._predicted_again(workspace, old, result),
        )

    def _called_as_now(self, result: Result, workspace: Workspace) -> Result:
        """Return the result under the names of now; itself where it has them, or cannot."""
        if not is_named_otherwise(result, workspace):
            return result
        return renamed(result, workspace, conflicts(self._store, workspace))

    def _predicted_again(
        self, workspace: Workspace, old: State, result: Result
    ) -> Mapping[str, Prediction]:
        """Return what is known of the pictures tried at once, so that the page need not flicker."""
        now = self.known(workspace.token)
        if now.result is not None and is_same_probe(now.result, result):
            return now.predictions  # the report has grown, and nothing else
        if old.result is None or old.result.engine is not result.engine:
            return {}
        # What was predicted before is in the cache.
        again = [picture for picture in workspace.tried if picture.digest in old.predictions]
        return self._predictions(result, again)

    def _attempt(
        self, workspace: Workspace, spec: str, key: str, publish: Callable[[Result], None]
    ) -> Result:
        token = workspace.token
        next_check = 0.0

        def report(pace: Pace, begun: LearningPhase | None = None) -> None:
            nonlocal next_check
            change = StateChange(pace=pace)
            if begun is not None:
                change["phase"] = begun
            self._change(token, **change)
            if begun is None and time.monotonic() < next_check:
                return
            next_check = time.monotonic() + CHECK_SECONDS
            now = self._store.open(token)
            if self._learners.closed.is_set() or sets_key(now, self.choice.in_use(now)) != key:
                raise Cancelled("The labelled sets have changed meanwhile.")

        report(Pace(), LearningPhase.LOADING)
        try:
            engine = self._engines.get(spec)
        except EncoderUnavailable as error:
            if workspace.encoder != AUTO or spec == BUILTIN:
                raise
            self.choice.do_without(spec, str(error))
            raise Cancelled("Another encoder takes over.") from error
        return Learning(self._store, workspace, engine, key, report, publish).run()

    def _predict(self, clock: Clock, token: str) -> bool:
        """Predict the next few pictures to try; False where none is left."""
        workspace, state = self._store.open(token), self._change(token)
        result, waiting = state.result, untried(workspace, state)
        if result is None or result.classifier is None or not waiting:
            return False
        total = len(workspace.tried)
        self._change(token, tried_pace=clock(total - len(waiting), total))
        pictures = waiting[:SLICE]
        fresh = self._predictions(result, pictures)
        with self._lock:
            state = self._states[token]
            if state.result is result:  # otherwise they are of a classifier that is gone
                predictions = {**state.predictions, **fresh}
                self._states[token] = replace(state, predictions=predictions)
            self._changed.notify_all()
        return True

    def _predictions(self, result: Result, pictures: Sequence[Picture]) -> dict[str, Prediction]:
        """Predict pictures to try; by digest, empty where there is no classifier."""
        if result.classifier is None:
            return {}
        images = [Image(p.name, p.digest, self._store.source(p.digest)) for p in pictures]
        predictions = classifiers.predict(result.engine, result.classifier, images, live=True)
        digests = (image.digest for image in images)
        return dict(zip(digests, predictions, strict=True))
