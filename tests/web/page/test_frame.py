"""The page's states, without a browser: what is drawn, and what an act does."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.testclient import TestClient
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.testing.v1 import AppTest

from featclass.server import studio as studio_module
from featclass.server.studio import studio
from tests.filled import OURS
from tests.web.page.framed import calm, fill, link, part, settled, text, visit

pytestmark = pytest.mark.usefixtures("fake_encoder")


@pytest.fixture
def token() -> str:
    return studio().workspaces.create()


def has_part(test: AppTest, script: str) -> bool:
    return any(script in found.proto.component_name for found in test.get("bidi_component"))


def test_the_first_visit_is_a_welcome_with_two_empty_sets_and_one_button() -> None:
    test = visit()
    assert test.title[0].value == "Teach it with a handful of pictures"
    assert any(button.label == "Load sample pictures" for button in test.button)
    assert [found["name"] for found in part(test, "sets")["sets"]] == ["Set 1", "Set 2"]
    assert "stay on this machine" in text(test)
    assert test.query_params["w"]


def test_the_samples_fill_both_sets_and_lead_to_a_score_and_predictions() -> None:
    test = visit()
    [button] = [button for button in test.button if button.label == "Load sample pictures"]
    calm(button.click().run())
    token = link(test)
    test = settled(token)
    assert [found["count"] for found in part(test, "sets")["sets"]] == [13, 11]
    assert "of 24 right" in text(test)
    results = part(test, "tryout")["results"]
    assert len(results) == 8
    assert all(result["bars"] for result in results)


def test_one_filled_set_says_which_set_to_fill_next(token: str) -> None:
    fill(token, 0, "red", range(3))
    assert "Add pictures to **Set 2**" in text(settled(token))


def test_one_picture_in_a_set_predicts_but_gives_no_score(token: str) -> None:
    fill(token, 0, "red", range(3))
    fill(token, 1, "blue", range(1))
    test = settled(token)
    assert "No score yet" in text(test)
    assert "only one picture" in text(test)
    assert not has_part(test, "matrix")
    assert part(test, "tryout")["ready"]


def test_the_score_stands_beside_its_interval_and_the_matrix(token: str) -> None:
    fill(token, 0, "red", range(5))
    fill(token, 1, "blue", range(5))
    test = settled(token)
    assert "10 of 10 right" in text(test)
    assert "the true rate is somewhere between" in text(test)
    assert "guessing would give" in text(test)
    assert part(test, "matrix")["cells"] == [[0, 0, 5], [1, 1, 5]]


def test_below_the_matrix_stands_what_would_help_and_the_report_is_in_the_details(
    token: str,
) -> None:
    fill(token, 0, "red", range(5))
    fill(token, 1, "blue", range(5))
    test = settled(token)
    result = studio().trainer.follow(studio().workspaces.open(token)).result
    assert result is not None
    assert result.classifier is not None
    curve = result.classifier.report.learning_curve
    assert curve is not None
    assert curve.reason in text(test).replace("\\", "")
    assert "would be taken for none of the sets" in text(test)
    links = [found.proto.url for found in test.get("link_button")]
    assert f"/api/w/{token}/report.html" in links


def test_a_score_that_is_settling_says_so(token: str) -> None:
    fill(token, 0, "red", range(5))
    fill(token, 1, "blue", range(5))
    settled(token)
    trainer = studio().trainer
    state = trainer._states[token]
    assert state.result is not None
    unsettled = replace(state.result, is_settling=True)
    trainer._states[token] = replace(state, result=unsettled)
    test = visit(token)
    assert "Still working out how far to trust it" in text(test)
    assert not any("report.html" in found.proto.url for found in test.get("link_button"))


def test_what_is_worth_a_look_is_a_line_that_carries_no_findings(token: str) -> None:
    fill(token, 0, "red", range(10))
    fill(token, 0, "blue", range(50, 51))
    fill(token, 1, "blue", range(10))
    settled(token)
    data = part(visit(token), "findings")
    assert data["line"].startswith("1 picture may be in the wrong set")
    assert data["ready"]
    assert "png" not in json.dumps(data)


def test_an_older_score_is_marked_as_such_while_the_new_one_is_worked_out(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(token, 0, "red", range(4))
    fill(token, 1, "blue", range(4))
    settled(token)
    fill(token, 1, "blue", range(4, 6))
    monkeypatch.setattr(studio().trainer._learners, "submit", lambda *_: None)
    assert "For 8 pictures, before the change" in text(visit(token))


def test_what_polls_draws_nothing_as_what_a_fragment_draws_may_be_lost_on_its_way(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[ForwardMsg] = []
    monkeypatch.setattr(ForwardMsgQueue, "_before_enqueue_msg", sent.append)
    fill(token, 0, "red", range(5))
    fill(token, 1, "blue", range(5))
    visit(token)
    deltas = [message.delta for message in sent if message.HasField("delta")]
    polling = [delta.WhichOneof("type") for delta in deltas if delta.fragment_id]
    assert polling == ["add_block"]  # the place of the fragment itself
    assert len(deltas) > len(polling)


def test_after_a_move_to_where_it_was_guessed_the_page_says_what_was_done_and_no_news(
    token: str,
) -> None:
    fill(token, 0, "red", range(5))
    fill(token, 0, "blue", range(50, 51))
    fill(token, 1, "blue", range(5))
    assert "before the last change" not in text(settled(token))
    store = studio().workspaces
    one, two = store.open(token).sets
    store.move_picture(token, one.pictures[-1].id, two.id)
    test = settled(token)
    assert "Moved blue50.png from Set 1 to Set 2." in text(test).replace("\\", "")
    assert "11 of 11 right" in text(test)
    assert "Moving pictures to where they were guessed raises this score by itself" in text(test)
    assert "before the last change" not in text(test)
    calm(test.button(key="undo_button").click().run())
    assert [len(found.pictures) for found in store.open(token).sets] == [6, 5]


def test_the_matrix_is_given_counts_and_ids_and_no_pictures(token: str) -> None:
    fill(token, 0, "red", range(5))
    fill(token, 1, "blue", range(5))
    name = "<img src=x onerror=alert(1)>"
    store = studio().workspaces
    one, two = store.open(token).sets
    store.rename_set(token, two.id, name)
    data = part(settled(token), "matrix")
    assert [found[:2] for found in data["classes"]] == [[two.id, name], [one.id, "Set 1"]]
    assert data["opens"]
    assert not data["stale"]
    assert "png" not in json.dumps(data)


def test_a_picture_left_out_is_shown_as_such_in_its_set(token: str) -> None:
    fill(token, 0, "red", range(3))
    store = studio().workspaces
    store.leave_out(token, store.open(token).sets[0].pictures[1].id, "blurred")
    [shown, _] = part(visit(token), "sets")["sets"]
    assert (shown["count"], shown["left_out"]) == (3, 1)
    assert [found[2:] for found in shown["pictures"]] == [
        ["red1.png", "blurred"],
        ["red0.png", None],
        ["red2.png", None],
    ]


def test_undoing_what_cannot_be_undone_any_more_is_told_in_a_sentence(token: str) -> None:
    fill(token, 0, "red", range(1))
    store = studio().workspaces
    one, two = store.open(token).sets
    store.move_picture(token, one.pictures[0].id, two.id)
    test = visit(token)
    store.purge(older_than=timedelta(0))  # since this page was drawn
    test = calm(test.button(key="undo_button").click().run())
    assert "deleted for good" in test.toast[0].value


def test_what_was_removed_can_be_brought_back(token: str) -> None:
    fill(token, 0, "red", range(2))
    store = studio().workspaces
    first = store.open(token).sets[0].id
    store.rename_set(token, first, "Tomatoes")
    store.remove_set(token, first)
    test = visit(token)
    assert [found["name"] for found in part(test, "sets")["sets"]] == ["Set 2"]
    assert "Removed set Tomatoes with 2 pictures" in text(test).replace("\\", "")
    test = calm(test.button(key="undo_button").click().run())
    assert "Tomatoes" in [found["name"] for found in part(test, "sets")["sets"]]
    assert "Removed" not in text(test)


def test_hostile_names_are_shown_as_text(token: str) -> None:
    name = "![x](http://evil.example/a.png) <b>&</b> $x$ :red[y]"
    store = studio().workspaces
    store.rename(token, name)
    store.rename_set(token, store.open(token).sets[1].id, name)
    fill(token, 0, "red", range(2))
    test = settled(token)
    labels = [element.proto.popover.label for element in test.get("popover")]
    assert any("evil" in label for label in labels)
    for shown in (*labels, *(element.value for element in [*test.markdown, *test.caption])):
        assert "![x](" not in shown
        assert ":red[y]" not in shown
        assert "$x$" not in shown


def test_a_link_with_underscores_in_a_row_is_a_link_like_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(secrets, "token_urlsafe", lambda *_: "ab__cd___ef--ghijklmnop")
    assert part(visit(studio().workspaces.create()), "tryout")["results"] == []


def test_an_encoder_nobody_knows_leaves_the_page_usable(token: str) -> None:
    fill(token, 0, "red", range(2))
    fill(token, 1, "blue", range(2))
    studio().workspaces.choose_encoder(token, "nonsense")
    test = settled(token)
    assert "nonsense" in test.error[0].value
    calm(test.radio[0].set_value("builtin").run())
    assert "4 of 4 right" in text(settled(token))


def test_naming_an_encoder_nobody_knows_is_refused_in_a_sentence(token: str) -> None:
    test = visit(token)
    [other] = [box for box in test.text_input if box.label == "Another one"]
    calm(other.set_value("ViT-B-32/nope").run())
    assert "nope" in test.error[0].value
    assert studio().workspaces.open(token).encoder == "auto"


def test_on_a_shared_server_only_the_encoders_of_the_menu_are_offered(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        studio_module, "_studio", replace(studio(), config=replace(studio().config, is_shared=True))
    )
    assert "Another one" not in [box.label for box in visit(token).text_input]


def test_renaming_the_workspace_happens_once_also_with_blanks_around_the_name(token: str) -> None:
    test = visit(token)
    [box] = [box for box in test.text_input if box.label == "Name of this workspace"]
    calm(box.set_value("  Welds ").run())
    workspace = studio().workspaces.open(token)
    assert workspace.name == "Welds"
    calm(test.run())
    assert studio().workspaces.version(token) == workspace.version


def test_after_a_removed_workspace_other_removals_can_still_be_undone(token: str) -> None:
    fill(token, 0, "red", range(2))
    test = visit(token)
    [remove] = [button for button in test.button if button.label == "Remove this one"]
    calm(remove.click().run())
    now = link(test)
    assert now != token
    assert "Removed workspace" in text(test)
    studio().workspaces.remove_set(now, studio().workspaces.open(now).sets[0].id)
    calm(test.run())
    assert "Removed set" in text(test)
    calm(test.button(key="undo_close").click().run())
    assert "Removed workspace" in text(test)
    calm(test.button(key="undo_button").click().run())
    assert link(test) == token


def test_when_all_pictures_stand_in_both_sets_the_page_says_why_there_is_no_score(
    token: str,
) -> None:
    fill(token, 0, "red", range(2))
    fill(token, 1, "red", range(2))
    test = settled(token)
    assert "All pictures of Set 2 are also in Set 1" in text(test)
    assert any("4 pictures do not count" in found.label for found in test.expander)


def test_a_link_that_leads_nowhere_says_so_and_offers_a_new_workspace() -> None:
    test = visit("no-such-link")
    assert test.title[0].value == "This link leads to no workspace"
    calm(test.button[0].click().run())
    assert link(test) != "no-such-link"


def test_a_removed_workspace_can_be_brought_back_from_its_link(token: str) -> None:
    fill(token, 0, "red", range(2))
    studio().workspaces.remove_workspace(token)
    test = visit(token)
    assert test.title[0].value == "This workspace was removed"
    calm(test.button[0].click().run())
    assert part(test, "sets")["sets"][0]["count"] == 2


def test_a_saved_classifier_opens_in_a_workspace_of_its_own_and_predicts(
    client: TestClient, token: str
) -> None:
    from featclass.classifiers import artifact

    fill(token, 0, "red", range(4))
    fill(token, 1, "blue", range(4))
    settled(token)
    result = studio().trainer.follow(studio().workspaces.open(token)).result
    assert result is not None
    assert result.classifier is not None
    where = f"/api/w/{token}/classifier?name=mine.featclass"
    answer = client.post(where, content=artifact.dumps(result.classifier), headers=OURS)
    assert answer.status_code == 200, answer.text
    opened = answer.json()["token"]
    assert opened != token
    test = settled(opened)
    assert "holds a saved classifier" in text(test)
    assert studio().workspaces.open(opened).name == "mine"
    assert not part(test, "matrix")["opens"]
    assert "8 of 8 right" in text(test)


def test_a_damaged_classifier_is_refused_in_a_sentence(client: TestClient, token: str) -> None:
    where = f"/api/w/{token}/classifier?name=bad.featclass"
    answer = client.post(where, content=b"nonsense", headers=OURS)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
    assert "Traceback" not in answer.text


def test_an_encoder_that_is_not_here_is_told_in_a_sentence_when_downloads_are_forbidden(
    token: str,
) -> None:
    fill(token, 0, "red", range(2))
    fill(token, 1, "blue", range(2))
    studio().workspaces.choose_encoder(token, "ViT-L-14/datacomp_xl_s13b_b90k")
    test = settled(token)
    assert "downloads are forbidden" in test.warning[0].value


def test_a_run_with_nothing_to_compute_embeds_and_learns_nothing(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(token, 0, "red", range(3))
    fill(token, 1, "blue", range(3))
    test = settled(token)

    def unexpected(*_: object) -> Callable[..., None]:
        raise AssertionError("nothing was to be done")

    monkeypatch.setattr(studio().trainer._learners, "submit", unexpected)
    calm(test.run())


@pytest.fixture(autouse=True)
def _clear_streamlit_caches() -> Iterator[None]:
    import streamlit as st

    yield
    st.cache_resource.clear()
    st.cache_data.clear()
