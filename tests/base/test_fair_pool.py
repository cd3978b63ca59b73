"""Threads that serve by pool; and what visitors ask of a server that does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextvars import ContextVar

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from featclass.base.errors import FeatclassError
from featclass.base.fair_pool import FairPool
from featclass.server import studio as studio_module
from featclass.server.studio import studio
from featclass.web.routes.requests import in_turn
from featclass.workspaces import NewPicture, Workspaces
from tests.fakes import drawn
from tests.filled import settle

SECONDS = 30


@pytest.fixture
def pool() -> Iterator[FairPool]:
    made = FairPool(1, "test")
    yield made
    made.close()


def held_up(pool: FairPool, whose: str = "early") -> tuple[threading.Event, Future[bool]]:
    """Keep a thread busy until the event is set."""
    begun, opened = threading.Event(), threading.Event()

    def work() -> bool:
        begun.set()
        return opened.wait(SECONDS)

    future = pool.submit(whose, work)
    assert begun.wait(SECONDS)
    return opened, future


def test_who_asks_for_one_thing_waits_for_one_thing_of_who_asks_for_five_hundred(
    pool: FairPool,
) -> None:
    done: list[str] = []
    opened, _ = held_up(pool)
    many = [pool.submit("many", done.append, "many") for _ in range(500)]
    one = pool.submit("one", done.append, "one")
    opened.set()
    one.result(SECONDS)
    assert done.index("one") <= 1
    for future in many:
        future.result(SECONDS)
    assert len(done) == 501


def test_all_take_turns_and_each_gets_theirs_in_order(pool: FairPool) -> None:
    done: list[str] = []
    opened, _ = held_up(pool)
    work = [pool.submit(who, done.append, f"{who}{i}") for who in "abc" for i in range(3)]
    opened.set()
    for future in work:
        future.result(SECONDS)
    assert done == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]


def test_nobody_has_all_the_threads_at_once() -> None:
    pool = FairPool(4, "test", most_each=2)
    held = [held_up(pool, "greedy") for _ in range(2)]
    third = pool.submit("greedy", lambda: "third")
    assert pool.submit("other", lambda: "other").result(SECONDS) == "other"
    assert not third.done()
    for opened, _ in held:
        opened.set()
    assert third.result(SECONDS) == "third"
    pool.close()


def test_what_goes_wrong_is_told_to_who_waits_and_the_thread_lives_on(pool: FairPool) -> None:
    with pytest.raises(ZeroDivisionError):
        pool.submit("a", lambda: 1 / 0).result(SECONDS)
    assert pool.submit("a", lambda: 5).result(SECONDS) == 5


def test_what_is_cancelled_before_its_turn_is_never_done(pool: FairPool) -> None:
    done: list[int] = []
    opened, _ = held_up(pool)
    dropped, kept = (pool.submit("a", done.append, i) for i in range(2))
    assert dropped.cancel()
    opened.set()
    kept.result(SECONDS)
    assert done == [1]


def test_at_the_end_what_is_begun_is_finished_and_who_waits_is_told() -> None:
    pool = FairPool(1, "test")
    opened, begun = held_up(pool)
    waiting = pool.submit("a", lambda: 1)
    closing = threading.Thread(target=pool.close)
    closing.start()
    with pytest.raises(CancelledError):
        waiting.result(SECONDS)
    opened.set()
    closing.join(SECONDS)
    assert begun.result(0)
    with pytest.raises(RuntimeError):
        pool.submit("a", lambda: 1)


def test_as_many_threads_work_as_there_is_work() -> None:
    pool, together = FairPool(3, "test"), threading.Barrier(3)
    work = [pool.submit("a", together.wait, SECONDS) for _ in range(3)]
    assert {future.result(SECONDS) for future in work} == {0, 1, 2}
    pool.close()


def test_what_is_done_in_turn_knows_on_whose_behalf() -> None:
    behalf: ContextVar[str] = ContextVar("behalf", default="nobody")

    async def asked(request: Request) -> Response:
        behalf.set(request.query_params["who"])
        return PlainTextResponse(await in_turn(request, behalf.get))

    app = TestClient(Starlette(routes=[Route("/", asked)]))
    assert [app.get(f"/?who={who}").text for who in ("anna", "bert")] == ["anna", "bert"]


def filled(visitor: str | None, seed: int) -> str:
    """Return a workspace with two sets to learn."""
    store = studio().workspaces
    token = store.create(visitor=visitor)
    for found, colour in zip(store.open(token).sets, ("red", "blue"), strict=True):
        pictures = [NewPicture(f"{i}.png", drawn(seed + i, colour)) for i in range(2)]
        store.add_pictures(token, found.id, pictures)
    return token


@pytest.mark.usefixtures("fake_encoder")
@pytest.mark.parametrize("visitor", ["a-visitor-of-many-workspaces", None])
def test_the_training_of_one_visitor_does_not_wait_for_all_trainings_of_another(
    visitor: str | None,
) -> None:
    trainer, store = studio().trainer, studio().workspaces
    training: list[str] = []
    learn = trainer._learn

    def noted(token: str) -> bool:
        if token not in training:
            training.append(token)
        return learn(token)

    gates = [threading.Event() for _ in range(4)]
    busy = [
        trainer._learners._pool.submit(f"busy{i}", gate.wait, SECONDS)
        for i, gate in enumerate(gates)
    ]
    vars(trainer)["_learn"] = noted
    many = [filled(visitor, 10 * i) for i in range(12)]
    one = filled("another-visitor-of-this", 500)
    for token in (*many, one):
        trainer.follow(store.open(token))
    gates[0].set()  # one thread: in pool, whatever the others do
    busy[0].result(SECONDS)
    settle(one)
    assert training.index(one) <= 2
    for gate in gates:
        gate.set()
    studio_module.close()


def test_a_training_whose_turn_could_not_be_asked_for_is_asked_for_again(
    fake_encoder: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = studio().workspaces.create()
    sets = [labelled.id for labelled in studio().workspaces.open(token).sets]
    for place, colour in zip(sets, ("red", "blue"), strict=False):
        files = [NewPicture(f"{i}.png", drawn(i, colour)) for i in range(4)]
        studio().workspaces.add_pictures(token, place, files)
    workspace = studio().workspaces.open(token)

    def unreadable(*_: object) -> str:
        raise FeatclassError("The data folder cannot be reached.")

    with monkeypatch.context() as patch:
        patch.setattr(Workspaces, "visitor_of", unreadable)
        with pytest.raises(FeatclassError):
            studio().trainer.follow(workspace)
    studio().trainer.follow(workspace)
    settle(token)
    assert studio().trainer.known(token).is_current
