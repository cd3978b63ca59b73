"""How the page shows batches, without a browser: what of each, and how often it looks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.testing.v1 import AppTest

from featclass.base import Pace, Prediction
from featclass.server.batches import Batch, Batches, BatchPhase, Counts, Record
from featclass.server.studio import studio
from tests.web.page.framed import PAGE, SECONDS, calm, text

pytestmark = pytest.mark.usefixtures("fake_encoder")
HOSTILE = '<img src=x onerror="alert(1)">'
BOTH = Counter({"cat": 3, HOSTILE: 1})


@pytest.fixture
def token() -> str:
    return studio().workspaces.create()


def batch(phase: BatchPhase, *, name: str = "a_b.zip", error: str = "", done: int = 4) -> Batch:
    classes = ("cat", HOSTILE)
    record = Record(
        *("0123456789abcdef", name, None, "key", classes, {}, datetime.now(UTC)),
        error=error,
    )
    first = [Prediction(HOSTILE, label="cat", probability=0.913, known=True)]
    counts = Counts(done, sure=BOTH, first=first) if done else Counts()
    return Batch(record, phase, Pace(done, 8), counts)


def seen(
    token: str, monkeypatch: pytest.MonkeyPatch, *batches: Batch, is_open: bool = True
) -> AppTest:
    """Visit the page of a workspace with these batches."""
    monkeypatch.setattr(Batches, "of", lambda *_: list(batches))
    test = AppTest.from_file(str(PAGE), default_timeout=SECONDS)
    test.query_params["w"] = token
    test.session_state[f"batches-{token}"] = is_open
    return calm(test.run())


def buttons(test: AppTest) -> set[str]:
    return {button.label for button in test.button} & {"Cancel", "Resume", "Predict again"}


@pytest.mark.parametrize(
    ("phase", "offered", "words"),
    [
        (BatchPhase.WAITING, {"Cancel"}, "Waiting for its turn"),
        (BatchPhase.LOADING, {"Cancel"}, "Getting ready"),
        (BatchPhase.RUNNING, {"Cancel"}, "4 of 8"),
        (BatchPhase.STOPPED, {"Resume"}, "Stopped at 4 of 8"),
        (BatchPhase.FAILED, {"Resume"}, "Stopped at 4 of 8"),
        (BatchPhase.DONE, set(), "4 pictures"),
    ],
)
def test_a_batch_says_how_far_it_is_and_offers_what_can_be_done(
    token: str,
    monkeypatch: pytest.MonkeyPatch,
    phase: BatchPhase,
    offered: set[str],
    words: str,
) -> None:
    test = seen(token, monkeypatch, batch(phase, error="The disk is full."))
    assert buttons(test) == offered
    progress = [bar.proto.text for bar in test.get("progress")]
    assert words in "\n".join([*progress, text(test)])
    assert (phase is BatchPhase.DONE) == (not progress)
    assert "The disk is full" in text(test)


def test_names_of_files_and_classes_are_shown_as_text(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = seen(token, monkeypatch, batch(BatchPhase.DONE, name=HOSTILE))
    html = "\n".join(element.proto.body for element in test.get("html"))
    assert "&lt;img" in html
    assert "<img" not in html + text(test).replace("\\<img", "")


def test_what_came_of_it_is_taken_away_from_where_it_lies(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = f"/api/w/{token}/batches/0123456789abcdef"
    html = seen(token, monkeypatch, batch(BatchPhase.STOPPED)).get("html")
    [body] = [part.proto.body for part in html if 'class="batch-file"' in part.proto.body]
    assert f'href="{files}/sorted.zip"' in body
    assert f'href="{files}/predictions.csv"' in body
    nothing = seen(token, monkeypatch, batch(BatchPhase.WAITING, done=0)).get("html")
    assert not any('class="batch-file"' in part.proto.body for part in nothing)


def test_the_line_says_in_short_how_the_batches_stand_while_it_is_closed(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, done = batch(BatchPhase.RUNNING), batch(BatchPhase.DONE)
    for batches, words in (
        ([running], "4 of 8"),
        ([running, running, done], "2 running"),
        ([batch(BatchPhase.FAILED), done], "1 stopped"),
        ([done, done], "2 kept here"),
        ([done], "a\\_b\\.zip\\: 4 pictures"),
    ):
        test = seen(token, monkeypatch, *batches, is_open=False)
        assert words in text(test)
        assert not buttons(test)


@pytest.mark.parametrize(
    ("phases", "seconds"),
    [
        ([], []),
        ([BatchPhase.DONE, BatchPhase.STOPPED, BatchPhase.FAILED], []),
        ([BatchPhase.DONE, BatchPhase.RUNNING], [1.0]),
        ([BatchPhase.WAITING], [1.0]),
        ([BatchPhase.LOADING], [0.4]),
    ],
)
def test_the_page_draws_itself_anew_while_a_batch_runs_and_rests_otherwise(
    token: str, monkeypatch: pytest.MonkeyPatch, phases: list[BatchPhase], seconds: list[float]
) -> None:
    sent: list[ForwardMsg] = []
    monkeypatch.setattr(ForwardMsgQueue, "_before_enqueue_msg", sent.append)
    seen(token, monkeypatch, *map(batch, phases), is_open=False)
    again = [message.auto_rerun for message in sent if message.HasField("auto_rerun")]
    assert [message.interval for message in again] == pytest.approx(seconds)
