"""Why a picture is taken for a class: the route and the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

import featclass
import featclass.base.errors
from featclass import classifiers
from featclass.base.records import digest_of
from featclass.cli import app
from featclass.cli.picture_files import file_name
from featclass.server.studio import studio
from featclass.workspaces import NewPicture
from tests.fakes import drawn
from tests.filled import add, sets, settle

NEW = drawn(50, "red")


@pytest.fixture
def token(fake_encoder: None) -> str:
    token = studio().workspaces.create()
    red, blue = sets(token)
    add(token, red, {f"red{seed}.png": drawn(seed, "red") for seed in range(6)})
    add(token, blue, {f"blue{seed}.png": drawn(seed, "blue") for seed in range(6)})
    for set_id, name in ((red, "red"), (blue, "blue & <b>")):
        studio().workspaces.rename_set(token, set_id, name)
    studio().workspaces.add_pictures(token, None, [NewPicture("new.png", NEW)])
    settle(token)
    return token


def why(client: TestClient, token: str, **asked: str) -> Any:
    return client.get(f"/api/w/{token}/why/{digest_of(NEW)}", params=asked)


def test_a_picture_of_the_workspace_is_explained_for_its_class_and_for_any_other(
    client: TestClient, token: str
) -> None:
    answer = why(client, token).json()
    assert answer["label"] == "red"
    assert answer["says"].split()[0] in ("Over", f"{100 * answer['probability']:.0f}")
    assert answer["box"] == [0, 0, 1, 1]
    assert len(answer["values"]) == answer["rows"] * answer["columns"]
    assert max(map(abs, answer["values"])) == 1
    other = why(client, token, label="blue & <b>").json()
    assert other["label"] == "blue & <b>"
    assert other["values"] == pytest.approx([-value for value in answer["values"]], abs=2e-3)


def test_it_is_worked_out_once_until_the_classifier_is_another(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    explain = classifiers.explain

    def counted(*given: Any) -> Any:
        calls.append(given)
        return explain(*given)

    monkeypatch.setattr(classifiers, "explain", counted)
    first = why(client, token).json()
    assert why(client, token).json() == first
    assert len(calls) == 1
    add(token, sets(token)[0], {"more.png": drawn(30, "red")})
    settle(token)
    why(client, token)
    assert len(calls) == 2


def test_a_stranger_a_picture_of_nobody_and_a_class_there_is_not_are_answered_404(
    client: TestClient, token: str
) -> None:
    assert client.get(f"/api/w/nobody/why/{digest_of(NEW)}").status_code == 404
    assert client.get(f"/api/w/{token}/why/{digest_of(b'other')}").status_code == 404
    other = studio().workspaces.create()
    assert client.get(f"/api/w/{other}/why/{digest_of(NEW)}").status_code == 404
    assert client.get(f"/api/w/{token}/why/..%2F..%2Fetc").status_code == 404
    answer = why(client, token, label="nobody")
    assert answer.status_code == 404
    assert "no class" in answer.json()["error"]


def test_before_there_is_a_classifier_there_is_nothing_to_explain(client: TestClient) -> None:
    token = studio().workspaces.create()
    studio().workspaces.add_pictures(token, None, [NewPicture("new.png", NEW)])
    answer = why(client, token)
    assert answer.status_code == 404
    assert "fill two sets first" in answer.json()["error"]


@pytest.mark.usefixtures("fake_encoder")
def test_the_command_writes_a_map_for_each_picture_under_names_of_its_own(tmp_path: Path) -> None:
    for colour in ("red", "blue"):
        (tmp_path / "sets" / colour).mkdir(parents=True)
        for seed in range(4):
            (tmp_path / "sets" / colour / f"{seed}.png").write_bytes(drawn(seed, colour))
    for folder in ("one", "two"):
        (tmp_path / "new" / folder).mkdir(parents=True)
        (tmp_path / "new" / folder / "same.png").write_bytes(drawn(40, "red", size=80))
    (tmp_path / "new" / "words.txt").write_text("words")
    featclass.train(featclass.read_folder(tmp_path / "sets"), "builtin").save(tmp_path / "model")
    out = tmp_path / "out"
    command = ["predict", str(tmp_path / "model"), str(tmp_path / "new"), "--explain", str(out)]
    ran = CliRunner().invoke(app, command)
    assert ran.exit_code == 0, ran.output
    assert sorted(path.name for path in out.iterdir()) == ["0001-same.png", "0002-same.png"]
    with PIL.Image.open(out / "0001-same.png") as opened:
        assert opened.size == (80, 80)
    heat = featclass.load(tmp_path / "model").explain(tmp_path / "new" / "one" / "same.png")
    assert (heat.label, heat.size) == ("red", (80, 80))
    with pytest.raises(featclass.base.errors.FeatclassError, match="could not be used"):
        featclass.load(tmp_path / "model").explain(tmp_path / "new" / "words.txt")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/../b.png", "0007-b.png"),
        ("C:\\x|y?.png", "0007-C-x-y.png"),
        ("...", "0007-picture.png"),
        (f"{'long' * 99}.png", f"0007-{'long' * 20}.png"),
    ],
)
def test_names_of_maps_are_safe_on_every_system(path: str, name: str) -> None:
    assert file_name(7, path) == name
