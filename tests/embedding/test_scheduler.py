from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from featclass.base.errors import Cancelled, EncoderUnavailable
from featclass.base.records import Image, Rejected
from featclass.embedding import scheduler
from featclass.embedding.scheduler import Embedded, Pipeline, Vector
from featclass.encoders import Pixels
from tests.fakes import GridEncoder, drawn, image

SECONDS = 20.0
"""Nothing here takes long: whoever waits so long waits for ever."""


class Turnstile:
    """Lets through as many as it was told to, first come, first served."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._came = self._allowed = 0

    def release(self, count: int = 1) -> None:
        with self._changed:
            self._allowed += count
            self._changed.notify_all()

    def pass_through(self) -> None:
        with self._changed:
            place = self._came
            self._came += 1
            assert self._changed.wait_for(lambda: place < self._allowed, timeout=SECONDS)


@dataclass
class Gated(GridEncoder):
    """An encoder that stops in each forward pass until it is told to go on."""

    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    may_go_on: Turnstile = field(default_factory=Turnstile)
    threads: list[int | None] = field(default_factory=list)

    def encode(self, pixels: Pixels, *, threads: int | None = None) -> NDArray[np.float32]:
        self.threads.append(threads)
        self.entered.release()
        self.may_go_on.pass_through()
        return super().encode(pixels)


@contextmanager
def pipeline(encoder: GridEncoder, **options: int) -> Iterator[Pipeline]:
    opened = Pipeline(encoder, max_pixels=10**6, **options)
    try:
        yield opened
    finally:
        if isinstance(encoder, Gated):
            encoder.may_go_on.release(10_000)
        opened.close()


def many(count: int, start: int = 0) -> list[Image]:
    return [image(drawn(seed), f"{seed}.png") for seed in range(start, start + count)]


def outcomes(
    opened: Pipeline, images: list[Image], *, live: bool = False
) -> dict[str, Embedded | Rejected]:
    return {one.name: outcome for one, outcome in opened.outcomes(images, live=live)}


def vector(outcome: Embedded | Rejected) -> NDArray[np.float32]:
    assert isinstance(outcome, Embedded)
    return outcome.vector


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("live", [False, True])
def test_every_image_comes_out_once_with_its_own_embedding(device: str, live: bool) -> None:
    images = many(50)
    with pipeline(GridEncoder(device=device, batch_size=7)) as opened:
        embedded = outcomes(opened, images, live=live)
    assert len(embedded) == 50
    with pipeline(GridEncoder(batch_size=1)) as alone:
        for name, outcome in outcomes(alone, images).items():
            np.testing.assert_array_equal(vector(outcome), vector(embedded[name]))


@pytest.mark.parametrize("describe", [False, True])
def test_appearances_come_where_they_are_asked_for(describe: bool) -> None:
    with pipeline(GridEncoder()) as opened:
        found = [*opened.outcomes(many(5), live=False, describe=describe)]
    for _, outcome in found:
        assert isinstance(outcome, Embedded)
        assert (outcome.appearance is not None) == describe


def test_what_is_left_at_the_end_is_shared_evenly_by_the_workers() -> None:
    encoder = Gated(batch_size=16)
    with ThreadPoolExecutor(1) as caller, pipeline(encoder) as opened:
        job = caller.submit(outcomes, opened, many(24))
        for _ in range(2):
            assert encoder.entered.acquire(timeout=SECONDS)
        encoder.may_go_on.release(2)
        job.result(SECONDS)
    assert encoder.batches == [12, 12]
    assert encoder.threads == [1, 1]


def test_a_batch_leaves_half_to_a_worker_who_is_about_to_be_free() -> None:
    encoder = Gated(batch_size=16)
    with ThreadPoolExecutor(1) as caller, pipeline(encoder) as opened:
        opened._pace = 1e-9  # by this pace a batch is done as soon as it is begun
        job = caller.submit(outcomes, opened, many(24))
        for _ in range(2):
            assert encoder.entered.acquire(timeout=SECONDS)
        encoder.may_go_on.release(100)
        job.result(SECONDS)
    assert sorted(encoder.batches, reverse=True)[:2] == [12, 6]


def test_images_of_several_callers_share_a_batch() -> None:
    encoder = Gated(device="cuda", workers=1, batch_size=8)
    with ThreadPoolExecutor(4) as callers, pipeline(encoder, decoders=2) as opened:
        first = callers.submit(outcomes, opened, many(8))
        assert encoder.entered.acquire(timeout=SECONDS)
        others = [callers.submit(outcomes, opened, many(2, 100 * n)) for n in (1, 2, 3)]
        until(lambda: len(opened._ready) == 6)
        encoder.may_go_on.release(2)
        assert all(job.result(SECONDS) for job in [first, *others])
    assert encoder.batches == [8, 6]


def test_a_live_image_overtakes_a_bulk_job() -> None:
    encoder = Gated(workers=1)
    with ThreadPoolExecutor(2) as callers, pipeline(encoder) as opened:
        bulk = callers.submit(outcomes, opened, many(40))
        assert encoder.entered.acquire(timeout=SECONDS)  # a bulk batch, until it is let go on
        live = callers.submit(outcomes, opened, many(1, 1000), live=True)
        assert encoder.entered.acquire(timeout=SECONDS)  # beside it, the live one
        assert encoder.threads == [1, 1]
        encoder.may_go_on.release(2)
        live.result(SECONDS)
        assert not bulk.done()
        encoder.may_go_on.release(100)
        assert len(bulk.result(SECONDS)) == 40


def test_a_live_image_alone_has_all_the_cores() -> None:
    encoder = Gated()
    encoder.may_go_on.release()
    with pipeline(encoder) as opened:
        outcomes(opened, many(1), live=True)
        assert encoder.threads == [None]


def test_live_images_that_wait_are_encoded_together() -> None:
    encoder = Gated(batch_size=8)
    with ThreadPoolExecutor(4) as callers, pipeline(encoder) as opened:
        first = callers.submit(outcomes, opened, many(1), live=True)
        assert encoder.entered.acquire(timeout=SECONDS)
        others = [callers.submit(outcomes, opened, many(1, n), live=True) for n in (1, 2, 3)]
        until(lambda: len(opened._live) == 3)
        encoder.may_go_on.release(2)
        assert all(job.result(SECONDS) for job in [first, *others])
    assert encoder.batches == [1, 3]


def test_bulk_jobs_share_fairly() -> None:
    """A job of 10 images that comes after one of 200 is not behind all of these."""
    encoder = Gated(workers=1, batch_size=4)
    with ThreadPoolExecutor(2) as callers, pipeline(encoder) as opened:
        large = callers.submit(outcomes, opened, many(200))
        assert encoder.entered.acquire(timeout=SECONDS)
        small = callers.submit(outcomes, opened, many(10, 1000))
        until(lambda: len(opened._jobs) == 2)
        encoder.may_go_on.release(8)
        assert len(small.result(SECONDS)) == 10
        assert encoder.encoded <= 32
        encoder.may_go_on.release(1000)
        assert len(large.result(SECONDS)) == 200


@dataclass
class Counted:
    """A source that counts how often it was read."""

    data: bytes
    reads: list[int]

    def read(self) -> bytes:
        self.reads.append(1)
        return self.data


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_never_more_than_a_window_is_decoded_ahead(device: str) -> None:
    reads: list[int] = []
    images = [Image(one.name, one.digest, Counted(one.read(), reads)) for one in many(300)]
    encoder = Gated(device=device, workers=1, batch_size=8)
    with ThreadPoolExecutor(1) as caller, pipeline(encoder, decoders=3) as opened:
        job = caller.submit(outcomes, opened, images)
        assert encoder.entered.acquire(timeout=SECONDS)
        if device == "cuda":
            until(lambda: len(opened._ready) >= 64)
        assert len(reads) <= 8 + 64 + 3
        encoder.may_go_on.release(1000)
        job.result(SECONDS)
    assert len(reads) == 300


def test_a_caller_who_stops_early_has_nothing_more_encoded_than_what_was_begun() -> None:
    encoder = GridEncoder(workers=1, batch_size=4)
    with pipeline(encoder) as opened:
        job = opened.outcomes(many(100), live=False)
        next(job)
        job.close()  # type: ignore[attr-defined]  # a generator, though the type says iterator
        assert outcomes(opened, many(1, 1000))
        assert encoder.encoded < 50
        assert not opened._jobs
        assert not opened._ready


@dataclass
class Failing(GridEncoder):
    """Fails at every batch that holds an image of this shade of grey, or so many times."""

    poison: int | None = None
    times: int = 10**6

    def encode(self, pixels: Pixels, *, threads: int | None = None) -> NDArray[np.float32]:
        poisoned = self.poison is None or np.any(np.all(pixels == self.poison, axis=(1, 2, 3)))
        if poisoned and self.times:
            self.times -= 1
            raise RuntimeError("the device is lost")
        return super().encode(pixels)

    def preprocess(self, image: PIL.Image.Image) -> Pixels:
        return np.asarray(image.resize((4, 4)), np.uint8)


def grey(level: int, name: str) -> Image:
    import io

    file = io.BytesIO()
    PIL.Image.new("RGB", (8, 8), (level,) * 3).save(file, "PNG")
    return image(file.getvalue(), name)


@pytest.mark.parametrize("live", [False, True])
def test_a_batch_that_failed_is_tried_once_more(
    live: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with pipeline(Failing(times=1)) as opened:
        embedded = outcomes(opened, many(6), live=live)
    assert not [name for name, outcome in embedded.items() if isinstance(outcome, Rejected)]
    assert "failed in the encoder" in caplog.text


@pytest.mark.parametrize("live", [False, True])
def test_an_image_that_fails_twice_is_rejected_by_name_and_takes_nobody_with_it(live: bool) -> None:
    images = [grey(level, f"{level}.png") for level in range(0, 120, 10)]
    with pipeline(Failing(poison=50)) as opened:
        embedded = outcomes(opened, images, live=live)
        assert outcomes(opened, many(1, 7))
    assert len(embedded) == 12
    rejected = embedded.pop("50.png")
    assert isinstance(rejected, Rejected)
    assert rejected.name == "50.png"
    assert "the device is lost" in rejected.reason
    assert not rejected.is_lasting
    assert not [outcome for outcome in embedded.values() if isinstance(outcome, Rejected)]


def test_an_image_whose_preprocessing_fails_is_tried_twice_and_rejected() -> None:
    @dataclass
    class Torn(GridEncoder):
        tries: int = 0

        def preprocess(self, image: PIL.Image.Image) -> Pixels:
            if image.size == (8, 8):
                self.tries += 1
                raise ValueError("no such shape")
            return super().preprocess(image)

    encoder = Torn()
    with pipeline(encoder) as opened:
        embedded = outcomes(opened, [*many(3), grey(1, "odd.png")])
    assert encoder.tries == 2
    odd = embedded.pop("odd.png")
    assert isinstance(odd, Rejected)
    assert "no such shape" in odd.reason
    assert all(isinstance(outcome, Embedded) for outcome in embedded.values())


def test_where_not_even_one_image_fits_every_caller_is_told() -> None:
    class Full(GridEncoder):
        def encode(self, pixels: Pixels, *, threads: int | None = None) -> Vector:
            raise EncoderUnavailable("too large")

    with pipeline(Full()) as opened:
        for live in (False, True):
            with pytest.raises(EncoderUnavailable, match="too large"):
                outcomes(opened, many(9), live=live)


def test_whoever_waits_while_it_is_closed_is_told() -> None:
    encoder = Gated()
    opened = Pipeline(encoder, max_pixels=10**6)
    with ThreadPoolExecutor(2) as callers:
        job = callers.submit(outcomes, opened, many(40))
        assert encoder.entered.acquire(timeout=SECONDS)
        closing = callers.submit(opened.close)
        until(lambda: opened._is_closed)
        encoder.may_go_on.release(100)
        closing.result(SECONDS)
        with pytest.raises(Cancelled, match="closed"):
            job.result(SECONDS)
    with pytest.raises(Cancelled, match="closed"):
        outcomes(opened, many(1))


def test_closing_tells_every_one_of_many_who_leave_as_they_are_told() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # whoever is told leaves while the others are being told
    try:
        for _ in range(5):
            assert_all_are_told(60)
    finally:
        sys.setswitchinterval(interval)


def assert_all_are_told(callers: int) -> None:
    encoder = Gated(workers=1)
    opened = Pipeline(encoder, max_pixels=10**6)
    told: list[Exception] = []

    def wait() -> None:
        try:
            outcomes(opened, many(2))
        except Exception as error:
            told.append(error)

    waiting = [threading.Thread(target=wait, daemon=True) for _ in range(callers)]
    for caller in waiting:
        caller.start()
    until(lambda: len(opened._jobs) == callers)
    closing = ThreadPoolExecutor(1).submit(opened.close)
    until(lambda: opened._is_closed)
    encoder.may_go_on.release(10_000)
    closing.result(SECONDS)
    for caller in waiting:
        caller.join(SECONDS)
    assert not any(caller.is_alive() for caller in waiting)
    assert told
    assert all(isinstance(error, Cancelled) for error in told)


def test_a_worker_outlives_an_encoder_that_gives_too_few_embeddings_once() -> None:
    class Short(GridEncoder):
        def encode(self, pixels: Pixels, *, threads: int | None = None) -> Vector:
            is_first = not self.encoded
            vectors = super().encode(pixels)
            return vectors[:0] if is_first else vectors

    with ThreadPoolExecutor(1) as callers, pipeline(Short(workers=1)) as opened:
        outcome = callers.submit(outcomes, opened, many(1)).result(SECONDS)
        assert isinstance(outcome["0.png"], Embedded)


@dataclass
class Holding(GridEncoder):
    """An encoder that holds memory until it is told to give that back."""

    released: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def release(self) -> None:
        self.released.release()


@pytest.mark.parametrize("live", [True, False])
def test_memory_is_given_back_once_a_while_after_the_last_caller_left(
    live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "REST", 0.05)
    encoder = Holding()
    with pipeline(encoder) as opened:
        for start in (0, 3):
            outcomes(opened, many(3, start), live=live)
            assert encoder.released.acquire(timeout=SECONDS)
        assert not encoder.released.acquire(timeout=0.3)


def test_nothing_is_given_back_while_somebody_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "REST", 0.05)
    encoder = Holding()
    with pipeline(encoder) as opened:
        served = opened.outcomes(many(3), live=False)
        for _ in range(3):
            next(served)
        assert not encoder.released.acquire(timeout=0.3)
        assert next(served, None) is None
        assert encoder.released.acquire(timeout=SECONDS)


def until(is_so: Callable[[], bool]) -> None:
    """Wait for another thread to get there."""
    pause = threading.Event()
    for _ in range(int(SECONDS / 0.005)):
        if is_so():
            return
        pause.wait(0.005)
    pytest.fail("it never came to that")
