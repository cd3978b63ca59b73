"""Images a second from a folder of files to embeddings: featclass, its rivals, and the limit."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import contestants, models, pictures
from benchmarks.contestants import Order
from benchmarks.limits import Limit, limit
from benchmarks.pictures import Kind
from benchmarks.processes import CouldNot, Process
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

FEATCLASS, LOOP = "featclass", "loop"
MAKERS: dict[str, Callable[..., contestants.Embed]] = {
    FEATCLASS: contestants.featclass,
    LOOP: contestants.loop,
}
COLUMNS = (
    "encoder", "pictures", *MAKERS, f"× {LOOP}",
    "decoding alone", "forward alone", "limit", "share of limit",
)  # fmt: skip
ROUNDS = 3
WARM = 16


@dataclass(frozen=True, slots=True)
class Course:
    """Pictures of one kind to embed, `count` of them; `loop` is enough for one at a time."""

    kind: Kind
    count: int
    loop: int


def courses(settings: Settings) -> list[Course]:
    """Return what is embedded: more of it on a machine that takes more to be kept busy."""
    more = max(1, (os.cpu_count() or 1) // 2) * (4 if settings.device == "cuda" else 1)
    less = 4 if settings.quick else 1
    every = [
        Course(Kind("JPEG", pictures.MEDIUM), 240 * more // less, 64 // less),
        Course(Kind("JPEG", pictures.LARGE), 48 * more // less, 12 // less),
        Course(Kind("PNG", pictures.MEDIUM), 128 * more // less, 48 // less),
        Course(Kind("WebP", pictures.MEDIUM), 128 * more // less, 48 // less),
    ]
    return every[:2] if settings.quick else every


def measure(settings: Settings) -> list[Table]:
    """Race all contestants, one encoder after the other; the table's figures are medians."""
    folder = settings.folder / "embedding"
    warm = pictures.write(folder / "warm", Kind("JPEG", pictures.MEDIUM), WARM, seed=99)
    prepared: dict[Course, Path] = {}
    for course in courses(settings):
        settings.say(f"making {course.count} pictures, {course.kind}")
        place = folder / str(course.kind).replace(" ", "-")
        prepared[course] = pictures.write(place, course.kind, course.count)
    rows: list[list[Cell]] = []
    ways = []
    for name, spec in models.specs(folder):
        encoder_rows, way = race(name, spec, warm, prepared, settings)
        rows += encoder_rows
        ways.append(f"{name}: {way}")
    note = (
        "Images a second, medians; ratios are medians over rounds. The limit is what the machine"
        " needs for decoding alone and for the forward pass alone, by the fastest way found"
        f" ({'; '.join(ways)}): on a CPU the time of both, beside a GPU the longer."
    )
    title = "Embedding a folder, images a second"
    formats = {"share of limit": ".0%"} | {column: ".2f" for column in COLUMNS if "×" in column}
    return [Table("embedding", title, COLUMNS, rows, note, formats)]


def race(
    name: str, spec: str, warm: Path, prepared: dict[Course, Path], settings: Settings
) -> tuple[list[list[Cell]], str]:
    """Return a row for each course, and the fastest way found to call the encoder."""
    arguments = (spec, settings.device, warm)
    rounds = 1 if settings.quick else ROUNDS
    rates: defaultdict[tuple[Course, str], list[float]] = defaultdict(list)
    limits: defaultdict[Course, list[Limit]] = defaultdict(list)
    with ExitStack() as stack:
        running: dict[str, Process[Order, int]] = {}
        for who, maker in MAKERS.items():
            settings.say(f"{name}: loading {who}")
            running[who] = stack.enter_context(Process(maker, *arguments))
            running[who].ready()  # one after the other: together they would take longer
        settings.say(f"{name}: finding the fastest way to call it")
        limiting: Process[Path, Limit] = stack.enter_context(Process(limit, *arguments))
        limiting.ready()
        for turn in range(rounds):
            for course, place in prepared.items():
                settings.say(f"{name}: {course.kind}, round {turn + 1} of {rounds}")
                for who in [*MAKERS][:: -1 if turn % 2 else 1]:
                    rates[course, who].append(_rate(running[who], who, course, place))
                limits[course].append(limiting.ask(place).value)
    rows = [
        _row(name, course, {who: rates[course, who] for who in MAKERS}, found, settings)
        for course, found in limits.items()
    ]
    return rows, next(iter(limits.values()))[-1].way


def _rate(process: Process[Order, int], who: str, course: Course, place: Path) -> float:
    most = course.loop if who == LOOP else course.count
    answer = process.ask(Order(place, most))
    if answer.value != most:
        raise CouldNot(f"{who} embedded {answer.value} of {most} pictures")
    return most / answer.seconds


def _row(
    name: str,
    course: Course,
    rates: dict[str, list[float]],
    limits: list[Limit],
    settings: Settings,
) -> list[Cell]:
    ours = rates[FEATCLASS]
    together = [limit.together(settings.device) for limit in limits]
    return [
        name, str(course.kind), *rates.values(),
        _ratios(ours, rates[LOOP]),
        [limit.decode for limit in limits], [limit.forward for limit in limits],
        together, _ratios(ours, together),
    ]  # fmt: skip


def _ratios(ours: list[float], theirs: list[float]) -> list[float]:
    return [ours / theirs for ours, theirs in zip(ours, theirs, strict=True)]
