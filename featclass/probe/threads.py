"""Work side by side: a thread a processor, and BLAS on one thread in each."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")


def limit_blas() -> None:
    """Keep every BLAS that is loaded by now to one thread from here on: NumPy's, and SciPy's.

    Their threads wait for each other by spinning: beside a busy encoder a product of this size took
    ten times as long with two. Whatever is large is cut into parts that run side by side instead,
    parts that do not depend on how many processors there are: nor does the result.
    """
    threadpool_limits(limits=1, user_api="blas")


use_one_thread_each = functools.cache(limit_blas)
"""The same, done once: it looks through all libraries of the process."""


def side_by_side(
    work: Callable[[Task], Outcome], tasks: Sequence[Task], *, small: bool = False
) -> Iterator[Outcome]:
    """Yield what `work` makes of each task, in order, as soon as it and those before are done.

    It should be NumPy's work: what holds the interpreter's lock, as SciPy's LAPACK does, gains
    nothing. Whoever stops listening ends what has not begun.

    Args:
        work: Called from several threads at once.
        tasks: What to call it with.
        small: All are done with before threads have started.
    """
    use_one_thread_each()
    if small or len(tasks) < 2:
        yield from map(work, tasks)
        return
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(work, tasks)  # cancels what is left when it is closed
