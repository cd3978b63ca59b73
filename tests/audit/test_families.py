from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from featclass.audit import connected, families
from featclass.audit.families import named_alike, relatives
from tests.audit.drawings import look, photo, saved

NONE = np.zeros(0, np.float32)


def related(
    pictures: list[Image.Image], pairs: list[tuple[int, int]], crowds: list[int] | None = None
) -> list[tuple[int, int]]:
    """Relate pictures, beside one that is nothing like them as the crowd of each."""
    pictures = [*pictures, photo(99)]
    looks = [look(saved(picture, "JPEG")) for picture in pictures]
    far = np.arange(len(pairs), dtype=np.float32)
    hubs = np.zeros(len(pictures), np.float32)
    others = np.array(crowds or [len(pictures) - 1] * len(pictures), np.intp)
    return relatives(looks, np.array(pairs, np.intp).reshape(-1, 2), far, [], hubs, others)


def test_a_chain_of_pictures_each_like_the_next_does_not_become_one_family() -> None:
    street = photo(1, (1300, 120))
    frames = [street.crop((29 * place, 0, 29 * place + 160, 120)) for place in range(40)]
    links = related(frames, [(place, place + 1) for place in range(39)])
    groups = connected(40, links)
    assert len(links) >= 20  # each is like the next
    assert np.bincount(groups).max() <= 8
    for group in set(groups.tolist()):
        members = np.flatnonzero(groups == group)
        assert 29 * (members[-1] - members[0]) < 2 * 0.6 * 160  # they all see what the head sees


def test_copies_of_a_copy_are_of_its_family() -> None:
    whole = photo(2)
    half = [whole.rotate(8), whole.crop((12, 8, 150, 112)), whole.rotate(-8), photo(3)]
    links = related([whole, *half], [(0, 1), (1, 2), (2, 3), (3, 4)])
    assert connected(5, links).tolist() == [0, 0, 0, 0, 1]


def clock(seed: int) -> Image.Image:
    """Draw hands on a dial that is the same for all."""
    rng = np.random.default_rng([seed, 2])
    picture = photo(12)
    for length, turn in zip((20, 32), rng.uniform(0, 2 * np.pi, 2), strict=True):
        tip = (80 + length * np.cos(turn), 60 + length * np.sin(turn))
        ImageDraw.Draw(picture).line((80, 60, *tip), fill=(20, 20, 20), width=3)
    return picture


def test_what_stands_before_a_fixed_camera_is_no_copy_of_what_stood_there_before() -> None:
    clocks = [clock(seed) for seed in range(6)]
    chain = [(place, place + 1) for place in range(5)]
    assert len(related(clocks, chain)) == 5  # nearly all of them is the same
    beyond = [(place + 3) % 6 for place in range(6)]
    assert related(clocks, chain, [*beyond, 6]) == []
    assert related(clocks[:3], chain[:2], [*beyond[3:], 0]) == []


def test_copies_of_one_picture_are_a_family_however_many_they_are() -> None:
    whole = photo(2)
    turned = [whole.rotate(degrees) for degrees in (-12, -8, -4, 4, 8, 12)]
    pictures = [whole, *turned]
    beyond = [(place + 3) % 7 for place in range(7)]
    assert len(related(pictures, [(0, place) for place in range(1, 7)], [*beyond, 7])) == 6


def test_one_picture_that_agrees_with_its_crowd_divides_no_family() -> None:
    pictures = [photo(2), photo(2).rotate(8), photo(2).rotate(-8)]
    assert len(related(pictures, [(0, 1), (0, 2)], [3, 3, 3, 0])) == 2
    assert related([*pictures, photo(2)], [(0, 1), (0, 2)], [3, 3, 3, 0, 0]) == []
    assert len(related([*pictures, photo(2)], [(0, 1), (0, 2)], [3, 4, 4, 0, 0])) == 2


def test_pairs_are_compared_from_the_nearest_on_and_not_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(families, "LEAST_TRIED", 2)
    monkeypatch.setattr(families, "TRIED", 0.0)
    pictures = [photo(4), photo(5), photo(6), photo(4).crop((9, 9, 150, 110))]
    assert related(pictures, [(0, 1), (0, 3), (1, 2)]) == [(0, 3)]
    assert related(pictures, [(0, 1), (1, 2), (0, 3)]) == []


def test_what_is_together_already_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [look(saved(photo(seed))) for seed in range(2)]
    monkeypatch.setattr(families, "registration", None)
    pairs = np.array([[0, 1]], np.intp)
    assert relatives(looks, pairs, np.zeros(1, np.float32), [(1, 0)], NONE, np.array([1, 0])) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bee/bee12_jpg.rf.0a1b2c.jpg", "bee/bee12_jpg.rf.99ffee.jpg"),
        ("bee12.jpg", "train/aug_bee12.jpg"),
        ("bee12-1.png", "bee12.jpg"),
        ("bee12_0_1234.jpg", "bee12_0_987.jpeg"),
        ("bee12_0.jpg", "bee12_1.jpg"),
        ("bee12 (1).jpg", "bee12.jpg"),
        ("bee12 copy.jpg", "Bee12.JPG"),
    ],
)
def test_names_that_tools_give_to_copies_are_alike(one: str, other: str) -> None:
    points = np.eye(3, dtype=np.float32)
    assert named_alike([one, "ant.jpg", other], points).tolist() == [[0, 2]]


def test_a_long_series_of_names_tells_nothing() -> None:
    names = [f"img_{number:04}.jpg" for number in range(40)] + ["a_1.jpg", "a_2.jpg"]
    assert named_alike(names, np.eye(42, dtype=np.float32)).size == 0


def test_a_name_alone_makes_no_copy() -> None:
    assert related([photo(7), photo(8)], [(0, 1)]) == []
