from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load as read_tensors
from safetensors.numpy import save as write_tensors

from featclass.base.errors import ClassifierUnusable
from featclass.base.records import (
    ClassFigures,
    Exemplars,
    Probe,
    Rejected,
    Report,
    TrainedClassifier,
)
from featclass.classifiers import artifact
from tests.classifiers.forging import signed

Change = Callable[[dict[str, Any], dict[str, Any]], object]
"""Changes a document and its tensors in place."""
NAMES = ('<b>"Łódź" \\ \n', "dog")


def classifier() -> TrainedClassifier:
    """A small one, with numbers that only come back from their exact bits."""
    rng = np.random.default_rng(0)
    report = Report(
        encoder="builtin",
        classes=NAMES,
        images=3,
        rejected=(Rejected("broken\udc80.jpg", "truncated"),),
        accuracy=2 / 3,
        accuracy_interval=(0.2, 0.9),
        chance_accuracy=2 / 3,
        confusion_matrix=((1, 0), (1, 1)),
        per_class={
            NAMES[0]: ClassFigures(0.5, 1.0, 2 / 3, 1),
            NAMES[1]: ClassFigures(1.0, 0.5, None, 2),
        },
        procedure="by hand",
        seconds={"embed": 0.1, "fit": 0.2, "evaluate": 0.3},
    )
    return TrainedClassifier(
        encoder="builtin",
        encoder_id="e" * 64,
        fingerprint="f" * 64,
        probe=Probe(NAMES, rng.normal(size=(2, 5)), rng.normal(size=2), True, 0.1 + 0.2),
        exemplars=Exemplars(
            names=("../a.png", "b\udcff.png", "c.png"),
            labels=(NAMES[0], NAMES[1], NAMES[1]),
            digests=tuple(hashlib.sha256(bytes([i])).hexdigest() for i in range(3)),
            vectors=rng.normal(size=(3, 5)).astype(np.float32),
        ),
        report=report,
        versions={"featclass": "0.1.0", "torch": "2"},
    )


def forged(change: Change) -> bytes:
    """A file with a right checksum whose document and tensors were changed."""
    data = artifact.dumps(classifier())
    header = int.from_bytes(data[:8], "little")
    version, _, text = json.loads(data[8 : 8 + header])["__metadata__"]["featclass"].split(" ", 2)
    document, tensors = json.loads(text), read_tensors(data)
    change(document, tensors)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return signed(write_tensors(tensors, {"featclass": f"{version} {'0' * 64} {text}"}))


def test_a_classifier_comes_back_as_it_was() -> None:
    made = classifier()
    back = artifact.loads(artifact.dumps(made))
    for field in ("encoder", "encoder_id", "fingerprint", "report", "versions"):
        assert getattr(back, field) == getattr(made, field)
    for field in ("classes", "roots", "floor"):
        assert getattr(back.probe, field) == getattr(made.probe, field)
    assert back.probe.coefficients.dtype == back.probe.intercepts.dtype == np.float64
    assert back.exemplars.vectors.dtype == np.float32
    np.testing.assert_array_equal(back.probe.coefficients, made.probe.coefficients)
    np.testing.assert_array_equal(back.probe.intercepts, made.probe.intercepts)
    np.testing.assert_array_equal(back.exemplars.vectors, made.exemplars.vectors)
    for field in ("names", "labels", "digests"):
        assert getattr(back.exemplars, field) == getattr(made.exemplars, field)


def test_pictures_called_none_of_the_classes_come_back_and_need_not_be_there() -> None:
    made = replace(classifier(), strangers=np.ones((2, 5), np.float32))
    back = artifact.loads(artifact.dumps(made)).strangers
    assert back is not None
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, made.strangers)
    assert artifact.loads(artifact.dumps(classifier())).strangers is None


@pytest.mark.parametrize(
    "strangers",
    [
        np.ones((2, 4), np.float32),
        np.ones(5, np.float32),
        np.ones((2, 5), np.float64),
        np.full((1, 5), np.nan, np.float32),
    ],
    ids=["another length", "no rows", "another kind", "no numbers"],
)
def test_forged_strangers_are_refused(strangers: Any) -> None:
    with pytest.raises(ClassifierUnusable, match="damaged"):
        artifact.loads(forged(lambda document, tensors: tensors.update(strangers=strangers)))


