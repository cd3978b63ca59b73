"""Classes of which no picture could be used: named in the report, wherever it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from featclass import classifiers, library
from featclass.base import sentences
from featclass.base.errors import FeatclassError
from featclass.base.records import Dataset, Report, TextPriorUse
from featclass.classifiers import artifact, report
from featclass.classifiers.training import Training
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.reports.contents import Contents
from featclass.reports.html import as_html
from featclass.reports.markdown import as_markdown, report_markdown
from featclass.server.studio import studio
from tests.fakes import GridEncoder, drawn, image, two_classes
from tests.filled import add, sets, settle

CUT = drawn(1)[:90]
"""Begins as a picture does, and cannot be decoded."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Cache(tmp_path / "cache.sqlite") as cache:
        opened = Engine(GridEncoder(), cache, max_pixels=10**7)
        yield opened
        opened.close()


@pytest.fixture
def training(engine: Engine) -> Training:
    """Of two classes, an empty folder, and a class that turns out to be broken."""
    broken = [image(CUT, "yellow/1.png", "yellow"), image(CUT + b"0", "yellow/2.png", "yellow")]
    return classifiers.train(engine, Dataset((*two_classes(), *broken), empty=("green",)))


def test_a_class_without_a_usable_picture_is_in_the_json_beside_an_empty_folder(
    training: Training,
) -> None:
    said = json.loads(json.dumps(training.to_json()))
    assert said["empty_classes"] == ["green", "yellow"]
    assert said["classes"] == ["blue", "red"]


def test_nothing_is_said_of_classes_that_have_pictures(engine: Engine) -> None:
    made = classifiers.train(engine, Dataset(tuple(two_classes()))).classifier.report
    assert report.to_json(made)["empty_classes"] == []
    assert "no picture that could be used" not in report_markdown(made)


def test_each_empty_class_has_a_sentence_in_text_page_and_prose(training: Training) -> None:
    text = report_markdown(training.classifier.report)
    contents = Contents.of(training, title="t")
    page, prose = as_html(contents, thumbnail=lambda digest: None), as_markdown(contents)
    for name in ("green", "yellow"):
        sentence = f"{name}' has no picture that could be used: add some, or remove it."
        assert sentence in text
        assert sentence in prose
        assert sentence in unescape(page)


def test_what_is_known_by_its_name_alone_is_not_asked_to_be_removed(training: Training) -> None:
    by_name = replace(training.classifier.report, class_names=TextPriorUse(0.5, ("green",)))
    assert sentences.empty_sentences(by_name) == [
        "'green' has no picture that could be used: it is known by its name alone.",
        "'yellow' has no picture that could be used: add some, or remove it.",
    ]


def test_empty_classes_are_saved_and_read_back_and_older_files_do_without(
    training: Training,
) -> None:
    saved = artifact.loads(artifact.dumps(training.classifier))
    assert saved.report.empty_classes == ("green", "yellow")
    older = report.to_json(training.classifier.report)
    for field in ("empty_classes", "unknown_classes", "seen_in_training"):
        del older[field]
    assert report.from_json(older) == replace(training.classifier.report, empty_classes=())


@pytest.mark.parametrize("value", [None, "green", [1], [["green"]]])
def test_a_forged_list_of_empty_classes_is_refused(training: Training, value: object) -> None:
    forged = report.to_json(training.classifier.report) | {"empty_classes": value}
    with pytest.raises(FeatclassError, match="empty_classes"):
        report.from_json(forged)


def test_a_renamed_class_is_renamed_among_the_empty_ones(training: Training) -> None:
    renamed = classifiers.renamed(training, {"green": "zebra", "red": "rot"}).classifier.report
    assert renamed.empty_classes == ("yellow", "zebra")


@pytest.mark.usefixtures("fake_encoder")
def test_a_single_split_names_empty_classes_too(tmp_path: Path) -> None:
    library._engines.cache_clear()
    pictures = Dataset(
        (*two_classes(10), image(CUT, "yellow/1.png", "yellow")),
        empty=("green",),
    )
    made = library.evaluate(pictures, encoder="builtin", split=0.8)
    assert made.empty_classes == ("green", "yellow")


@pytest.mark.usefixtures("fake_encoder")
def test_the_page_counts_sets_that_were_named_and_hold_no_picture() -> None:
    store = studio().workspaces
    token = store.create()
    store.choose_encoder(token, "builtin")
    for set_id, colour in zip(sets(token), ("red", "blue"), strict=True):
        add(token, set_id, {f"{seed}.png": drawn(seed, colour) for seed in range(4)})
    store.add_set(token, "Tulips")
    store.add_set(token)  # "Set 4": nobody named it yet
    settle(token)
    assert _report(token).empty_classes == ("Tulips",)
    store.rename_set(token, sets(token)[2], "Roses")  # nothing is learned anew
    settle(token)
    assert _report(token).empty_classes == ("Roses",)
    store.add_set(token, "Asters")
    settle(token)
    assert _report(token).empty_classes == ("Asters", "Roses")
    add(token, sets(token)[2], {"1.png": drawn(1, "green"), "2.png": drawn(2, "green")})
    settle(token)
    assert _report(token).empty_classes == ("Asters",)


def _report(token: str) -> Report:
    result = studio().trainer.follow(studio().workspaces.open(token)).result
    assert result is not None
    assert result.classifier is not None
    return result.classifier.report
