"""Measure and print tables: those of speed, or those named."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from benchmarks import machine, models, tables
from benchmarks.processes import CouldNot, LeftOut, Process
from benchmarks.settings import Settings
from benchmarks.tables import Table

SPEED = ("embedding", "probe", "learning", "latency", "live", "explain", "startup", "page", "visit")
TRUST = ("coverage", "fewshot", "strangers", "labels", "copies", "asking")
"""How far what featclass says holds; asked for with `make bench-trust`."""
LASTING = ("memory",)
"""What goes on being so for days; asked for by name."""
GPU = ("gpu",)
"""A network after the other on a GPU, each in less than five minutes; asked for by name."""
PARTS = (*SPEED, *TRUST, *LASTING, *GPU)
"""Each a module with `measure(settings)`, imported when its turn has come."""
RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Measure what the command line names; returns 1 if a part failed."""
    asked = _arguments()
    names = asked.names or SPEED
    signal.signal(signal.SIGTERM, _leave)
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - started:6.0f} s  {what}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="featclass-benchmarks-") as folder:
        os.environ |= {"FEATCLASS_DATA": str(Path(folder) / "data"), "FEATCLASS_OFFLINE": "1"}
        try:
            with Process(machine.finder) as process:
                device, gpu = process.ask(asked.device).value
        except CouldNot as error:
            say(str(error))
            return 1
        settings = Settings(Path(folder), asked.quick, device, say, started, tuple(asked.model))
        measured, missing, failed = _measured(names, settings)
    about = machine.about(gpu)
    if asked.quick:
        about["note"] = "quick: few rounds over small sets, no figures to quote"
    about["minutes"] = f"{(time.monotonic() - started) / 60:.1f}"
    text = "\n\n".join([machine.sentence(about), *missing, tables.markdown(measured)])
    print(text)
    output = asked.output or (None if asked.names else RESULTS)
    if output:
        output.mkdir(parents=True, exist_ok=True)
        (output / "figures.md").write_text(f"# Figures\n\n{text}", encoding="utf-8")
        say(f"written to {output}")
    return 1 if failed else 0


def _measured(names: Sequence[str], settings: Settings) -> tuple[list[Table], list[str], bool]:
    """Return the tables; for each part without one, why; and whether it should have had one."""
    measured: list[Table] = []
    missing: list[str] = []
    failed = False
    for name in names:
        try:
            measure: Callable[[Settings], list[Table]]
            measure = importlib.import_module(f"benchmarks.{name}").measure
            measured += measure(settings)
        except (LeftOut, ModuleNotFoundError) as reason:
            missing.append(f"Without {name}: {reason}.")
            settings.say(missing[-1])
        except Exception as error:  # the figures of the other parts are not lost over it
            failed = True
            missing.append(f"Without {name}, which failed: {error}.")
            settings.say(f"{missing[-1]}\n{traceback.format_exc()}")
    return measured, missing, failed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(PARTS)}; default: {', '.join(SPEED)}"
    )
    parser.add_argument("--quick", action="store_true", help="small sets, to see that it works")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="where figures.md goes; without names, benchmarks/results",
    )
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        choices=(models.VIT, models.LARGE_VIT),
        help="of gpu: only this network, so that a call takes less than five minutes",
    )
    asked = parser.parse_args()
    if unknown := sorted(set(asked.names) - set(PARTS)):
        parser.error(f"there is no {', '.join(unknown)}; choose of {', '.join(PARTS)}")
    return asked


def _leave(signum: int, frame: object) -> NoReturn:
    sys.exit(128 + signum)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
