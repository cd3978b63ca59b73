"""A network on a GPU: the forward pass, decoding, and both end to end beside a README's loop.

Needs no network: weights and pictures are made on the spot, and OpenCLIP may be absent. Each part
has its seconds, so that a call with one `--model` ends within five minutes; what could not be
measured is told in a sentence. On a CPU, `--device cpu --quick` takes the same way with small
networks, to see that it works.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import cards, contestants, decoders, models, pictures
from benchmarks.cards import PRECISIONS, Card, Speed
from benchmarks.contestants import Order
from benchmarks.limits import FEATCLASS, prepared
from benchmarks.pictures import Kind
from benchmarks.processes import Answer, LeftOut, Process
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

ALL_SECONDS = 270.0
"""Of one model: what is left of five minutes is for the interpreter, torch, and the goodbyes."""
POOL, ON_DEVICE = "on the CPU", "on the device"
ON_DEVICE_SECONDS = 10.0
SIDE = 224
LOOP = "loop"
TIMES, SHARE, PEAK_SHARE = 10.0, 0.80, 0.60
"""Wanted: times the loop for 640x480, share of the smaller limit, of the peak for ViT-L-14."""
FORWARD_COLUMNS = (
    "network", "computed in", "images/s", "batch", "TFLOP/s", "share of peak", "wanted",
)  # fmt: skip
DECODING_COLUMNS = ("network", "pictures", "decoded and resized", "images/s")
END_COLUMNS = (
    "network", "pictures", "featclass", "loop", "× loop", "wanted",
    "decoding alone", "forward alone", "smaller", "share of it", "wanted ",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Course:
    """Pictures of one kind: `count` for featclass, `loop` for a loop, `batch` for the device."""

    kind: Kind
    count: int
    loop: int
    batch: int
    distinct: int


class Parts:
    """Orders to processes of their own, each within its seconds and all within those that are left.

    What could not be measured is in `missing`, in sentences.
    """

    def __init__(self, settings: Settings, started: float) -> None:
        self.missing: list[str] = []
        self._say = settings.say
        self._until = started + ALL_SECONDS
        self._running: dict[Hashable, Process[Any, Any]] = {}

    def of(
        self, what: str, seconds: float, order: Any, maker: Callable[..., Any], *arguments: Any
    ) -> Answer[Any] | None:
        """Have what `maker` made carry out an order, in a process that serves later ones too."""
        left = min(seconds, self._until - time.monotonic())
        if left <= 0:
            self._miss(what, "no time was left of five minutes")
            return None
        self._say(what)
        key = maker, arguments
        process = self._running.pop(key, None) or Process(maker, *arguments)
        try:
            answer = process.ask(order, within=left)
        except LeftOut as reason:
            self._miss(what, str(reason))
        except Exception as error:  # of a driver, a compiler, a card: the other parts are not lost
            self._say(traceback.format_exc())
            [line, *_] = str(error).strip().splitlines() or [""]
            self._miss(what, f"{type(error).__name__}, {line.rstrip('.')}")
        else:
            self._running[key] = process
            return answer
        process.end()  # the next order to it gets a fresh one
        return None

    def end(self) -> None:
        """End the processes: their memory, and that of the card, is for what follows."""
        while self._running:
            self._running.popitem()[1].end()

    def _miss(self, what: str, reason: str) -> None:
        self.missing.append(f"Without {what}: {reason}.")
        self._say(self.missing[-1])


def measure(settings: Settings) -> list[Table]:
    """Measure each network asked for; tables of forward passes, of decoding, and of both."""
    if settings.device != "cuda" and not settings.quick:
        raise LeftOut(
            "torch finds no NVIDIA GPU here; `gpu --device cpu --quick` shows whether it would run"
        )
    tables: list[Table] = []
    started = settings.started
    for name in settings.models or (models.VIT, models.LARGE_VIT):
        parts = Parts(settings, started)
        try:
            tables += _tables(name, parts, settings)
        finally:
            parts.end()
        started = time.monotonic()
    return tables


def courses(settings: Settings) -> list[Course]:
    """Return what is embedded: enough to keep a GPU and its processors busy for seconds."""
    medium, large = Kind("JPEG", pictures.MEDIUM), Kind("JPEG", pictures.LARGE)
    if settings.quick:
        return [Course(medium, 24, 8, 8, 4), Course(large, 4, 2, 2, 1)]
    cores = os.cpu_count() or 1
    return [Course(medium, 512 * cores, 192, 256, 48), Course(large, 24 * cores, 12, 16, 8)]


def _tables(name: str, parts: Parts, settings: Settings) -> list[Table]:
    folder = settings.folder / name
    os.environ["FEATCLASS_MODELS"] = str(folder / "models")
    written = parts.of(
        f"{name}: weights", 90, folder / "models", models.generator, name, settings.quick
    )
    parts.end()
    if written is None:
        raise LeftOut("its weights could not be made: " + " ".join(parts.missing))
    places: dict[Course, Path] = {}
    for course in courses(settings):
        settings.say(f"making {course.count} pictures, {course.kind}")
        place = folder / str(course.kind).replace(" ", "-")
        places[course] = pictures.write(place, course.kind, course.count, distinct=course.distinct)
    spec: str = written.value
    card = parts.of(f"{name}: the card's peak", 60, cards.CARD, cards.maker, spec, settings.device)
    first, last = PRECISIONS[:-1], PRECISIONS[-1:]  # to compile may take all that is left
    speeds = _forward(name, spec, first, settings.device, parts)
    raced = _raced(name, spec, places, settings, parts)
    decoding = _decoding(name, spec, settings.device, places, parts)
    speeds |= _forward(name, spec, last, settings.device, parts)
    forward = max((speed.rate for speed in speeds.values()), default=None)
    rows = [_row(name, course, raced, decoding.get(course, {}), forward) for course in places]
    title = f"{name}: a folder, end to end, images a second"
    about = card.value if card else None
    note = " ".join([*_about(about, settings), *parts.missing])
    formats = {"× loop": ".2f", "share of it": ".0%"}
    return [
        _forward_table(name, about, speeds),
        _decoding_table(name, decoding),
        Table(f"gpu {name}", title, END_COLUMNS, rows, note, formats),
    ]


def _forward(
    name: str, spec: str, precisions: Sequence[str], device: str, parts: Parts
) -> dict[str, Speed]:
    """Measure the network in each precision, in one process."""
    speeds: dict[str, Speed] = {}
    for precision in precisions:
        what = f"{name}: the forward pass in {precision}"
        if answer := parts.of(what, 60, precision, cards.maker, spec, device):
            speeds[precision] = answer.value
    parts.end()
    return speeds


def _decoding(
    name: str, spec: str, device: str, places: dict[Course, Path], parts: Parts
) -> dict[Course, dict[str, float]]:
    """Measure decoding and resizing alone: featclass' on all processors, and on the device."""
    rates: dict[Course, dict[str, float]] = {course: {} for course in places}
    for course, place in places.items():
        for where in (POOL, ON_DEVICE):
            what = f"{name}: decoding {where}, {course.kind}"
            order = Decoding(Order(place, course.count), where, course.batch)
            if (answer := parts.of(what, 40, order, decoder, spec, device)) is not None:
                rates[course][where] = answer.value
    parts.end()
    return rates


