"""The verdict: better than guessing, or not shown to be."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from msgspec import structs

from featclass.base.scores import Advice, Rate, Remedy
from featclass.probe import statistics

CARTOONS = {"Flintstones": 11, "Simpsons": 13}


def test_many_right_are_better_than_guessing_said_in_counts() -> None:
    verdict = statistics.verdict(23, CARTOONS)
    assert verdict.better_than_guessing
    assert verdict.sentence == (
        "Better than guessing: 23 of 24 right, where always saying Simpsons gives 13."
    )
    assert verdict.advice == ""


def test_a_few_more_than_guessing_are_not_shown_to_be_better() -> None:
    verdict = statistics.verdict(15, CARTOONS)
    assert not verdict.better_than_guessing
    assert verdict.sentence == (
        "Not shown to be better than guessing yet: 15 of 24 right, where always saying Simpsons"
        " gives 13."
    )
    assert verdict.advice.startswith("About 89 more pictures would tell luck from skill")


@pytest.mark.parametrize(("right", "n", "largest"), [(23, 24, 13), (16, 24, 13), (3, 90, 50)])
def test_the_p_value_is_the_exact_binomial_tail(right: int, n: int, largest: int) -> None:
    chance = Fraction(largest, n)
    tail = sum(
        (comb(n, k) * chance**k * (1 - chance) ** (n - k) for k in range(right, n + 1)), Fraction()
    )
    sizes = {"large": largest, "small": n - largest}
    assert statistics.verdict(right, sizes).p_value == pytest.approx(float(tail), rel=1e-9)


def test_the_line_is_drawn_where_luck_gets_rarer_than_one_in_twenty() -> None:
    verdicts = [statistics.verdict(right, CARTOONS) for right in range(25)]
    shown = [verdict.better_than_guessing for verdict in verdicts]
    assert shown == [verdict.p_value < 0.05 for verdict in verdicts]
    assert shown == [right >= 18 for right in range(25)]


def test_classes_of_one_size_name_none_of_them() -> None:
    assert (
        "always saying the same class gives 12"
        in statistics.verdict(20, {"a": 12, "b": 12}).sentence
    )


def test_many_pictures_are_given_in_percent_and_never_rounded_up_to_all() -> None:
    sentence = statistics.verdict(999, {"a": 300, "b": 700}).sentence
    assert sentence == (
        "Better than guessing: 99 % of 1,000 right, where always saying b gives 70 %."
    )
    assert "100 % of 1,000" in statistics.verdict(1000, {"a": 300, "b": 700}).sentence


def test_so_few_that_even_all_right_could_be_luck() -> None:
    verdict = statistics.verdict(4, {"a": 2, "b": 2})
    assert not verdict.better_than_guessing
    assert verdict.advice.startswith("With only 4 pictures even all of them right could be luck")


def test_no_better_than_guessing_is_told_to_look_at_the_labels() -> None:
    assert "in the right class" in statistics.verdict(12, CARTOONS).advice


def test_copies_do_not_make_luck_into_skill() -> None:
    once, twice = {"a": 12, "b": 12}, {"a": 24, "b": 24}
    assert not statistics.verdict(16, once).better_than_guessing
    assert statistics.verdict(32, twice).better_than_guessing
    assert not statistics.verdict(32, twice, n_groups=24).better_than_guessing


def test_a_hundred_thousand_pictures_give_a_finite_answer() -> None:
    assert statistics.verdict(60_000, {"a": 50_000, "b": 50_000}).p_value == 0.0
    assert statistics.verdict(0, {"a": 50_000, "b": 50_000}).p_value == 1.0


def test_the_sentence_is_made_of_values_that_say_all_of_it() -> None:
    verdict = statistics.verdict(15, CARTOONS)
    assert verdict.rate == Rate(15, 24, "Simpsons", 13)
    assert verdict.remedy is not None
    simpler = structs.replace(verdict, rate=Rate(15, 24, "Family", 13), remedy=Advice(Remedy.LOOK))
    assert simpler.sentence == verdict.sentence.replace("Simpsons", "Family")
    assert "in the right class" in simpler.advice


@pytest.mark.parametrize(("right", "words"), [(299, "99 % of 300"), (1, "1 % of 300")])
def test_a_rate_is_all_or_none_only_where_it_is_so(right: int, words: str) -> None:
    assert (
        f": {words} right, where always saying a gives 99 %."
        in statistics.verdict(right, {"a": 299, "b": 1}).sentence
    )
