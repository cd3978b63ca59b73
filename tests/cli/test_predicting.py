"""`featclass predict` on many pictures: sorted copies, zips, and folders that are watched."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from featclass import encoders
from featclass.base import names as file_names
from featclass.base.errors import FeatclassError
from featclass.base.names import Distinct, safe
from featclass.base.records import DOUBTFUL_BELOW, Prediction
from featclass.classifiers import prediction as service_prediction
from featclass.cli import watching
from featclass.cli.picture_files import SortedCopies
from featclass.cli.watching import Watch
from featclass.reports import prediction_csv
from featclass.reports.sorting import Folders, SortedPaths
from tests.commands import run
from tests.fakes import GridEncoder, drawn, image


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> GridEncoder:
    encoder = GridEncoder(spec="builtin")
    monkeypatch.setattr(encoders, "load", lambda *_, **__: encoder)
    monkeypatch.setattr(encoders, "choose_device", lambda _: "cpu")
    monkeypatch.setattr(service_prediction, "SLICE", 4)

    return encoder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "labelled"
    for colour in ("red", "blue"):
        (folder / colour).mkdir(parents=True)
        for seed in range(6):
            (folder / colour / f"{seed}.png").write_bytes(drawn(seed, colour))
    path = tmp_path / "colours.featclass"
    run("train", folder, "--output", path, "--encoder", "builtin")
    return path


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Ten pictures that training never saw, five under names that meet, and a text."""
    folder = tmp_path / "new"
    for seed in range(10):
        place = folder / ("a" if seed % 2 else "b")
        place.mkdir(parents=True, exist_ok=True)
        colour = ("red", "blue")[seed % 3 % 2]
        (place / f"{seed // 2}.png").write_bytes(drawn(100 + seed, colour))
    (folder / "words.txt").write_text("no picture")
    return folder


def rows(table: Path) -> list[dict[str, str]]:
    with table.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def folder_for(row: dict[str, str]) -> str:
    if row["known"] == "False":
        return "none of these"
    return (
        row["label"] if float(row["probability"]) >= DOUBTFUL_BELOW else f"doubtful/{row['label']}"
    )


def test_each_picture_is_copied_once_into_the_folder_of_what_was_said_of_it(
    model: Path, new: Path, tmp_path: Path
) -> None:
    before = files(new)
    table, out = tmp_path / "out.csv", tmp_path / "sorted"
    result = run("predict", model, new, "--output", table, "--sort-into", out)
    assert result.exit_code == 0
    assert "Sorted 10 pictures" in result.stderr
    said = [row for row in rows(table) if not row["rejected"]]
    expected = sorted((folder_for(row), Path(row["path"]).read_bytes()) for row in said)
    copied = sorted((name.rpartition("/")[0], data) for name, data in files(out).items())
    assert copied == expected
    assert files(new) == before


def test_a_copy_keeps_the_time_of_its_picture(model: Path, new: Path, tmp_path: Path) -> None:
    picture = new / "a" / "0.png"
    os.utime(picture, (10**9, 10**9))
    run("predict", model, picture, "--sort-into", tmp_path / "out")
    [copy] = (tmp_path / "out").rglob("*.png")
    assert copy.stat().st_mtime == 10**9


def test_sorting_never_writes_over_a_file_and_a_second_time_copies_nothing_twice(
    model: Path, new: Path, tmp_path: Path
) -> None:
    out = tmp_path / "sorted"
    run("predict", model, new, "--sort-into", out)
    first = files(out)
    name = next(iter(first))
    (out / name).write_bytes(b"somebody's own")
    run("predict", model, new, "--sort-into", out)
    again = files(out)
    assert again[name] == b"somebody's own"
    assert len(again) == len(first) + 1
    assert set(first.values()) <= set(again.values())


def test_a_copy_that_could_be_written_by_half_only_does_not_stay(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    picture = image(drawn(1), "a.png")
    copies = SortedCopies(tmp_path / "out", ["cats"])
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, before[1]))
    try:
        with pytest.raises(OSError, match="large"):
            copies.add(said("cats", 0.9), picture)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert files(tmp_path / "out") == {}
    copies.add(said("cats", 0.9), picture)
    assert [*files(tmp_path / "out").values()] == [picture.read()]


def test_what_the_command_itself_writes_is_not_predicted(
    model: Path, new: Path, tmp_path: Path
) -> None:
    table, out = new / "out.csv", new / "sorted"
    for _ in range(2):
        run("predict", model, new, "--output", table, "--sort-into", out)
        assert len(rows(table)) == 11