@dataclass(frozen=True, slots=True)
class Decoding:
    """Pictures to decode, on the processors or in batches on the device."""

    order: Order
    where: str
    batch: int


def decoder(spec: str, device: str) -> Callable[[Decoding], float]:
    """Return what decodes a folder as featclass does, or by torchvision, and gives images/s."""
    from featclass import encoders
    from featclass.base import heap
    from featclass.base.config import load

    config = load()
    heap.reuse_freed_memory()
    encoder = encoders.load(spec, device=device, config=config)

    def measure(decoding: Decoding) -> float:
        paths = pictures.files(decoding.order.folder, decoding.order.most)
        if decoding.where == ON_DEVICE:
            return _rate_on_device(paths, encoder.side or SIDE, device, decoding.batch)
        return decoders.rate(lambda data: prepared(encoder, data, config.max_pixels), paths)

    return measure


def _rate_on_device(paths: Sequence[Path], side: int, device: str, batch: int) -> float:
    def decode(some: Sequence[Path]) -> None:
        squares = decoders.on_device([path.read_bytes() for path in some], side, device)
        squares[0, 0, 0, 0].item()  # waits for the device

    decode(paths[:batch])
    started, count = time.perf_counter(), 0
    while count < len(paths) and time.perf_counter() - started < ON_DEVICE_SECONDS:
        decode(paths[count : count + batch])
        count = min(count + batch, len(paths))
    return count / (time.perf_counter() - started)


