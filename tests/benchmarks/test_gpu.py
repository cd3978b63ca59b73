"""What the part for a GPU tells, and that it ends in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import cards, gpu
from benchmarks.gpu import Parts
from benchmarks.processes import LeftOut, Process
from benchmarks.settings import Settings


def settings(folder: Path, *, quick: bool = False) -> Settings:
    return Settings(folder, quick, "cpu", lambda _: None)


def waiting() -> Callable[[None], None]:
    def wait(_: None) -> None:
        threading.Event().wait()

    return wait


def doubling() -> Callable[[int], int]:
    return lambda number: 2 * number


def failing() -> Callable[[int], int]:
    raise RuntimeError("No such card.\nA trace.")


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA H200", 989.4),
        ("NVIDIA H100 80GB HBM3", 989.4),
        ("NVIDIA H100 PCIe", 756.0),
        ("NVIDIA A100-SXM4-80GB", 312.0),
        ("Tesla T4", 65.0),
        ("NVIDIA L4", 121.0),
        ("NVIDIA L40S", 362.0),
        ("NVIDIA GeForce RTX 4090", 165.2),
        ("NVIDIA L400", None),
    ],
)
def test_a_cards_peak_is_known_by_its_name(name: str, peak: float | None) -> None:
    assert cards.peak(name) == peak


def test_without_a_gpu_a_sentence_says_what_would_run(tmp_path: Path) -> None:
    with pytest.raises(LeftOut, match="no NVIDIA GPU here; `gpu --device cpu --quick`"):
        gpu.measure(settings(tmp_path))


def test_a_process_that_takes_too_long_is_ended() -> None:
    with Process(waiting) as process, pytest.raises(LeftOut, match="not done within 0 seconds"):
        process.ask(None, within=0.3)


def test_what_could_not_be_measured_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    parts = Parts(settings(tmp_path), time.monotonic())
    assert parts.of("a card", 60, 1, failing) is None
    answer = parts.of("twice as much", 60, 4, doubling)
    parts.end()
    assert answer is not None
    assert answer.value == 8
    assert parts.missing == ["Without a card: RuntimeError, No such card."]


def test_nothing_begins_once_the_time_is_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "ALL_SECONDS", 0.0)
    parts = Parts(settings(tmp_path), time.monotonic())
    assert parts.of("twice as much", 60, 4, doubling) is None
    assert parts.missing == ["Without twice as much: no time was left of five minutes."]
