"""Images a second from a folder of files to embeddings: featclass, its rivals, and the limit."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import contestants, machine, models, networks, pictures
from benchmarks.contestants import Order
from benchmarks.limits import FEATCLASS, Encoding, Limit, limiter
from benchmarks.passes import Attained
from benchmarks.pictures import Kind
from benchmarks.processes import CouldNot, LeftOut, Process
from benchmarks.runtimes import RUNTIMES
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table
from featclass.base import FeatclassError

LOOP = "loop"
MAKERS: dict[str, Callable[..., contestants.Embed]] = {
    FEATCLASS: contestants.featclass,
    LOOP: contestants.loop,
}
COLUMNS = (
    "encoder", "pictures", *MAKERS, f"× {LOOP}", "× wanted, AMX / without",
    "decoding alone", "by", "forward alone", "by ", "limit", "share of limit",
)  # fmt: skip
GOALS = {
    (models.BUILTIN, pictures.MEDIUM): "4.3 / 2.1",
    (models.SMALL, pictures.MEDIUM): "9.5 / 5.5",
    (models.VIT, pictures.MEDIUM): "6 / 1.8",
    (models.BUILTIN, pictures.LARGE): "4 / 4",
    (models.SMALL, pictures.LARGE): "6 / 5",
    (models.VIT, pictures.LARGE): "6 / 4",
}
"""How many times the loop, for JPEG, on two cores of a processor with AMX and of one without."""
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
    attained: dict[str, Attained] = {}
    missing: list[str] = []
    for name, spec in (*models.specs(folder), (models.SMALL, models.SMALL)):
        try:
            encoder_rows, passes = race(name, spec, warm, prepared, settings)
        except FeatclassError as error:  # the rows of the others are not lost over it
            missing.append(f"Without {name}: {error}")
            settings.say(missing[-1])
            continue
        rows += encoder_rows
        attained |= {one.network: one for one in passes}
    formats = {"share of limit": ".0%"} | {f"× {LOOP}": ".2f"}
    note = (
        "Images a second, medians; ratios are medians over rounds. The loop is a README's, that of"
        " EfficientNet-Lite0 alone for the built-in encoders. The limit is what the machine needs"
        " for decoding alone and for the forward pass alone, each by the fastest way found, with"
        " the embeddings of the full decode in float32: on a CPU the time of both, beside a GPU"
        f" the longer. Wanted of featclass are 80% of it. This CPU: {machine.matrix_units()}."
    )
    note = " ".join([note, *missing])
    title = "Embedding a folder, images a second"
    return [
        Table("embedding", title, COLUMNS, rows, note, formats),
        forward_table(list(attained.values())),
    ]


def forward_table(attained: list[Attained]) -> Table:
    """Tell for each network what every runtime attained alone, on all processors."""
    names = [" ".join(runtime) for runtime in RUNTIMES]
    rows = [[one.network, *(one.rates.get(name) for name in names), one.best] for one in attained]
    note = (
        "Images a second of the best of several batch sizes, one batch to a processor or one for"
        " all; 0.0 where the embeddings were not those of torch in float32."
    )
    columns = ("network", *names, "fastest")
    return Table("forward", "The forward pass alone, by runtime", columns, rows, note)


def race(
    name: str, spec: str, warm: Path, prepared: dict[Course, Path], settings: Settings
) -> tuple[list[list[Cell]], list[Attained]]:
    """Return a row for each course, and what the encoder's networks attain alone."""
    arguments = (spec, settings.device, warm)
    rounds = 1 if settings.quick else ROUNDS
    rates: defaultdict[tuple[Course, str], list[float]] = defaultdict(list)
    limits: defaultdict[Course, list[Limit]] = defaultdict(list)
    exported = {
        network: _exported(network, spec, warm.parent, settings)
        for network in models.NETWORKS[name]
    }
    with ExitStack() as stack:
        running: dict[str, Process[Order, int]] = {}
        for who, maker in MAKERS.items():
            settings.say(f"{name}: loading {who}")
            running[who] = stack.enter_context(Process(maker, *arguments))
            running[who].ready()  # one after the other: together they would take longer
        settings.say(f"{name}: finding the fastest way to call it")
        encoding = Encoding(spec, exported, settings.device, settings.quick)
        limiting = stack.enter_context(Process(limiter, encoding, warm))
        limiting.ready()
        attained: list[Attained] = []
        for turn in range(rounds):
            for course, place in prepared.items():
                settings.say(f"{name}: {course.kind}, round {turn + 1} of {rounds}")
                for who in [*MAKERS][:: -1 if turn % 2 else 1]:
                    rates[course, who].append(_rate(running[who], who, course, place))
                limit, attained = limiting.ask(place).value
                limits[course].append(limit)
    rows = [
        _row(name, course, {who: rates[course, who] for who in MAKERS}, found, settings)
        for course, found in limits.items()
    ]
    return rows, attained


def _exported(network: str, spec: str, folder: Path, settings: Settings) -> Path | None:
    """Write the network as ONNX, once; None, and why, where that cannot be."""
    path = folder / f"{network}.onnx"
    if settings.device != "cpu" or path.exists():
        return path if path.exists() else None
    settings.say(f"writing {network} as ONNX")
    try:
        with Process(networks.exporter, network, spec) as process:
            exported: Path = process.ask(path).value
            return exported
    except LeftOut as reason:
        settings.say(f"{network} runs in torch alone: {reason}")
        return None


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
    is_asked = settings.device == "cpu" and course.kind.format == "JPEG"
    return [
        name, str(course.kind), *rates.values(),
        _ratios(ours, rates[LOOP]), GOALS.get((name, course.kind.size)) if is_asked else None,
        [limit.decode for limit in limits], _most_often(limit.decoder for limit in limits),
        [limit.forward for limit in limits], _most_often(limit.runtime for limit in limits),
        together, _ratios(ours, together),
    ]  # fmt: skip


def _most_often(names: Iterable[str]) -> str:
    return Counter(names).most_common(1)[0][0]


def _ratios(ours: list[float], theirs: list[float]) -> list[float]:
    return [ours / theirs for ours, theirs in zip(ours, theirs, strict=True)]