def test_the_same_classifier_gives_the_same_bytes() -> None:
    data = artifact.dumps(classifier())
    assert artifact.dumps(classifier()) == data
    assert artifact.dumps(artifact.loads(data)) == data


def test_the_order_of_an_array_in_memory_does_not_matter() -> None:
    made = classifier()
    turned = replace(
        made, probe=replace(made.probe, coefficients=np.asfortranarray(made.probe.coefficients))
    )
    assert artifact.dumps(turned) == artifact.dumps(made)


def test_a_file_cut_anywhere_is_refused() -> None:
    data = artifact.dumps(classifier())
    for cut in range(len(data)):
        with pytest.raises(ClassifierUnusable):
            artifact.loads(data[:cut])


def test_a_flipped_bit_anywhere_is_refused() -> None:
    data = bytearray(artifact.dumps(classifier()))
    for place in range(len(data)):
        data[place] ^= 1 << place % 8
        with pytest.raises(ClassifierUnusable):
            artifact.loads(bytes(data))
        data[place] ^= 1 << place % 8


def test_bytes_after_the_end_are_refused() -> None:
    with pytest.raises(ClassifierUnusable, match="damaged"):
        artifact.loads(artifact.dumps(classifier()) + b"\0")


@pytest.mark.parametrize(
    "data",
    [b"", b"\x89PNG\r\n\x1a\n" + b"\0" * 99, b"\xff" * 200, b"\x80\x04cposix\nsystem\n."],
    ids=["empty", "image", "huge header", "pickle"],
)
def test_another_kind_of_file_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(ClassifierUnusable, match="not a classifier saved by featclass"):
        artifact.loads(data)


def test_safetensors_of_something_else_are_refused() -> None:
    data = write_tensors({"weight": np.zeros(3)}, {"format": "pt"})
    with pytest.raises(ClassifierUnusable, match="not a classifier saved by featclass"):
        artifact.loads(data)


def test_another_format_version_is_named_with_what_to_do() -> None:
    data = artifact.dumps(classifier()).replace(b'"featclass":"2 ', b'"featclass":"7 ')
    with pytest.raises(ClassifierUnusable, match=r"version 7, and this featclass reads version 2"):
        artifact.loads(data)


def test_a_forged_file_is_built_rightly_by_these_tests() -> None:
    assert forged(lambda document, tensors: None) == artifact.dumps(classifier())


