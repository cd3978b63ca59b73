from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from featclass.base.errors import EncoderUnavailable
from featclass.encoders import processors


@pytest.fixture(autouse=True)
def _looked_anew() -> Iterator[None]:
    processors.count.cache_clear()
    yield
    processors.count.cache_clear()


def with_gpus(monkeypatch: pytest.MonkeyPatch, *present: str, sign: bool = True) -> list[str]:
    """Have torch find these; returns what becomes longer each time it is asked."""
    asked: list[str] = []

    def of_torch() -> tuple[str, ...]:
        asked.append("torch")
        return present

    monkeypatch.setattr(processors, "may_have_gpu", lambda: sign)
    monkeypatch.setattr(processors, "_of_torch", of_torch)
    return asked


@pytest.mark.parametrize(
    ("present", "chosen"), [((), "cpu"), (("cuda",), "cuda"), (("mps",), "mps")]
)
def test_auto_takes_the_gpu_that_torch_finds(
    present: tuple[str, ...], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_gpus(monkeypatch, *present)
    assert processors.choose_device("auto") == chosen


def test_without_a_sign_of_a_gpu_torch_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = with_gpus(monkeypatch, "cuda", sign=False)
    assert processors.choose_device("auto") == processors.choose_device("cpu") == "cpu"
    with pytest.raises(EncoderUnavailable, match="use the device auto or cpu"):
        processors.choose_device("cuda")
    assert not asked


def test_the_processor_is_taken_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = with_gpus(monkeypatch, "cuda")
    assert processors.choose_device("cpu") == "cpu"
    assert not asked


def test_a_device_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(EncoderUnavailable, match="auto, cpu, cuda, mps"):
        processors.choose_device("tpu")


@pytest.mark.parametrize(("text", "count"), [("3", 3), ("2,1", 2)])
def test_openmps_variable_says_how_many_processors_to_use(
    text: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    assert processors.count() == count


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
@pytest.mark.parametrize("text", ["", "0", "many"])
def test_otherwise_it_is_those_this_process_may_run_on(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 5})
    assert processors.count() == 3
