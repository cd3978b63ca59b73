"""Maps of workspaces, worked out one after the other in the background when they are asked for.

Of visitors who ask for several, each has their turn.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial

import numpy as np
from numpy.typing import NDArray

from featclass.base import FairPool
from featclass.probe import Layout
from featclass.probe.tsne import layout

KEPT = 32


class Maps:
    """The newest map of each workspace; the next one stays as close to it as it can."""

    def __init__(self) -> None:
        self._pool = FairPool(1, "map")
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[str, Future[Layout]]] = OrderedDict()

    def of(
        self,
        token: str,
        key: str,
        vectors: NDArray[np.float32],
        digests: Sequence[str],
        *,
        whose: str = "",
    ) -> Future[Layout]:
        """Return the map of the images that `key` names, which may still be in the making.

        Args:
            token: Of the workspace.
            key: Of the result that the embeddings belong to.
            vectors: Embeddings, shape (n, dimensions).
            digests: Of the images, in the order of the rows.
            whose: The visitor whose turn it takes.
        """
        with self._lock:
            known, future = self._kept.get(token, ("", None))
            if future is None or known != key or _has_failed(future):
                work = partial(layout, vectors, digests=digests, former=_made(future))
                future = self._pool.submit(whose, work)
                self._kept[token] = (key, future)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(token)
            return future

    def close(self) -> None:
        """Drop what is not begun, and wait for the rest."""
        self._pool.close()


def _has_failed(future: Future[Layout]) -> bool:
    """Say whether a map came to nothing: the next who asks for it has it tried again."""
    return future.done() and (future.cancelled() or future.exception() is not None)


def _made(future: Future[Layout] | None) -> Layout | None:
    """Return a map that is finished; nothing where it is not, or failed."""
    if future is None or not future.done() or _has_failed(future):
        return None
    return future.result()
