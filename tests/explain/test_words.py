"""What is said of a map, and what is left unsaid."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest

from featclass.explain.maps import AGAINST, FOR, Heat, overlay
from featclass.explain.words import (
    EDGES,
    QUARTERS,
    Tried,
    coloured,
    greyed,
    said,
    speaking_against,
    speaking_for,
)
from featclass.probe.normalisation import Floats

UPPER_LEFT, RIGHT_EDGE = QUARTERS[0], EDGES[1]


def test_a_prediction_is_told_with_what_spoke_for_it_and_what_against() -> None:
    text = said("Simpsons", 0.912, Tried(UPPER_LEFT, RIGHT_EDGE))
    assert text == (
        "91\u00a0% Simpsons. What spoke for it lies mostly in the upper left;"
        " the right edge spoke against it."
    )


def test_nothing_is_told_of_what_did_not_hold() -> None:
    assert said("Simpsons", 0.5, Tried()) == "50\u00a0% Simpsons."
    assert (
        said("a", 0.5, Tried(None, RIGHT_EDGE)) == "50\u00a0% a. The right edge spoke against it."
    )
    assert said("a", 0.5, Tried(RIGHT_EDGE)) == (
        "50\u00a0% a. What spoke for it lies mostly along the right edge."
    )


def test_no_probability_is_said_to_be_none_or_all() -> None:
    assert said("a", 0.99, Tried()) == "99\u00a0% a."
    assert said("a", 0.01, Tried()) == "1\u00a0% a."
    in_grey = said("a", 0.9999, Tried(without={"red": 0.001}))
    assert in_grey.endswith("The red parts count most: in grey, it would be 1\u00a0%.")
    assert said("a", 0.9999, Tried()) == "99\u00a0% a."
    assert said("a", 0.0001, Tried()) == "1\u00a0% a."


@pytest.mark.parametrize(
    ("without", "counts"),
    [
        ({"yellow": 0.4, "blue": 0.88}, "yellow"),
        ({"yellow": 0.85, "blue": 0.89}, None),
        ({"yellow": 0.4, "blue": 0.45}, None),
        ({"yellow": 0.99}, None),
        ({}, None),
    ],
)
def test_a_colour_counts_where_the_picture_without_it_is_clearly_less_probable(
    without: dict[str, float], counts: str | None
) -> None:
    text = said("Simpsons", 0.91, Tried(without=without))
    colour = f" The {counts} parts count most: in grey, it would be 40\u00a0%." if counts else ""
    assert text == f"91\u00a0% Simpsons.{colour}"


def constructed(rows: slice, columns: slice, value: float = 1.0, count: int = 7) -> Floats:
    values = np.zeros((count, count))
    values[rows, columns] = value
    return values


@pytest.mark.parametrize(
    ("rows", "columns", "name"),
    [
        (slice(0, 3), slice(0, 3), "upper left"),
        (slice(4, 7), slice(5, 6), "lower right"),
        (slice(3, 4), slice(3, 4), "middle"),
        (slice(0, 7), slice(6, 7), "right edge"),
        (slice(0, 1), slice(0, 7), "upper edge"),
        (slice(3, 7), slice(0, 7), "lower half"),
        (slice(0, 7), slice(0, 7), None),
    ],
)
def test_the_part_of_a_map_that_holds_most_is_named(
    rows: slice, columns: slice, name: str | None
) -> None:
    values = constructed(rows, columns)
    found = speaking_for(values)
    assert (found.name if found else None) == name
    against = speaking_against(-values)
    assert (against.name if against else None) == name
    assert speaking_against(values) is None
    assert speaking_for(-values) is None


def test_little_that_speaks_against_is_not_worth_saying() -> None:
    values = constructed(slice(0, 3), slice(0, 3))
    values[:, 6] = -0.2
    assert speaking_against(values) is None
    values[:, 6] = -1
    found = speaking_against(values)
    assert found is not None
    assert found.name == "right edge"


def test_colours_are_found_and_greyed_where_they_are() -> None:
    picture = PIL.Image.new("RGB", (20, 20), (128, 128, 128))
    picture.paste("yellow", (0, 0, 10, 10))
    picture.paste((20, 60, 220), (10, 10, 20, 20))
    picture.paste((200, 10, 20), (0, 19, 1, 20))  # a speck
    levels = np.asarray(picture)
    found = coloured(levels)
    assert set(found) == {"yellow", "blue"}
    assert found["yellow"][:10, :10].all()
    assert found["yellow"].sum() == 100
    without = greyed(levels, found["yellow"])
    assert (without[:10, :10] == without[:10, :10, :1]).all()
    np.testing.assert_array_equal(without[10:], levels[10:])


def heat(values: Floats, box: tuple[float, float, float, float]) -> Heat:
    return Heat("a", values.astype(np.float32), box, (200, 100), 0.9, 1.0, True)


def test_the_overlay_has_both_hues_in_the_box_and_is_dim_outside() -> None:
    values = np.array([[1.0, -1.0], [1.0, -1.0]])
    drawn = np.asarray(
        overlay(heat(values, (0.25, 0, 0.75, 1)), PIL.Image.new("RGB", (200, 100), "white"))
    ).astype(float)
    assert np.abs(drawn[50, 55] - FOR).max() < 70
    assert np.abs(drawn[50, 145] - AGAINST).max() < 70
    assert drawn[50, 10].max() < 130
    assert drawn[50, 190].max() < 130


def test_a_crop_beyond_the_picture_is_drawn_as_far_as_there_is_a_picture() -> None:
    made = heat(np.ones((2, 2)), (-0.5, -0.1, 1.5, 1.1))
    assert overlay(made, PIL.Image.new("RGB", (200, 100), "white")).size == (200, 100)


def test_a_map_travels_with_its_largest_value_as_one() -> None:
    found = heat(np.array([[2.0, -4.0], [0.0, 1.0]]), (0, 0, 1, 1)).to_json()
    assert found["values"] == [0.5, -1.0, 0.0, 0.25]
    assert (found["rows"], found["columns"], found["aspect"]) == (2, 2, 2.0)
    assert heat(np.zeros((2, 2)), (0, 0, 1, 1)).to_json()["values"] == [0, 0, 0, 0]
