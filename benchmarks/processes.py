"""Processes of their own for what is measured: loaded once, then told to go one at a time."""

from __future__ import annotations

import multiprocessing
import resource
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

Order = TypeVar("Order")
Result = TypeVar("Result")

LISTENING = 0.01  # seconds between two looks at the memory of a process at work
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
    grown: int
    """Bytes by which the process grew at most while at work; if not watched, by which it grew
    beyond all it ever held."""


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

    def ask(self, order: Order, *, watch: bool = False) -> Answer[Result]:
        """Have one order carried out; raises `CouldNot` with the reason where it fails.

        With `watch`, looks at its memory all the while, which takes a little from the processor.
        """
        self.ready()
        before = highest = resident(self._process.pid) if watch else None
        self._pipe.send(order)
        while before is not None and not self._pipe.poll(LISTENING):
            highest = max(highest or 0, resident(self._process.pid) or 0)
        seconds, value, grown = self._receive()
        if before is not None and highest is not None:
            grown = highest - before
        return Answer(seconds, value, grown)

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


def resident(pid: int | None) -> int | None:
    """Return the bytes of memory a process holds; None where the system does not tell."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return None
    return int(pages) * resource.getpagesize()


def _serve(
    pipe: Connection, make: Callable[..., Callable[[Any], Any]], arguments: tuple[Any, ...]
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it too, and ends this one
    try:
        act = make(*arguments)
        pipe.send(("", None))
        while (order := pipe.recv()) is not None:
            high = _high_water()
            started = time.perf_counter()
            value = act(order)
            seconds = time.perf_counter() - started
            pipe.send(("", (seconds, value, _high_water() - high)))
    except EOFError:  # the parent has gone
        return
    except CouldNot as reason:
        pipe.send((str(reason), None))
    except Exception as error:  # whatever it is, it belongs into the table
        pipe.send((f"{type(error).__name__}: {error}", None))


def _high_water() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
