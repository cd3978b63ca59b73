"""Files that arrive in a folder, once they are whole."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from featclass.base import FeatclassError
from featclass.cli.inputs import below
from featclass.reports.prediction_csv import as_written

POLL_SECONDS: Final = 1.0
STABLE_SECONDS: Final = 1.0
"""A file whose size and time did not change for so long is taken to be whole."""
REST: Final = 5
"""Times as long as a look round took, at the least, until the next."""

Signature = tuple[int, int]


class Watch:
    """Looks round in folders again and again.

    `known` are paths, as a table has them, that need no prediction any more; `but` is what the
    command itself writes.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        known: set[str] | None = None,
        but: Sequence[Path] = (),
    ) -> None:
        for path in paths:
            if not path.exists():
                raise FeatclassError(f"There is no folder {path} to watch. Make it first.")
        self._paths, self._but = paths, but
        self._known = known or set()
        self._settled: dict[Path, Signature] = {}
        self._waiting: dict[Path, tuple[Signature, float]] = {}

    def arrivals(self) -> Iterator[list[Path]]:
        """Yield for ever, as they arrive, the files that are whole and were not yielded so."""
        while True:
            started = time.monotonic()
            if arrived := self.look():
                yield arrived
            took = 0.0 if arrived else time.monotonic() - started
            time.sleep(max(POLL_SECONDS, REST * took))

    def look(self) -> list[Path]:
        """Look round once; returns what became whole since."""
        arrived: list[Path] = []
        settled: dict[Path, Signature] = {}
        waiting: dict[Path, tuple[Signature, float]] = {}
        for file in (file for path in self._paths for file in below(path, self._but)):
            signature = _signature(file)
            if signature is None:
                continue
            if (name := as_written(str(file))) in self._known:
                self._known.discard(name)
                self._settled[file] = signature
            before, since = self._waiting.get(file, (None, 0.0))
            if self._settled.get(file) == signature:
                settled[file] = signature
            elif before != signature:
                waiting[file] = signature, time.monotonic()
            elif time.monotonic() - since < STABLE_SECONDS:
                waiting[file] = signature, since
            else:
                arrived.append(file)
                settled[file] = signature
        self._settled, self._waiting = settled, waiting
        return arrived


def _signature(file: Path) -> Signature | None:
    try:
        status = file.stat()
    except OSError:
        return None  # gone again
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None
