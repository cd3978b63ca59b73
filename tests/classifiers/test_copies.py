"""Copies that a training tool made: they do not lift the score, and are counted and named."""

from __future__ import annotations

import numpy as np
import PIL.Image

from featclass import classifiers
from featclass.base.records import Dataset, Image
from featclass.embedding.engine import Engine
from tests.audit.drawings import photo, saved
from tests.fakes import image

PICTURES = 24


def changed(picture: PIL.Image.Image) -> list[PIL.Image.Image]:
    sheared = (1, 0.05, -3, 0.02, 1, 0)
    return [
        picture,
        picture.crop((6, 4, 154, 116)),
        picture.rotate(4, PIL.Image.Resampling.BICUBIC),
        picture.transform(picture.size, PIL.Image.Transform.AFFINE, sheared),
    ]


def augmented(*, copied: bool) -> tuple[Image, ...]:
    """Return pictures whose class is chance, each beside three changed copies if so wanted."""
    labels = np.random.default_rng(5).permutation(["a", "b"] * (PICTURES // 2))
    images = []
    for place, label in enumerate(labels):
        for number, picture in enumerate(changed(photo(place))[: 4 if copied else 1]):
            name = f"{label}/{place}_{number}.jpg"
            images.append(image(saved(picture, "JPEG"), name, str(label)))
    return tuple(images)


def test_augmented_copies_do_not_lift_the_score_and_are_counted(engine: Engine) -> None:
    training = classifiers.train(engine, Dataset(augmented(copied=True)))
    report = training.classifier.report
    assert report.accuracy_interval is not None
    assert report.accuracy_interval[0] <= 0.5
    assert report.accuracy is not None
    assert report.near_duplicates is not None
    assert report.near_duplicates.accuracy_with_leak is not None
    assert report.near_duplicates.images >= 0.9 * 4 * PICTURES
    assert report.near_duplicates.groups >= 0.9 * PICTURES
    assert report.near_duplicates.accuracy_with_leak > report.accuracy
    assert training.audit is not None
    assert {group.is_exact for group in training.audit.duplicates} == {False}


def test_of_pictures_without_copies_none_is_counted(engine: Engine) -> None:
    training = classifiers.train(engine, Dataset(augmented(copied=False)))
    assert training.classifier.report.near_duplicates is None
    assert training.audit is not None
    assert training.audit.duplicates == ()
