"""Which unlabelled pictures a person is asked about first: the order, the route, the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.testclient import TestClient

from featclass import classifiers, probe
from featclass.base.records import Dataset
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.library import Classifier
from featclass.probe.active_learning import MOST
from featclass.server.studio import studio
from featclass.workspaces import NewPicture
from tests.fakes import GridEncoder, drawn, two_classes
from tests.filled import settle

Vectors = NDArray[np.float32]
Codes = NDArray[np.intp]


def crowds(sizes: list[int], *, spread: float = 0.1, seed: int = 0) -> tuple[Vectors, Codes]:
    """Return embeddings in as many crowds, far from each other, and the crowd of each."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    means = rng.normal(size=(len(sizes), 32))
    return (means[codes] + spread * rng.normal(size=(codes.size, 32))).astype(np.float32), codes


def nothing() -> Vectors:
    return np.empty((0, 32), np.float32)


def test_of_two_crowds_of_a_size_the_uncertain_one_is_asked_about_first() -> None:
    vectors, codes = crowds([10, 10])
    chances = np.where(codes[:, None] == 1, [[0.5, 0.5]], [[0.95, 0.05]])
    assert codes[probe.most_useful(nothing(), vectors, chances)[0]] == 1
    assert codes[probe.most_useful(nothing(), vectors, chances[::-1])[0]] == 0


def test_every_crowd_is_asked_about_before_any_for_the_second_time() -> None:
    vectors, codes = crowds([30, 20, 10, 5], spread=0.05)
    order = probe.most_useful(nothing(), vectors)
    assert codes[order[:4]].tolist() == [0, 1, 2, 3]


def test_a_crowd_that_is_labelled_already_has_to_wait() -> None:
    vectors, codes = crowds([12, 12, 8], spread=0.05)
    labelled = np.isin(np.arange(codes.size), [0, 12])
    order = probe.most_useful(vectors[labelled], vectors[~labelled])
    assert codes[~labelled][order[0]] == 2


def test_near_copies_are_not_asked_about_in_a_row() -> None:
    vectors, _ = crowds([1] * 12)
    copies = np.repeat(vectors, 3, axis=0) * np.tile([1, 2, 0.5], 12).astype(np.float32)[:, None]
    asked = probe.most_useful(nothing(), copies)[:12] // 3
    assert sorted(asked) == list(range(12))


def test_the_first_is_in_the_middle_of_its_crowd_not_at_its_edge() -> None:
    vectors, _ = crowds([40], spread=0.3)
    unit = probe.normalise(vectors)
    first = probe.most_useful(nothing(), vectors)[0]
    typical = (unit @ unit.T).mean(axis=1)
    assert typical[first] > np.quantile(typical, 0.9)


def test_the_order_is_the_same_every_time_and_asks_nothing_twice() -> None:
    vectors, _ = crowds([20, 20, 20])
    chances = np.random.default_rng(1).dirichlet(np.ones(3), 60)
    order = probe.most_useful(vectors[:4], vectors, chances, count=60)
    assert np.array_equal(order, probe.most_useful(vectors[:4], vectors, chances, count=60))
    assert sorted(order) == list(range(60))


def test_where_there_is_nothing_to_ask_nothing_is_asked() -> None:
    assert probe.most_useful(nothing(), nothing()).size == 0
    assert probe.most_useful(nothing(), np.ones((3, 32), np.float32)).size == 3


def test_of_more_than_can_be_looked_at_all_parts_are_asked_about() -> None:
    vectors, codes = crowds([MOST] * 3, spread=0.05)
    order = probe.most_useful(nothing(), vectors, count=6)
    assert sorted(codes[order[:3]]) == [0, 1, 2]
    assert order.size == 6


def test_twenty_answers_are_worth_more_than_twenty_at_random() -> None:
    """Six crowds, of which a pile has many of some and few of others."""
    gains = []
    for seed in range(8):
        vectors, codes = crowds([60, 40, 25, 15, 8, 6], spread=1.2, seed=seed)
        rng = np.random.default_rng(seed)
        shuffled = rng.permutation(codes.size)
        vectors, codes = vectors[shuffled], codes[shuffled]
        start = np.array([np.flatnonzero(codes == code)[0] for code in range(6)])
        pile = np.setdiff1d(np.arange(codes.size), start)
        asked, random = start, np.concatenate([start, rng.permutation(pile)[:20]])
        for _ in range(20):
            left = np.setdiff1d(pile, asked)
            chances = probe.predict(fitted(vectors, codes, asked), vectors[left])
            best = probe.most_useful(vectors[asked], vectors[left], chances, count=1)
            asked = np.append(asked, left[best])
        gains.append(right(vectors, codes, asked) - right(vectors, codes, random))
    assert np.mean(gains) > 0.01
    assert np.mean(np.array(gains) >= 0) > 0.8


def fitted(vectors: Vectors, codes: Codes, places: Codes) -> Any:
    return probe.fit(vectors[places], [str(code) for code in codes[places]])


