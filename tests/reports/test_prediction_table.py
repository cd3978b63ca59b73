"""The table of predictions: columns that never collide, in a file that spreadsheets read right."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import Result

from featclass import classifiers
from featclass.base.errors import FeatclassError
from featclass.base.records import Dataset, Prediction
from featclass.classifiers import artifact
from featclass.cli.watching import Watch
from featclass.datasets import BytesSource
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.reports import prediction_csv
from featclass.reports.sorting import sorted_zip
from tests.commands import run
from tests.fakes import GridEncoder, drawn, image

pytestmark = pytest.mark.usefixtures("fake_encoder")

FIXED = ["path", "label", "probability", "known", "rejected"]
MARK = b"\xef\xbb\xbf"


def trained(folder: Path, *classes: str) -> Path:
    """Save a classifier of classes of these names, all of them of two pictures."""
    images = [
        image(drawn(10 * place + i, ("red", "blue")[place % 2]), f"{name}/{i}.png", name)
        for place, name in enumerate(classes)
        for i in range(2)
    ]
    with Cache(folder / "cache.sqlite") as cache:
        engine = Engine(GridEncoder(spec="builtin"), cache, max_pixels=10**7)
        path = folder / "m.featclass"
        artifact.save(classifiers.train(engine, Dataset(tuple(images))).classifier, path)
        engine.close()
    return path


def cells(data: bytes) -> list[list[str]]:
    assert data.startswith(MARK)
    return [*csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))]


def test_classes_called_as_the_fixed_columns_have_columns_of_their_own(tmp_path: Path) -> None:
    model = trained(tmp_path, "label", "path", "known", "probability", "rejected")
    (tmp_path / "new.png").write_bytes(drawn(1))
    run("predict", model, tmp_path / "new.png", "--output", tmp_path / "t.csv")
    head, row = cells((tmp_path / "t.csv").read_bytes())
    assert len(set(head)) == len(head) == 10
    assert head[:5] == FIXED
    assert head[5:] == [f"probability:{name}" for name in sorted(FIXED)]
    assert row[0] == str(tmp_path / "new.png")
    assert row[1] in FIXED
    assert sum(map(float, row[5:])) == pytest.approx(1)


HOSTILE = [
    "", ":", "probability:", "probability:x", "x", "X", " x", "x ", "x\n", "x\r\ny", 'x"', "x,y;z",
    "=1+1", "'=1+1", "@x", "\udcff", "\\udcff", "\\udcff (2)", "é", "e\u0301", "path", "\ufeff",
]  # fmt: skip


def test_no_two_hostile_names_share_a_column_and_an_odd_one_does_not_take_another_s() -> None:
    columns = prediction_csv.columns(HOSTILE)
    head = prediction_csv.header(HOSTILE).encode()
    assert cells(head) == [[*FIXED, *columns]]
    assert len({*FIXED, *columns}) == 5 + len(HOSTILE)
    assert all(column.startswith("probability:") for column in columns)
    # What UTF-8 can hold is written as it is, whoever comes first.
    for name, column in zip(HOSTILE, columns, strict=True):
        assert (column == f"probability:{name}") == (name != "\udcff")


def test_umlauts_are_marked_as_utf_8_and_formulas_stay_quoted(tmp_path: Path) -> None:
    model = trained(tmp_path, "Gänseblümchen", "=cmd|' /C calc'!A0")
    (tmp_path / "new.png").write_bytes(drawn(0))
    run("predict", model, tmp_path / "new.png", "--output", tmp_path / "t.csv")
    data = (tmp_path / "t.csv").read_bytes()
    assert data.count(MARK) == 1
    head, row = cells(data)
    assert "probability:Gänseblümchen" in head
    assert row[1] in ("Gänseblümchen", "'=cmd|' /C calc'!A0")
    assert not any(cell.startswith(("=", "@")) for cell in head + row)


def test_the_sorted_zip_s_own_table_is_marked_too_and_holds_names_that_are_no_text() -> None:
    predictions = [
        Prediction("a.png", "x", 0.99, {"x": 0.99}),
        Prediction("Müll\udcff.png", rejected="it is text"),
    ]
    data = b"".join(sorted_zip(predictions, {"a.png": BytesSource(drawn(1))}, ["x"]))
    archive = zipfile.ZipFile(io.BytesIO(data))
    rows = cells(archive.read("could not be used.csv"))
    assert rows == [["path", "reason"], ["Müll\\udcff.png", "it is text"]]


def own_time(sleep: Callable[[float], None] | None = None) -> SimpleNamespace:
    """Return a clock that goes on by a second whenever somebody looks at it."""
    seconds = iter(range(10**6))
    return SimpleNamespace(monotonic=lambda: float(next(seconds)), sleep=sleep)


def watch(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> Result:
    """Look round until nothing is new, at a clock of its own."""
    looks = iter(range(4))

    def sleep(_: float) -> None:
        if next(looks, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr("featclass.cli.watching.time", own_time(sleep))
    return run("predict", *arguments, "--watch")


def test_a_watch_appends_to_a_table_of_today_with_one_mark_and_one_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, table, inbox = trained(tmp_path, "path", "x"), tmp_path / "t.csv", tmp_path / "in"
    inbox.mkdir()
    for number in range(2):
        (inbox / f"{number}.png").write_bytes(drawn(number))
        watch(monkeypatch, model, inbox, "--output", table)
    data = table.read_bytes()
    assert data.count(MARK) == 1
    head, *rows = cells(data)
    assert head == [*FIXED, "probability:path", "probability:x"]
    assert [Path(row[0]).name for row in rows] == ["0.png", "1.png"]


@pytest.mark.parametrize(
    "first",
    [
        "path,label,probability,known,rejected,path,x\r\n",
        "\ufeffpath,label,probability,known,rejected,path,x\r\n",
        "\ufeffpath,label,probability,known,rejected,probability:x,probability:path\r\n",
    ],
)
def test_a_table_of_another_form_is_refused_in_a_sentence_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    model, table, inbox = trained(tmp_path, "path", "x"), tmp_path / "t.csv", tmp_path / "in"
    inbox.mkdir()
    table.write_text(first, encoding="utf-8", newline="")
    with pytest.raises(FeatclassError, match=r"t\.csv holds something else .* Name another file"):
        watch(monkeypatch, model, inbox, "--output", table)
    assert table.read_text("utf-8").strip() == first.strip()


def test_a_name_that_is_no_text_is_not_predicted_anew_at_each_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))
    odd.write_bytes(drawn(1))
    line = prediction_csv.line([str(odd), "x"])
    known = {prediction_csv.path_of(line.split(",")[0])}
    monkeypatch.setattr("featclass.cli.watching.time", own_time())
    again = Watch([tmp_path], known=known)
    assert [again.look() for _ in range(4)] == [[]] * 4


def test_the_help_of_predict_names_the_columns() -> None:
    text = " ".join(run("predict", "--help").stdout.split())
    assert "probability:CLASS" in text
