"""A saved classifier given to the page: what of it is opened, and what is said with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from featclass import artifact, encoders, service
from featclass.cache import Cache
from featclass.engine import Engine
from featclass.records import Dataset, Rejected, TrainedClassifier
from featclass.studio import studio
from featclass.workspaces import NewPicture
from tests.fakes import GridEncoder, drawn, two_classes
from tests.test_page import calm, link, settled, text, visit

ELSEWHERE = "local-dir:/somebody/elses/folder"


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The specs that were loaded, or looked for on the disk."""
    loaded: list[str] = []

    def load(spec: str, **_: object) -> GridEncoder:
        loaded.append(spec)
        return GridEncoder(spec=spec)

    monkeypatch.setattr(encoders, "load", load)
    monkeypatch.setattr(encoders, "choose_device", lambda _: "cpu")
    return loaded


@pytest.fixture(scope="module")
def trained() -> TrainedClassifier:
    with Cache(":memory:") as cache:
        engine = Engine(GridEncoder(spec="builtin"), cache, max_pixels=10**7)
        learned = service.train(engine, Dataset(tuple(two_classes())))
        engine.close()
    return learned.classifier


def given(classifier: TrainedClassifier, token: str) -> AppTest:
    """Return the page of a workspace after a file was given to it."""
    test = visit(token)
    data = artifact.dumps(classifier)
    test.file_uploader(key="saved").set_value(("mine.featclass", data, "")).run()
    return calm(test)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("spec", [ELSEWHERE, "hf-hub:somebody/weights", "auto", "nonsense"])
def test_the_page_opens_no_encoder_because_a_file_names_it(
    trained: TrainedClassifier,
    opened: list[str],
    monkeypatch: pytest.MonkeyPatch,
    spec: str,
    shared: bool,
) -> None:
    monkeypatch.setenv("FEATCLASS_SHARED", "1" if shared else "0")
    token = studio().workspaces.create()
    test = given(replace(trained, encoder=spec), token)
    assert link(test) == token
    assert spec in test.error[0].value.replace("\\", "")
    assert "is not among" in test.error[0].value
    assert spec not in opened


def test_who_has_chosen_the_encoder_in_the_menu_may_load_what_was_made_with_it(
    trained: TrainedClassifier, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "is_local", lambda spec, config: True)
    token = studio().workspaces.create()
    studio().workspaces.choose_encoder(token, ELSEWHERE)
    test = given(replace(trained, encoder=ELSEWHERE), token)
    assert link(test) != token
    assert "holds a saved classifier" in text(settled(link(test)))
    assert ELSEWHERE in opened


@pytest.mark.usefixtures("opened")
def test_a_wrong_width_is_said_on_the_page_in_a_sentence(trained: TrainedClassifier) -> None:
    probe, exemplars = trained.probe, trained.exemplars
    narrow = replace(
        trained,
        probe=replace(probe, coefficients=probe.coefficients[:, :7].copy()),
        exemplars=replace(exemplars, vectors=exemplars.vectors[:, :7].copy()),
    )
    opened_for_it = link(given(narrow, studio().workspaces.create()))
    shown = text(settled(opened_for_it))
    assert "takes embeddings of 7 values" in shown
    assert "Something went wrong" not in shown


def test_file_names_in_no_known_writing_are_told_and_reported_as_text(
    trained: TrainedClassifier, client: TestClient
) -> None:
    names = tuple(f"red/{i}\udcff.png" for i in range(len(trained.exemplars.names)))
    report = replace(trained.report, rejected=(Rejected("broken\udc80.png", "truncated"),))
    strange = replace(trained, exemplars=replace(trained.exemplars, names=names), report=report)
    token = link(given(strange, studio().workspaces.create()))
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
