"""Which encoders can be chosen, and what is tried again after it failed once."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from featclass import cli, encoders
from featclass.base.errors import EncoderUnavailable
from featclass.probe.tsne import Layout, layout
from featclass.server import choice, maps
from featclass.server.downloads import Downloads
from featclass.server.maps import Maps
from featclass.server.studio import studio
from tests.fakes import GridEncoder
from tests.server.learning import Bench
from tests.web.page.framed import calm, fill, settled, text, visit

FINER = "ViT-L-14/datacomp_xl_s13b_b90k"
SECONDS = 20


@pytest.fixture
def token(fake_encoder: None) -> str:
    return studio().workspaces.create()


def offered(test: AppTest) -> list[str]:
    """Return what the menu of encoders lets a person choose."""
    [radio] = [radio for radio in test.radio if radio.label == "Encoder"]
    return [option.replace("\\", "") for option in radio.options]


@pytest.mark.parametrize("variable", ["FEATCLASS_OFFLINE", "HF_HUB_OFFLINE"])
@pytest.mark.usefixtures("fake_encoder")
def test_an_encoder_that_cannot_be_had_is_not_selectable_and_the_menu_says_why(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.delenv("FEATCLASS_OFFLINE")
    monkeypatch.setenv(variable, "1")
    test = visit(studio().workspaces.create())
    here = [entry.title for entry in encoders.CATALOGUE if not entry.repository]
    assert offered(test) == ["Automatic", *here]
    assert "Not on this machine, and downloads are forbidden here: OpenCLIP ViT" in text(test)


@pytest.mark.usefixtures("fake_encoder")
def test_where_downloads_are_allowed_every_encoder_can_be_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("FEATCLASS_OFFLINE")
    monkeypatch.setattr(Downloads, "wish", lambda *_: None)
    test = visit(studio().workspaces.create())
    assert len(offered(test)) == 1 + len(encoders.CATALOGUE)
    assert "downloads are forbidden" not in text(test)


def test_an_encoder_that_cannot_be_had_is_refused_on_the_spot_where_it_is_typed(token: str) -> None:
    test = visit(token)
    [other] = [box for box in test.text_input if box.label == "Another one"]
    calm(other.set_value(FINER).run())
    assert "not on this machine, and downloads are forbidden here" in test.error[0].value
    assert studio().workspaces.open(token).encoder == "auto"


def test_a_typo_under_another_one_blocks_no_other_choice(token: str) -> None:
    test = visit(token)
    [other] = [box for box in test.text_input if box.label == "Another one"]
    calm(other.set_value("ViT-B-32/nope").run())
    assert "nope" in test.error[0].value
    calm(test.radio[0].set_value("builtin").run())
    assert studio().workspaces.open(token).encoder == "builtin"
    assert not test.error


def test_the_command_line_does_not_promise_a_download_that_is_forbidden() -> None:
    shown = CliRunner().invoke(cli.app, ["encoders"]).stdout
    assert "MB to download" not in shown
    assert shown.count("downloads are forbidden") == sum(
        entry.repository is not None for entry in encoders.CATALOGUE
    )


class Mended:
    """Weights that do not load until they are mended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_mended = False
        monkeypatch.setattr(encoders, "load", self.load)
        monkeypatch.setattr(encoders, "is_local", lambda *_: True)

    def load(self, spec: str, **_: object) -> GridEncoder:
        if spec == "builtin" or self.is_mended:
            return GridEncoder(spec=spec, id=("11" if self.is_mended else "22") * 32)
        raise EncoderUnavailable("Its weights are damaged.")


def spec_of(bench: Bench) -> str:
    result = bench.settle().result
    assert result is not None
    return result.engine.encoder.spec


@pytest.mark.parametrize("again", ["after a while", "when asked"])
def test_auto_that_failed_once_is_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    weights = Mended(monkeypatch)
    bench.add(0, "red", range(3))
    bench.add(1, "blue", range(3))
    assert spec_of(bench) == "builtin"
    weights.is_mended = True
    assert spec_of(bench) == "builtin"
    if again == "when asked":
        bench.trainer.retry(bench.token)
    else:
        monkeypatch.setattr(choice, "RETRY_SECONDS", 0)
    assert spec_of(bench) == encoders.preferred("cpu")
    assert bench.trainer.choice.why_unusable(encoders.preferred("cpu")) == ""


def test_the_page_offers_to_try_again_what_auto_does_without(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = Mended(monkeypatch)
    fill(token, 0, "red", range(3))
    fill(token, 1, "blue", range(3))
    test = settled(token)
    assert "damaged. The built-in encoder serves." in text(test).replace("\\", "")
    weights.is_mended = True
    [button] = [button for button in test.button if button.label == "Try again"]
    calm(button.click().run())
    test = settled(token)
    assert "damaged" not in text(test)


def test_a_map_that_failed_once_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> Layout:
        raise MemoryError

    vectors, digests = np.eye(4, dtype=np.float32), [f"{i:064x}" for i in range(4)]
    drawn = Maps()

    def asked() -> Future[Layout]:
        return drawn.of("token", "key", vectors, digests)

    working = layout
    monkeypatch.setattr(maps, "layout", fails)
    assert isinstance(asked().exception(SECONDS), MemoryError)
    monkeypatch.setattr(maps, "layout", working)
    made = asked()
    assert made.result(SECONDS).positions.shape == (4, 2)
    assert asked() is made
    drawn.close()
