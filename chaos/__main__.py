"""Attack servers of one's own, one way after the other, and print what went wrong."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from chaos import classifiers, company, doors, kills, losses

KILLS = 25
ATTACKS: dict[str, Callable[[Path, int], Iterator[str]]] = {
    "company": company.attack,
    "kills": kills.attack,
    "losses": losses.attack,
    "doors": doors.attack,
    "classifiers": classifiers.attack,
}


def main() -> int:
    """Run the attacks that the command line names, or all; returns 1 where one found a fault."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ATTACKS)}")
    parser.add_argument(
        "--rounds", type=int, default=KILLS, help="how often to kill, and ten acts of each client"
    )
    asked = parser.parse_args()
    faults = 0
    for name in asked.names or ATTACKS:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="featclass-chaos-") as folder:
            for fault in ATTACKS[name](Path(folder), asked.rounds):
                faults += 1
                print(f"{name}: {fault}", flush=True)
        print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)
    print(f"{faults} wrong")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
