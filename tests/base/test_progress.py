from __future__ import annotations

import pytest

from featclass.base.progress import (
    TICK_SECONDS,
    WINDOW_SECONDS,
    Clock,
    Pace,
    duration,
    in_words,
    speed,
)


class Watch:
    """A clock that stands until it is told to go on."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def steady(clock: Clock, watch: Watch, *, images: range, total: int, each: float) -> Pace:
    """Finish images one by one, `each` seconds apart; returns the last pace."""
    pace = Pace()
    for done in images:
        watch.seconds += each
        pace = clock(done, total)
    return pace


def test_steady_work_has_its_speed_and_the_time_that_the_rest_takes() -> None:
    watch = Watch()
    clock = Clock(watch)
    clock(0, 1000)
    pace = steady(clock, watch, images=range(1, 501), total=1000, each=0.02)
    assert pace.per_second == pytest.approx(50)
    assert pace.seconds_left == pytest.approx(10)
    assert steady(clock, watch, images=range(501, 1001), total=1000, each=0.02).seconds_left == 0


def test_there_is_nothing_to_say_until_there_is_something_to_go_by() -> None:
    watch = Watch()
    clock = Clock(watch)
    assert clock(0, 100) == Pace(0, 100)
    watch.seconds += TICK_SECONDS / 10
    assert clock(1, 100) == Pace(1, 100)
    watch.seconds += 60
    assert clock(2, 100).per_second == pytest.approx(1 / 60)
    assert Pace(1, 100).seconds_left is None
    assert Pace(5, 0, per_second=3.0).seconds_left is None


def test_what_a_cache_had_at_the_first_call_is_no_speed() -> None:
    watch = Watch()
    clock = Clock(watch)
    clock(900, 1000)
    pace = steady(clock, watch, images=range(901, 911), total=1000, each=0.5)
    assert pace.per_second == pytest.approx(2)
    assert pace.seconds_left == pytest.approx(45)


def test_the_speed_follows_a_change_within_the_window() -> None:
    watch = Watch()
    clock = Clock(watch)
    clock(0, 10_000)
    steady(clock, watch, images=range(1, 5001), total=10_000, each=0.01)
    slow = round(1.2 * WINDOW_SECONDS / 0.5)
    pace = steady(clock, watch, images=range(5001, 5001 + slow), total=10_000, each=0.5)
    assert pace.per_second == pytest.approx(2)


@pytest.mark.parametrize("period", [0.4, 3.0, 2.5 * WINDOW_SECONDS])
def test_batches_that_are_done_all_at_once_are_measured_from_end_to_end(period: float) -> None:
    watch = Watch()
    clock = Clock(watch)
    clock(0, 3200)
    for batch in range(30):
        watch.seconds += period
        for done in range(batch * 32 + 1, batch * 32 + 33):
            watch.seconds += 1e-5
            pace = clock(done, 3200)
        assert pace.per_second == pytest.approx(32 / period, rel=0.01)


def test_another_piece_of_work_starts_anew() -> None:
    watch = Watch()
    clock = Clock(watch)
    clock(0, 12)
    steady(clock, watch, images=range(1, 13), total=12, each=1.0)
    watch.seconds += 5
    assert clock(1, 12) == Pace(1, 12)
    watch.seconds += 2
    assert clock(2, 12).per_second == pytest.approx(0.5)
    assert clock(3, 40) == Pace(3, 40)
    pace = steady(clock, watch, images=range(4, 24), total=40, each=0.1)
    assert pace.per_second == pytest.approx(10)


def test_a_first_batch_right_after_other_work_counts_too() -> None:
    watch = Watch()
    clock = Clock(watch)
    clock(0, 12)
    steady(clock, watch, images=range(1, 13), total=12, each=1.0)
    clock(0, 100)
    watch.seconds += TICK_SECONDS / 2
    clock(32, 100)
    watch.seconds += 4 - TICK_SECONDS / 2
    assert clock(40, 100).per_second == pytest.approx(10)


def test_work_without_end_remembers_only_the_last_seconds() -> None:
    watch = Watch()
    clock = Clock(watch)
    steady(clock, watch, images=range(50_000), total=10**9, each=0.01)
    assert len(clock._marks) <= WINDOW_SECONDS / TICK_SECONDS + 3


def test_the_words_say_what_is_known_and_no_more() -> None:
    assert in_words(Pace(312, 1000, 58.4)) == "312 of 1,000 · 58 a second · about 12 s left"
    assert in_words(Pace(0, 1000)) == "0 of 1,000"
    assert in_words(Pace(1000, 1000, 58.4)) == "1,000 of 1,000 · 58 a second"


@pytest.mark.parametrize(
    ("per_second", "said"),
    [
        (1234.5, "1,234 a second"),
        (58.4, "58 a second"),
        (9.97, "10 a second"),
        (2.44, "2.4 a second"),
        (0.4, "2 s each"),
        (0.005, "3 min each"),
    ],
)
def test_a_speed_is_said_as_a_person_would(per_second: float, said: str) -> None:
    assert speed(per_second) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (41.3, "41 s"),
        (89.9, "90 s"),
        (150, "2 min"),
        (5399, "90 min"),
        (10_000, "2.8 h"),
    ],
)
def test_a_duration_is_said_as_a_person_would(seconds: float, said: str) -> None:
    assert duration(seconds) == said
