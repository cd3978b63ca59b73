"""`make check-deps`: what it says of what pip-audit found, and of what it could not ask."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests import advisories

SOUND = {"name": "sound", "version": "1.0", "vulns": []}
OPEN = {"name": "open", "version": "2.0", "vulns": [{"id": "CVE-1", "fix_versions": ["2.1"]}]}
UNKNOWN = {"name": "own", "skip_reason": "Dependency not found"}


def standing_in(folder: Path, report: object, message: str = "") -> list[str]:
    """Return a command that ends as pip-audit does: a report where it has one, and a message."""
    script = folder / "audit.py"
    script.write_text(
        "import sys\n"
        f"report, message = {json.dumps(report)!r}, {message!r}\n"
        "if report != 'null':\n"
        "    open(sys.argv[sys.argv.index('--output') + 1], 'w').write(report)\n"
        "sys.exit(message and f'ERROR: somewhere\\n{message}')\n",
        "utf-8",
    )
    return [sys.executable, str(script)]


def test_a_known_hole_fails_and_names_what_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = {"dependencies": [SOUND, OPEN, UNKNOWN]}
    assert advisories.main([], standing_in(tmp_path, report, "Found 1")) == 1
    told = capsys.readouterr().out
    assert "open 2.0: CVE-1 (mended in 2.1)" in told
    assert "Packages checked: 2. Unknown to the source: own." in told


def test_no_known_hole_passes_and_says_how_many_were_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = {"dependencies": [SOUND, UNKNOWN]}
    assert advisories.main([], standing_in(tmp_path, report)) == 0
    assert "No known holes.\nPackages checked: 1." in capsys.readouterr().out


@pytest.mark.parametrize("report", [None, {"dependencies": [UNKNOWN]}])
def test_a_source_that_does_not_answer_passes_and_says_that_nothing_was_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], report: object
) -> None:
    command = standing_in(tmp_path, report, "your network may be blocking this service")
    assert advisories.main([], command) == 0
    told = capsys.readouterr().out
    assert told.startswith("Nothing was checked")
    assert "your network may be blocking this service" in told
