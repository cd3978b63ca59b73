"""How long a person waits for a prediction: alone, in company, and beside somebody's upload."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import models, pictures
from benchmarks.limits import prepared
from benchmarks.pictures import Kind
from benchmarks.processes import CouldNot, Process
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

if TYPE_CHECKING:
    from featclass.base.records import Image, TrainedClassifier
    from featclass.embedding.engine import Engine

SESSIONS = (1, 4, 16)
SECONDS, QUICK_SECONDS = 6.0, 2.0
LEAST_ANSWERS = 24
PATIENCE = 2  # times as long, where answers are that slow
UPLOAD = 20_000
COLUMNS = (
    "encoder", "sessions",
    "alone, p50 ms", "alone, p95 ms", "beside an upload, p50 ms", "beside an upload, p95 ms",
    "one batch, ms", "p95 beside ÷ (3 × p95 alone + one batch)", "upload meanwhile, images/s",
)  # fmt: skip
KIND = Kind("JPEG", pictures.MEDIUM)


@dataclass(frozen=True, slots=True)
class Phase:
    """So many sessions that ask for `seconds`, and whether somebody uploads meanwhile."""

    sessions: int
    seconds: float
    is_busy: bool


@dataclass(frozen=True, slots=True)
class Waits:
    """Milliseconds of every answer; the upload's images a second; milliseconds of one batch."""

    answers: list[float]
    uploaded: float
    batch: float


def measure(settings: Settings) -> list[Table]:
    """Have sessions ask, each for its next picture as soon as it has an answer."""
    folder = settings.folder / "latency"
    pictures.write(folder / "pictures", KIND, 24, distinct=24)
    with Process(models.generator) as process:
        generated = process.ask(folder / models.VIT).value
    rows: list[list[Cell]] = []
    for name, spec in ((models.BUILTIN, models.BUILTIN), (models.VIT, generated)):
        with Process(waiter, spec, folder / "pictures", settings.device) as process:
            for sessions in SESSIONS[:2] if settings.quick else SESSIONS:
                settings.say(f"{name}: predictions for {sessions} sessions, alone and beside")
                seconds = QUICK_SECONDS if settings.quick else SECONDS
                alone: Waits = process.ask(Phase(sessions, seconds, False)).value
                busy: Waits = process.ask(Phase(sessions, seconds, True)).value
                rows.append(_row(name, sessions, alone, busy))
    note = (
        "service.predict(live=True) of a new picture, 640x480, from bytes to classes. The upload"
        " is another session's. One batch is a full forward pass of the encoder, by itself. A ratio"
        " of at most 1 is asked for."
    )
    formats = dict.fromkeys(COLUMNS[2:7], ".0f") | {COLUMNS[7]: ".2f"}
    title = "Waiting for a prediction"
    return [Table("latency", title, COLUMNS, rows, note, formats)]


def _row(name: str, sessions: int, alone: Waits, busy: Waits) -> list[Cell]:
    quiet = [float(np.percentile(alone.answers, share)) for share in (50, 95)]
    loud = [float(np.percentile(busy.answers, share)) for share in (50, 95)]
    batch = min(alone.batch, busy.batch)
    ratio = loud[1] / (3 * quiet[1] + batch)
    return [name, sessions, *quiet, *loud, batch, ratio, busy.uploaded]


def waiter(spec: str, folder: Path, device: str) -> Callable[[Phase], Waits]:
    """Train on a few pictures; what is returned measures one phase."""
    from featclass import classifiers, datasets, encoders
    from featclass.base.config import load
    from featclass.embedding.cache import Cache
    from featclass.embedding.engine import Engine

    config = load()
    encoder = encoders.load(spec, device=device, config=config)
    engine = Engine(encoder, Cache(":memory:"), max_pixels=config.max_pixels)
    dataset = datasets.read_folder(folder)
    classifier = classifiers.train(engine, dataset).classifier
    known = [path.read_bytes() for path in pictures.files(folder)]
    batch = np.stack([prepared(encoder, known[0], config.max_pixels)] * encoder.batch_size)
    new = _Pictures(known)

    def measure(phase: Phase) -> Waits:
        started = time.perf_counter()
        encoder.encode(batch)
        taken = 1000 * (time.perf_counter() - started)
        upload = _Upload(engine, new)
        if phase.is_busy:
            with upload.running():
                answers = _ask(engine, classifier, new, phase)
        else:
            answers = _ask(engine, classifier, new, phase)
        return Waits(answers, upload.rate, taken)

    measure(Phase(1, 0.3, False))
    return measure


class _Pictures:
    """Ever new pictures, as bytes in memory."""

    def __init__(self, known: list[bytes]) -> None:
        self._known = known
        self._numbers = itertools.count()

    def next(self) -> Image:
        """Return a picture that was never seen."""
        from featclass.base.records import Image

        number = next(self._numbers)
        digest = hashlib.sha256(f"picture {number}".encode()).hexdigest()
        return Image(f"{number}.jpg", digest, _Commented(self._known, number), "first")


@dataclass(frozen=True, slots=True)
class _Commented:
    """A source of bytes that are made when they are read."""

    known: list[bytes]
    number: int

    def read(self) -> bytes:
        return pictures.commented(self.known[self.number % len(self.known)], self.number)


class _Upload:
    """Somebody who embeds without end."""

    def __init__(self, engine: Engine, new: _Pictures) -> None:
        self._engine = engine
        self._new = new
        self._ended = threading.Event()
        self._under_way = threading.Event()
        self._first = self._last = (0.0, 0)
        self._before = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Embed in a thread for as long as the context is open, which opens after two batches."""
        thread = threading.Thread(target=self._embed, name="upload")
        thread.start()
        try:
            while not self._under_way.wait(0.1):
                if not thread.is_alive():
                    raise CouldNot("the upload stopped by itself")
            self._first = self._last
            yield
        finally:
            self._ended.set()
            thread.join()

    @property
    def rate(self) -> float:
        """Images a second while the context was open."""
        (started, before), (ended, after) = self._first, self._last
        return (after - before) / (ended - started) if ended > started else float("nan")

    def _embed(self) -> None:
        from featclass.base.errors import Cancelled

        try:
            while True:
                images = [self._new.next() for _ in range(UPLOAD)]
                self._engine.embed(images, progress=self._progress)
                self._before += UPLOAD
        except Cancelled:
            return

    def _progress(self, done: int, total: int) -> None:
        from featclass.base.errors import Cancelled

        self._last = (time.perf_counter(), self._before + done)
        if done >= 2 * self._engine.encoder.batch_size:
            self._under_way.set()
        if self._ended.is_set():
            raise Cancelled("The measurement is over.")


def _ask(
    engine: Engine, classifier: TrainedClassifier, new: _Pictures, phase: Phase
) -> list[float]:
    """Have the sessions ask at once; return the milliseconds of all their answers."""
    from featclass import classifiers

    answers: list[float] = []
    failures: list[str] = []
    started = time.perf_counter()

    def is_enough() -> bool:
        seconds = time.perf_counter() - started
        return seconds > PATIENCE * phase.seconds or (
            seconds > phase.seconds and len(answers) >= LEAST_ANSWERS
        )

    def session() -> None:
        while not is_enough():
            picture = new.next()
            asked = time.perf_counter()
            (said,) = classifiers.predict(engine, classifier, [picture], live=True)
            answers.append(1000 * (time.perf_counter() - asked))
            if said.rejected:
                failures.append(said.rejected)
                return

    threads = [threading.Thread(target=session) for _ in range(phase.sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise CouldNot(f"a prediction failed: {failures[0]}")
    return answers