def test_what_cannot_be_sorted_into_is_told_before_the_work(
    model: Path, new: Path, tmp_path: Path, fake: GridEncoder
) -> None:
    before = fake.encoded
    for place, why in ((model, "is a file"), (tmp_path / "no" / "where", "Make it first")):
        with pytest.raises(FeatclassError, match=why):
            run("predict", model, new, "--sort-into", place)
    assert fake.encoded == before


def test_a_zip_is_predicted_entry_by_entry(model: Path, new: Path, tmp_path: Path) -> None:
    packed = tmp_path / "new.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files(new).items():
            archive.writestr(name, data)
    from_zip = run("predict", model, packed, "--json", "--sort-into", tmp_path / "a").stdout
    from_folder = run("predict", model, new, "--json", "--sort-into", tmp_path / "b").stdout
    said = [json.loads(line) for line in from_zip.splitlines()]
    assert {one["path"] for one in said} == {f"{packed}/{name}" for name in files(new)}
    assert from_zip.replace(str(packed), str(new)) == from_folder
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_predictions_are_told_while_others_are_still_to_be_made(
    model: Path, new: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "out.csv"
    held: list[int] = []
    real = service_prediction.predict

    def counting(engine, classifier, images, **how):  # type: ignore[no-untyped-def]
        held.append(len(table.read_text("utf-8").splitlines()))
        return real(engine, classifier, images, **how)

    monkeypatch.setattr(service_prediction, "predict", counting)
    run("predict", model, new, "--output", table)
    assert held == [0, 5, 9]  # rows, with the header: what was said before is there


def test_a_hostile_file_name_becomes_no_formula(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "=HYPERLINK(1).png"
    Path(name).write_bytes(drawn(7))
    run("predict", model, name, "--output", "out.csv")
    assert rows(Path("out.csv"))[0]["path"] == f"'{name}"
    assert prediction_csv.path_of(f"'{name}") == name
    assert prediction_csv.path_of("'quoted'.png") == "'quoted'.png"


@pytest.mark.parametrize(
    "name",
    ["a.png", "=a", "'=a", "''=a", "'a", "+", "a;=1+1.png", 'a"b', "a,b", "a\tb", "a\nb", ""],
)
def test_a_table_holds_every_name_and_no_spreadsheet_divides_it(name: str) -> None:
    line = prediction_csv.line([name, None, 0.25, True])
    [[cell, *others]] = csv.reader(io.StringIO(line, newline=""))
    assert prediction_csv.path_of(cell) == name
    assert others == ["", "0.25", "True"]
    assert not cell.startswith(("=", "+"))
    with_semicolons = next(csv.reader(io.StringIO(line, newline=""), delimiter=";"))
    assert not any(part.startswith(("=", "+")) for part in with_semicolons)


# Names and folders


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.png", "a.png"),
        ("../../etc/passwd", "-..-etc-passwd"),
        ("..", "unnamed"),
        ("a\0b\n.png", "a-b-.png"),
        ("con.png", "_con.png"),
        ("COM1", "_COM1"),
        ("a. ", "a"),
        ("\u202egnp.exe", "gnp.exe"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
        ("ä" * 300, "ä" * 100),
    ],
)
def test_a_safe_name_is_one_part_of_a_path_on_every_system(name: str, expected: str) -> None:
    assert safe(name) == expected
    assert len(safe(name).encode()) <= file_names.LONGEST + 1


def test_names_are_given_once_whatever_the_case() -> None:
    distinct = Distinct(["doubtful"])
    given = [distinct(name) for name in ("a.png", "A.PNG", "a.png", "a 2.png", "Doubtful", "x")]
    assert given == ["a.png", "A 2.PNG", "a 3.png", "a 2 2.png", "Doubtful 2", "x"]


def said(label: str, probability: float, *, known: bool = True) -> Prediction:
    return Prediction("p/a.png", label, probability, {label: probability}, known)


def test_doubtful_and_unknown_pictures_stand_apart_and_no_class_can_take_their_folders() -> None:
    folders = Folders(["cats", "doubtful", "None of these", "a/b", "a:b"])
    assert folders.of(said("cats", 0.9)) == "cats"
    assert folders.of(said("cats", DOUBTFUL_BELOW - 0.01)) == "doubtful/cats"
    assert folders.of(said("cats", 0.99, known=False)) == "none of these"
    assert folders.of(said("doubtful", 0.9)) == "doubtful 2"
    assert folders.of(said("None of these", 0.9)) == "None of these 2"
    assert folders.of(said("a/b", 0.9)) == "a-b"
    assert folders.of(said("a:b", 0.9)) == "a-b 2"
    assert folders.of(Prediction("x", rejected="why")) is None
    assert not Prediction("x", rejected="why").is_doubtful
    places = SortedPaths(["cats"])
    assert [places.of(said("cats", 0.9)) for _ in range(2)] == ["cats/a.png", "cats/a 2.png"]


# Watching


class Time:
    """A clock that moves when somebody waits; `events` happen one after the other meanwhile."""

    def __init__(self, *events: Callable[[], object]) -> None:
        self.now = 0.0
        self.events = list(events)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 1
        self.now += seconds
        if not self.events:
            raise KeyboardInterrupt
        self.events.pop(0)()


def nothing() -> None:
    """Let time pass."""


def watched(
    monkeypatch: pytest.MonkeyPatch, arguments: list[object], *events: Callable[[], object]
) -> Result:
    """Run `predict --watch` while the events happen, a second apart; then press Ctrl-C."""
    time = Time(*events)
    monkeypatch.setattr(watching, "time", time)
    result = run("predict", *arguments, "--watch")
    assert result.exit_code == 0
    return result


def test_what_arrives_is_predicted_written_and_sorted_until_ctrl_c(
    model: Path, new: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, out = tmp_path / "out.csv", tmp_path / "sorted"
    late = new / "late.png"
    result = watched(
        monkeypatch,
        [model, new, "--output", table, "--sort-into", out],
        nothing,
        lambda: late.write_bytes(drawn(300)),
        nothing,
        nothing,
    )
    assert [Path(row["path"]).name for row in rows(table)][-1] == "late.png"
    assert len(rows(table)) == 12
    assert len(files(out)) == 11
    assert "late.png: " in result.stdout
    assert "Stopped watching after 11 pictures" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_watch_begun_again_appends_what_its_table_lacks(
    model: Path, new: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "out.csv"
    arguments: list[object] = [model, new, "--output", table]
    watched(monkeypatch, arguments, nothing, nothing)
    (new / "next.png").write_bytes(drawn(301))
    watched(monkeypatch, arguments, nothing, nothing)
    assert len(rows(table)) == 12
    assert len({row["path"] for row in rows(table)}) == 12
    table.write_text("something,else\n1,2\n")
    with pytest.raises(FeatclassError, match="Name another"):
        run("predict", *arguments, "--watch")
    assert table.read_text() == "something,else\n1,2\n"


def test_json_lines_of_a_watch_are_one_object_a_picture(
    model: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = watched(monkeypatch, [model, new, "--json"], nothing, nothing)
    assert len([json.loads(line) for line in result.stdout.splitlines()]) == 11


def test_a_file_still_being_written_is_left_alone_until_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = Time()
    monkeypatch.setattr(watching, "time", time)
    watch = Watch([tmp_path])
    growing = tmp_path / "a.png"
    looked = []
    for step in range(6):
        if step < 3:
            growing.write_bytes(b"x" * (step + 1))
        looked.append(watch.look())
        time.now += 0.6
    assert looked == [[], [], [], [], [growing], []]


def test_a_file_that_goes_is_forgotten_and_one_that_changes_arrives_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = Time()
    monkeypatch.setattr(watching, "time", time)
    watch = Watch([tmp_path])

    def look() -> list[Path]:
        time.now += 2
        return watch.look()

    here = tmp_path / "a.png"
    here.write_bytes(b"1")
    assert [look(), look(), look()] == [[], [here], []]
    here.write_bytes(b"22")
    assert [look(), look()] == [[], [here]]
    here.unlink()
    assert look() == []
    here.write_bytes(b"22")
    assert [look(), look()] == [[], [here]]


def test_a_picture_that_goes_before_it_is_read_gives_no_row(
    model: Path, new: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "out.csv"
    real = Watch.look

    def look_then_lose(watch: Watch) -> list[Path]:
        found = real(watch)
        for file in found:
            if file.name == "0.png":
                file.unlink()
        return found

    monkeypatch.setattr(Watch, "look", look_then_lose)
    watched(monkeypatch, [model, new, "--output", table], nothing, nothing)
    assert len(rows(table)) == 9


def test_a_folder_that_is_not_there_cannot_be_watched(model: Path, tmp_path: Path) -> None:
    with pytest.raises(FeatclassError, match="Make it first"):
        run("predict", model, tmp_path / "nowhere", "--watch")
