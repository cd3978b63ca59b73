from __future__ import annotations

import csv
import io
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from featclass import cli, encoders
from featclass.base.errors import FeatclassError
from featclass.base.progress import Clock
from featclass.cli import output
from featclass.embedding.cache import CacheSize
from tests.classifiers.scoring import REPORT_FIELDS
from tests.commands import run
from tests.fakes import GridEncoder, drawn

runner = CliRunner()


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> GridEncoder:
    encoder = GridEncoder(spec="builtin")
    monkeypatch.setattr(encoders, "load", lambda *_, **__: encoder)
    monkeypatch.setattr(encoders, "choose_device", lambda _: "cpu")
    return encoder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    for colour in ("red", "blue"):
        (folder / colour).mkdir(parents=True)
        for seed in range(6):
            (folder / colour / f"{seed}.png").write_bytes(drawn(seed, colour))
    (folder / "red" / "notes.txt").write_text("not a picture")
    return folder


@pytest.fixture
def model(pictures: Path, tmp_path: Path) -> Path:
    path = tmp_path / "colours.featclass"
    run("train", pictures, "--output", path, "--encoder", "builtin")
    return path


def test_evaluate_prints_one_json_document_and_nothing_else(pictures: Path) -> None:
    result = run("evaluate", pictures, "--encoder", "builtin", "--json")
    report = json.loads(result.stdout)
    assert list(report) == [*REPORT_FIELDS, "cautions", "predictions"]
    assert report["images"] == 12
    assert len(report["predictions"]) == 12
    wrong = [said for said in report["predictions"] if said["predicted"] != said["label"]]
    assert len(wrong) == 12 - round(12 * report["accuracy"])
    assert report["verdict"]["better_than_guessing"] is True
    assert report["rejected"][0]["name"] == "red/notes.txt"
    low, high = report["accuracy_interval"]
    assert low <= report["accuracy"] <= high