def right(vectors: Vectors, codes: Codes, places: Codes) -> float:
    """Return the mean over the classes: each counts alike, as the probe takes it."""
    said = probe.predict(fitted(vectors, codes, places), vectors).argmax(axis=1)
    return float(np.mean([(said[codes == code] == code).mean() for code in np.unique(codes)]))


def test_from_python_a_classifier_names_the_files_to_label_next(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("red.png", "purple.png", "words.png")]
    for file, data in zip(files, (drawn(50, "red"), drawn(51, "purple"), b"words"), strict=True):
        file.write_bytes(data)
    with Cache(":memory:") as cache:
        engine = Engine(GridEncoder(), cache, max_pixels=10**6)
        trained = classifiers.train(engine, Dataset(tuple(two_classes(4)), ())).classifier
        classifier = Classifier(trained, engine)
        assert classifier.ask(files) == [files[1], files[0]]
        assert classifier.ask([str(file) for file in files], 1) == files[1:2]
        assert classifier.ask([]) == []
        engine.close()


# The route


@pytest.fixture
def client(fake_encoder: None, client: TestClient) -> TestClient:
    return client


def workspace(*, labelled: int, tried: int) -> str:
    """Return a workspace with so many red and blue pictures in two sets, and so many to try."""
    store = studio().workspaces
    token = store.create()
    for found, colour in zip(store.open(token).sets, ("red", "blue"), strict=True):
        files = [NewPicture(f"{colour}{n}.png", drawn(n, colour)) for n in range(labelled)]
        store.add_pictures(token, found.id, files)
    pile = [NewPicture(f"try{n}.png", drawn(100 + n, ("red", "blue")[n % 2])) for n in range(tried)]
    store.add_pictures(token, None, pile)
    return token


def asked(client: TestClient, token: str, without: str = "") -> list[list[Any]]:
    answer = client.get(f"/api/w/{token}/questions", params={"without": without})
    assert answer.status_code == 200, answer.text
    found: list[list[Any]] = answer.json()["questions"]
    return found


def act(client: TestClient, token: str, **what: object) -> Any:
    answer = client.post(f"/api/w/{token}/act", json=what, headers={"x-featclass": "1"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_pictures_tried_are_asked_about_with_what_the_classifier_would_say(
    client: TestClient,
) -> None:
    token = workspace(labelled=4, tried=12)
    settle(token)
    found = asked(client, token)
    workspace_now = studio().workspaces.open(token)
    predictions = studio().trainer.follow(workspace_now).predictions
    tried = {picture.id: picture for picture in workspace_now.tried}
    assert {one[0] for one in found} == set(tried)
    unlike = [one for one in found if not predictions[one[1]].known]
    assert 0 < len(unlike) < len(found)
    for picture, digest, name, label, probability in found:
        assert (tried[picture].digest, tried[picture].name) == (digest, name)
        assert label in ("Set 1", "Set 2")
        if predictions[digest].known:
            assert 0.5 <= probability < 1
        else:  # no share is meant of what resembles no class
            assert probability is None


def test_without_a_classifier_it_asks_all_the_same(client: TestClient) -> None:
    token = workspace(labelled=0, tried=12)
    settle(token)
    found = asked(client, token)
    assert len(found) == 12
    assert found[0][3:] == [None, None]


def test_what_is_answered_or_left_out_is_not_asked_about_again(client: TestClient) -> None:
    token = workspace(labelled=2, tried=12)
    settle(token)
    first, second, third = asked(client, token)[:3]
    act(client, token, do="move", picture=first[0], set=studio().workspaces.open(token).sets[0].id)
    left = {one[0] for one in asked(client, token, without=f"{second[0]},{third[0]}")}
    assert len(left) == 9
    assert not left & {first[0], second[0], third[0]}


def test_a_picture_that_stands_in_a_set_as_well_is_not_asked_about(client: TestClient) -> None:
    token = workspace(labelled=2, tried=3)
    studio().workspaces.add_pictures(token, None, [NewPicture("again.png", drawn(0, "red"))])
    settle(token)
    assert {one[2] for one in asked(client, token)} == {"try0.png", "try1.png", "try2.png"}


def test_an_answer_is_taken_back_by_the_number_of_its_act(client: TestClient) -> None:
    token = workspace(labelled=2, tried=3)
    store = studio().workspaces
    before = store.open(token)
    moved = act(client, token, do="move", picture=before.tried[0].id, set=before.sets[0].id)
    assert len(store.open(token).tried) == 2
    act(client, token, do="undo", act=moved["act"])
    assert [one.name for one in store.open(token).tried] == [one.name for one in before.tried]


def test_without_the_link_nothing_is_asked_and_odd_numbers_are_refused(client: TestClient) -> None:
    assert client.get("/api/w/nobody/questions").status_code == 404
    token = workspace(labelled=0, tried=0)
    assert asked(client, token) == []
    assert client.get(f"/api/w/{token}/questions?without=1,x").status_code == 404
