"""The memory that decoding takes, over all threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from featclass import images
from featclass.images import decoding
from featclass.images import decoding as thumbnails
from tests.images.encoded import decode, encoded, noise, reason, two_halves


def test_pixels_over_budget_wait_until_others_are_freed() -> None:
    budget = images.PixelBudget(100)
    entered = threading.Event()

    def second() -> None:
        with budget.taking(60):
            entered.set()

    with ThreadPoolExecutor(1) as pool:
        with budget.taking(60):
            waiting = pool.submit(second)
            assert not entered.wait(0.05)
        waiting.result(10)
    assert entered.is_set()


def test_pixels_that_fill_the_budget_do_not_wait() -> None:
    budget = images.PixelBudget(100)
    with ThreadPoolExecutor(1) as pool, budget.taking(60):

        def second() -> None:
            with budget.taking(40):
                pass

        pool.submit(second).result(10)


def test_a_picture_larger_than_the_budget_is_let_in_alone_and_nothing_overtakes_it() -> None:
    budget = images.PixelBudget(100)
    order: list[str] = []

    def take(name: str, pixels: int) -> None:
        with budget.taking(pixels):
            order.append(name)

    with ThreadPoolExecutor(2) as pool:
        with budget.taking(10):
            large = pool.submit(take, "large", 1000)
            while not budget._turn.locked():
                pass
            small = pool.submit(take, "small", 5)
            assert order == []
        large.result(10)
        small.result(10)
    assert order == ["large", "small"]


def test_the_budget_is_given_back_when_decoding_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = images.PixelBudget(64 * 64)
    monkeypatch.setattr(decoding, "PIXEL_BUDGET", budget)
    monkeypatch.setattr(thumbnails, "PIXEL_BUDGET", budget)
    data = encoded(noise(64, 64), "JPEG")
    assert "cut off" in reason(data[: len(data) // 2])
    assert decode(data).size == (64, 64)


def test_many_threads_decode_at_once() -> None:
    data = [encoded(two_halves(64, 32 + i), "PNG") for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        sizes = [picture.size for picture in pool.map(decode, data * 5)]
    assert sizes == [(64, 32 + i) for i in range(8)] * 5
