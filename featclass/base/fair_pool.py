"""Threads that serve all alike: whoever asks for much waits for themselves, not others for them."""

from __future__ import annotations

import atexit
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Work = tuple[Future[object], Callable[[], object]]


class FairPool:
    """A pool of threads; of all who wait, the one who was served longest ago is next.

    Args:
        threads: How many there are; each is started when it is first needed.
        name: What the threads are called.
        most_each: How many of them one person may have at once; by default all.
    """

    def __init__(self, threads: int, name: str, *, most_each: int | None = None) -> None:
        self._most = threads
        self._most_each = most_each or threads
        self._name = name
        self._changed = threading.Condition()
        # What follows is touched only while `_changed` is held.
        self._waiting: OrderedDict[str, deque[Work]] = OrderedDict()
        self._served: Counter[str] = Counter()
        self._threads: list[threading.Thread] = []
        self._pending = 0
        self._idle = 0
        self._is_closed = False
        # An interpreter that ends while a thread is inside torch aborts.
        atexit.register(self.close)

    def submit(
        self, whose: str, work: Callable[P, T], *args: P.args, **named: P.kwargs
    ) -> Future[T]:
        """Do a piece of work when the turn of this person comes; raises `RuntimeError` if closed.

        The future may be cancelled until then.
        """
        future: Future[T] = Future()
        with self._changed:
            if self._is_closed:
                raise RuntimeError("These threads have ended.")
            queue = self._waiting.setdefault(whose, deque())
            queue.append((future, lambda: work(*args, **named)))  # type: ignore[arg-type]
            self._pending += 1
            if self._pending > self._idle and len(self._threads) < self._most:
                self._start_thread()
            self._changed.notify()
        return future

    def close(self) -> None:
        """Drop what is not begun, and wait for the rest."""
        atexit.unregister(self.close)
        with self._changed:
            self._is_closed = True
            dropped = [future for queue in self._waiting.values() for future, _ in queue]
            self._waiting.clear()
            self._changed.notify_all()
            threads = [*self._threads]
        for future in dropped:
            future.cancel()
        for thread in threads:
            thread.join()

    def _start_thread(self) -> None:
        name = f"{self._name}_{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (turn := self._next()) is not None:
            whose, (future, work) = turn
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:  # whoever waits for it is told
                    future.set_exception(error)
            del turn, future, work  # nothing is kept alive until there is more to do
            with self._changed:
                self._served[whose] -= 1
                if not self._served[whose]:
                    del self._served[whose]
                self._changed.notify()

    def _next(self) -> tuple[str, Work] | None:
        """Return the next piece of work once there is one; None where there will be none."""
        with self._changed:
            self._idle += 1
            try:
                while not self._is_closed:
                    for whose in self._waiting:
                        if self._served[whose] < self._most_each:
                            return whose, self._taken(whose)
                    self._changed.wait()
                return None
            finally:
                self._idle -= 1

    def _taken(self, whose: str) -> Work:
        """Take the first of what somebody waits for; who waits for more is last in line now."""
        queue = self._waiting.pop(whose)
        work = queue.popleft()
        self._pending -= 1
        if queue:
            self._waiting[whose] = queue
        self._served[whose] += 1
        return work
