from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from featclass.audit.shortcuts import Shortcut, shortcuts
from featclass.probe import binomial_tail
from tests.audit.drawings import look, saved, scene

CODES = np.repeat([0, 1], 15)


def found(files: list[bytes]) -> list[Shortcut]:
    return shortcuts([look(each) for each in files], CODES, np.arange(len(files)))


def drawn() -> list[Image.Image]:
    return [scene(seed) for seed in range(30)]


def test_drawn_pictures_give_nothing_away() -> None:
    assert found([saved(each) for each in drawn()]) == []


def test_a_file_format_of_one_class_is_given_away() -> None:
    files = [
        saved(each, "JPEG" if code else "PNG") for each, code in zip(drawn(), CODES, strict=True)
    ]
    (only,) = found(files)
    assert (only.cue, only.accuracy, only.chance) == ("file format", 1.0, 0.5)


def test_a_size_of_one_class_is_given_away_once() -> None:
    sizes = [
        (160, 100 + code * 60) if code else (160, 100 + seed) for seed, code in enumerate(CODES)
    ]
    files = [saved(scene(seed, size)) for seed, size in enumerate(sizes)]
    (only,) = found(files)
    assert (only.cue, only.label) == ("size in pixels", 1)
    assert only.rows == [*range(15, 30)]


def test_a_frame_of_one_class_is_given_away() -> None:
    files = [
        saved(ImageOps.expand(each.crop((6, 6, 154, 114)), 6, "black") if code else each)
        for each, code in zip(drawn(), CODES, strict=True)
    ]
    assert "border" in [each.cue for each in found(files)]


@pytest.mark.parametrize(
    ("box", "cue"),
    [((0, 0, 40, 30), "top left corner"), ((120, 90, 160, 120), "bottom right corner")],
)
def test_a_mark_in_a_corner_of_one_class_is_given_away(
    box: tuple[int, int, int, int], cue: str
) -> None:
    pictures = drawn()
    for picture in pictures[:15]:
        pen = ImageDraw.Draw(picture)
        pen.rectangle(box, fill="white")
        pen.line(box, fill="red", width=5)
    (only,) = found([saved(each) for each in pictures])
    assert (only.cue, only.label) == (cue, 0)
    assert only.accuracy >= 0.9


def test_of_too_many_pictures_a_sample_of_all_classes_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("featclass.audit.shortcuts.MOST", 14)  # fewer than the first class has
    files = [
        saved(picture, "JPEG" if code else "PNG")
        for picture, code in zip(drawn(), CODES, strict=True)
    ]
    (only,) = found(files)
    assert (only.cue, only.accuracy, only.chance) == ("file format", 1.0, 0.5)


def test_copies_do_not_make_a_give_away() -> None:
    # Two pictures of each class, many times over: their sizes tell them apart by chance.
    sizes = [(160, 100), (160, 110), (160, 120), (160, 130)]
    files = [saved(scene(place, size)) for place, size in enumerate(sizes) for _ in range(8)]
    codes, groups = np.repeat([0, 1], 16), np.repeat(np.arange(4), 8)
    looks = [look(each) for each in files]
    assert shortcuts(looks, codes, groups) == []
    assert shortcuts(looks, codes, np.arange(32)) != []


def test_sizes_by_chance_give_nothing_away() -> None:
    rng = np.random.default_rng(0)
    files = [saved(scene(seed, (160, 100 + 10 * int(rng.integers(4))))) for seed in range(30)]
    assert found(files) == []


def test_a_few_pictures_are_too_few_to_call_it_a_give_away() -> None:
    kinds = ["PNG"] * 5 + ["JPEG"] * 3
    looks = [look(saved(scene(seed), kind)) for seed, kind in enumerate(kinds)]
    assert shortcuts(looks, np.repeat([0, 1], 4), np.arange(8)) == []


def test_the_binomial_tail_is_exact() -> None:
    assert binomial_tail(0, 5, 0.5) == pytest.approx(1.0)
    assert binomial_tail(4, 5, 0.5) == pytest.approx(6 / 32)
    assert binomial_tail(5, 5, 1.0) == 1.0
