"""What measures learning still learns: nobody runs `make bench` on every change."""

from __future__ import annotations

from benchmarks import learning, memory
from benchmarks.learning import Size


def test_what_learning_takes_is_told_of_made_up_embeddings() -> None:
    learn = learning.learner(Size(24, 2, 64))
    learn(None)
    spent = learn(None)
    assert 0 < spent.score < spent.everything
    assert spent.peak > 0


def test_what_a_classifier_leaves_in_memory_is_told() -> None:
    assert memory._made(0) > 10**6
