from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from featclass.audit.quality import faults
from featclass.images.appearance import Appearance
from tests.audit.drawings import look, saved, scene


def clean(count: int = 12) -> list[Appearance]:
    return [look(saved(scene(seed))) for seed in range(count)]


def dark(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(0.2)


def bright(picture: Image.Image) -> Image.Image:
    return Image.blend(picture, Image.new("RGB", picture.size, "white"), 0.93)


FAULTY: dict[str, Image.Image] = {
    "empty": Image.new("RGB", (160, 120), (90, 90, 95)),
    "too dark": dark(scene(50)),
    "too bright": bright(scene(50)),
    "blurred": scene(50).filter(ImageFilter.GaussianBlur(4)),
    "too small": scene(50).resize((24, 18)),
    "too long": scene(50, (400, 100)),
}


@pytest.mark.parametrize("kind", FAULTY)
def test_a_faulty_picture_is_named_with_its_fault(kind: str) -> None:
    found = faults([*clean(), look(saved(FAULTY[kind]))])
    assert [(fault.row, fault.kind) for fault in found] == [(12, kind)]
    assert found[0].sentence.endswith(".")


def on_white() -> bytes:
    picture = Image.new("RGBA", (160, 120), (0, 0, 0, 0))
    picture.paste("white", (40, 30, 120, 90))
    return saved(picture)


def behind(kind: str) -> bytes:
    file = BytesIO()
    Image.new("RGB", (160, 120), "white").save(file, kind, save_all=True, append_images=[scene(50)])
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (on_white(), "white drawing on a transparent ground"),
        (behind("GIF"), "animation whose first frame is blank"),
        (behind("TIFF"), "the first, the only one that featclass sees, is blank"),
    ],
    ids=["on white", "animation", "pages"],
)
def test_a_picture_of_which_nothing_is_seen_is_named_with_what_to_do(
    data: bytes, words: str
) -> None:
    found = faults([*clean(), look(data)])
    assert [(fault.row, fault.kind) for fault in found] == [(12, "lost")]
    assert words in found[0].sentence
    assert "; " in found[0].sentence


def test_even_where_most_pictures_are_lost_each_of_them_is_named() -> None:
    found = faults([look(on_white())] * 4 + clean(2))
    assert [(fault.row, fault.kind) for fault in found] == [(row, "lost") for row in range(4)]


def test_drawn_pictures_have_no_faults() -> None:
    assert faults(clean(40)) == []


def test_what_most_pictures_have_is_no_fault() -> None:
    blurred = [look(saved(scene(seed).filter(ImageFilter.GaussianBlur(4)))) for seed in range(12)]
    assert faults([*blurred, *clean(6)]) == []
    tiny = [look(saved(scene(seed, (30, 24)))) for seed in range(12)]
    assert faults(tiny) == []


def test_a_picture_with_one_sharp_thing_is_not_blurred() -> None:
    half = np.array(scene(50).filter(ImageFilter.GaussianBlur(4)))
    half[40:80, 60:100] = np.array(scene(51))[40:80, 60:100]
    assert faults([*clean(), look(saved(Image.fromarray(half)))]) == []


def test_no_pictures_have_no_faults() -> None:
    assert faults([]) == []
