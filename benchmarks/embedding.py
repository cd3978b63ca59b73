"""Images a second from a folder of files to embeddings: featclass, its rivals, and the limit."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import contestants, models, pictures
from benchmarks.contestants import Order
from benchmarks.limits import Limit, limit
from benchmarks.pictures import Kind
from benchmarks.processes import CouldNot, Process
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

FEATCLASS, LOOP, LOADER, SENTENCES = "featclass", "loop", "DataLoader", "sentence-transformers"
MAKERS: dict[str, Callable[..., contestants.Embed]] = {
    FEATCLASS: contestants.featclass,
    LOOP: contestants.loop,
    LOADER: contestants.loader,
    SENTENCES: contestants.sentence_transformers,
}
COLUMNS = (
    "encoder", "pictures", FEATCLASS, LOOP, LOADER, SENTENCES,
    f"× {LOOP}", f"× {LOADER}", "decoding alone", "forward alone", "limit", "share of limit",
)  # fmt: skip
ROUNDS = 3
WARM = 16


@dataclass(frozen=True, slots=True)
class Course:
    """Pictures of one kind to embed, `count` of them; `loop` is enough for one at a time.

    `batch` is the DataLoader's: small enough that all its workers have several to do.
    """

    kind: Kind
    count: int
    loop: int
    batch: int
    rivals: tuple[str, ...]


@dataclass(slots=True)
class Heat:
    """What came of one course with one encoder, round by round."""

    rates: dict[str, list[float]] = field(default_factory=dict)
    limits: list[Limit] = field(default_factory=list)


def courses(settings: Settings) -> list[Course]:
    """Return what is embedded: more of it on a machine that takes more to be kept busy."""
    more = max(1, (os.cpu_count() or 1) // 2) * (4 if settings.device == "cuda" else 1)
    less = 4 if settings.quick else 1
    everyone, ourselves = (LOOP, LOADER, SENTENCES), (LOOP,)
    all_of_them = [
        Course(Kind("JPEG", pictures.MEDIUM), 240 * more // less, 64 // less, 32, everyone),
        Course(Kind("JPEG", pictures.LARGE), 48 * more // less, 12 // less, 4, everyone),
        Course(Kind("PNG", pictures.MEDIUM), 128 * more // less, 48 // less, 32, ourselves),
        Course(Kind("WebP", pictures.MEDIUM), 128 * more // less, 48 // less, 32, ourselves),
    ]
    return all_of_them[:2] if settings.quick else all_of_them


def measure(settings: Settings) -> list[Table]:
    """Race all contestants, one encoder after the other; the table's figures are medians."""
    folder = settings.folder / "embedding"
    warm = pictures.write(folder / "warm", Kind("JPEG", pictures.MEDIUM), WARM, seed=99)
    prepared: dict[Course, Path] = {}
    for course in courses(settings):
        settings.say(f"making {course.count} pictures, {course.kind}")
        place = folder / str(course.kind).replace(" ", "-")
        prepared[course] = pictures.write(place, course.kind, course.count)
    with Process(models.generator) as process:
        generated = process.ask(folder / models.VIT).value
    rows: list[list[Cell]] = []
    ways = []
    for name, spec in ((models.VIT, generated), (models.BUILTIN, models.BUILTIN)):
        heats, absent = race(name, spec, warm, prepared, settings)
        rows += [row(name, course, heat, absent, settings) for course, heat in heats.items()]
        ways += [f"{name}: {each.limits[-1].way}" for each in list(heats.values())[:1]]
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
) -> tuple[dict[Course, Heat], dict[str, str]]:
    """Return what came of each course, and why whoever could not take part."""
    heats = {course: Heat() for course in prepared}
    absent: dict[str, str] = {}
    arguments = (spec, settings.device, warm)
    with ExitStack() as stack:
        running: dict[str, Process[Order, int]] = {}
        for who, maker in MAKERS.items():
            settings.say(f"{name}: loading {who}")
            process: Process[Order, int] = stack.enter_context(Process(maker, *arguments))
            try:
                process.ready()  # one after the other: together they would take longer
                running[who] = process
            except CouldNot as reason:
                absent[who] = str(reason)
        settings.say(f"{name}: finding the fastest way to call it")
        limiting: Process[Path, Limit] = stack.enter_context(Process(limit, *arguments))
        limiting.ready()
        rounds = 1 if settings.quick else ROUNDS
        for turn in range(rounds):
            for course, place in prepared.items():
                settings.say(f"{name}: {course.kind}, round {turn + 1} of {rounds}")
                for who in _in_turn(list(running), turn):
                    if who == FEATCLASS or who in course.rivals:
                        rate = _rate(running[who], who, course, place)
                        heats[course].rates.setdefault(who, []).append(rate)
                heats[course].limits.append(limiting.ask(place).value)
    return heats, absent


def _in_turn(names: list[str], turn: int) -> list[str]:
    start = turn % len(names)
    return names[start:] + names[:start]


def _rate(process: Process[Order, int], who: str, course: Course, place: Path) -> float:
    most = course.loop if who in (LOOP, SENTENCES) else course.count
    answer = process.ask(Order(place, most, course.batch))
    if answer.value != most:
        raise CouldNot(f"{who} embedded {answer.value} of {most} pictures")
    return most / answer.seconds


def row(
    name: str, course: Course, heat: Heat, absent: dict[str, str], settings: Settings
) -> list[Cell]:
    """Return a line of the table."""
    ours = heat.rates[FEATCLASS]
    limits = [each.together(settings.device) for each in heat.limits]
    cells: list[Cell] = [name, str(course.kind)]
    for who in MAKERS:
        missing = absent.get(who) if who in course.rivals else None
        cells.append(heat.rates.get(who, missing))
    for who in (LOOP, LOADER):
        cells.append(_ratios(ours, heat.rates.get(who)))
    cells.append([each.decode for each in heat.limits])
    cells.append([each.forward for each in heat.limits])
    return [*cells, limits, _ratios(ours, limits)]


def _ratios(ours: list[float], theirs: list[float] | None) -> list[float] | None:
    return theirs and [ours / theirs for ours, theirs in zip(ours, theirs, strict=True)]
