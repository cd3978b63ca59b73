from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from featclass.probe import tsne as layouts
from featclass.probe.tsne import Layout, layout

Vectors = NDArray[np.float32]


def clusters(n: int, *, seed: int = 0, count: int = 3, dimensions: int = 40) -> Vectors:
    """Groups of similar vectors, one after the other in turn."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(count, dimensions))
    noise = np.random.default_rng(seed + 1).normal(size=(n, dimensions))
    vectors: Vectors = (centres[np.arange(n) % count] + 0.3 * noise).astype(np.float32)
    return vectors


def digests_of(n: int) -> list[str]:
    return [hashlib.sha256(str(i).encode()).hexdigest() for i in range(n)]


def moved(before: Layout, after: Layout) -> NDArray[np.float64]:
    """How far each image moved that stands in both."""
    places = {digest: place for place, digest in enumerate(after.digests)}
    kept = [place for place, digest in enumerate(before.digests) if digest in places]
    now = after.positions[[places[before.digests[place]] for place in kept]]
    return np.asarray(np.linalg.norm(now - before.positions[kept], axis=1), np.float64)


def nearest_is_of_its_group(found: Layout, count: int = 3) -> float:
    gaps = np.linalg.norm(found.positions[:, None] - found.positions[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    places = np.arange(len(gaps))
    return float(np.mean(gaps.argmin(axis=1) % count == places % count))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 12, 29, 30, 31, 90])
def test_every_image_has_a_place_in_the_square(n: int) -> None:
    found = layout(clusters(n), digests=digests_of(n))
    assert found.digests == tuple(digests_of(n))
    assert found.positions.shape == (n, 2)
    assert found.positions.dtype == np.float32
    assert np.abs(found.positions).max(initial=0) <= 1
    if n > 2:
        assert np.abs(found.positions).max() == pytest.approx(1)


@pytest.mark.parametrize("n", [12, 90])
def test_images_that_are_alike_lie_together(n: int) -> None:
    assert nearest_is_of_its_group(layout(clusters(n), digests=digests_of(n))) > 0.95


@pytest.mark.parametrize("n", [12, 60])
def test_the_same_arguments_give_the_same_layout(n: int) -> None:
    first = layout(clusters(n), digests=digests_of(n))
    again = layout(clusters(n), digests=digests_of(n), former=None)
    assert np.array_equal(first.positions, again.positions)
    after = [layout(clusters(n), digests=digests_of(n), former=first) for _ in range(2)]
    assert np.array_equal(after[0].positions, after[1].positions)


def test_the_lengths_of_vectors_do_not_matter() -> None:
    vectors = clusters(12)
    scaled = vectors * np.linspace(1, 9, 12, dtype=np.float32)[:, None]
    one, other = (layout(v, digests=digests_of(12)) for v in (vectors, scaled))
    assert one.positions == pytest.approx(other.positions, abs=1e-4)


@pytest.mark.parametrize("n", [20, 100])
def test_pictures_keep_their_places_when_a_few_are_added(n: int) -> None:
    vectors, digests = clusters(n + 2), digests_of(n + 2)
    before = layout(vectors[:n], digests=digests[:n])
    after = layout(vectors, digests=digests, former=before)
    assert moved(before, after).mean() < 0.1


def test_a_map_that_would_come_out_otherwise_goes_on_from_the_former_one() -> None:
    # Sixteen groups in twelve dimensions: worked out afresh, they are arranged in another way.
    vectors = clusters(102, seed=1, count=16, dimensions=12)
    before = layout(vectors[:100], digests=digests_of(100))
    after = layout(vectors, digests=digests_of(102), former=before)
    assert moved(before, after).mean() < 0.1


@pytest.mark.parametrize("n", [20, 100])
def test_pictures_keep_their_places_when_a_few_go_and_the_order_changes(n: int) -> None:
    vectors, digests = clusters(n), digests_of(n)
    before = layout(vectors, digests=digests)
    order = np.random.default_rng(3).permutation(n)[:-2]
    after = layout(vectors[order], digests=[digests[i] for i in order], former=before)
    assert moved(before, after).mean() < 0.15


@pytest.mark.parametrize("turn", [[[0, -1], [1, 0]], [[-1, 0], [0, 1]]], ids=["turned", "mirrored"])
def test_a_map_that_would_come_out_turned_or_mirrored_is_turned_back(turn: list[list[int]]) -> None:
    vectors, digests = clusters(20), digests_of(20)
    plain = layout(vectors, digests=digests)
    shown = Layout(plain.digests, plain.positions @ np.array(turn, np.float32))
    assert moved(shown, layout(vectors, digests=digests, former=shown)).max() < 1e-3


def test_a_former_layout_of_other_pictures_is_no_hindrance() -> None:
    other = layout(clusters(40, seed=9), digests=[digest[::-1] for digest in digests_of(40)])
    alone = layout(clusters(40), digests=digests_of(40))
    after = layout(clusters(40), digests=digests_of(40), former=other)
    assert np.array_equal(alone.positions, after.positions)


@pytest.mark.parametrize("n", [5, 40])
def test_pictures_that_are_all_the_same_are_laid_out_too(n: int) -> None:
    same = np.ones((n, 8), np.float32)
    found = layout(same, digests=digests_of(n))
    assert np.isfinite(found.positions).all()
    again = layout(same, digests=digests_of(n), former=found)
    assert np.isfinite(again.positions).all()
    empty = layout(np.zeros((n, 8), np.float32), digests=digests_of(n))
    assert np.isfinite(empty.positions).all()


def test_of_too_many_the_rest_is_put_beside_its_like(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "MOST", 60)
    found = layout(clusters(300), digests=digests_of(300))
    assert nearest_is_of_its_group(found) > 0.95
    more = layout(clusters(303), digests=digests_of(303), former=found)
    assert moved(found, more).mean() < 0.15


def test_a_digest_too_few_is_told() -> None:
    with pytest.raises(ValueError, match="3 vectors came with 2 digests"):
        layout(clusters(3), digests=digests_of(2))


def test_loading_it_does_not_load_scikit_learn() -> None:
    code = "import sys, featclass.probe.tsne; print('sklearn' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_it_keeps_to_one_thread_and_leaves_others_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.manifold import TSNE
    from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

    threads: list[int] = []
    fit = TSNE.fit_transform

    def counted(tsne: TSNE, *arguments: NDArray[np.float32]) -> NDArray[np.float32]:
        threads.append(_openmp_effective_n_threads())
        places: NDArray[np.float32] = fit(tsne, *arguments)
        return places

    monkeypatch.setattr(TSNE, "fit_transform", counted)
    with threadpool_limits(limits=2, user_api="openmp"):
        layout(clusters(40), digests=digests_of(40))
        assert (threads, _openmp_effective_n_threads()) == ([1], 2)
