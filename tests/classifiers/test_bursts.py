"""Pictures that a camera recorded in one go: kept together, so that no score is fooled by them."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from starlette.testclient import TestClient

from featclass import classifiers
from featclass.base.records import Dataset, Image
from featclass.classifiers.out_of_fold import normalised
from featclass.classifiers.splits import find_copies, kept_together
from featclass.classifiers.training import Training
from featclass.embedding.engine import Engine
from featclass.server.studio import studio
from featclass.web.page import trust
from featclass.workspaces import NewPicture, Workspaces, dataset
from tests.fakes import drawn, image, two_classes

FRAMES = 6
SCENES = 14


def recorded(*, tell: bool = True) -> tuple[Image, ...]:
    """Return bursts of scenes whose class is chance: each has a light of its own, and no more."""
    chance = np.random.default_rng(3)
    labels = chance.permutation(["a", "b"] * (SCENES // 2))
    images = []
    for scene, label in enumerate(labels):
        light = np.kron(chance.integers(-25, 25, (4, 4, 3)), np.ones((4, 4, 1), dtype=int))
        for number in range(FRAMES):
            noise = chance.integers(-90, 90, (16, 16, 3))
            file = io.BytesIO()
            PIL.Image.fromarray((128 + light + noise).clip(0, 255).astype(np.uint8)).resize(
                (64, 64), PIL.Image.Resampling.NEAREST
            ).save(file, "PNG")
            found = image(file.getvalue(), f"{scene}-{number}.png", str(label))
            images.append(replace(found, burst=f"scene-{scene}") if tell else found)
    return tuple(images)


def training(engine: Engine, *images: Image) -> Training:
    return classifiers.train(engine, Dataset(images))


def test_the_score_of_bursts_does_not_leak_from_frame_to_frame(engine: Engine) -> None:
    fooled = training(engine, *recorded(tell=False)).classifier.report.accuracy
    report = training(engine, *recorded()).classifier.report
    assert fooled is not None
    assert fooled > 0.95  # the light of a scene gives its frames away
    assert report.accuracy is not None
    assert report.accuracy < 0.7
    assert "another picture of its burst" in report.method
    found = report.near_duplicates
    assert found is not None
    assert (found.images, found.groups, found.bursts) == (SCENES * FRAMES, SCENES, SCENES)
    assert found.accuracy_with_leak == pytest.approx(fooled, abs=0.05)
    [said] = [line for line in trust.lines(report) if "burst" in line]
    assert said.startswith("84 pictures come from 14 bursts: each counts once")


def test_bursts_widen_the_interval_for_they_count_once(engine: Engine) -> None:
    pictures = two_classes(12)
    alone = training(engine, *pictures).classifier.report.accuracy_interval
    bursts = [replace(one, burst=f"{row // 4}") for row, one in enumerate(pictures)]
    together = training(engine, *bursts).classifier.report.accuracy_interval
    assert alone is not None
    assert together is not None
    assert together[0] < alone[0]


def test_bursts_count_once_in_the_interval_of_the_recall_of_their_class(engine: Engine) -> None:
    pictures = two_classes(12)
    alone = training(engine, *pictures).classifier.report
    assert all(figures.recall_interval for figures in alone.per_class.values())
    bursts = [replace(one, burst=f"{row // 2}") for row, one in enumerate(pictures)]
    together = training(engine, *bursts).classifier.report
    assert not any(figures.recall_interval for figures in together.per_class.values())


def test_a_burst_is_held_out_whole(engine: Engine) -> None:
    images = recorded()
    embedded = classifiers.embed(engine, Dataset(images))
    groups = kept_together(embedded.images, [str(one.label) for one in embedded.images], None)
    assert groups is not None
    found = {(one.burst, int(group)) for one, group in zip(embedded.images, groups, strict=True)}
    assert len(found) == SCENES


def test_frames_moved_to_another_class_and_copies_of_a_frame_are_grouped_as_they_should(
    engine: Engine,
) -> None:
    files = [drawn(1, "red"), drawn(2, "red"), drawn(3, "blue")]
    copy = io.BytesIO()
    PIL.Image.open(io.BytesIO(files[0])).resize((80, 80)).save(copy, "PNG")
    images = [replace(image(data, f"{i}.png", "a"), burst="one") for i, data in enumerate(files)]
    images[2] = replace(images[2], label="b")
    images += [image(copy.getvalue(), "copy.png", "a"), *recorded(tell=False)[:12]]
    embedded = classifiers.embed(engine, Dataset(tuple(images)))
    labels = [str(one.label) for one in embedded.images]
    copies = find_copies(embedded, normalised(embedded))
    groups = kept_together(embedded.images, labels, copies)
    assert groups is not None
    of = {one.name: int(group) for one, group in zip(embedded.images, groups, strict=True)}
    assert of["0.png"] == of["1.png"] == of["copy.png"]
    assert of["2.png"] != of["0.png"]


def test_without_bursts_and_copies_each_picture_stands_for_itself(engine: Engine) -> None:
    embedded = classifiers.embed(engine, Dataset(tuple(two_classes())))
    assert kept_together(embedded.images, ["a"] * 12, None) is None


def test_a_class_that_is_a_single_burst_is_learned_and_a_second_one_is_asked_for(
    engine: Engine,
) -> None:
    red = [replace(one, burst="one") for one in two_classes(5) if one.label == "red"]
    blue = [one for one in two_classes(5) if one.label == "blue"]
    classifier = training(engine, *red, *blue).classifier
    assert classifier.report.accuracy is None
    assert "All pictures of 'red' were recorded in one go" in classifier.report.method
    [said] = classifiers.predict(engine, classifier, [image(drawn(50, "red"))])
    assert said.label == "red"
    second = replace(image(drawn(60, "red"), "red/second.png", "red"), burst="two")
    assert training(engine, *red, *blue, second).classifier.report.accuracy is not None


def test_frames_of_a_burst_are_no_copies_worth_a_look(engine: Engine) -> None:
    still = [drawn(7, "red", size=size) for size in (64, 65, 66)]
    bursts = [
        replace(image(data, f"still{row}.png", "red"), burst="one")
        for row, data in enumerate(still)
    ]
    others = two_classes(5)
    found = training(engine, *bursts, *others).audit
    plain = training(engine, *(replace(one, burst=None) for one in bursts), *others).audit
    assert plain is not None
    assert found is not None
    assert len(plain.duplicates) > len(found.duplicates)
    assert not any("still0.png" in group.paths for group in found.duplicates)


def test_a_workspace_keeps_the_burst_of_a_picture_also_when_it_is_moved_or_brought_back(
    tmp_path: Path,
) -> None:
    with Workspaces(tmp_path) as store:
        token = store.create()
        one, two = store.open(token).sets
        added = store.add_pictures(token, one.id, [NewPicture("a.png", drawn(1), "burst-1")])
        store.add_pictures(token, two.id, [NewPicture("b.png", drawn(2))])
        picture = added[0].picture_id
        assert picture is not None
        act = store.remove_picture(token, picture)
        store.undo(token, act.id)
        store.move_picture(token, picture, two.id)
        images = dataset(store, store.open(token)).images
        assert [(found.name, found.burst) for found in images] == [
            ("Set 2/b.png", None),
            ("Set 2/a.png", "burst-1"),
        ]


def test_an_upload_says_of_which_burst_its_pictures_are(client: TestClient) -> None:
    token = studio().workspaces.create()
    first = studio().workspaces.open(token).sets[0].id
    where, ours = f"/api/w/{token}/pictures?set={first}", {"X-Featclass": "1"}
    files = [("picture", (f"{seed}.png", drawn(seed))) for seed in range(2)]
    answer = client.post(where, files=files, data={"burst": "0f3b-aa12"}, headers=ours)
    assert answer.json() == {"added": 2, "copies": 0, "rejected": 0}
    pictures = studio().workspaces.open(token).sets[0].pictures
    assert [picture.burst for picture in pictures] == ["0f3b-aa12"] * 2


@pytest.mark.parametrize("burst", ["", "short", "x" * 65, "../../../etc", "äöüäöüäöü"])
def test_what_names_no_burst_is_refused(client: TestClient, burst: str) -> None:
    token = studio().workspaces.create()
    first = studio().workspaces.open(token).sets[0].id
    answer = client.post(
        f"/api/w/{token}/pictures?set={first}",
        files=[("picture", ("a.png", drawn(1)))],
        data={"burst": burst},
        headers={"X-Featclass": "1"},
    )
    assert answer.status_code == 400
    assert "recording" in answer.json()["error"]
    assert studio().workspaces.open(token).sets[0].pictures == ()
