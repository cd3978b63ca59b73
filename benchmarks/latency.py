"""How long a person waits for a prediction: alone, in company, and beside somebody's upload."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
    from featclass.base.records import Image
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
NOTE = (
    "classifiers.predict(live=True) of a new picture, 640x480, from bytes to classes. The upload is"
    " another session's. One batch is a full forward pass of the encoder, by itself. A ratio of at"
    " most 1 is asked for."
)


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
    pictures.write(folder / "pictures", Kind("JPEG", pictures.MEDIUM), 24, distinct=24)
    seconds = QUICK_SECONDS if settings.quick else SECONDS
    rows: list[list[Cell]] = []
    for name, spec in models.specs(folder):
        with Process(waiter, spec, folder / "pictures", settings.device) as process:
            for sessions in SESSIONS[:2] if settings.quick else SESSIONS:
                settings.say(f"{name}: predictions for {sessions} sessions, alone and beside")
                alone: Waits = process.ask(Phase(sessions, seconds, False)).value
                busy: Waits = process.ask(Phase(sessions, seconds, True)).value
                rows.append(_row(name, sessions, alone, busy))
    formats = dict.fromkeys(COLUMNS[2:7], ".0f") | {COLUMNS[7]: ".2f"}
    return [Table("latency", "Waiting for a prediction", COLUMNS, rows, NOTE, formats)]


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
    classifier = classifiers.train(engine, datasets.read_folder(folder)).classifier
    files = [path.read_bytes() for path in pictures.files(folder)]
    batch = np.stack([prepared(encoder, files[0], config.max_pixels)] * encoder.batch_size)
    new = _new_pictures(files)

    def answer() -> float:
        picture = next(new)
        asked = time.perf_counter()
        [prediction] = classifiers.predict(engine, classifier, [picture], live=True)
        if prediction.rejected:
            raise CouldNot(f"a prediction failed: {prediction.rejected}")
        return 1000 * (time.perf_counter() - asked)

    def measure(phase: Phase) -> Waits:
        started = time.perf_counter()
        encoder.encode(batch)
        milliseconds = 1000 * (time.perf_counter() - started)
        if not phase.is_busy:
            return Waits(_answers(answer, phase), float("nan"), milliseconds)
        with _uploading(engine, new) as rate:
            answers = _answers(answer, phase)
            return Waits(answers, rate(), milliseconds)

    measure(Phase(1, 0.3, False))
    return measure


def _answers(answer: Callable[[], float], phase: Phase) -> list[float]:
    """Have the sessions ask at once; return the milliseconds of all their answers."""
    answers: list[float] = []
    started = time.perf_counter()

    def session(_: int) -> None:
        seconds = 0.0
        while seconds <= phase.seconds or (
            seconds <= PATIENCE * phase.seconds and len(answers) < LEAST_ANSWERS
        ):
            answers.append(answer())
            seconds = time.perf_counter() - started

    with ThreadPoolExecutor(phase.sessions) as pool:
        list(pool.map(session, range(phase.sessions)))
    return answers


def _new_pictures(files: list[bytes]) -> Iterator[Image]:
    """Yield ever new pictures, their bytes made when they are read."""
    from featclass.base.records import Image

    def picture(number: int) -> Image:
        digest = hashlib.sha256(f"picture {number}".encode()).hexdigest()
        return Image(f"{number}.jpg", digest, _Commented(files, number), "first")

    return map(picture, itertools.count())  # which, unlike a generator, several threads may ask


@dataclass(frozen=True, slots=True)
class _Commented:
    """A source of bytes that are made when they are read."""

    files: list[bytes]
    number: int

    def read(self) -> bytes:
        return pictures.commented(self.files[self.number % len(self.files)], self.number)


@contextmanager
def _uploading(engine: Engine, new: Iterator[Image]) -> Iterator[Callable[[], float]]:
    """Embed in a thread while the context is open, which opens after two batches.

    Gives what tells its images a second since then.
    """
    from featclass.base.errors import Cancelled

    ended, under_way = threading.Event(), threading.Event()
    last = (0.0, 0)

    def progress(done: int, total: int) -> None:
        nonlocal last
        last = (time.perf_counter(), done)
        if done >= 2 * engine.encoder.batch_size:
            under_way.set()
        if ended.is_set():
            raise Cancelled("The measurement is over.")

    def upload() -> None:
        try:
            engine.embed(uploaded, progress=progress)
        except Cancelled:
            return

    uploaded = [next(new) for _ in range(UPLOAD)]
    thread = threading.Thread(target=upload, name="upload")
    thread.start()
    try:
        while not under_way.wait(0.1):
            if not thread.is_alive():
                raise CouldNot("the upload stopped by itself")
        first = last
        yield lambda: (last[1] - first[1]) / max(last[0] - first[0], 1e-9)
    finally:
        ended.set()
        thread.join()
