"""Processes of their own for what is measured: loaded once, then told to go one at a time."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

Order = TypeVar("Order")
Result = TypeVar("Result")


class CouldNot(Exception):
    """What a process could not do, in a sentence."""


class LeftOut(CouldNot):
    """What cannot be measured on this machine, and need not be."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[Result]):
    """What one order took and gave."""

    seconds: float
    value: Result


class Process(Generic[Order, Result]):
    """A fresh interpreter that calls `make(*arguments)` once, and what that returns per order.

    Nothing waits for it to have loaded until the first `ask`, or `ready`; either raises what went
    wrong there. Leaving the context ends it.
    """

    def __init__(self, make: Callable[..., Callable[[Order], Result]], *arguments: Any) -> None:
        # Spawned, not forked: threads and what torch has set up must not be inherited.
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
        self._loaded = self._pool.submit(_load, make, arguments)

    def ready(self) -> None:
        """Wait until it has loaded."""
        self._loaded.result()

    def ask(self, order: Order, *, within: float | None = None) -> Answer[Result]:
        """Have one order carried out.

        Where that takes more seconds than `within`, loading included, the process is ended;
        raises `LeftOut`.
        """
        started = time.monotonic()
        try:
            self._loaded.result(within)
            left = within and max(0.0, within - (time.monotonic() - started))
            return self._pool.submit(_carry_out, order).result(left)
        except TimeoutError:
            self._kill()
            raise LeftOut(f"it was not done within {within:.0f} seconds") from None

    def _kill(self) -> None:
        """End it at once: what it is doing cannot be stopped otherwise."""
        for process in list((self._pool._processes or {}).values()):
            process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Wait for what it is doing, and end it."""
        self._pool.shutdown(cancel_futures=True)


_acts: list[Callable[[Any], Any]] = []
"""In the process: what `make` returned."""


def _load(make: Callable[..., Callable[[Any], Any]], arguments: tuple[Any, ...]) -> None:
    _acts.append(make(*arguments))


def _carry_out(order: Any) -> Answer[Any]:
    started = time.perf_counter()
    value = _acts[-1](order)
    return Answer(time.perf_counter() - started, value)