CONTRADICTIONS: dict[str, Change] = {
    "class removed": lambda d, t: d["classes"].pop(),
    "class renamed": lambda d, t: d.update(classes=["a", "b"]),
    "classes no list": lambda d, t: d.update(classes="ab"),
    "no encoder": lambda d, t: d.pop("encoder"),
    "encoder a number": lambda d, t: d.update(encoder=5),
    "floor below zero": lambda d, t: d.update(floor=-0.1),
    "floor above one": lambda d, t: d.update(floor=1.5),
    "floor beyond all numbers": lambda d, t: d.update(floor=10**400),
    "floor is nan": lambda d, t: d.update(floor=float("nan")),
    "floor is a list": lambda d, t: d.update(floor=[1]),
    "roots a number": lambda d, t: d.update(roots=1),
    "roots missing": lambda d, t: d.pop("roots"),
    "versions no object": lambda d, t: d.update(versions=[]),
    "versions nested": lambda d, t: d.update(versions={"torch": {}}),
    "report broken": lambda d, t: d["report"].update(images="many"),
    "report missing": lambda d, t: d.pop("report"),
    "name missing": lambda d, t: d["exemplars"]["names"].pop(),
    "label of no class": lambda d, t: d["exemplars"].update(labels=["x"] * 3),
    "digest of another kind": lambda d, t: d["exemplars"].update(digests=["../../x"] * 3),
    "exemplars missing": lambda d, t: t.pop("exemplars"),
    "no exemplars": lambda d, t: (
        d.update(exemplars={"names": [], "labels": [], "digests": []}),
        t.update(exemplars=t["exemplars"][:0]),
    ),
    "document a list": lambda d, t: d.update(report=[], exemplars=[]),
    "row missing": lambda d, t: t.update(coefficients=t["coefficients"][:1]),
    "column missing": lambda d, t: t.update(coefficients=t["coefficients"][:, :4].copy()),
    "intercept missing": lambda d, t: t.update(intercepts=t["intercepts"][:1]),
    "of another precision": lambda d, t: t.update(intercepts=t["intercepts"].astype("f4")),
    "of another rank": lambda d, t: t.update(intercepts=t["intercepts"][None]),
    "not a number": lambda d, t: t["coefficients"].__setitem__((0, 0), np.nan),
    "infinite exemplar": lambda d, t: t["exemplars"].__setitem__((0, 0), np.inf),
    "coefficients beyond any sum": lambda d, t: t["coefficients"].fill(1e308),
    "intercepts beyond any sum": lambda d, t: t["intercepts"].__setitem__(0, -1e300),
    "exemplars beyond any sum": lambda d, t: t["exemplars"].fill(3e38),
    "no dimension": lambda d, t: t.update(
        coefficients=t["coefficients"][:, :0], exemplars=t["exemplars"][:, :0]
    ),
    "class name of a megabyte": lambda d, t: _renamed(d, "x" * 10**6),
    "class name twice": lambda d, t: _renamed(d, "dog"),
    "class without a name": lambda d, t: _renamed(d, ""),
    "class name that is no text": lambda d, t: _renamed(d, "\ud800"),
    "class name that turns what follows": lambda d, t: _renamed(d, "\u202egnp"),
    "encoder of a megabyte": lambda d, t: d.update(encoder="x" * 10**6),
    "encoder id no digest": lambda d, t: d.update(encoder_id="<b>"),
    "picture name of a megabyte": lambda d, t: d["exemplars"]["names"].__setitem__(0, "x" * 10**6),
    "ten thousand versions": lambda d, t: d.update(versions={str(i): "" for i in range(10_000)}),
    "figure is nan": lambda d, t: d["report"].update(accuracy=float("nan")),
    "seconds beyond all numbers": lambda d, t: d["report"].update(seconds={"fit": float("inf")}),
    "sentence of a megabyte": lambda d, t: d["report"].update(method="x" * 10**6),
    "sentence that is no text": lambda d, t: d["report"].update(method="\udcff"),
    "a million lists": lambda d, t: d.update(more=[[]] * 10**6),
}


def _renamed(document: dict[str, Any], name: str) -> None:
    """Call the first class otherwise wherever it stands."""
    for part in (document, document["report"]):
        part["classes"] = sorted([name, "dog"])
    document["exemplars"]["labels"] = [name, "dog", "dog"]
    document["report"]["per_class"] = {
        one: document["report"]["per_class"]["dog"] for one in (name, "dog")
    }


