"""What the command line writes where output is not UTF-8, is closed early, or names are no text."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from featclass.audit.findings import Audit, Balance, Outlier
from featclass.base.records import Prediction
from featclass.classifiers import artifact
from featclass.cli.output import prediction_line, print_audit
from tests.fakes import drawn

SCRIPT = """
import sys
from featclass import cli, encoders
from tests.fakes import GridEncoder
fake = GridEncoder(spec="builtin")
encoders.load = lambda *_, **__: fake
encoders.choose_device = lambda _: "cpu"
cli.main()
"""
ENCODINGS = [
    pytest.param({"PYTHONIOENCODING": "cp1252"}, "cp1252", id="cp1252"),
    pytest.param({"PYTHONIOENCODING": "cp932"}, "cp932", id="cp932"),
    pytest.param(
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, "ascii", id="C locale"
    ),
]
ROOT = Path(__file__).parents[2]


def environment(changes: dict[str, str], tmp_path: Path) -> dict[str, str]:
    own = {"FEATCLASS_DATA": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, **own, **changes}


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", SCRIPT, *map(str, arguments)]


def run(
    changes: dict[str, str], tmp_path: Path, *arguments: object
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        command(*arguments),
        env=environment(changes, tmp_path),
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert b"Traceback" not in done.stderr, done.stderr
    assert b"Exception ignored" not in done.stderr, done.stderr
    return done


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Classes and files named in several scripts, one file by bytes that are no text."""
    folder = tmp_path / "pictures"
    for seed, name in enumerate(("Gänse", "表面不良")):
        (folder / name).mkdir(parents=True)
        for number in range(4):
            file = folder / name / f"{number} → ü.png"
            file.write_bytes(drawn(10 * seed + number, ("red", "blue")[seed]))
    odd = os.fsencode(folder / "Gänse") + b"/\xff\x1b[31m.png"
    Path(os.fsdecode(odd)).write_bytes(drawn(40, "red"))
    Path(os.fsdecode(os.fsencode(folder / "Gänse") + b"/\xfe.txt")).write_text("no picture")
    return folder


@pytest.mark.parametrize(("changes", "encoding"), ENCODINGS)
def test_files_are_written_and_what_cannot_be_shown_is_replaced(
    changes: dict[str, str], encoding: str, pictures: Path, tmp_path: Path
) -> None:
    model, report = tmp_path / "m.featclass", tmp_path / "r.html"
    done = run(
        changes, tmp_path, "train", pictures, "--output", model, "--report", report,
        "--encoder", "builtin",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode(encoding)
    assert "of 9 right" in text
    assert "?" in text
    assert len(artifact.load(model).classes) == 2
    assert report.read_text("utf-8").rstrip().endswith("</html>")


@pytest.mark.parametrize(("changes", "encoding"), ENCODINGS)
def test_json_stays_valid_and_a_table_keeps_every_letter(
    changes: dict[str, str], encoding: str, pictures: Path, tmp_path: Path
) -> None:
    model, table = tmp_path / "m.featclass", tmp_path / "t.csv"
    arguments = ("train", pictures, "--output", model, "--encoder", "builtin", "--json")
    report = json.loads(run({}, tmp_path, *arguments).stdout)
    assert report["classes"] == ["Gänse", "表面不良"]
    done = run(changes, tmp_path, "predict", model, pictures, "--json", "--output", table)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.decode(encoding).splitlines()]
    with table.open(newline="", encoding="utf-8-sig") as file:
        written = list(csv.DictReader(file))
    assert [row.get("label", "") for row in rows] == [row["label"] for row in written]
    assert {"Gänse", "表面不良"} <= {row["label"] for row in written}
    # A path leads to its file still, whatever bytes its name is of.
    known = {os.fsencode(path) for path in pictures.rglob("*") if path.is_file()}
    if "LC_ALL" not in changes:
        assert {os.fsencode(row["path"]) for row in rows} == known


