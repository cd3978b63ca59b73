"""What is on disk of one batch."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import msgspec
from filelock import FileLock, Timeout

from featclass.base import DiskFull, FeatclassError, Prediction, TrainedClassifier, disk
from featclass.classifiers import artifact
from featclass.server.batches.record import Record

CHUNK = 2**20
DIGEST_BYTES = 32
KEPT = ("path", "label", "probability", "probabilities", "known", "rejected")
"""Of what is said of a picture."""
LOOKS_SECONDS = 0.1
"""So long it may take others to look whether a batch is worked on: they hold its lock meanwhile."""
_CHANGING = threading.Lock()


@dataclass(frozen=True, slots=True)
class BatchFolder:
    """The files of one batch."""

    path: Path

    @property
    def zip(self) -> Path:
        """The pictures as they came."""
        return self.path / "pictures.zip"

    def record(self) -> Record | None:
        """Return what is known of it; None where that cannot be read."""
        try:
            text = (self.path / "batch.json").read_text("utf-8")
            return msgspec.convert(json.loads(text), Record)
        except (OSError, ValueError):  # also of msgspec
            return None

    def write(self, record: Record) -> None:
        """Keep what is known of it: a reader finds the old or the new, never half of it."""
        unfinished = self.path / "batch.json.new"
        with explained():
            try:
                unfinished.write_text(json.dumps(msgspec.to_builtins(record)), "utf-8")
                os.replace(unfinished, self.path / "batch.json")
            finally:
                unfinished.unlink(missing_ok=True)

    def change(self, **changes: object) -> None:
        """Change some of what is known of it; nothing happens where it was deleted."""
        with _CHANGING:
            record = self.record()
            if record is not None:
                self.write(replace(record, **changes))  # type: ignore[arg-type]

    def classifier(self) -> TrainedClassifier:
        """Return the classifier that predicts."""
        return artifact.load(self.path / "classifier.featclass")

    def keep_classifier(self, classifier: TrainedClassifier) -> None:
        """Keep the classifier that predicts."""
        artifact.save(classifier, self.path / "classifier.featclass")

    def predictions(self) -> Iterator[Prediction]:
        """Go through what was said so far, in order; what a crash tore off is passed over."""
        try:
            with self._predictions_file.open("rb") as file:
                for line in file:
                    if not line.endswith(b"\n"):
                        return  # it is being written
                    if (prediction := _prediction(line)) is not None:
                        yield prediction
        except FileNotFoundError:
            return

    @contextmanager
    def appending(self) -> Iterator[IO[bytes]]:
        """Open what was said for more; a torn last line is cut off first."""
        with explained(), self._predictions_file.open("a+b") as file:
            file.truncate(_end_of_last_line(file))
            yield file

    @contextmanager
    def noting(self) -> Iterator[Callable[[str], object]]:
        """Give a function that notes the digest of a picture before its embedding is kept."""
        with explained(), self._digests.open("ab", buffering=0) as file:
            yield lambda digest: file.write(bytes.fromhex(digest))

    def digests(self) -> Iterator[str]:
        """Go through the digests of the pictures that were embedded for it."""
        try:
            with self._digests.open("rb") as file:
                while len(digest := file.read(DIGEST_BYTES)) == DIGEST_BYTES:
                    yield digest.hex()
        except FileNotFoundError:
            return

    def locked(self, *, patience: float | None = None) -> FileLock:
        """Take the lock of whoever works on it: of several servers on one data folder, one.

        To be released by who took it, in whatever thread. Raises `FeatclassError` where another
        has it for longer than `patience` seconds, by default those of a look at it.
        """
        lock = FileLock(self.path / "lock", thread_local=False)
        seconds = LOOKS_SECONDS if patience is None else patience
        with explained():
            try:
                lock.acquire(timeout=seconds, poll_interval=0.01)
            except Timeout as error:
                raise FeatclassError(
                    "Another server of this data folder works on these predictions: wait for it,"
                    " or stop them there."
                ) from error
        return lock

    def is_locked(self) -> bool:
        """Say whether any server works on it."""
        try:
            self.locked(patience=0).release()
        except FeatclassError:
            return True
        return False

    def size(self) -> int:
        """Return how many bytes were said of its pictures so far."""
        try:
            return self._predictions_file.stat().st_size
        except FileNotFoundError:
            return 0

    def delete(self) -> None:
        """Delete everything, as far as it can be."""
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def _digests(self) -> Path:
        return self.path / "digests"

    @property
    def _predictions_file(self) -> Path:
        return self.path / "predictions.jsonl"


def append(file: IO[bytes], predictions: Sequence[Prediction]) -> None:
    """Write a slice, and hand it to the operating system."""
    lines = [
        json.dumps(_as_json(prediction), allow_nan=False).encode() for prediction in predictions
    ]
    file.write(b"".join(line + b"\n" for line in lines))
    file.flush()


def _as_json(prediction: Prediction) -> dict[str, Any]:
    # No neighbours: they are three times as long as all the rest, and in no table.
    return {name: value for name, value in prediction.to_json().items() if name in KEPT}


def _prediction(line: bytes) -> Prediction | None:
    try:
        data = json.loads(line, parse_constant=_no_number)
        return Prediction(**{name: value for name, value in data.items() if name in KEPT})
    except (AttributeError, ValueError, TypeError):
        return None


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is not a number")


def _end_of_last_line(file: IO[bytes]) -> int:
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - CHUNK)
        file.seek(start)
        newline = file.read(end - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the disk refuses into a sentence."""
    try:
        yield
    except OSError as error:
        if disk.is_full(error):
            raise DiskFull(
                f"The predictions stopped, as the disk of this server is full ({error.strerror})."
                " What is predicted already is kept: make room on the disk that holds its data"
                " folder, then resume."
            ) from error
        raise FeatclassError(
            f"The predictions cannot be kept ({error.strerror or error}). Whoever runs this server"
            " should look at its data folder; then resume."
        ) from error
