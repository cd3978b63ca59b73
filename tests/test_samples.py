from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from featclass import samples
from featclass.samples import FAMILIES, Sample, composition, draw_family, held_back, training
from featclass.samples.scenes import SCENES

DRAWN = 40


@pytest.fixture(scope="module")
def loaded() -> tuple[Sample, ...]:
    return training()


@pytest.fixture(scope="module")
def kept() -> tuple[Sample, ...]:
    return held_back()


@pytest.fixture(scope="module")
def many() -> dict[str, list[Sample]]:
    return {label: list(draw_family(label, DRAWN, seed=3)) for label in FAMILIES}


def labels(samples: tuple[Sample, ...]) -> list[str | None]:
    return [sample.label for sample in samples]


def digest(samples: tuple[Sample, ...]) -> str:
    return hashlib.sha256(b"".join(sample.data for sample in samples)).hexdigest()


def scenes(samples: list[Sample]) -> set[str]:
    return {sample.name.removesuffix(".jpg").split("-", 3)[3] for sample in samples}


def pixels(sample: Sample) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(sample.data)))


def test_the_labelled_sets_are_13_of_one_family_and_11_of_the_other(
    loaded: tuple[Sample, ...],
) -> None:
    first, second = FAMILIES

    assert labels(loaded) == [first] * 13 + [second] * 11


def test_held_back_are_three_of_each_family_and_two_of_neither(kept: tuple[Sample, ...]) -> None:
    first, second = FAMILIES

    assert labels(kept) == [first] * 3 + [second] * 3 + [None] * 2


def test_no_two_pictures_are_alike_and_none_held_back_was_trained_on(
    loaded: tuple[Sample, ...], kept: tuple[Sample, ...]
) -> None:
    everything = loaded + kept
    thumbs = np.stack(
        [
            np.asarray(Image.open(io.BytesIO(sample.data)).resize((24, 24)), dtype=np.float64)
            for sample in everything
        ]
    )
    apart = np.abs(thumbs[:, None] - thumbs[None]).mean(axis=(2, 3, 4))
    np.fill_diagonal(apart, np.inf)

    assert len({sample.name for sample in everything}) == len(everything)
    assert apart.min() > 8  # of 255: more than recompressing or nudging one picture would give


def test_everybody_held_back_is_a_member_seen_in_training(
    loaded: tuple[Sample, ...], kept: tuple[Sample, ...]
) -> None:
    def members(samples: tuple[Sample, ...]) -> set[tuple[str, str]]:
        return {(s.label, s.name.split("-")[2]) for s in samples if s.label is not None}

    assert members(kept) <= members(loaded)


def test_every_picture_is_a_jpeg_of_480_pixels_square_in_rgb(
    loaded: tuple[Sample, ...], kept: tuple[Sample, ...]
) -> None:
    for sample in loaded + kept:
        with Image.open(io.BytesIO(sample.data)) as image:
            image.load()
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (480, 480))


def test_another_process_draws_the_same_bytes(
    loaded: tuple[Sample, ...], kept: tuple[Sample, ...]
) -> None:
    script = (
        "import hashlib; from featclass.samples import held_back, training;"
        "data = b''.join(s.data for s in training() + held_back());"
        "print(hashlib.sha256(data).hexdigest())"
    )
    child = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONHASHSEED": "1234", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert child.stdout.strip() == digest(loaded + kept)


def test_drawing_needs_no_heavy_library() -> None:
    script = (
        "import sys; from featclass.samples import held_back; held_back();"
        "print({'torch', 'sklearn', 'streamlit'} & set(sys.modules))"
    )
    child = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert child.stdout.strip() == "set()"


def test_another_seed_draws_other_pictures() -> None:
    for label in FAMILIES:
        one, other = (list(draw_family(label, 4, seed=seed)) for seed in (1, 2))

        assert not {sample.data for sample in one} & {sample.data for sample in other}
        assert [sample.name for sample in one] != [sample.name for sample in other]


def test_a_picture_does_not_depend_on_how_many_are_drawn(many: dict[str, list[Sample]]) -> None:
    for label in FAMILIES:
        assert list(draw_family(label, 2, seed=3)) == many[label][:2]


def test_pictures_are_drawn_only_as_they_are_asked_for() -> None:
    endless = draw_family(FAMILIES[0], 10**9, seed=1)

    assert len(list(islice(endless, 2))) == 2


def test_an_unknown_family_cannot_be_drawn() -> None:
    with pytest.raises(KeyError, match="Nobodies"):
        next(draw_family("Nobodies", 1, seed=1))


def test_both_families_are_seen_before_every_background(
    loaded: tuple[Sample, ...], many: dict[str, list[Sample]]
) -> None:
    for label in FAMILIES:
        assert scenes([sample for sample in loaded if sample.label == label]) == set(SCENES)
        assert scenes(many[label]) == set(SCENES)


def border(sample: Sample) -> NDArray[np.float64]:
    """The mean colour of the eight pixels at the corners and the middles of the sides."""
    picture = pixels(sample)
    last, middle = picture.shape[0] - 1, picture.shape[0] // 2
    rows = [0, 0, 0, middle, middle, last, last, last]
    columns = [0, middle, last, 0, last, 0, middle, last]
    colour: NDArray[np.float64] = picture[rows, columns].mean(axis=0)
    return colour


def overall(sample: Sample) -> NDArray[np.float64]:
    """The mean colour of the picture."""
    colour: NDArray[np.float64] = pixels(sample).mean(axis=(0, 1))
    return colour


@pytest.mark.parametrize("shortcut", [border, overall])
def test_colour_alone_does_not_give_the_family_away(
    many: dict[str, list[Sample]], shortcut: Callable[[Sample], NDArray[np.float64]]
) -> None:
    known, unknown = DRAWN // 2, DRAWN - DRAWN // 2
    features = {
        label: np.stack([shortcut(sample) for sample in samples]) for label, samples in many.items()
    }
    centroids = {label: values[:known].mean(axis=0) for label, values in features.items()}
    right = sum(
        min(FAMILIES, key=lambda name: float(np.linalg.norm(value - centroids[name]))) == label
        for label, values in features.items()
        for value in values[known:]
    )

    assert right / (2 * unknown) < 0.8


def test_they_are_drawn_once_ahead_of_who_asks_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Counter[str]()
    portray = composition.portray

    def counted(*plan: Any) -> Any:
        drawn["family"] += 1
        return portray(*plan)

    monkeypatch.setattr(composition, "portray", counted)
    for cached in (samples._training, samples._held_back, samples.draw_ahead):
        cached.cache_clear()
    for _ in range(3):
        samples.draw_ahead(0.0)
    assert len(samples.training()) == 24  # while they are being drawn, or before
    assert len(samples.held_back()) == 8
    assert drawn["family"] == 30
