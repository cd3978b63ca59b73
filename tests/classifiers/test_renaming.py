"""Classes called otherwise: the old names are nowhere any more, whatever they are written with."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from featclass import classifiers
from featclass.base import (
    Advice,
    CrossValidation,
    ErrorsLeft,
    Lacking,
    LearningCurve,
    Method,
    Projection,
    Rate,
    Remedy,
    SavedClassifier,
    TooFewErrors,
    TooFewOfAClass,
    Unscored,
    Verdict,
    sentences,
)
from featclass.base.records import Dataset, Report, TextPriorUse
from featclass.classifiers import artifact, report
from featclass.classifiers import training as learning
from featclass.classifiers.out_of_fold import looked_into
from featclass.classifiers.training import Training
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.reports.contents import Contents
from featclass.reports.html import as_html
from featclass.reports.markdown import as_markdown, report_markdown
from featclass.server.studio import studio
from featclass.web.page import trust, wording
from tests.fakes import GridEncoder, drawn, image, two_classes
from tests.filled import SECONDS, add, sets, settle

MARK = "quuxly"
"""In every old name, in no new one, and in nothing else that is written."""
OLD = (MARK, f"{MARK} \U0001f98a <b>", f'{MARK}\'s "own" \\n')
NEW = ('it\'s "new" \\t', "new", 'it\'s "new" \\t \U0001f438')
RENAMED = dict(zip(OLD, NEW, strict=True))


@pytest.fixture(scope="module")
def training() -> Training:
    """Of three classes, the smallest with few pictures: a stray, a copy across classes, a cue."""
    numbers = {"red": 14, "blue": 12, "green": 3}
    images = [
        image(drawn(seed, colour, size=64 if colour == "red" else 96), f"{name}/{seed}.png", name)
        for (colour, count), name in zip(numbers.items(), OLD, strict=True)
        for seed in range(count)
    ]
    stray = image(drawn(90, "blue", size=96), f"{OLD[0]}/stray.png", OLD[0])
    copy = image(drawn(0, "blue", size=96, form="BMP"), f"{OLD[2]}/copy.bmp", OLD[2])
    with Cache(":memory:") as cache:
        engine = Engine(GridEncoder(), cache, max_pixels=10**6)
        dataset = Dataset((*images, stray, copy), empty=(f"{MARK} without any",))
        made = classifiers.train(engine, dataset)
        engine.close()
    return made


def written(training: Training) -> str:
    """Everything that is ever written of a classifier, one behind the other."""
    made = training.classifier.report
    audit = training.audit
    assert audit is not None
    saved = artifact.dumps(training.classifier)
    header = saved[8 : 8 + int.from_bytes(saved[:8], "little")].decode()
    texts = [
        header,
        json.dumps(training.to_json(), ensure_ascii=False),
        json.dumps(audit.to_json(), ensure_ascii=False),
        as_html(Contents.of(training, title="t"), thumbnail=lambda digest: None),
        as_markdown(Contents.of(training, title="t")),
        report_markdown(made),
        *sentences.conclusions(made),
        *sentences.empty_sentences(made),
        trust.doubt(made),
        *trust.lines(made),
        *trust.details(made),
        trust.worth_a_look(training, ()),
        json.dumps(wording.class_rows(made), ensure_ascii=False) if made.accuracy else "",
    ]
    return "\n".join(texts)


def with_report(training: Training, **changes: object) -> Training:
    changed = replace(training.classifier.report, **changes)  # type: ignore[arg-type]
    return replace(training, classifier=replace(training.classifier, report=changed))


def renamed(training: Training, names: Mapping[str, str] = RENAMED) -> Training:
    return classifiers.renamed(training, {**names, f"{MARK} without any": "still empty"})


def test_what_is_renamed_has_every_kind_of_sentence_that_names_a_class(training: Training) -> None:
    audit = training.audit
    assert audit is not None
    assert any(error.suspect for error in audit.label_errors)
    assert any(group.is_across_classes for group in audit.duplicates)
    assert audit.shortcuts
    assert audit.balance.is_unbalanced
    made = training.classifier.report
    assert made.verdict is not None
    assert made.learning_curve is not None
    assert MARK in made.learning_curve.reason  # the smallest class has too few
    assert made.empty_classes == (f"{MARK} without any",)


def test_no_old_name_is_left_anywhere_after_a_renaming(training: Training) -> None:
    assert MARK in written(training)
    text = written(renamed(training))
    assert MARK not in text
    assert "copy.bmp" in text  # what belongs to the pictures stays


RATES = (Rate(13, 24, OLD[1], 13), Rate(13, 24, None, 12), Rate(130, 240, OLD[0], 130))
CURVES = (
    LearningCurve((), Projection(8, OLD[2], 0.5, 0.75, 0.6, 0.9)),
    LearningCurve((), None, TooFewOfAClass(OLD[1], 5)),
    LearningCurve((), None, TooFewErrors(1, 24)),
    LearningCurve((), None, ErrorsLeft(False, 24, 0.3, 1.0)),
)
METHODS: tuple[Method, ...] = (
    CrossValidation(28, 5, 3, leave_one_out=False, groups=27),
    SavedClassifier(28, 20, {OLD[0]: OLD[1]}),
    *(Unscored(why, OLD[:1], 3) for why in Lacking if why is not Lacking.UNDIVIDED),
    Unscored(Lacking.SINGLE_PICTURES, OLD),
    Unscored(Lacking.UNDIVIDED),
)


@pytest.mark.parametrize(
    "changes",
    [
        *({"verdict": Verdict(False, 0.3, rate, Advice(Remedy.MORE, 12))} for rate in RATES),
        *({"learning_curve": curve} for curve in CURVES),
        *({"procedure": method, "unknown_classes": OLD[:1]} for method in METHODS),
        {"class_names": TextPriorUse(0.4, OLD[1:])},
    ],
)
def test_whatever_a_report_concludes_is_said_with_the_new_names(
    training: Training, changes: dict[str, object]
) -> None:
    before = with_report(training, **changes)
    after = renamed(before)
    assert MARK not in written(after)
    back = renamed(after, {new: old for old, new in RENAMED.items()})
    made = replace(before.classifier.report, empty_classes=("still empty",))
    assert back.classifier.report == made
    read = report.from_json(json.loads(json.dumps(report.to_json(after.classifier.report))))
    assert read == after.classifier.report


def test_names_that_change_places_change_places_in_every_sentence(training: Training) -> None:
    one, two, _ = OLD
    rate = Rate(13, 24, one, 13)
    before = with_report(
        training, verdict=Verdict(True, 0.01, rate), learning_curve=CURVES[1], procedure=METHODS[2]
    )
    after = renamed(before, {one: two, two: one})
    was, now = before.classifier.report, after.classifier.report
    assert was.verdict is not None
    assert now.verdict is not None
    assert f"always saying {one} gives" in was.verdict.sentence
    assert f"always saying {two} gives" in now.verdict.sentence
    assert now.learning_curve == LearningCurve((), None, TooFewOfAClass(one, 5))
    assert now.procedure == Unscored(Lacking.SINGLE_PICTURES, (two,), 3)
    assert before.audit is not None
    assert after.audit is not None
    for old, new in zip(before.audit.label_errors, after.audit.label_errors, strict=True):
        swapped = {one: two, two: one}.get(old.label, old.label)
        assert new.label == swapped
        assert (f"labelled {swapped!r}" in new.sentence) == new.suspect
    twice = renamed(after, {one: two, two: one})
    assert twice.audit == before.audit
    assert twice.out_of_fold == before.out_of_fold


def test_a_name_within_another_is_not_taken_for_it() -> None:
    images = [replace(one, label="a" if one.label == "red" else "a b") for one in two_classes(8)]
    images = [replace(one, name=f"{one.label}/{one.name[-5:]}") for one in images]
    with Cache(":memory:") as cache:
        engine = Engine(GridEncoder(), cache, max_pixels=10**6)
        made = classifiers.train(engine, Dataset(tuple(images)))
        engine.close()
    after = classifiers.renamed(made, {"a": "a b", "a b": "a"})
    assert after.classifier.classes == ("a", "a b")
    folders = {
        evaluation.label: evaluation.name.partition("/")[0] for evaluation in after.out_of_fold
    }
    assert folders == {"a": "a", "a b": "a b"}


@pytest.fixture
def token() -> str:
    """Of each set four pictures, called by hostile names."""
    token = studio().workspaces.create()
    store = studio().workspaces
    for set_id, colour, name in zip(sets(token), ("red", "blue"), OLD, strict=False):
        add(token, set_id, {f"{seed}.png": drawn(seed, colour) for seed in range(4)})
        store.rename_set(token, set_id, name)
    return token


def rename(token: str) -> None:
    for set_id, name in zip(sets(token), NEW, strict=False):
        studio().workspaces.rename_set(token, set_id, name)


def current(token: str) -> Report:
    result = studio().trainer.follow(studio().workspaces.open(token)).result
    assert result is not None
    assert result.classifier is not None
    return result.classifier.report


@pytest.mark.usefixtures("fake_encoder")
def test_page_and_downloads_of_a_renamed_set_know_no_old_name(
    client: TestClient, token: str
) -> None:
    settle(token)
    rename(token)
    settle(token)
    result = studio().trainer.follow(studio().workspaces.open(token)).result
    assert result is not None
    assert result.training is not None
    assert MARK not in written(result.training)
    for route in ("report.html", "report.md", "findings", "map", "tried", "questions"):
        answer = client.get(f"/api/w/{token}/{route}")
        assert answer.status_code == 200, answer.text
        assert MARK not in answer.text, route


@pytest.mark.usefixtures("fake_encoder")
def test_a_set_of_a_single_picture_is_asked_for_more_under_its_new_name(token: str) -> None:
    third = studio().workspaces.add_set(token, OLD[2])
    add(token, third, {"1.png": drawn(1, "green")})
    settle(token)
    assert current(token).method.startswith(repr(OLD[2]))
    rename(token)
    settle(token)
    assert current(token).method.startswith(repr(NEW[2]))
    assert MARK not in current(token).method


@pytest.mark.usefixtures("fake_encoder")
def test_a_picture_in_two_sets_does_not_keep_the_old_names_until_all_is_learned_anew(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(token, sets(token)[1], {"both.png": drawn(0, "red")})
    settle(token)
    monkeypatch.setattr(classifiers, "learn", None)
    rename(token)
    settle(token)
    result = studio().trainer.follow(studio().workspaces.open(token)).result
    assert result is not None
    assert result.training is not None
    assert len(result.rejected) == 2
    assert result.rejected == result.training.classifier.report.rejected
    assert [NEW[0] in item.reason for item in result.rejected] == [False, True]
    assert MARK not in written(result.training) + str(result.rejected)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let what follows the score wait until it is told to go on."""
    go_on = threading.Event()

    def waiting(*given: object, **named: object) -> Report:
        assert go_on.wait(SECONDS)
        return looked_into(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(learning, "looked_into", waiting)
    yield go_on
    go_on.set()


@pytest.mark.usefixtures("fake_encoder")
def test_what_is_still_being_worked_out_when_a_set_is_renamed_gets_the_new_name(
    token: str, held: threading.Event
) -> None:
    parts, end = studio(), time.monotonic() + SECONDS
    while (state := parts.trainer.follow(parts.workspaces.open(token))).result is None:
        assert time.monotonic() < end
        parts.trainer.wait(0.05)
    assert state.result is not None
    assert state.result.is_settling
    rename(token)
    assert current(token).classes == tuple(sorted(NEW[:2]))
    seen: list[Report] = []
    held.set()
    while parts.trainer.follow(parts.workspaces.open(token)).is_busy:
        seen.append(current(token))
        assert time.monotonic() < end
        parts.trainer.wait(0.05)
    seen.append(current(token))
    assert all(made.classes == tuple(sorted(NEW[:2])) for made in seen)
    assert seen[-1].learning_curve is not None
    assert MARK not in json.dumps(report.to_json(seen[-1]))
