"""A saved classifier scored on a labelled folder: `featclass evaluate MODEL DIR`."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

import featclass
from featclass import encoders
from featclass.base.errors import ClassifierUnusable, DatasetError, EncoderUnavailable
from featclass.classifiers import artifact, report
from tests.audit.drawings import saved, tinted
from tests.commands import run
from tests.fakes import GridEncoder, drawn
from tests.people import laid_out

pytestmark = pytest.mark.usefixtures("fake_encoder")


def labelled(start: int, count: int, **names: str) -> dict[str, bytes]:
    """Return pictures of each class: its name, and the colour it is seen in."""
    return {
        f"{name}/{seed}.png": tinted(seed, colour)
        for name, colour in names.items()
        for seed in range(start, start + count)
    }


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = laid_out(tmp_path / "old", labelled(0, 8, cat="red", dog="blue"))
    run("train", folder, "--output", tmp_path / "m.featclass", "--encoder", "builtin")
    return tmp_path / "m.featclass"


def scored(model: Path, folder: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(run("evaluate", model, folder, "--json").stdout)
    return said


def test_new_pictures_are_scored_with_matrix_and_interval_in_the_same_json(
    model: Path, tmp_path: Path
) -> None:
    new = laid_out(tmp_path / "new", labelled(100, 5, cat="red", dog="blue"))
    (new / "dog" / "100.png").rename(new / "cat" / "astray.png")
    said = scored(model, new)
    plain = json.loads(run("evaluate", new, "--encoder", "builtin", "--json").stdout)
    assert list(said) == list(plain)
    assert said["confusion_matrix"] == [[5, 1], [0, 4]]
    assert said["accuracy"] == pytest.approx(0.9)
    assert said["accuracy_interval"] == list(report.wilson(9, 10))
    assert said["method"] == (
        "each of 10 labelled pictures predicted by a saved classifier, which learned from 16"
        " pictures"
    )
    assert said["seen_in_training"] == {"same": 0, "near_duplicates": 0, "accuracy_without": 0.9}
    assert said["unknown_classes"] == []
    assert said["verdict"]["better_than_guessing"] is True
    assert 0 <= said["refused_share"] <= 1
    wrong = [one for one in said["predictions"] if one["predicted"] != one["label"]]
    assert [one["path"] for one in wrong] == ["cat/astray.png"]


def test_each_picture_is_said_what_predict_says_of_it(model: Path, tmp_path: Path) -> None:
    new = laid_out(tmp_path / "new", labelled(100, 3, cat="red", dog="blue"))
    said = {str(new / one["path"]): one for one in scored(model, new)["predictions"]}
    lines = run("predict", model, new, "--json").stdout.splitlines()
    for one in map(json.loads, lines):
        assert said[one["path"]]["predicted"] == one["label"]
        assert said[one["path"]]["probability"] == one["probability"]
        assert said[one["path"]]["neighbours"] == one["neighbours"]


def test_the_share_it_refuses_is_that_which_predict_finds_unlike_all(
    model: Path, tmp_path: Path
) -> None:
    files = labelled(100, 3, cat="red", dog="blue") | {
        f"cat/odd {seed}.png": saved(_noise(seed)) for seed in range(3)
    }
    new = laid_out(tmp_path / "new", files)
    lines = run("predict", model, new, "--json").stdout.splitlines()
    unknown = [json.loads(line)["known"] for line in lines].count(False)
    assert unknown > 0
    assert scored(model, new)["refused_share"] == pytest.approx(unknown / 9)


def _noise(seed: int) -> Any:
    import numpy as np
    import PIL.Image

    blocks = np.random.default_rng(seed).integers(0, 2, (4, 4, 3), np.uint8) * 255
    return PIL.Image.fromarray(blocks).resize((64, 64), PIL.Image.Resampling.NEAREST)


def test_a_class_that_it_does_not_know_is_listed_and_counts_as_wrong(
    model: Path, tmp_path: Path
) -> None:
    new = laid_out(tmp_path / "new", labelled(100, 4, cat="red", zebra="blue"))
    said = scored(model, new)
    assert said["unknown_classes"] == ["zebra"]
    assert said["classes"] == ["cat", "dog", "zebra"]
    assert said["confusion_matrix"] == [[4, 0, 0], [0, 0, 0], [0, 4, 0]]
    assert said["per_class"]["zebra"]["recall"] == 0
    assert said["per_class"]["dog"]["support"] == 0
    assert said["accuracy"] == 0.5
    assert said["method"].endswith("counted as wrong: 'zebra' (4 pictures)")
    read = report.from_json(said)
    assert report.to_json(read) == {name: said[name] for name in report.to_json(read)}


def test_a_name_that_differs_by_case_is_unknown_with_a_hint(model: Path, tmp_path: Path) -> None:
    new = laid_out(tmp_path / "new", labelled(100, 3, Cat="red", dog="blue"))
    said = scored(model, new)
    assert said["unknown_classes"] == ["Cat"]
    assert "'Cat' (3 pictures; 'cat' was learned: is it the same?)" in said["method"]


def test_where_no_class_is_known_the_sentence_names_both_sides_and_what_may_be_meant(
    model: Path, tmp_path: Path
) -> None:
    new = laid_out(tmp_path / "new", labelled(100, 3, Cat="red", wolf="blue"))
    with pytest.raises(DatasetError) as error:
        scored(model, new)
    assert "knows 'cat' and 'dog', and the pictures are labelled 'Cat' and 'wolf'" in str(
        error.value
    )
    assert "Is 'Cat' what it calls 'cat'?" in str(error.value)


def test_known_classes_of_which_no_picture_can_be_used_are_no_match(
    model: Path, tmp_path: Path
) -> None:
    files = labelled(100, 3, wolf="blue") | {"cat/cut.png": drawn(1)[:90]}
    with pytest.raises(DatasetError, match="none of them is a class that it knows"):
        scored(model, laid_out(tmp_path / "new", files))


def test_pictures_that_it_learned_from_are_counted_and_said_plainly(
    model: Path, tmp_path: Path
) -> None:
    said = scored(model, tmp_path / "old")
    assert said["seen_in_training"] == {
        "same": 16, "near_duplicates": 0, "accuracy_without": None,
    }  # fmt: skip
    assert said["method"].endswith(
        "this score is too good: 16 of the 16 are pictures that were learned from; nothing is"
        " known of others"
    )
    assert said["verdict"] is None
    text = run("evaluate", model, tmp_path / "old", "--report", tmp_path / "r.html").stdout
    assert "true rate" not in (tmp_path / "r.html").read_text("utf-8")
    assert (
        "by a classifier that learned from them, so that this is too good; how it does on" in text
    )
    assert "true rate" not in text
    assert "never saw" not in text


def test_a_class_of_ten_pictures_or_more_has_the_interval_of_its_recall(
    model: Path, tmp_path: Path
) -> None:
    files = labelled(100, 9, cat="red", dog="blue") | {"cat/109.png": tinted(109, "red")}
    per_class = scored(model, laid_out(tmp_path / "new", files))["per_class"]
    assert per_class["cat"]["recall_interval"] == list(report.wilson(10, 10))
    assert per_class["dog"]["recall_interval"] is None


def test_of_pictures_that_it_learned_from_no_bounds_of_a_recall_are_given(
    model: Path, tmp_path: Path
) -> None:
    files = labelled(0, 8, cat="red", dog="blue") | labelled(100, 4, cat="red", dog="blue")
    said = scored(model, laid_out(tmp_path / "new", files))
    assert said["seen_in_training"]["same"] == 16
    assert said["per_class"]["cat"]["support"] == 12
    assert said["per_class"]["cat"]["recall_interval"] is None


def test_a_picture_saved_again_beside_one_that_it_learned_from_is_counted_apart(
    model: Path, tmp_path: Path
) -> None:
    files = labelled(100, 6, cat="red", dog="blue") | {
        "cat/old.png": tinted(0, "red"),
        "cat/again.bmp": tinted(0, "red", "BMP"),
    }
    said = scored(model, laid_out(tmp_path / "new", files))
    assert said["seen_in_training"]["same"] == 1
    assert said["seen_in_training"]["near_duplicates"] == 1
    assert said["accuracy_interval"] == list(report.wilson(14, 14, n_groups=13))


def test_what_cannot_be_used_and_classes_without_any_are_told(model: Path, tmp_path: Path) -> None:
    files = labelled(100, 3, cat="red", dog="blue") | {"owl/cut.png": drawn(1)[:90]}
    new = laid_out(tmp_path / "new", files)
    (new / "yak").mkdir()
    said = scored(model, new)
    assert [one["name"] for one in said["rejected"]] == ["owl/cut.png"]
    assert said["empty_classes"] == ["owl", "yak"]
    assert said["unknown_classes"] == []


def test_a_zip_is_scored_as_its_folder(model: Path, tmp_path: Path) -> None:
    files = labelled(100, 3, cat="red", dog="blue")
    packed = tmp_path / "new.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    of_zip = scored(model, packed)
    of_folder = scored(model, laid_out(tmp_path / "new", files))
    assert {**of_zip, "seconds": {}} == {**of_folder, "seconds": {}}


def test_python_gives_the_same_report_and_leaves_the_classifier_as_it_was(
    model: Path, tmp_path: Path
) -> None:
    new = laid_out(tmp_path / "new", labelled(100, 3, cat="red", zebra="blue"))
    said = scored(model, new)
    classifier = featclass.load(model)
    before = classifier.report
    made = classifier.evaluate(featclass.read_folder(new))
    again = {**report.to_json(made), "seconds": {}}
    assert {name: {**said, "seconds": {}}[name] for name in again} == again
    assert classifier.report == before
    assert artifact.load(model).report == before


@pytest.mark.parametrize(("ending", "start"), [("html", "<!doctype html>"), ("md", "# ")])
def test_a_report_to_show_is_written_of_it_too(
    model: Path, tmp_path: Path, ending: str, start: str
) -> None:
    new = laid_out(tmp_path / "new", labelled(100, 3, cat="red", zebra="blue"))
    file = tmp_path / f"shown.{ending}"
    run("evaluate", model, new, "--report", file)
    text = file.read_text("utf-8")
    assert text.startswith(start)
    assert "3 of 6 right" in text
    assert "zebra" in text


@pytest.mark.parametrize(
    "option",
    [("--encoder", "builtin"), ("--split", "0.8"), ("--seed", "1"), ("--probe", "logistic")],
)
def test_an_option_for_learning_is_wrong_usage_and_named(
    model: Path, tmp_path: Path, option: tuple[str, str]
) -> None:
    result = run("evaluate", model, tmp_path / "old", *option)
    assert result.exit_code == 2
    shown = " ".join(result.stderr.replace("│", " ").split())
    assert option[0] in shown
    assert "no meaning for a saved classifier" in shown


def test_wrong_numbers_of_arguments_are_wrong_usage(model: Path, tmp_path: Path) -> None:
    alone = run("evaluate", model)
    assert alone.exit_code == 2
    assert "name the folder to score it on" in " ".join(alone.stderr.replace("│", " ").split())
    assert run("evaluate", model, tmp_path / "old", tmp_path / "old").exit_code == 2


def test_what_is_no_classifier_and_what_has_another_encoder_end_in_a_sentence(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ClassifierUnusable, match="cannot be"):
        run("evaluate", tmp_path / "old", tmp_path / "old")
    other = GridEncoder(spec="builtin", id="0" * 64)
    monkeypatch.setattr(encoders, "load", lambda *_, **__: other)
    with pytest.raises(EncoderUnavailable, match="other weights"):
        run("evaluate", model, tmp_path / "old")


def test_a_classifier_named_behind_the_folder_is_told_to_come_first(
    model: Path, tmp_path: Path
) -> None:
    refused = run("evaluate", tmp_path / "old", model)
    assert refused.exit_code == 2
    assert "a saved classifier: name it first" in " ".join(refused.stderr.replace("│", " ").split())
