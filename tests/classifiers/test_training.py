from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import featclass
from featclass import classifiers, encoders
from featclass.base import config, sentences
from featclass.base.errors import DatasetError, EncoderUnavailable
from featclass.base.records import Dataset, Rejected, Report
from featclass.classifiers import artifact, report
from featclass.classifiers.training import Training
from featclass.embedding.cache import CACHE_FILE, Cache
from featclass.embedding.engine import Engine, Engines
from featclass.encoders import builtin, identity
from featclass.images import DECODING_VERSION
from featclass.reports.markdown import report_markdown
from tests.audit.drawings import tinted
from tests.fakes import GridEncoder, drawn, image, two_classes


def test_two_classes_that_are_easy_to_tell_apart_are_told_apart(engine: Engine) -> None:
    report = classifiers.train(engine, Dataset(tuple(two_classes()))).classifier.report
    assert report.accuracy == 1.0
    assert report.images == 12
    assert report.confusion_matrix == ((6, 0), (0, 6))
    assert report.chance_accuracy == 0.5
    assert set(report.seconds) == {"embed", "fit", "evaluate"}


def test_the_seconds_of_a_report_are_parts_of_what_it_took_and_stay_as_they_were_given(
    engine: Engine,
) -> None:
    given: list[tuple[Report, dict[str, float]]] = []

    def scored(training: Training) -> None:
        early = training.classifier.report
        given.append((early, dict(early.seconds)))

    began = time.perf_counter()
    dataset = classifiers.embed(engine, Dataset(tuple(two_classes())))
    complete = classifiers.learn(dataset, engine, scored=scored).classifier.report
    assert 0 < sum(complete.seconds.values()) <= time.perf_counter() - began
    (early, seconds) = given[0]
    assert early.seconds == seconds
    assert complete.seconds["evaluate"] > seconds["evaluate"]


def test_the_seconds_of_a_split_are_parts_of_what_it_took(engine: Engine) -> None:
    began = time.perf_counter()
    report = classifiers.evaluate_split(engine, Dataset(tuple(two_classes())), share=0.5)
    assert 0 < sum(report.seconds.values()) <= time.perf_counter() - began


def test_labels_at_random_score_near_chance_because_no_image_is_judged_by_its_own_probe(
    engine: Engine,
) -> None:
    images = [
        replace(found, label="ab"[row % 2])
        for row, found in enumerate(image(drawn(seed), f"{seed}.png") for seed in range(60))
    ]
    report = classifiers.train(engine, Dataset(tuple(images))).classifier.report
    assert report.accuracy is not None
    assert report.accuracy < 0.75


def test_what_the_dataset_rejected_and_what_could_not_be_decoded_stand_in_the_report(
    engine: Engine,
) -> None:
    cut = image(drawn(3, form="JPEG", size=200)[:700], "red/cut.jpg", "red")
    dataset = Dataset((*two_classes(), cut), (Rejected("notes.txt", "not a picture"),))
    report = classifiers.train(engine, dataset).classifier.report
    assert [item.name for item in report.rejected] == ["notes.txt", "red/cut.jpg"]
    assert report.images == 12


def test_names_and_order_of_files_change_no_figure(engine: Engine) -> None:
    images = two_classes(8)
    trained = classifiers.train(engine, Dataset(tuple(images))).classifier
    shuffled = [replace(one, name=f"z{i}") for i, one in enumerate(reversed(images))]
    again = classifiers.train(engine, Dataset(tuple(shuffled))).classifier
    np.testing.assert_array_equal(trained.probe.coefficients, again.probe.coefficients)
    assert trained.report.confusion_matrix == again.report.confusion_matrix


def test_one_image_in_a_class_gives_a_classifier_without_a_score(engine: Engine) -> None:
    images = [*two_classes()[:6], image(drawn(9, "blue"), "blue/9.png", "blue")]
    trained = classifiers.train(engine, Dataset(tuple(images))).classifier
    assert trained.report.accuracy is None
    assert "blue" in trained.report.method
    [said] = classifiers.predict(engine, trained, [image(drawn(50, "blue"))])
    assert said.label == "blue"


def test_one_class_is_an_error_that_says_what_to_add(engine: Engine) -> None:
    with pytest.raises(DatasetError, match=r"only in 'red'.*Add pictures of a second class"):
        classifiers.train(engine, Dataset(tuple(two_classes()[:6])))


def test_a_split_reports_on_the_held_out_images_only(engine: Engine) -> None:
    report = classifiers.evaluate_split(engine, Dataset(tuple(two_classes(10))), share=0.8)
    assert report.confusion_matrix is not None
    assert sum(map(sum, report.confusion_matrix)) == 4
    assert report.images == 20
    assert "80/20" in report.method


