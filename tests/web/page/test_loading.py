"""A saved classifier given to the page: what of it is opened, and what is said with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from featclass import encoders
from featclass.base.records import Rejected, TrainedClassifier
from featclass.classifiers import artifact
from featclass.encoders import builtin
from featclass.server.studio import studio
from featclass.workspaces import NewPicture
from tests.classifiers.test_encoder_choice import opened, trained
from tests.fakes import drawn
from tests.filled import OURS
from tests.web.page.framed import settled, text

__all__ = ["opened", "trained"]

ELSEWHERE = "local-dir:/somebody/elses/folder"


def given(client: TestClient, classifier: TrainedClassifier, token: str) -> dict[str, str]:
    """Return the answer to a file that was given to a workspace, as its page gives it."""
    where, data = f"/api/w/{token}/classifier?name=mine.featclass", artifact.dumps(classifier)
    answer: dict[str, str] = client.post(where, content=data, headers=OURS).json()
    return answer


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("spec", [ELSEWHERE, "hf-hub:somebody/weights", "auto", "nonsense"])
def test_the_page_opens_no_encoder_because_a_file_names_it(
    client: TestClient,
    trained: TrainedClassifier,
    opened: list[str],
    monkeypatch: pytest.MonkeyPatch,
    spec: str,
    shared: bool,
) -> None:
    monkeypatch.setenv("FEATCLASS_SHARED", "1" if shared else "0")
    token = studio().workspaces.create()
    answer = given(client, replace(trained, encoder=spec), token)
    assert "token" not in answer
    assert spec in answer["error"]
    assert "is not among" in answer["error"]
    assert spec not in opened


def test_who_has_chosen_the_encoder_in_the_menu_may_load_what_was_made_with_it(
    client: TestClient,
    trained: TrainedClassifier,
    opened: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(encoders, "is_local", lambda spec, config: True)
    token = studio().workspaces.create()
    studio().workspaces.choose_encoder(token, ELSEWHERE)
    answer = given(client, replace(trained, encoder=ELSEWHERE), token)
    assert answer["token"] != token
    assert "holds a saved classifier" in text(settled(answer["token"]))
    assert ELSEWHERE in opened


@pytest.mark.usefixtures("opened")
def test_a_wrong_width_is_said_on_the_page_in_a_sentence(
    client: TestClient, trained: TrainedClassifier
) -> None:
    probe, exemplars = trained.probe, trained.exemplars
    narrow = replace(
        trained,
        probe=replace(probe, coefficients=probe.coefficients[:, :7].copy()),
        exemplars=replace(exemplars, vectors=exemplars.vectors[:, :7].copy()),
    )
    token = given(client, narrow, studio().workspaces.create())["token"]
    shown = text(settled(token))
    assert "takes embeddings of 7 values" in shown
    assert "Something went wrong" not in shown


def test_file_names_in_no_known_writing_are_told_and_reported_as_text(
    trained: TrainedClassifier, client: TestClient
) -> None:
    names = tuple(f"red/{i}\udcff.png" for i in range(len(trained.exemplars.names)))
    report = replace(trained.report, rejected=(Rejected("broken\udc80.png", "truncated"),))
    strange = replace(trained, exemplars=replace(trained.exemplars, names=names), report=report)
    token = given(client, strange, studio().workspaces.create())["token"]
    store = studio().workspaces
    store.add_pictures(token, None, [NewPicture("new.png", drawn(70))])
    settled(token)
    base = f"/api/w/{token}"
    rows = client.get(f"{base}/tried").json()["rows"]
    said = client.get(f"{base}/tried/{rows[0][0]}").json()
    assert said["neighbours"][0][1].endswith("\ufffd.png")
    for ending in ("html", "md"):
        answer = client.get(f"{base}/report.{ending}")
        assert answer.status_code == 200, answer.text
        assert "broken" in answer.text


def test_what_was_saved_with_all_that_was_built_in_once_opens_its_small_half(
    client: TestClient, trained: TrainedClassifier
) -> None:
    store = studio().workspaces
    once = replace(trained, encoder="builtin", encoder_id=builtin.SMALL.id)
    token = given(client, once, store.create())["token"]
    assert store.open(token).encoder == "builtin:small"
    today = replace(trained, encoder="builtin", encoder_id=builtin.BOTH.id)
    token = given(client, today, store.create())["token"]
    assert store.open(token).encoder == "builtin"
