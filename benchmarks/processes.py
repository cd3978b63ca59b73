"""Processes of their own for what is measured: loaded once, then told to go one at a time."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

Order = TypeVar("Order")
Result = TypeVar("Result")

FAREWELL = 5.0


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

    Nothing waits for it to have loaded until the first `ask`, or `ready`. Leaving the context
    ends it, and whatever it started.
    """

    def __init__(self, make: Callable[..., Callable[[Order], Result]], *arguments: Any) -> None:
        # Spawned, not forked: threads and what torch has set up must not be inherited.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        # Not a daemon, since a DataLoader has children of its own.
        self._process = context.Process(target=_serve, args=(theirs, make, arguments))
        self._process.start()
        theirs.close()
        self._is_ready = False

    def ready(self) -> None:
        """Wait until it has loaded; raises `CouldNot` with the reason where it cannot."""
        if not self._is_ready:
            self._receive()
            self._is_ready = True

    def ask(self, order: Order) -> Answer[Result]:
        """Have one order carried out; raises `CouldNot` with the reason where it fails."""
        self.ready()
        self._pipe.send(order)
        return Answer(*self._receive())

    def _receive(self) -> Any:
        try:
            failure, received = self._pipe.recv()
        except EOFError:
            raise CouldNot("the process died") from None
        if failure:
            raise CouldNot(failure)
        return received

    def end(self) -> None:
        """End it, politely at first."""
        with suppress(OSError):  # it may have gone already
            self._pipe.send(None)
        self._process.join(FAREWELL)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(FAREWELL)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None and not isinstance(error, CouldNot):
            self._process.terminate()  # somebody is waiting for the prompt
        self.end()


def _serve(
    pipe: Connection, make: Callable[..., Callable[[Any], Any]], arguments: tuple[Any, ...]
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it too, and ends this one
    try:
        act = make(*arguments)
        pipe.send(("", None))
        while (order := pipe.recv()) is not None:
            started = time.perf_counter()
            value = act(order)
            pipe.send(("", (time.perf_counter() - started, value)))
    except EOFError:  # the parent has gone
        return
    except CouldNot as reason:
        pipe.send((str(reason), None))
    except Exception as error:  # whatever it is, it belongs into the table
        pipe.send((f"{type(error).__name__}: {error}", None))