def test_the_probe_asked_for_is_learned_saved_and_told(pictures: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.featclass"
    asked = ("--encoder", "builtin", "--probe", "logistic", "--json")
    trained = json.loads(run("train", pictures, "--output", model, *asked).stdout)
    assert (trained["probe"], trained["accuracy"]) == ("logistic", 1.0)
    assert f"logistic regression, C = {trained['C']:,g}" in trained["method"]
    evaluated = json.loads(run("evaluate", pictures, *asked).stdout)
    assert (evaluated["probe"], evaluated["C"]) == ("logistic", trained["C"])
    split = json.loads(run("evaluate", pictures, *asked, "--split", "0.8").stdout)
    assert (split["probe"], "logistic regression" in split["method"]) == ("logistic", True)
    saved = json.loads(run("evaluate", model, pictures, "--json").stdout)
    assert (saved["probe"], saved["C"]) == ("logistic", trained["C"])
    assert json.loads(run("predict", model, pictures / "red", "--json").stdout.splitlines()[0])
    assert run("audit", pictures, *asked).exit_code == 0
    usual = json.loads(run("evaluate", pictures, "--encoder", "builtin", "--json").stdout)
    assert (usual["probe"], usual["C"]) == ("discriminant", None)
    assert run("evaluate", pictures, "--probe", "forest").exit_code == 2


def test_audit_prints_what_it_found_as_json(pictures: Path) -> None:
    found = json.loads(run("audit", pictures, "--encoder", "builtin", "--json").stdout)
    kinds = ["label_errors", "duplicates", "outliers", "quality", "shortcuts", "balance"]
    assert list(found) == kinds
    assert len(found["label_errors"]) == 12
    assert found["balance"]["images"] == {"blue": 6, "red": 6}
    assert set(found["label_errors"][0]) >= {"path", "label", "suggested", "score", "suspect"}


def test_audit_prints_a_line_a_finding(pictures: Path) -> None:
    (pictures / "blue" / "again.bmp").write_bytes(drawn(0, "blue", form="BMP"))
    lines = run("audit", pictures, "--encoder", "builtin").stdout
    assert "blue/again.bmp" in lines
    assert "2 pictures are the same" in lines


@pytest.mark.parametrize(("ending", "start"), [("html", "<!doctype html>"), ("md", "# ")])
def test_a_report_to_show_is_written_beside_the_figures(
    pictures: Path, tmp_path: Path, ending: str, start: str
) -> None:
    file = tmp_path / f"shown.{ending}"
    run("evaluate", pictures, "--encoder", "builtin", "--report", file)
    text = file.read_text("utf-8")
    assert text.startswith(start)
    assert "of 12 right" in text
    assert ("data:image/jpeg;base64," in text) == (ending == "html")


def test_a_report_of_another_kind_is_refused_before_the_work(
    pictures: Path, tmp_path: Path
) -> None:
    with pytest.raises(FeatclassError, match=r"in \.html or in \.md"):
        run("evaluate", pictures, "--report", tmp_path / "shown.pdf")


def test_evaluate_with_a_split_says_so_and_tests_on_the_rest(pictures: Path) -> None:
    arguments = ("--encoder", "builtin", "--split", "0.8", "--json")
    report = json.loads(run("evaluate", pictures, *arguments).stdout)
    assert "80/20 split" in report["method"]
    assert sum(map(sum, report["confusion_matrix"])) == 3
    verdict = report["verdict"]
    assert not verdict["better_than_guessing"]
    text = run("evaluate", pictures, *arguments[:-1]).stdout
    assert text.count(verdict["sentence"]) == 1
    assert text.count(verdict["advice"]) == 1


def test_evaluate_reads_as_sentences_without_json(pictures: Path) -> None:
    text = run("evaluate", pictures, "--encoder", "builtin").stdout
    assert "12 of 12 right" in text
    assert "guessing would give 50" in text


def test_the_text_says_beside_the_score_which_clue_alone_explains_it(tmp_path: Path) -> None:
    for colour, size in (("red", 64), ("blue", 80)):
        (tmp_path / colour).mkdir()
        for seed in range(6):
            (tmp_path / colour / f"{seed}.png").write_bytes(drawn(seed, colour, size=size))
    score, caution, *_ = run("evaluate", tmp_path, "--encoder", "builtin").stdout.split("\n\n")
    assert "12 of 12 right" in score
    assert caution.startswith("The size in pixels alone names the right class in 100 %")
    answer = json.loads(run("evaluate", tmp_path, "--encoder", "builtin", "--json").stdout)
    assert answer["cautions"] == [caution]


@pytest.mark.parametrize("share", ["0", "1", "1.5", "-0.2"])
def test_a_split_outside_0_and_1_is_wrong_usage(pictures: Path, share: str) -> None:
    assert run("evaluate", pictures, "--split", share).exit_code == 2


def test_predict_prints_a_json_object_a_line_for_every_file_that_is_not_hidden(
    model: Path, pictures: Path
) -> None:
    (pictures / "red" / ".hidden.png").write_bytes(drawn(1))
    result = run("predict", model, pictures / "red", "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert len(rows) == 7
    good = [row for row in rows if "rejected" not in row]
    assert {row["label"] for row in good} == {"red"}
    assert set(good[0]) == {
        "path",
        "label",
        "probability",
        "probabilities",
        "known",
        "doubtful",
        "neighbours",
    }
    [bad] = [row for row in rows if "rejected" in row]
    assert set(bad) == {"path", "rejected"}
    assert bad["path"].endswith("notes.txt")


def test_predict_writes_a_csv_with_a_column_for_each_class(
    model: Path, pictures: Path, tmp_path: Path
) -> None:
    table = tmp_path / "out.csv"
    run("predict", model, pictures, "--output", table)
    with table.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 13
    shares = [
        float(row["probability:blue"]) + float(row["probability:red"])
        for row in rows
        if not row["rejected"]
    ]
    assert shares == pytest.approx([1.0] * 12)


def test_predict_fails_when_no_file_at_all_can_be_used(model: Path, pictures: Path) -> None:
    with pytest.raises(FeatclassError, match="None of these files"):
        run("predict", model, pictures / "red" / "notes.txt")


def test_the_saved_classifier_predicts_what_the_python_door_predicts(
    model: Path, pictures: Path
) -> None:
    import featclass

    path = pictures / "blue" / "3.png"
    said = json.loads(run("predict", model, path, "--json").stdout)
    again = featclass.load(model).predict([path])[0]
    assert again.probabilities == said["probabilities"]
    assert again.label == said["label"]


def test_the_python_door_trains_saves_and_loads(pictures: Path, tmp_path: Path) -> None:
    import featclass

    dataset = featclass.read_folder(pictures)
    assert dataset.classes == ("blue", "red")
    classifier = featclass.train(dataset, encoder="builtin")
    assert classifier.report.accuracy == 1.0
    assert classifier.classes == ("blue", "red")
    classifier.save(tmp_path / "m.featclass")
    loaded = featclass.load(tmp_path / "m.featclass")
    files = [pictures / "red" / "1.png", pictures / "gone.png"]
    said = loaded.predict(files)
    assert said == classifier.predict(files)
    assert [one.rejected is None for one in said] == [True, False]


def test_everything_the_package_lists_is_there() -> None:
    import featclass

    assert featclass.__all__ == sorted(featclass.__all__)
    for name in featclass.__all__:
        assert getattr(featclass, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = featclass.nonsense


def test_the_cache_command_counts_and_clears(model: Path) -> None:
    assert run("cache").stdout.startswith("12 embeddings, ")
    cleared = run("cache", "--clear")
    assert cleared.stdout.startswith("0 embeddings, ")
    assert "Forgot 12 embeddings, " in cleared.stderr
    assert run("cache").stdout.startswith("0 embeddings, ")


def test_the_cache_command_prints_one_json_document_and_nothing_else(
    model: Path, tmp_path: Path
) -> None:
    file = tmp_path / "data" / "embeddings.sqlite"
    said = json.loads(run("cache", "--json").stdout)
    assert said["bytes"] > 12 * 48 * 4
    assert said == {"path": str(file), "embeddings": 12, "bytes": said["bytes"]}
    cleared = json.loads(run("cache", "--clear", "--json").stdout)
    assert cleared["embeddings"] == 0


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (CacheSize("c", 1, 8192), "1 embedding, 8.2 kB"),
        (CacheSize("c", 2000, 10_240_000), "2,000 embeddings, 10.2 MB"),
        (CacheSize("c", 1_000_000, 5_120_000_000), "1,000,000 embeddings, 5.1 GB"),
    ],
)
def test_the_size_of_the_cache_is_said_for_people(size: CacheSize, said: str) -> None:
    assert output.embeddings(size) == said


@pytest.mark.parametrize(
    ("unit", "done", "total", "said"),
    [
        ("images", 580, 1200, "580 of 1,200 · 58 a second · about 11 s left"),
        ("bytes", 31_000_000, 600_000_000, "31.0/600.0 MB 3.1 MB/s · about 3 min left"),
    ],
)
def test_the_bar_tells_how_much_how_fast_and_how_long(
    monkeypatch: pytest.MonkeyPatch, unit: str, done: int, total: int, said: str
) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    seconds = iter([0.0, 10.0])
    monkeypatch.setattr(output, "messages", terminal)
    monkeypatch.setattr(output, "Clock", lambda: Clock(lambda: next(seconds)))
    with terminal.capture() as shown, output.bar("Doing", unit=unit) as progress:
        progress(0, total)
        progress(done, total)
    assert said in shown.get()
    assert "0 of 0" not in shown.get()


def test_where_nobody_watches_no_bar_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Console(file=io.StringIO())
    monkeypatch.setattr(output, "messages", log)
    with log.capture() as written, output.bar("Doing") as progress:
        progress(1, 2)
    assert written.get() == ""


def test_embed_writes_a_row_a_file(pictures: Path, tmp_path: Path) -> None:
    from pyarrow import parquet

    run("embed", pictures, "--output", tmp_path / "e.parquet", "--encoder", "builtin")
    table = parquet.read_table(tmp_path / "e.parquet").to_pydict()
    assert list(table) == ["path", "digest", "label", "embedding", "rejected"]
    assert sorted(set(table["label"])) == ["blue", "red"]
    assert len(table["embedding"]) == 13  # of which one is a text
    assert len(table["embedding"][0]) == 48


def test_encoders_lists_the_built_in_one_as_being_here() -> None:
    rows = json.loads(run("encoders", "--json").stdout)
    here = {row["spec"]: row["local"] for row in rows}
    assert here["builtin"] is True
    assert here["ViT-L-14/datacomp_xl_s13b_b90k"] is False


@pytest.mark.parametrize("command", ["train", "embed", "predict"])
@pytest.mark.parametrize(("output", "why"), [("no/m.x", r"Make it first"), ("", r"is a folder")])
def test_what_cannot_be_written_is_told_before_the_work(
    model: Path,
    pictures: Path,
    tmp_path: Path,
    fake: GridEncoder,
    command: str,
    output: str,
    why: str,
) -> None:
    before = fake.encoded
    given = [model, pictures] if command == "predict" else [pictures]
    with pytest.raises(FeatclassError, match=why):
        run(command, *given, "--output", tmp_path / output)
    assert fake.encoded == before


def test_a_file_name_that_is_no_text_is_still_a_row(
    model: Path, pictures: Path, tmp_path: Path
) -> None:
    odd = os.fsencode(pictures / "red") + b"/\xff\xfe.png"
    Path(os.fsdecode(odd)).write_bytes(drawn(80, "red"))
    table = tmp_path / "out.csv"
    result = run("predict", model, pictures / "red", "--json", "--output", table)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 8
    assert len(table.read_text("utf-8").splitlines()) == 9


def process(*arguments: str) -> Iterator[str]:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    yield from (str(done.returncode), done.stdout, done.stderr)


def test_what_cannot_be_done_exits_1_with_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    code, out, err = process("-m", "featclass", "evaluate", str(tmp_path / "nowhere"))
    assert (code, out) == ("1", "")
    assert "nowhere" in err
    assert "Traceback" not in err


def test_wrong_usage_exits_2() -> None:
    code, *_ = process("-m", "featclass", "evaluate")
    assert code == "2"


def test_importing_featclass_and_its_help_load_no_heavy_library() -> None:
    script = (
        "import sys, featclass, featclass.cli\n"
        "from typer.testing import CliRunner\n"
        "assert CliRunner().invoke(featclass.cli.app, ['--help']).exit_code == 0\n"
        "heavy = {'torch', 'streamlit', 'sklearn', 'open_clip', 'timm', 'plotly', 'PIL'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    code, out, err = process("-c", script)
    assert (code, out.strip()) == ("0", "[]"), err


def test_a_data_folder_that_cannot_be_made_exits_1_with_a_sentence(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FEATCLASS_DATA", str(tmp_path / "file" / "data"))
    code, out, err = process("-m", "featclass", "cache")
    assert (code, out) == ("1", "")
    assert "Traceback" not in err
    assert "file" in err


@pytest.mark.parametrize("command", ["evaluate", "train"])
def test_the_text_of_a_command_has_the_verdict_that_its_json_has(
    command: str, pictures: Path, tmp_path: Path
) -> None:
    arguments = [command, pictures, "--encoder", "builtin"]
    if command == "train":
        arguments += ["--output", tmp_path / "m.featclass"]
    for seed in (0, 1):  # mislabelled, so that the score may be luck
        (pictures / "blue" / f"odd{seed}.png").write_bytes(drawn(70 + seed, "red"))
    told = json.loads(run(*arguments, "--json").stdout)
    text = run(*arguments).stdout.replace("\\", "")
    verdict = told["verdict"]
    assert verdict["sentence"] in text
    assert verdict["advice"] in text
    assert told["learning_curve"]["reason"] in text
    assert text.index(" right") < text.index(verdict["sentence"]) < text.index("| class |")


def test_the_verdict_stands_once_in_the_report_to_show(pictures: Path, tmp_path: Path) -> None:
    file = tmp_path / "shown.md"
    told = run("evaluate", pictures, "--encoder", "builtin", "--json", "--report", file)
    sentence = json.loads(told.stdout)["verdict"]["sentence"]
    assert file.read_text().replace("\\", "").count(sentence) == 1


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (("app", "--port", "99999"), "--port"),
        (("app", "--port", "0"), "--port"),
        (("app", "--port", "-1"), "--port"),
        (("app", "--port", "http"), "--port"),
        (("app", "--certificate", "none.pem", "--key", "none.pem"), "--certificate"),
        (("app", "--certificate", "words.pem", "--key", "words.pem"), "--certificate"),
        (("app", "--device", "abacus"), "--device"),
        (("train", ".", "--output", "m.featclass", "--seed", "-1"), "--seed"),
        (("evaluate", ".", "--seed", str(2**32)), "--seed"),
        (("evaluate", ".", "--split", "nan"), "--split"),
        (("audit", ".", "--classes-at", "0"), "--classes-at"),
    ],
)
def test_an_option_out_of_range_is_wrong_usage_and_named(
    command: tuple[str, ...], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("words.pem").write_text("words")
    monkeypatch.setattr(runpy, "run_module", lambda *_, **__: pytest.fail("it was started"))
    result = CliRunner().invoke(cli.app, list(command))
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert named in result.stderr
