"""Embeddings kept by image digest and encoder fingerprint, so that no image is embedded twice.

Beside them, by digest alone, what the audit needs to know of the pixels.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from featclass.base import DiskFull, FeatclassError, disk

log = logging.getLogger(__name__)

CACHE_FILE = "embeddings.sqlite"
"""Its name in the data folder."""
FORMAT_VERSION = 1
PATIENCE_SECONDS = 60.0
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
CHOSEN = """
CREATE TABLE IF NOT EXISTS chosen (
    spec TEXT NOT NULL,
    encoder_id TEXT NOT NULL,
    PRIMARY KEY (spec, encoder_id)
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class CacheSize:
    """How much a cache holds: `path` (":memory:" for one that is not kept), rows, bytes on disk."""

    path: str
    embeddings: int
    bytes: int


class _Damaged(Exception):
    """The file was found to be damaged; the cache is begun anew, and empty."""


class Cache:
    """Embeddings in one SQLite file, safe with several threads and several processes.

    `path` may be `":memory:"`; `patience` is how many seconds to wait for another program that is
    writing. What is kept can be made anew: a file that is damaged is set aside, for an empty one.
    Every method raises `FeatclassError` where the file cannot be used, `DiskFull` among them.
    """

    def __init__(self, path: Path | str, *, patience: float | None = None) -> None:
        self.path = str(path)
        if self.path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._patience = PATIENCE_SECONDS if patience is None else patience
        self._inode: int | None = None
        self._lock = threading.Lock()
        with self._explained():
            try:
                self._connection = self._opened()
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._set_aside(error)
                self._connection = self._opened()

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=self._patience, check_same_thread=False)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._inode = _inode(self.path)
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version not in (0, FORMAT_VERSION):
            raise FeatclassError(
                f"The embedding cache {self.path} has format version {version}, and this featclass"
                f" knows version {FORMAT_VERSION}. Update featclass, or set FEATCLASS_DATA to"
                " another folder."
            )
        with connection:
            connection.execute("PRAGMA journal_mode = WAL")
            # A cache that loses its last rows in a power cut only embeds them again.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(EMBEDDINGS)
            connection.execute(APPEARANCES)
            connection.execute(CHOSEN)
            if version != FORMAT_VERSION:  # a full disk takes nothing, and need not here
                connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what is wrong with the file, and what to do."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if disk.is_full(error):
                raise DiskFull(disk.FULL) from error
            # Whoever reads this may be a stranger, whom no path of the server concerns.
            log.error("The embedding cache %s cannot be used: %s", self.path, error)
            if _kind(error) == sqlite3.SQLITE_BUSY:
                remedy = "Another program is writing to it: try again later."
            else:
                remedy = "Set FEATCLASS_DATA to another folder, or delete its file in this one."
            message = f"The embedding cache cannot be used ({error}). {remedy}"
            raise FeatclassError(message) from error

    @contextmanager
    def _working(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to one caller; what is found to be damaged is set aside."""
        with self._lock, self._explained():
            try:
                yield self._connection
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._connection.close()
                self._set_aside(error)
                self._connection = self._opened()
                raise _Damaged from error

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        """Give a damaged file another name, unless another process has done that already."""
        path = Path(self.path)
        if self._inode not in (None, _inode(self.path)):
            return
        log.warning("The embedding cache was damaged (%s) and is begun anew.", error)
        try:
            path.replace(path.with_name(f"{path.stem}-damaged{path.suffix}"))
            for ending in ("-wal", "-shm"):
                path.with_name(path.name + ending).unlink(missing_ok=True)
        except OSError as failure:
            raise error from failure

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
            try:
                with self._working() as connection:
                    rows = connection.execute(f"{query} ({marks})", (*first, *part)).fetchall()
            except _Damaged:
                continue  # it is empty now
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
        looks = [(bytes.fromhex(digest), data) for digest, data in (appearances or {}).items()]
        with suppress(_Damaged), self._working() as connection, connection:
            connection.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)", rows)
            connection.executemany("INSERT OR REPLACE INTO appearances VALUES (?, ?)", looks)

    def forget(self, digests: Iterable[str]) -> None:
        """Forget what is kept of these images, under every encoder."""
        these = [(bytes.fromhex(digest),) for digest in digests]
        with suppress(_Damaged), self._working() as connection, connection:
            for fingerprint in _fingerprints(connection):
                connection.executemany(
                    "DELETE FROM embeddings WHERE fingerprint = ? AND digest = ?",
                    [(fingerprint, digest) for (digest,) in these],
                )
            connection.executemany("DELETE FROM appearances WHERE digest = ?", these)

    def choose(self, spec: str, encoder_id: str) -> None:
        """Remember of an encoder that somebody here asked for it by its spec."""
        with suppress(_Damaged), self._working() as connection, connection:
            connection.execute("INSERT OR IGNORE INTO chosen VALUES (?, ?)", (spec, encoder_id))

    def is_chosen(self, spec: str, encoder_id: str) -> bool:
        """Say whether somebody here asked for this encoder by this spec."""
        query = "SELECT 1 FROM chosen WHERE spec = ? AND encoder_id = ?"
        with suppress(_Damaged), self._working() as connection:
            return connection.execute(query, (spec, encoder_id)).fetchone() is not None
        return False

    def size(self) -> CacheSize:
        """Count what is here."""
        count = 0
        with suppress(_Damaged), self._working() as connection:
            count = int(connection.execute("SELECT count(*) FROM embeddings").fetchone()[0])
        # What was written last stands in a second file, for SQLite to merge in its time.
        files = [Path(self.path + ending) for ending in ("", "-wal")]
        return CacheSize(
            self.path, count, sum(file.stat().st_size for file in files if file.is_file())
        )

    def clear(self) -> None:
        """Forget every embedding and give the space back."""
        with suppress(_Damaged), self._working() as connection:
            with connection:
                connection.execute("DELETE FROM embeddings")
                connection.execute("DELETE FROM appearances")
            connection.execute("VACUUM")
            # Without this the space is only marked as free while another process has it open.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _fingerprints(connection: sqlite3.Connection) -> Iterator[bytes]:
    """Go through the encoders that there are embeddings of, without going through these."""
    query = "SELECT min(fingerprint) FROM embeddings WHERE fingerprint > ?"
    fingerprint = b""
    while (row := connection.execute(query, (fingerprint,)).fetchone()) and row[0] is not None:
        fingerprint = row[0]
        yield fingerprint


def _kind(error: sqlite3.DatabaseError) -> int:
    """Return the kind of an error: of SQLite's extended codes, the last byte."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return _kind(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _inode(path: str) -> int | None:
    try:
        return Path(path).stat().st_ino
    except OSError:
        return None
