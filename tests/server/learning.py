"""A trainer with workspaces of its own, followed step by step."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from featclass.server.state import State
from featclass.server.trainer import Trainer
from featclass.workspaces import NewPicture, Workspaces
from tests.fakes import GridEncoder, drawn

SECONDS = 20


@dataclass
class Bench:
    """A trainer over a fake encoder, and the waiting that tests need."""

    store: Workspaces
    trainer: Trainer
    encoder: GridEncoder
    token: str = field(default="")

    def add(self, place: int | None, colour: str, seeds: range) -> None:
        set_id = None if place is None else self.store.open(self.token).sets[place].id
        pictures = [NewPicture(f"{colour}{seed}.png", drawn(seed, colour)) for seed in seeds]
        self.store.add_pictures(self.token, set_id, pictures)

    def follow(self) -> State:
        return self.trainer.follow(self.store.open(self.token))

    def settle(self) -> State:
        """Follow until nothing is being done any more."""
        return self.until(lambda state: not state.is_busy)

    def until(self, holds: Callable[[State], bool]) -> State:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if holds(state := self.follow()):
                return state
            self.trainer.wait(0.05)
        raise AssertionError(f"never came true: {state}")
