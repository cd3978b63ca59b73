"""Embeddings kept by image digest and encoder fingerprint, so that no image is embedded twice.

Beside them, by digest alone, what the audit needs to know of the pixels.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from featclass.errors import FeatclassError

CACHE_FILE = "embeddings.sqlite"
"""Its name in the data folder."""
FORMAT_VERSION = 1
STORED_DTYPE = np.dtype("<f4")
# SQLite allows 32,766 variables in a statement; a thousand digests a query stays far below.
DIGESTS_PER_QUERY = 1000

EMBEDDINGS = """
CREATE TABLE IF NOT EXISTS embeddings (
    digest BLOB NOT NULL,
    fingerprint BLOB NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (fingerprint, digest)
) WITHOUT ROWID
"""
APPEARANCES = """
CREATE TABLE IF NOT EXISTS appearances (
    digest BLOB NOT NULL PRIMARY KEY,
    appearance BLOB NOT NULL
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class CacheSize:
    """How much a cache holds: `path` (":memory:" for one that is not kept), rows, bytes on disk."""

    path: str
    embeddings: int
    bytes: int


class Cache:
    """Embeddings in one SQLite file, safe with several threads and several processes.

    `path` may be `":memory:"`; `patience` is how many seconds to wait for another program that is
    writing. Raises `FeatclassError` where the file is no cache of this version.
    """

    def __init__(self, path: Path | str, *, patience: float = 60) -> None:
        self.path = str(path)
        if self.path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        with self._explained():
            self._connection = sqlite3.connect(self.path, timeout=patience, check_same_thread=False)
        try:
            with self._explained():
                self._prepare()
        except FeatclassError:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        found = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        if found not in (0, FORMAT_VERSION):
            raise FeatclassError(
                f"The embedding cache {self.path} has format version {found}, and this featclass"
                f" knows version {FORMAT_VERSION}. Update featclass, or set FEATCLASS_DATA to"
                " another folder."
            )
        with self._connection as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            # A cache that loses its last rows in a power cut only embeds them again.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(EMBEDDINGS)
            connection.execute(APPEARANCES)
            connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what is wrong with the file, and what to do."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            # Of SQLite's extended codes the last byte tells the kind.
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                remedy = "Another program is writing to it: try again later."
            else:
                remedy = "Delete that file, or set FEATCLASS_DATA to another folder."
            raise FeatclassError(
                f"The embedding cache {self.path} cannot be used ({error}). {remedy}"
            ) from error

    def get(self, digests: Iterable[str], fingerprint: str) -> dict[str, NDArray[np.float32]]:
        """Return the embeddings that are here, by digest; each float32 of shape (dimensions,)."""
        query = "SELECT digest, vector FROM embeddings WHERE fingerprint = ? AND digest IN"
        return {
            digest: np.frombuffer(vector, STORED_DTYPE).astype(np.float32)
            for digest, vector in self._found(query, digests, bytes.fromhex(fingerprint))
        }

    def appearances(self, digests: Iterable[str]) -> dict[str, bytes]:
        """Return the appearances that are here, by digest; see `images.Appearance`."""
        query = "SELECT digest, appearance FROM appearances WHERE digest IN"
        return dict(self._found(query, digests))

    def _found(
        self, query: str, digests: Iterable[str], *first: bytes
    ) -> Iterator[tuple[str, bytes]]:
        wanted = [bytes.fromhex(digest) for digest in digests]
        for start in range(0, len(wanted), DIGESTS_PER_QUERY):
            part = wanted[start : start + DIGESTS_PER_QUERY]
            marks = ",".join("?" * len(part))
            with self._lock:
                rows = self._connection.execute(f"{query} ({marks})", (*first, *part)).fetchall()
            yield from ((digest.hex(), value) for digest, value in rows)

    def put(
        self,
        vectors: Mapping[str, NDArray[np.float32]],
        fingerprint: str,
        appearances: Mapping[str, bytes] | None = None,
    ) -> None:
        """Keep embeddings, and appearances, by digest, in one transaction."""
        key = bytes.fromhex(fingerprint)
        rows = [
            (bytes.fromhex(digest), key, np.asarray(vector, STORED_DTYPE).tobytes())
            for digest, vector in vectors.items()
        ]
        with self._lock, self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)", rows)
            self._connection.executemany(
                "INSERT OR REPLACE INTO appearances VALUES (?, ?)",
                [(bytes.fromhex(digest), data) for digest, data in (appearances or {}).items()],
            )

    def size(self) -> CacheSize:
        """Count what is here."""
        with self._lock:
            count = int(self._connection.execute("SELECT count(*) FROM embeddings").fetchone()[0])
        # What was written last stands in a second file, for SQLite to merge in its time.
        files = [Path(self.path + ending) for ending in ("", "-wal")]
        return CacheSize(
            self.path, count, sum(file.stat().st_size for file in files if file.is_file())
        )

    def clear(self) -> None:
        """Forget every embedding and give the space back."""
        with self._lock, self._explained():
            with self._connection:
                self._connection.execute("DELETE FROM embeddings")
                self._connection.execute("DELETE FROM appearances")
            self._connection.execute("VACUUM")
            # Without this the space is only marked as free while another process has it open.
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
