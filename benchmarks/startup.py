"""How long a command and an import take, from nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import pictures
from benchmarks.pictures import Kind
from benchmarks.processes import CouldNot
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

ROUNDS = 5
TRAIN = (
    "import sys, featclass; _, pictures, classifier, device = sys.argv;"
    "featclass.train(featclass.read_folder(pictures), encoder='builtin', device=device)"
    ".save(classifier)"
)
PREDICT = (
    "import sys, featclass; _, picture, classifier, device = sys.argv;"
    "assert featclass.load(classifier, device=device).predict([picture])[0].label"
)


def measure(settings: Settings) -> list[Table]:
    """Run each command in a fresh process, in turn, and time the whole of it."""
    folder = settings.folder / "startup"
    place = pictures.write(folder / "pictures", Kind("JPEG", pictures.MEDIUM), 12)
    fresh = next(pictures.encoded(Kind("JPEG", pictures.MEDIUM), 1, distinct=1, seed=5))
    (folder / "fresh.jpg").write_bytes(fresh)
    classifier = folder / "classifier"
    device = settings.device
    seconds(folder, "-c", TRAIN, str(place), str(classifier), device)
    commands = {
        "`python -c pass`": ("-c", "pass"),
        "`import featclass`": ("-c", "import featclass"),
        "`featclass --help`": ("-m", "featclass", "--help"),
        "`import torch`": ("-c", "import torch"),
        "a saved classifier loaded, built-in encoder, to its first prediction": (
            "-c", PREDICT, str(folder / "fresh.jpg"), str(classifier), device,
        ),
    }  # fmt: skip
    rounds = 2 if settings.quick else ROUNDS
    taken: dict[str, list[float]] = {what: [] for what in commands}
    for turn in range(rounds):
        settings.say(f"starting, round {turn + 1} of {rounds}")
        for what, arguments in commands.items():
            taken[what].append(seconds(folder / str(turn), *arguments))
    rows: list[list[Cell]]
    rows = [[what, found, min(found), max(found)] for what, found in taken.items()]
    columns = ("from nothing", "median s", "min", "max")
    formats = dict.fromkeys(columns[1:], ".2f")
    return [Table("startup", "Start-up, each in a fresh process", columns, rows, "", formats)]


def seconds(data: Path, *arguments: str) -> float:
    """Run Python with these arguments, nothing cached from runs before; return how long it took."""
    environment = os.environ | {"FEATCLASS_DATA": str(data / "data")}
    started = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise CouldNot(f"a command for start-up failed: {ended.stderr.strip()[-300:]}")
    return time.perf_counter() - started