@pytest.mark.parametrize("change", CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_a_well_signed_file_that_contradicts_itself_is_refused(
    change: Change,
) -> None:
    with pytest.raises(ClassifierUnusable, match=r"It is damaged: .+\. Take it"):
        artifact.loads(forged(change))


def test_a_document_nested_without_end_is_refused() -> None:
    deep = "[" * 200_000
    data = write_tensors({"x": np.zeros(1)}, {"featclass": f"2 {'0' * 64} {deep}"})
    with pytest.raises(ClassifierUnusable, match="cannot be read"):
        artifact.loads(signed(data))


def test_a_document_of_nothing_but_escaped_signs_is_read_without_a_multiple_of_it_in_memory() -> (
    None
):
    text = "\n" * 10**6
    data = signed(write_tensors({"x": np.zeros(1)}, {"featclass": f"2 {'0' * 64} {text}"}))
    tracemalloc.start()
    try:
        with pytest.raises(ClassifierUnusable, match="cannot be read"):
            artifact.loads(data)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10 * len(data)


def test_two_hundred_thousand_tensors_are_refused_before_they_are_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unexpected(data: bytes) -> object:
        raise AssertionError("nothing was to be read")

    data = forged(lambda document, tensors: None)
    header = int.from_bytes(data[:8], "little")
    many = b"".join(
        b',"%d":{"dtype":"F8_E4M3","shape":[0],"data_offsets":[0,0]}' % i for i in range(200_000)
    )
    opening = data[8 : 8 + header].rstrip()[:-1] + many + b"}"
    data = len(opening).to_bytes(8, "little") + opening + data[8 + header :]
    start = data.index(b'"featclass":"2 ') + len(b'"featclass":"2 ')
    monkeypatch.setattr(artifact, "read_tensors", unexpected)
    with pytest.raises(ClassifierUnusable, match="more tensors than a classifier has"):
        artifact.loads(signed(data[:start] + b"0" * 64 + data[start + 64 :]))


def test_what_could_not_be_loaded_again_is_not_saved(tmp_path: Path) -> None:
    made = classifier()
    spoilt = replace(made, probe=replace(made.probe, intercepts=np.array([np.nan, 0])))
    with pytest.raises(ClassifierUnusable, match="cannot be saved: its intercepts hold what is"):
        artifact.save(spoilt, tmp_path / "m.featclass")
    assert not list(tmp_path.iterdir())


def test_names_up_to_what_any_system_allows_are_saved_and_loaded() -> None:
    made = classifier()
    exemplars = replace(made.exemplars, names=("d/" * 2_000 + "a.png", "b" * 60_000, ""))
    assert artifact.loads(artifact.dumps(replace(made, exemplars=exemplars)))


def test_sizes_beyond_any_classifier_are_refused_before_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "large.featclass"
    artifact.save(classifier(), file)
    monkeypatch.setattr(artifact, "MOST_BYTES", 100)
    with pytest.raises(ClassifierUnusable, match="and a classifier at most 100"):
        artifact.load(file)
    with pytest.raises(ClassifierUnusable, match="and a classifier at most 100"):
        artifact.loads(file.read_bytes())


def test_a_header_beyond_any_classifier_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifact, "MOST_HEADER_BYTES", 100)
    with pytest.raises(ClassifierUnusable):
        artifact.loads(artifact.dumps(classifier()))


def test_saving_replaces_the_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "model.featclass"
    file.write_bytes(b"old")
    artifact.save(classifier(), file)
    assert artifact.dumps(artifact.load(file)) == file.read_bytes()
    assert list(tmp_path.iterdir()) == [file]


def test_a_failed_save_leaves_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OSError, match="folder"):
        artifact.save(classifier(), folder)
    assert list(tmp_path.iterdir()) == [folder]


def test_loading_names_the_file_and_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ClassifierUnusable, match=r"'none\.featclass' cannot be read: No such file"):
        artifact.load(tmp_path / "none.featclass")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(ClassifierUnusable, match=r"'text' cannot be used\. This is not"):
        artifact.load(tmp_path / "text")


def test_a_file_of_before_values_were_kept_loads_and_shows_its_sentences() -> None:
    def older(document: dict[str, Any], tensors: object) -> None:
        written = document["report"]
        del written["method_values"]
        written["method"] = "each of 3 images predicted by probes that never saw it: leave-one-out"
        written["verdict"] = {
            "better_than_guessing": False,
            "p_value": 0.3,
            "sentence": "Not shown to be better than guessing yet: 2 of 3 right.",
            "advice": "Add pictures.",
        }
        written["learning_curve"] = {"points": [], "projected": None, "reason": "Too few."}

    loaded = artifact.loads(forged(older))
    report = loaded.report
    assert report.procedure == report.method
    assert report.method.endswith("leave-one-out")
    assert report.verdict is not None
    assert report.verdict.sentence == "Not shown to be better than guessing yet: 2 of 3 right."
    assert report.verdict.advice == "Add pictures."
    assert report.learning_curve is not None
    assert report.learning_curve.reason == "Too few."
    assert artifact.loads(artifact.dumps(loaded)).report == report