@pytest.mark.parametrize(("changes", "encoding"), ENCODINGS)
@pytest.mark.parametrize("arguments", [("--help",), ("predict", "--help"), ("encoders",)])
def test_help_and_lists_end_without_a_traceback(
    changes: dict[str, str], encoding: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = run(changes, tmp_path, *arguments)
    assert done.returncode == 0
    assert done.stdout.decode(encoding).strip()


@pytest.mark.parametrize(("changes", "encoding"), ENCODINGS)
def test_what_cannot_be_done_is_still_a_sentence(
    changes: dict[str, str], encoding: str, tmp_path: Path
) -> None:
    done = run(changes, tmp_path, "evaluate", tmp_path / "nirgends → ü")
    assert (done.returncode, done.stdout) == (1, b"")
    assert "There is no folder" in done.stderr.decode(encoding)


def test_names_that_are_no_text_neither_steer_a_terminal_nor_end_in_a_traceback(
    pictures: Path, tmp_path: Path
) -> None:
    model = tmp_path / "m.featclass"
    for ending, arguments in (
        ("", ("audit", pictures)),
        ("md", ("train", pictures, "--output", model)),
        ("html", ("evaluate", pictures)),
    ):
        shown = tmp_path / f"r.{ending}"
        report = ("--report", shown) if ending else ()
        done = run({}, tmp_path, *arguments, *report, "--encoder", "builtin")
        assert done.returncode == 0, done.stderr
        assert b"\x1b" not in done.stdout + done.stderr
        if ending:
            assert shown.read_text("utf-8")
    done = run({}, tmp_path, "predict", model, pictures)
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout
    assert len(done.stdout.decode().splitlines()) == 10


def test_a_name_with_a_line_break_stays_one_line() -> None:
    forged = Prediction("a.png: cat 0.99\nb.png", "dog", 0.9, {"dog": 0.9})
    assert prediction_line(forged).count("\n") == 0
    plain = Prediction("a  b.png", "dog", 0.9, {"dog": 0.9})
    assert prediction_line(plain) == "a  b.png: dog 0.90"


@pytest.mark.parametrize("known", [True, False])
def test_a_class_that_somebody_wrote_into_a_file_does_not_forge_the_line_of_another_picture(
    known: bool,
) -> None:
    label = "dog\nb.png: cat 1.00"
    line = prediction_line(Prediction("a.png", label, 0.9, {label: 0.9}, known=known))
    assert "\n" not in line
    assert "dog\ufffdb.png: cat 1.00" in line


def test_a_finding_stays_one_line_whatever_its_picture_is_called(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = Outlier("a.png: fine\nb.png", "dog", 9.0, "key")
    balance = Balance({"cat": 5, "dog": 5}, False, "key")
    print_audit(Audit((), (), (found,), (), (), balance), as_json=False)
    [line] = capsys.readouterr().out.splitlines()
    assert line == f"a.png: fine\ufffdb.png: {found.sentence}"


def test_of_a_picture_unlike_all_classes_the_nearest_is_named_without_a_share() -> None:
    stray = Prediction("a.png", "dog", 0.99, {"dog": 0.99}, known=False)
    assert prediction_line(stray) == "a.png: unlike all classes, nearest dog"


@pytest.mark.parametrize("how", [(), ("--json",)])
def test_a_closed_pipe_ends_quietly_and_what_was_asked_for_is_written(
    how: tuple[str, ...], pictures: Path, tmp_path: Path
) -> None:
    model, table = tmp_path / "m.featclass", tmp_path / "t.csv"
    done = closed({}, tmp_path, "train", pictures, "--output", model, "--encoder", "builtin", *how)
    assert artifact.load(model).classes
    assert done == b""
    assert closed({}, tmp_path, "predict", model, pictures, *how) == b""
    assert closed({}, tmp_path, "predict", model, pictures, "--json", "--output", table) == b""
    assert len(table.read_text("utf-8-sig").splitlines()) == 11


def test_where_nobody_reads_messages_either_both_files_are_written(
    pictures: Path, tmp_path: Path
) -> None:
    model, report = tmp_path / "m.featclass", tmp_path / "r.md"
    arguments = ("train", pictures, "--output", model, "--report", report)
    closed({}, tmp_path, *arguments, "--encoder", "builtin", messages=False)
    assert artifact.load(model).classes
    assert report.read_text("utf-8").startswith("# ")


def closed(
    changes: dict[str, str], tmp_path: Path, *arguments: object, messages: bool = True
) -> bytes:
    """Run a command whose output nobody reads; returns what it says of that, but for "Saved"."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as nobody:
        done = subprocess.run(
            command(*arguments),
            env=environment(changes, tmp_path),
            stdout=nobody,
            stderr=subprocess.PIPE if messages else nobody,
            check=False,
            timeout=120,
        )
    assert done.returncode in (0, 1)
    said = done.stderr or b""
    return b"".join(line for line in said.splitlines() if not line.startswith(b"Saved"))
