"""A classifier by logistic regression goes the way of one by the discriminant, and says which."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import featclass
from featclass import classifiers, library, probe
from featclass.base import ClassifierUnusable, Dataset, FeatclassError, ProbeKind
from featclass.classifiers import artifact
from featclass.classifiers.report_json import from_json, to_json
from featclass.classifiers.training import Training
from featclass.classifiers.untrusted import Malformed
from featclass.embedding.engine import Engine
from featclass.reports.contents import Contents
from featclass.reports.markdown import report_markdown
from tests.classifiers.test_forged import put_together, taken_apart
from tests.fakes import two_classes


@pytest.fixture
def trained(engine: Engine) -> Training:
    return classifiers.train(engine, Dataset(tuple(two_classes())), kind=ProbeKind.LOGISTIC)


def test_the_report_says_which_probe_and_which_c(trained: Training, engine: Engine) -> None:
    report = trained.classifier.report
    assert report.accuracy == 1.0
    assert report.C is not None
    document = to_json(report)
    assert (document["probe"], document["C"]) == ("logistic", report.C)
    assert from_json(json.loads(json.dumps(document))) == report
    assert f"multinomial logistic regression, C = {report.C:,g}; each fold" in report.method
    facts = dict(Contents.of(trained, title="x").facts)
    assert f"logistic regression, C = {report.C:,g}" in facts["Probe"]
    assert "Probe: multinomial logistic regression." in report_markdown(report)
    usual = classifiers.train(engine, Dataset(tuple(two_classes())))
    assert (to_json(usual.classifier.report)["probe"], usual.classifier.report.C) == (
        "discriminant",
        None,
    )
    assert "regression" not in usual.classifier.report.method
    facts = dict(Contents.of(usual, title="x").facts)
    assert facts["Probe"].startswith("shrinkage discriminant analysis: ")


def test_it_is_saved_loaded_and_scored_as_any_other(
    trained: Training, engine: Engine, tmp_path: Path
) -> None:
    artifact.save(trained.classifier, tmp_path / "m.featclass")
    loaded = artifact.load(tmp_path / "m.featclass")
    assert loaded.report == trained.classifier.report
    images = two_classes(4)
    vectors = engine.embed(images).vectors
    np.testing.assert_array_equal(
        probe.predict(loaded.probe, vectors), probe.predict(trained.classifier.probe, vectors)
    )
    scored = classifiers.evaluate_saved(engine, loaded, Dataset(tuple(images))).classifier.report
    assert (scored.probe, scored.C) == (ProbeKind.LOGISTIC, trained.classifier.report.C)
    assert "logistic regression, C = " in scored.method


def test_a_file_of_before_there_was_a_choice_is_a_discriminant(trained: Training) -> None:
    document, tensors = taken_apart(artifact.dumps(trained.classifier))
    del document["report"]["probe"], document["report"]["C"]
    report = artifact.loads(put_together(document, tensors)).report
    assert (report.probe, report.C) == (ProbeKind.DISCRIMINANT, None)


@pytest.mark.parametrize("forged", ["forest", "Logistic", "", 1, None, ["logistic"], {}])
def test_a_probe_of_no_known_kind_is_refused_in_a_sentence(
    trained: Training, forged: object
) -> None:
    document, tensors = taken_apart(artifact.dumps(trained.classifier))
    document["report"]["probe"] = forged
    with pytest.raises(ClassifierUnusable, match=r"in its report, 'probe' should be .*\.$"):
        artifact.loads(put_together(document, tensors))


@pytest.mark.parametrize("forged", [-1.0, "10", 1e300, [1.0]])
def test_a_c_that_is_none_is_refused(trained: Training, forged: object) -> None:
    document = to_json(trained.classifier.report)
    with pytest.raises(Malformed, match="'C' should be"):
        from_json({**document, "C": forged})
    with pytest.raises(Malformed, match="'C' should be null but for logistic regression"):
        from_json({**document, "probe": "discriminant"})


def test_a_single_picture_of_a_class_is_learned_without_a_score(engine: Engine) -> None:
    images = [*two_classes(5)[:5], two_classes(5)[-1]]
    training = classifiers.train(engine, Dataset(tuple(images)), kind=ProbeKind.LOGISTIC)
    report = training.classifier.report
    assert (report.accuracy, report.C, report.probe) == (None, None, ProbeKind.LOGISTIC)
    assert "only one picture" in report.method
    assert "regression" not in report.method


def test_a_split_is_learned_by_it_too(engine: Engine) -> None:
    dataset = Dataset(tuple(two_classes(10)))
    report = classifiers.evaluate_split(engine, dataset, share=0.8, kind=ProbeKind.LOGISTIC)
    assert (report.probe, report.accuracy) == (ProbeKind.LOGISTIC, 1.0)
    assert "logistic regression, C chosen by cross-validation of those to train on" in report.method


def test_python_takes_the_probe_by_name_and_refuses_others_in_a_sentence(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "_open", lambda spec, device, precision: engine)
    dataset = Dataset(tuple(two_classes()))
    assert featclass.train(dataset, probe="logistic").report.probe == "logistic"
    assert featclass.evaluate(dataset, probe="logistic", split=0.5).probe == "logistic"
    assert featclass.evaluate(dataset).probe == "discriminant"
    with pytest.raises(FeatclassError, match="is 'discriminant' or 'logistic', and not 'svm'"):
        featclass.train(dataset, probe="svm")  # type: ignore[arg-type]
