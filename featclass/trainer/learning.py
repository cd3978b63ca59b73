"""One attempt to make a classifier of a workspace as it is at one moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from featclass import artifact, service
from featclass.engine import Engine
from featclass.errors import Cancelled
from featclass.learned import Learned
from featclass.pace import Clock, Pace
from featclass.records import Progress, Rejected
from featclass.trainer.state import Phase, Result, empty_sets, names_of
from featclass.workspaces import Workspace, Workspaces, dataset, image_name


@dataclass(frozen=True, slots=True)
class Learning:
    """Embeds the labelled sets and learns them; `report` is told of every change of state.

    `report` may raise `Cancelled`, which stops the attempt: what is embedded by then is kept.
    """

    store: Workspaces
    workspace: Workspace
    engine: Engine
    key: str
    report: Callable[..., Any]
    publish: Callable[[Result], None]
    """Told as soon as there is a score, though more is still being worked out."""

    def run(self) -> Result:
        """Return what came of it; raises `Cancelled` where the sets are other ones by now."""
        names = names_of(self.workspace)
        if self.workspace.classifier is not None:
            saved = artifact.loads(self.store.read(self.workspace.token, self.workspace.classifier))
            notes = tuple(service.check_encoder(saved, self.engine))
            learned, used = Learned(saved, ()), saved.report.images
            return Result(self.key, learned, names, used, (), self.engine, notes=notes)
        pictures = dataset(self.store, self.workspace)
        self.report(phase=Phase.EMBEDDING, pace=Pace(0, len(pictures.images)))
        started = time.perf_counter()
        embedded = service.embed(self.engine, pictures, progress=self._progress())
        seconds = time.perf_counter() - started
        if self._reject(embedded.rejected[len(pictures.rejected) :]):
            raise Cancelled("Pictures that cannot be read left their sets.")
        used, rejected = len(embedded.images), embedded.rejected
        empty = empty_sets(self.workspace)
        shown = [image.label for image in embedded.images if image.label is not None]
        if not service.can_learn(self.engine, shown, empty):
            return Result(self.key, None, names, used, rejected, self.engine)
        self.report(phase=Phase.LEARNING, pace=Pace())
        result = Result(self.key, None, names, used, rejected, self.engine)

        def scored(learned: Learned) -> None:
            self.report(phase=Phase.SETTLING, pace=Pace())
            self.publish(replace(result, learned=learned, is_settling=True))

        learned = service.learn(
            embedded,
            self.engine,
            without_images=empty,
            seconds_to_embed=seconds,
            scored=scored,
            progress=self._progress(),
        )
        return replace(result, learned=learned, vectors=embedded.vectors)

    def _progress(self) -> Progress:
        clock = Clock()
        return lambda done, total: self.report(pace=clock(done, total))

    def _reject(self, rejected: Sequence[Rejected]) -> bool:
        """Move pictures that will never be readable to the rejected list of their set."""
        reasons = {item.name: item.reason for item in rejected if item.is_lasting}
        moved = False
        for labelled in self.workspace.sets:
            for picture in labelled.counted:
                reason = reasons.get(image_name(labelled, picture))
                if reason is not None:
                    self.store.reject_picture(self.workspace.token, picture.id, reason)
                    moved = True
        return moved