def test_a_split_gives_the_interval_of_a_recall_that_was_tested_on_ten_pictures(
    engine: Engine,
) -> None:
    images = [
        image(tinted(seed, label), f"{label}/{seed}.png", label)
        for label in ("red", "blue")
        for seed in range(20)
    ]
    made = classifiers.evaluate_split(engine, Dataset(tuple(images)), share=0.5)
    assert made.per_class["red"].support == 10
    assert made.per_class["red"].recall_interval == report.wilson(10, 10)


def test_a_prediction_names_its_class_and_the_pictures_it_resembles(engine: Engine) -> None:
    trained = classifiers.train(engine, Dataset(tuple(two_classes()))).classifier
    [said] = classifiers.predict(engine, trained, [image(drawn(77, "blue"), "new.png")])
    assert said.path == "new.png"
    assert said.label == "blue"
    assert said.probability == said.probabilities["blue"] > 0.5
    assert sum(said.probabilities.values()) == pytest.approx(1)
    assert [near.label for near in said.neighbours] == ["blue"] * 3
    similarities = [near.similarity for near in said.neighbours]
    assert similarities == sorted(similarities, reverse=True)


def test_a_picture_unlike_all_classes_is_not_known_and_members_are(engine: Engine) -> None:
    images = two_classes(20)
    trained = classifiers.train(engine, Dataset(tuple(images))).classifier
    members = classifiers.predict(engine, trained, images)
    assert sum(said.known for said in members) >= 0.95 * len(members)
    [strange] = classifiers.predict(engine, trained, [image(_inverted(drawn(5, "red")))])
    assert not strange.known
    assert strange.label in trained.classes


def test_a_picture_called_none_of_these_is_refused_from_then_on_also_by_the_saved_classifier(
    engine: Engine, tmp_path: Path
) -> None:
    embedded = classifiers.embed(engine, Dataset(tuple(two_classes(20))))
    others = [image(drawn(seed, "#a02030"), f"{seed}.png") for seed in range(200, 212)]
    plain = classifiers.learn(embedded, engine).classifier
    assert any(said.known for said in classifiers.predict(engine, plain, others))
    strangers = engine.embed(others)
    told = classifiers.learn(replace(embedded, strangers=strangers), engine).classifier
    assert not any(said.known for said in classifiers.predict(engine, told, others))
    assert sum(said.known for said in classifiers.predict(engine, told, two_classes(20))) >= 34
    artifact.save(told, tmp_path / "told.featclass")
    loaded = artifact.load(tmp_path / "told.featclass")
    assert classifiers.predict(engine, loaded, others) == classifiers.predict(engine, told, others)
    assert told.classes == plain.classes == ("blue", "red")


