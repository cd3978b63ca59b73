from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageEnhance, ImageOps

from featclass.audit import duplicates, find_copies
from featclass.probe import neighbours
from tests.audit.drawings import embedding, look, photo, saved, scene

MANY = 30
Change = Callable[[Image.Image], bytes]

CHANGES: dict[str, Change] = {
    "the same bytes": lambda picture: saved(picture),
    "resized": lambda picture: saved(picture.resize((96, 72), Image.Resampling.LANCZOS)),
    "squeezed": lambda picture: saved(picture.resize((160, 80), Image.Resampling.LANCZOS)),
    "saved at quality 30": lambda picture: saved(picture, "JPEG", 30),
    "brighter": lambda picture: saved(ImageEnhance.Brightness(picture).enhance(1.1)),
    "mirrored": lambda picture: saved(ImageOps.mirror(picture)),
    "turned": lambda picture: saved(picture.transpose(Image.Transpose.ROTATE_90)),
    "tilted": lambda picture: saved(picture.rotate(2, Image.Resampling.BICUBIC)),
}


def covered(picture: Image.Image) -> Image.Image:
    changed = picture.copy()
    changed.paste((0, 0, 0), (20, 20, 64, 56))
    return changed


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "cropped to 80 %": lambda picture: picture.crop((20, 6, 148, 102)),
    "shifted by a tenth": lambda picture: ImageChops.offset(picture, 16, 12),
    "tilted by 12 degrees": lambda picture: picture.rotate(12, Image.Resampling.BICUBIC),
    "sheared": lambda picture: picture.transform(
        picture.size, Image.Transform.AFFINE, (1, 0.2, -12, 0, 1, 0)
    ),
    "partly covered": covered,
    "zoomed": lambda picture: picture.crop((16, 12, 144, 108)).resize(picture.size),
    "several at once": lambda picture: ImageOps.mirror(picture.rotate(-9).crop((9, 9, 151, 111))),
}


def groups_of(files: list[bytes]) -> list[int]:
    vectors = np.stack([embedding(Image.open(BytesIO(each)).convert("RGB")) for each in files])
    return [*map(int, find_copies(vectors, [look(each) for each in files]).groups)]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_copy_of_each_picture_is_in_its_group(change: Change) -> None:
    originals = [scene(seed) for seed in range(MANY)]
    groups = groups_of([saved(each) for each in originals] + [change(each) for each in originals])
    together = np.mean([one == other for one, other in zip(groups, groups[MANY:], strict=False)])
    assert together >= 0.9
    assert len(set(groups)) >= MANY


@pytest.mark.parametrize("change", COPIES.values(), ids=COPIES.keys())
def test_an_augmented_copy_of_each_picture_is_in_its_group(
    change: Callable[[Image.Image], Image.Image],
) -> None:
    originals = [photo(seed) for seed in range(MANY)]
    files = [saved(each, "JPEG") for each in (*originals, *map(change, originals))]
    groups = groups_of(files)
    together = np.mean([one == other for one, other in zip(groups, groups[MANY:], strict=False)])
    assert together >= 0.9
    assert len(set(groups)) >= MANY


def test_three_augmented_copies_of_every_picture_are_in_its_group_and_no_other() -> None:
    originals = [photo(seed) for seed in range(12)]
    changes = [COPIES[name] for name in ("cropped to 80 %", "sheared", "several at once")]
    drawn = [*originals, *(change(each) for change in changes for each in originals)]
    groups = np.array(groups_of([saved(each, "JPEG") for each in drawn])).reshape(4, 12)
    assert (groups == groups[0]).mean() >= 0.9
    assert len(set(groups[0].tolist())) == 12


def test_pictures_on_one_ground_are_no_copies() -> None:
    ground = photo(99)
    drawn = []
    for seed in range(40):
        drawn.append(ground.copy())
        drawn[-1].paste(photo(seed).resize((100, 75)), (30, 22))
    assert len(set(groups_of([saved(each) for each in drawn]))) == 40


def test_different_pictures_are_alone_and_numbered_in_order() -> None:
    assert groups_of([saved(scene(seed)) for seed in range(60)]) == [*range(60)]


def test_several_copies_make_one_group() -> None:
    files = [saved(scene(seed)) for seed in range(20)]
    files += [saved(scene(3), "JPEG", quality) for quality in range(30, 100, 10)]
    groups = groups_of(files)
    assert [row for row, group in enumerate(groups) if group == groups[3]] == [3, *range(20, 27)]


def test_exact_are_those_of_equal_pixels_whatever_the_format() -> None:
    picture = scene(1)
    files = [saved(picture), saved(picture, "BMP"), saved(picture, "JPEG"), saved(scene(2))]
    vectors = np.stack([embedding(picture)] * 3 + [embedding(scene(2))])
    copies = find_copies(vectors, [look(each) for each in files])
    assert copies.exact.tolist() == [0, 0, 1, 2]
    assert copies.groups.tolist() == [0, 0, 0, 1]


def test_nearly_even_pictures_of_different_colours_are_no_copies() -> None:
    shades = [Image.new("RGB", (64, 64), (shade, 20, 90)) for shade in range(0, 250, 25)]
    for level, shade in zip(range(0, 250, 25), shades, strict=True):
        shade.paste((level + 3, 23, 93), (32, 0, 64, 64))  # an edge that hardly anybody can see
    assert len(set(groups_of([saved(shade) for shade in shades]))) == len(shades)


def test_a_set_where_all_pictures_are_alike_has_no_copies() -> None:
    rng = np.random.default_rng(0)
    base = np.asarray(scene(0).resize((16, 12)), float)
    alike = [
        Image.fromarray((base + rng.normal(0, 25, base.shape)).clip(0, 255).astype(np.uint8))
        for _ in range(40)
    ]
    assert len(set(groups_of([saved(each.resize((160, 120))) for each in alike]))) == 40


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_pictures_have_no_copies(count: int) -> None:
    looks = [look(saved(scene(0)))] * count
    assert find_copies(np.ones((count, 4), np.float32), looks).groups.tolist() == [0] * count


def test_familiarity_leaves_out_copies() -> None:
    drawn = [scene(seed) for seed in (0, 0, *range(1, 12))]
    vectors = np.stack([embedding(each) for each in drawn])
    copies = find_copies(vectors, [look(saved(each)) for each in drawn])
    cosines = np.sort(vectors[0] @ vectors[2:].T)[::-1][:3]
    assert copies.familiarity[0] == pytest.approx(cosines.mean(), abs=1e-5)


def test_copies_among_many_pictures_are_found() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(neighbours.MANY + 200, 400)).astype(np.float32)
    points[-100:] = points[:100] + 0.1 * rng.normal(size=(100, 400))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    nearest = duplicates._Space.of(points).nearest
    assert nearest[-100:, 0].tolist() == [*range(100)]
