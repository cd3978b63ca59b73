from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass.base.errors import Cancelled
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.encoders import Pixels
from tests.fakes import GridEncoder, drawn, image

MAX_PIXELS = 10**6


@pytest.fixture
def cache() -> Iterator[Cache]:
    with Cache(":memory:") as opened:
        yield opened


@pytest.fixture
def engine(cache: Cache) -> Iterator[Engine]:
    opened = Engine(GridEncoder(), cache, max_pixels=MAX_PIXELS, decoders=2)
    yield opened
    opened.close()


def encoder_of(engine: Engine) -> GridEncoder:
    assert isinstance(engine.encoder, GridEncoder)
    return engine.encoder


def test_embeddings_stand_in_the_order_of_the_images(engine: Engine) -> None:
    images = [image(drawn(seed), f"{seed}.png") for seed in range(20)]
    together = engine.embed(images)
    assert together.images == tuple(images)
    for row, one in enumerate(images):
        alone = engine.encoder.encode(_prepared(engine, one.read()))
        np.testing.assert_array_equal(together.vectors[row], alone[0])


def _prepared(engine: Engine, data: bytes) -> Pixels:
    from featclass.images import decoded

    with decoded(data, max_pixels=MAX_PIXELS) as picture:
        return engine.encoder.preprocess(picture)[None]


def test_an_image_is_embedded_once_however_often_it_stands_there(engine: Engine) -> None:
    data = drawn(1)
    embedded = engine.embed([image(data, "a.png"), image(data, "b.png"), image(data, "c.png")])
    assert len(embedded.images) == 3
    assert encoder_of(engine).encoded == 1


def test_a_second_run_embeds_nothing(cache: Cache, engine: Engine) -> None:
    images = [image(drawn(seed)) for seed in range(9)]
    first = engine.embed(images)
    other = Engine(GridEncoder(), cache, max_pixels=MAX_PIXELS)
    again = other.embed(images)
    other.close()
    assert encoder_of(other).encoded == 0
    np.testing.assert_array_equal(first.vectors, again.vectors)


def test_waiting_images_are_encoded_in_batches_never_larger_than_asked(engine: Engine) -> None:
    engine.embed([image(drawn(seed)) for seed in range(40)])
    assert encoder_of(engine).encoded == 40
    assert max(encoder_of(engine).batches) <= encoder_of(engine).batch_size


def test_an_unreadable_image_is_rejected_by_name_and_stops_nobody_else(engine: Engine) -> None:
    good = [image(drawn(seed), f"{seed}.png") for seed in range(3)]
    cut = image(drawn(7, form="JPEG", size=200)[:900], "cut.jpg")
    embedded = engine.embed([good[0], cut, image(b"hello", "note.txt"), *good[1:]])
    assert [i.name for i in embedded.images] == ["0.png", "1.png", "2.png"]
    assert [r.name for r in embedded.rejected] == ["cut.jpg", "note.txt"]
    assert all(r.reason for r in embedded.rejected)
    assert len(embedded.vectors) == 3


@dataclass
class Gone:
    def read(self) -> bytes:
        raise FileNotFoundError(2, "No such file or directory")


def test_an_image_whose_file_has_gone_is_rejected_with_that_reason(engine: Engine) -> None:
    from featclass.base.records import Image

    embedded = engine.embed([Image("gone.png", "00" * 32, Gone())])
    [rejected] = embedded.rejected
    assert rejected.name == "gone.png"
    assert "cannot be read at the moment" in rejected.reason
    assert not rejected.is_lasting


def test_progress_ends_at_the_total_and_counts_what_the_cache_had(engine: Engine) -> None:
    images = [image(drawn(seed)) for seed in range(10)]
    engine.embed(images[:4])
    seen: list[tuple[int, int]] = []
    engine.embed(images, progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (4, 10)
    assert seen[-1] == (10, 10)


def test_a_cancelled_run_keeps_what_it_had_embedded(cache: Cache, engine: Engine) -> None:
    images = [image(drawn(seed)) for seed in range(30)]

    def stop(done: int, total: int) -> None:
        if done == 10:
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        engine.embed(images, progress=stop)
    kept = cache.get([i.digest for i in images], engine.encoder.fingerprint)
    assert 9 <= len(kept) < 30


def test_a_closed_engine_says_so_instead_of_hanging(cache: Cache) -> None:
    engine = Engine(GridEncoder(), cache, max_pixels=MAX_PIXELS)
    engine.close()
    with pytest.raises(Cancelled, match="closed"):
        engine.embed([image(drawn(1))])


def test_copies_and_unreadable_images_do_not_mix_up_the_rows(engine: Engine) -> None:
    """As many copies as rejections: the numbers of rows and of distinct images agree."""
    red, blue = drawn(1), drawn(2, "blue")
    images = [image(red, "a"), image(b"hello", "b"), image(red, "c"), image(blue, "d")]
    embedded = engine.embed(images)
    assert [one.name for one in embedded.images] == ["a", "c", "d"]
    for row, data in zip(embedded.vectors, (red, red, blue), strict=True):
        [alone] = engine.encoder.encode(_prepared(engine, data))
        np.testing.assert_array_equal(row, alone)


def test_an_encoder_that_fails_rejects_by_name_and_the_next_ones_are_served(cache: Cache) -> None:
    class Broken(GridEncoder):
        failures = 2

        def encode(self, pixels: Pixels, *, threads: int | None = None) -> NDArray[np.float32]:
            if self.failures:
                self.failures -= 1
                raise RuntimeError("the device is lost")
            return super().encode(pixels)

    engine = Engine(Broken(), cache, max_pixels=MAX_PIXELS)
    failed = engine.embed([image(drawn(1), "a.png")])
    assert [rejected.name for rejected in failed.rejected] == ["a.png"]
    assert failed.vectors.shape == (0, engine.encoder.dimensions)
    assert len(engine.embed([image(drawn(1)), image(drawn(2))]).images) == 2
    engine.close()