def _raced(
    name: str, spec: str, places: dict[Course, Path], settings: Settings, parts: Parts
) -> dict[tuple[Course, str], float]:
    """Return images a second of featclass and of the loop, in turns, the best of each."""
    makers = {FEATCLASS: contestants.featclass, LOOP: contestants.loop}
    warm = next(iter(places.values()))
    rates: dict[tuple[Course, str], float] = {}
    for turn in range(1 if settings.quick else 2):
        for course, place in places.items():
            for who, maker in makers.items():
                most = course.loop if who == LOOP else course.count
                what = f"{name}: {who}, {course.kind}, round {turn + 1}"
                answer = parts.of(what, 45, Order(place, most), maker, spec, settings.device, warm)
                if answer is not None:
                    rate = answer.value / answer.seconds
                    rates[course, who] = max(rate, rates.get((course, who), 0.0))
    parts.end()
    return rates


def _row(
    name: str,
    course: Course,
    raced: dict[tuple[Course, str], float],
    decoding: dict[str, float],
    forward: float | None,
) -> list[Cell]:
    ours, theirs = raced.get((course, FEATCLASS)), raced.get((course, LOOP))
    fastest = max(decoding.values(), default=None)
    smaller = min(fastest, forward) if fastest and forward else None
    is_medium = course.kind.size == pictures.MEDIUM
    return [
        name, str(course.kind), ours, theirs,
        ours / theirs if ours and theirs else None, f"{TIMES:.0f}" if is_medium else "",
        fastest, forward, smaller,
        ours / smaller if ours and smaller else None, f"{SHARE:.0%}",
    ]  # fmt: skip


def _forward_table(name: str, card: Card | None, speeds: dict[str, Speed]) -> Table:
    rows: list[list[Cell]] = []
    for precision, speed in speeds.items():
        attained = speed.rate * card.operations if card else None
        is_asked = name == models.LARGE_VIT and precision != cards.FLOAT32
        rows.append([
            name, precision, speed.rate, speed.batch, attained,
            attained / card.peak if attained and card else None,
            f"{PEAK_SHARE:.0%}" if is_asked else "",
        ])  # fmt: skip
    title = f"{name}: the forward pass alone, pixels on the device"
    return Table(f"gpu forward {name}", title, FORWARD_COLUMNS, rows, "", {"share of peak": ".0%"})


def _decoding_table(name: str, decoding: dict[Course, dict[str, float]]) -> Table:
    rows: list[list[Cell]] = [
        [name, str(course.kind), where, rate]
        for course, rates in decoding.items()
        for where, rate in rates.items()
    ]
    return Table(f"gpu decoding {name}", f"{name}: decoding alone", DECODING_COLUMNS, rows)


def _about(card: Card | None, settings: Settings) -> list[str]:
    about = ["The smaller is that of decoding and the forward pass, each by its fastest way."]
    if card is not None:
        about.append(
            f"{card.name}: dense bfloat16 peak {card.peak:,.2f} TFLOP/s, attained by a large"
            f" product of matrices {card.product:,.2f}; one image takes"
            f" {1000 * card.operations:,.1f} GFLOP."
        )
    if settings.quick:
        about.append("The network is a small stand-in: no figures to quote.")
    return about
