"""Known holes in what is installed here; `make check-deps` runs `python -m tests.advisories`.

Exits 1 where pip-audit knows of one. Where no source of advisories answers, says that nothing was
checked, and exits 0: what cannot be asked says nothing about the code.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

AUDIT = (sys.executable, "-m", "pip_audit")


class Advisory(TypedDict):
    """One of pip-audit's, as far as it is told here."""

    id: str
    fix_versions: list[str]


class Dependency(TypedDict, total=False):
    """One of pip-audit's; `skip_reason` where its source knows nothing of it."""

    name: str
    version: str
    vulns: list[Advisory]
    skip_reason: str


def main(arguments: Sequence[str], command: Sequence[str] = AUDIT) -> int:
    """Run pip-audit with these arguments; returns the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        asked = ["--local", "--skip-editable", "--progress-spinner", "off"]
        ended = subprocess.run(
            [*command, *asked, "--format", "json", "--output", str(report), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        # It is written at the end alone, so that there is none where a source did not answer.
        text = report.read_text("utf-8") if report.is_file() else '{"dependencies": []}'
    dependencies: list[Dependency] = json.loads(text)["dependencies"]
    checked = [dependency for dependency in dependencies if "skip_reason" not in dependency]
    if not checked:
        reason = (ended.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
        print(f"Nothing was checked: no source of advisories could be asked ({reason}).")
        return 0
    holes = [_told(dependency) for dependency in checked if dependency["vulns"]]
    unknown = [dependency["name"] for dependency in dependencies if dependency not in checked]
    print("\n".join(holes) or "No known holes.")
    print(
        f"Packages checked: {len(checked)}. Unknown to the source: {', '.join(unknown) or 'none'}."
    )
    return 1 if holes else 0


def _told(dependency: Dependency) -> str:
    """Return the holes of a package and the versions that mend them, in a line."""
    advisories = (
        f"{hole['id']} (mended in {', '.join(hole['fix_versions']) or 'no release yet'})"
        for hole in dependency["vulns"]
    )
    return f"{dependency['name']} {dependency['version']}: {'; '.join(advisories)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
