"""One attempt to make a classifier of a workspace as it is at one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from featclass import classifiers
from featclass.base import Cancelled, Clock, Dataset, Pace, Progress, Rejected
from featclass.classifiers import EmbeddedDataset, Training, artifact
from featclass.embedding import Engine
from featclass.server.state import LearningPhase, Result, empty_sets, names_of
from featclass.workspaces import Picture, Workspace, Workspaces, dataset, image_name, strangers

PhaseProgress = Callable[[Pace, LearningPhase | None], None]
"""Told how far an attempt is in its phase, and which one has begun; may raise `Cancelled`."""


@dataclass(frozen=True, slots=True)
class Learning:
    """Embeds the labelled sets and learns them; where it is stopped, what is embedded is kept."""

    store: Workspaces
    workspace: Workspace
    engine: Engine
    key: str
    report: PhaseProgress
    publish: Callable[[Result], None]
    """Told as soon as there is a score, though more is still being worked out."""

    def run(self) -> Result:
        """Return what came of it; raises `Cancelled` where the sets are other ones by now."""
        names = names_of(self.workspace)
        if self.workspace.classifier is not None:
            saved = artifact.loads(self.store.read(self.workspace.token, self.workspace.classifier))
            notes = tuple(classifiers.check_encoder(saved, self.engine))
            training, used = Training(saved, ()), saved.report.images
            return Result(self.key, training, names, used, (), self.engine, notes=notes)
        embedded = self._embedded(
            dataset(self.store, self.workspace), strangers(self.store, self.workspace)
        )
        others = embedded.strangers.rejected if embedded.strangers else ()
        used, rejected = len(embedded.images), (*embedded.rejected, *others)
        empty = empty_sets(self.workspace)
        shown = [image.label for image in embedded.images if image.label is not None]
        if not classifiers.can_learn(self.engine, shown, empty):
            return Result(self.key, None, names, used, rejected, self.engine)
        self.report(Pace(), LearningPhase.LEARNING)
        result = Result(self.key, None, names, used, rejected, self.engine)

        def scored(training: Training) -> None:
            self.report(Pace(), LearningPhase.SETTLING)
            self.publish(replace(result, training=training, is_settling=True))

        training = classifiers.learn(
            embedded,
            self.engine,
            without_images=empty,
            scored=scored,
            progress=self._progress(),
        )
        return replace(result, training=training, vectors=embedded.vectors)

    def _embedded(self, labelled: Dataset, others: Dataset) -> EmbeddedDataset:
        """Embed the sets, and what is none of these; raises `Cancelled` where some cannot be."""
        total = len(labelled.images) + len(others.images)
        self.report(Pace(0, total), LearningPhase.EMBEDDING)
        embedded = classifiers.embed(
            self.engine, labelled, strangers=others, progress=self._progress()
        )
        named = {
            image_name(s, picture): picture for s in self.workspace.sets for picture in s.counted
        }
        in_sets = self._reject(named, embedded.rejected[len(labelled.rejected) :])
        named = {picture.name: picture for picture in self.workspace.strangers}
        of_others = embedded.strangers.rejected if embedded.strangers else ()
        if self._reject(named, of_others) or in_sets:
            raise Cancelled("Pictures that cannot be read left their sets.")
        return embedded

    def _progress(self) -> Progress:
        clock = Clock()
        return lambda done, total: self.report(clock(done, total), None)

    def _reject(self, named: Mapping[str, Picture], rejected: Sequence[Rejected]) -> bool:
        """Move pictures that will never be readable to the rejected list of their set."""
        lasting = [item for item in rejected if item.is_lasting]
        for item in lasting:
            self.store.reject_picture(self.workspace.token, named[item.name].id, item.reason)
        return bool(lasting)