def test_of_very_many_strangers_so_many_are_kept(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("featclass.classifiers.training.MAX_STRANGERS", 3)
    embedded = classifiers.embed(engine, Dataset(tuple(two_classes())))
    many = engine.embed([image(drawn(seed, "green"), f"{seed}.png") for seed in range(8)])
    kept = classifiers.learn(replace(embedded, strangers=many), engine).classifier.strangers
    assert kept is not None
    assert len(kept) == 3
    assert classifiers.learn(embedded, engine).classifier.strangers is None


def test_the_report_says_what_share_of_simulated_strangers_is_refused(engine: Engine) -> None:
    report = classifiers.train(engine, Dataset(tuple(two_classes(20)))).classifier.report
    assert report.refuses is not None
    assert report.refuses > 0.8
    assert "simulated" not in sentences.refusing(report)
    assert sentences.refusing(report) == ""


def test_the_report_says_so_where_a_stray_among_very_few_switches_refusing_off(
    engine: Engine,
) -> None:
    images = [*two_classes(3), image(_inverted(drawn(5, "red")), "odd.png", "red")]
    report = classifiers.train(engine, Dataset(tuple(images))).classifier.report
    assert report.refuses is not None
    assert report.refuses < sentences.LEAST_REFUSED
    assert sentences.refusing(report) in report_markdown(report)


def _inverted(data: bytes) -> bytes:
    import io

    import PIL.Image
    import PIL.ImageOps

    out = io.BytesIO()
    with PIL.Image.open(io.BytesIO(data)) as picture:
        PIL.ImageOps.invert(picture).save(out, "PNG")
    return out.getvalue()


def test_predictions_stand_in_the_order_of_the_files_also_where_some_cannot_be_used(
    engine: Engine, tmp_path: Path
) -> None:
    trained = classifiers.train(engine, Dataset(tuple(two_classes()))).classifier
    paths = [tmp_path / name for name in ("a.png", "b.txt", "c.png", "gone.png")]
    paths[0].write_bytes(drawn(60, "red"))
    paths[1].write_text("hello")
    paths[2].write_bytes(drawn(61, "blue"))
    said = classifiers.predict_files(engine, trained, paths)
    assert [one.path for one in said] == [str(path) for path in paths]
    assert [one.label for one in said] == ["red", None, "blue", None]
    assert [one.rejected is not None for one in said] == [False, True, False, True]


def test_a_renamed_classifier_says_the_same_under_the_new_names(engine: Engine) -> None:
    trained = classifiers.train(engine, Dataset(tuple(two_classes(5)))).classifier
    # "apple" sorts before "red" as "blue" did; "zebra" turns the order round.
    for new in ("apple", "zebra"):
        renamed = classifiers.renamed(Training(trained, ()), {"blue": new}).classifier
        assert renamed.classes == tuple(sorted(["red", new]))
        assert renamed.report.classes == renamed.classes
        assert renamed.report.per_class[new] == trained.report.per_class["blue"]
        picture = [image(drawn(70, "blue"))]
        before = classifiers.predict(engine, trained, picture)[0]
        after = classifiers.predict(engine, renamed, picture)[0]
        assert after.label == new
        assert after.probability == before.probability
        assert {near.label for near in after.neighbours} == {new}
        assert artifact.loads(artifact.dumps(renamed)).classes == renamed.classes


def test_renaming_turns_rows_and_columns_of_the_confusion_matrix_together(engine: Engine) -> None:
    trained = classifiers.train(engine, Dataset(tuple(two_classes(5)))).classifier
    trained = replace(trained, report=replace(trained.report, confusion_matrix=((4, 1), (0, 5))))
    renamed = classifiers.renamed(Training(trained, ()), {"blue": "zebra"}).classifier
    assert renamed.report.confusion_matrix == ((5, 0), (1, 4))


def test_each_training_image_is_judged_with_its_nearest_others(engine: Engine) -> None:
    training = classifiers.train(engine, Dataset(tuple(two_classes(5))))
    report = training.classifier.report
    assert [one.digest for one in training.out_of_fold] == sorted(
        found.digest for found in two_classes(5)
    )
    assert sum(one.said == one.label for one in training.out_of_fold) == 10 * (report.accuracy or 0)
    for one in training.out_of_fold:
        assert one.probability >= one.label_probability
        assert one.digest not in {near.digest for near in one.neighbours}
        assert [near.label for near in one.neighbours] == [one.label] * 3
        similarities = [near.similarity for near in one.neighbours]
        assert similarities == sorted(similarities, reverse=True)


def test_renaming_reaches_what_is_said_of_the_training_images(engine: Engine) -> None:
    training = classifiers.train(engine, Dataset(tuple(two_classes(5))))
    renamed = classifiers.renamed(training, {"blue": "zebra"})
    for before, after in zip(training.out_of_fold, renamed.out_of_fold, strict=True):
        assert after.label == {"blue": "zebra", "red": "red"}[before.label]
        assert after.said == {"blue": "zebra", "red": "red"}[before.said]
        assert {near.label for near in after.neighbours} == {after.label}
        assert after.probability == before.probability


def test_renaming_reaches_what_the_audit_found(engine: Engine) -> None:
    stray = replace(image(drawn(90, "blue"), "red/stray.png"), label="red")
    twice = [replace(image(drawn(0, "blue", form="BMP"), "blue/twice.bmp"), label="blue")]
    training = classifiers.train(engine, Dataset((*two_classes(8), stray, *twice)))
    found = classifiers.renamed(training, {"blue": "red", "red": "it's blue"}).audit
    assert training.audit is not None
    assert found is not None
    [suspect] = [error for error in found.label_errors if error.suspect]
    assert (suspect.path, suspect.label, suspect.suggested) == (
        "it's blue/stray.png",
        "it's blue",
        "red",
    )
    assert suspect.sentence == """Is labelled "it's blue" and looks like 'red'."""
    for before, after in zip(training.audit.duplicates, found.duplicates, strict=True):
        assert after.key == before.key
        for path, label in zip(after.paths, after.labels, strict=True):
            assert path.startswith(f"{label}/")
    assert any("red/twice.bmp" in group.paths for group in found.duplicates)
    assert found.balance.counts == {"red": 9, "it's blue": 9}


def test_copies_of_a_picture_in_the_wrong_set_hide_it_from_nobody(engine: Engine) -> None:
    forms = ("PNG", "BMP", "TIFF", "GIF")
    images = [
        image(drawn(seed, colour, form=form), f"{colour}/{seed}.{form.lower()}", colour)
        for colour in ("red", "blue")
        for seed in range(3)
        for form in forms
    ]
    strays = [
        replace(image(drawn(90, "blue", form=form), f"red/stray.{form.lower()}"), label="red")
        for form in forms
    ]
    found = classifiers.train(engine, Dataset((*images, *strays))).audit
    assert found is not None
    suspects = {error.path for error in found.label_errors if error.suspect}
    assert suspects == {stray.name for stray in strays}


def test_a_classifier_of_other_weights_is_refused_and_of_other_precision_noted(
    engine: Engine,
) -> None:
    trained = classifiers.train(engine, Dataset(tuple(two_classes()))).classifier
    assert classifiers.check_encoder(trained, engine) == []
    with pytest.raises(EncoderUnavailable, match="other weights"):
        classifiers.check_encoder(replace(trained, encoder_id="00" * 32), engine)
    notes = classifiers.check_encoder(replace(trained, fingerprint="00" * 32), engine)
    assert len(notes) == 1
    assert "precision" in notes[0]
    assert "Train it again" in notes[0]


@pytest.mark.parametrize("before", [4, 3])
def test_a_classifier_saved_before_pictures_were_decoded_otherwise_loads_with_a_note(
    before: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert DECODING_VERSION == 5
    monkeypatch.setenv("FEATCLASS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("FEATCLASS_PRECISION", "float32")
    settings, path = config.load(), tmp_path / "m.featclass"
    with Cache(settings.data / CACHE_FILE) as cache:
        with monkeypatch.context() as patch:
            patch.setattr(identity, "DECODING_VERSION", before)
            old = Engine(builtin.load("cpu"), cache, max_pixels=10**6)
        images = two_classes()
        trained = classifiers.train(old, Dataset(tuple(images))).classifier
        artifact.save(trained, path)
        new = Engine(builtin.load("cpu"), cache, max_pixels=10**6)
        digests = [image.digest for image in images]
        assert len(cache.get(digests, old.encoder.fingerprint)) == len(images)
        assert cache.get(digests, new.encoder.fingerprint) == {}
        new.embed(images)
        assert len(cache.get(digests, new.encoder.fingerprint)) == len(images)
        old.close()
        new.close()
    with caplog.at_level("WARNING", "featclass"):
        loaded = featclass.load(path, device="cpu")
    assert "another precision or picture decoding" in caplog.text
    picture = tmp_path / "new.png"
    picture.write_bytes(images[0].read())
    assert loaded.predict([picture])[0].label == images[0].label


def test_an_appearance_that_another_version_kept_is_described_anew(engine: Engine) -> None:
    images = two_classes()
    engine.embed(images, describe=True)
    fingerprint, digests = engine.encoder.fingerprint, [image.digest for image in images]
    kept = engine.cache.appearances(digests)
    stale = {digest: b"\x01" + data[1:] for digest, data in kept.items()}
    engine.cache.put(engine.cache.get(digests, fingerprint), fingerprint, stale)
    assert len(engine.embed(images, describe=True).appearances) == len(images)
    assert engine.cache.appearances(digests) == kept


def test_a_saved_classifier_gives_identical_probabilities(engine: Engine, tmp_path: Path) -> None:
    trained = classifiers.train(engine, Dataset(tuple(two_classes()))).classifier
    artifact.save(trained, tmp_path / "m.featclass")
    loaded = artifact.load(tmp_path / "m.featclass")
    pictures = [image(drawn(seed)) for seed in range(90, 95)]
    assert classifiers.predict(engine, loaded, pictures) == classifiers.predict(
        engine, trained, pictures
    )


def test_auto_tells_why_it_does_without_the_better_encoder_and_a_name_never_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load(spec: str, **_: object) -> GridEncoder:
        if spec != "builtin":
            raise EncoderUnavailable(f"{spec} is not on this machine.")
        heard.append("loaded")
        return GridEncoder(spec="builtin")

    heard: list[str] = []
    monkeypatch.setattr(encoders, "load", load)
    monkeypatch.setattr(encoders, "choose_device", lambda _: "cpu")
    with Cache(":memory:") as cache:
        engines = Engines(config.load(), cache)
        opened = engines.choose("auto", tell=heard.append)
        assert opened.encoder.spec == "builtin"
        assert "built-in encoder meanwhile" in heard[0]
        assert heard[1:] == ["loaded"]
        with pytest.raises(EncoderUnavailable, match="ViT-L-14"):
            engines.choose("ViT-L-14/datacomp_xl_s13b_b90k", tell=heard.append)
        engines.close()
