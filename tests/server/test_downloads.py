from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from featclass import encoders
from featclass.base import config
from featclass.base.errors import DownloadCancelled, EncoderUnavailable
from featclass.server import downloads
from featclass.server.downloads import Download, DownloadPhase, Downloads

SPEC = "ViT-B-32/laion2b_s34b_b79k"
SECONDS = 20


class Hub:
    """Stands in for a download: goes on when told to, and stops when cancelled."""

    def __init__(self) -> None:
        self.starts = 0
        self.go_on = threading.Event()
        self.fails = False

    def download(
        self,
        spec: str,
        *,
        config: object,
        progress: Callable[[int, int], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self.starts += 1
        progress(50, 200)
        while not self.go_on.wait(0.01):
            if cancelled():
                raise DownloadCancelled("cancelled")
        if self.fails:
            raise EncoderUnavailable("The hub said no.")
        progress(200, 200)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    made = Hub()
    monkeypatch.setattr(encoders, "download", made.download)
    monkeypatch.setattr(encoders, "can_reach_hub", lambda: False)
    return made


@pytest.fixture
def background() -> Iterator[Downloads]:
    made = Downloads(config.load())
    yield made
    made.close()


def until(background: Downloads, holds: Callable[[Download], bool]) -> Download:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        state = background.state(SPEC)
        if state is not None and holds(state):
            return state
    raise AssertionError(f"never came true: {state}")


def test_a_download_tells_how_far_it_is_and_when_it_is_done(
    hub: Hub, background: Downloads
) -> None:
    assert background.state(SPEC) is None
    background.start(SPEC)
    state = until(background, lambda state: state.total > 0)
    assert (state.phase, state.done, state.total) == (DownloadPhase.RUNNING, 50, 200)
    hub.go_on.set()
    assert until(background, lambda state: state.phase is DownloadPhase.DONE).done == 200


def test_asking_again_while_it_runs_starts_nothing(hub: Hub, background: Downloads) -> None:
    for _ in range(5):
        background.wish(SPEC)
    until(background, lambda state: state.total > 0)
    assert hub.starts == 1


def test_a_cancelled_download_stays_so_until_somebody_starts_it(
    hub: Hub, background: Downloads
) -> None:
    background.wish(SPEC)
    until(background, lambda state: state.total > 0)  # one that had not begun never would
    background.cancel(SPEC)
    until(background, lambda state: state.phase is DownloadPhase.CANCELLED)
    background.wish(SPEC)
    assert hub.starts == 1
    background.start(SPEC)
    hub.go_on.set()
    until(background, lambda state: state.phase is DownloadPhase.DONE)
    assert hub.starts == 2


def test_a_failed_download_says_why_and_rests_before_it_is_tried_by_itself(
    hub: Hub, background: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.fails = True
    hub.go_on.set()
    background.wish(SPEC)
    state = until(background, lambda state: state.phase is DownloadPhase.FAILED)
    assert state.message == "The hub said no."
    assert state.is_cut_off
    background.wish(SPEC)
    assert hub.starts == 1
    monkeypatch.setattr(downloads, "RETRY_SECONDS", 0)
    background.wish(SPEC)
    until(background, lambda _: hub.starts == 2)


def test_a_download_that_dies_of_a_fault_of_ours_ends_as_failed_and_can_be_started_again(
    hub: Hub, background: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault")

    with monkeypatch.context() as patch:
        patch.setattr(encoders, "download", broken)
        background.start(SPEC)
        state = until(background, lambda state: state.phase is DownloadPhase.FAILED)
    assert "RuntimeError" in state.message
    hub.go_on.set()
    background.start(SPEC)
    until(background, lambda state: state.phase is DownloadPhase.DONE)
