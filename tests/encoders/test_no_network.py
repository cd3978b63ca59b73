from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from featclass import encoders
from featclass.base.config import Config
from featclass.base.errors import DownloadCancelled, EncoderUnavailable
from featclass.embedding import Cache, Engines
from featclass.encoders import loading
from tests.encoders.stand_in_hub import StandInHub

SPEC = "ViT-B-32/laion2b_s34b_b79k"


def spec_of_auto(config: Config) -> str:
    with Cache(":memory:") as cache:
        engines = Engines(config, cache, device="cpu")
        spec = engines.get("auto").encoder.spec
        engines.close()
    return spec


@pytest.fixture
def black_hole() -> Iterator[str]:
    """An address that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_the_hub_is_reached_where_it_answers(hub: StandInHub) -> None:
    assert encoders.can_reach_hub()


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9", "http://hub.invalid", "ftp://hub", "nonsense", "http://[bad"]
)
def test_the_hub_is_not_reached_where_nobody_answers(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    assert not encoders.can_reach_hub()


def test_a_connection_that_says_nothing_is_not_waited_for(
    black_hole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", black_hole)
    assert not encoders.can_reach_hub(timeout=0.2)


def test_a_name_that_takes_forever_to_look_up_is_not_waited_for(
    black_hole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", black_hole)
    # A socket's timeout does not cover the look-up, so the caller's has to do without it.
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: hang())
    hanging = socket.socketpair()

    def hang() -> None:
        hanging[0].recv(1)
        raise OSError("no such name")

    assert not encoders.can_reach_hub(timeout=0.1)
    for end in hanging[::-1]:
        end.close()


def test_a_library_that_was_told_to_stay_offline_is_no_network(
    hub: StandInHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert not encoders.can_reach_hub()
    assert hub.requests == []


def test_a_proxy_that_cannot_be_used_is_no_network(
    hub: StandInHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("all_proxy", "nonsense://127.0.0.1:9")
    assert not encoders.can_reach_hub()


def test_an_encoder_asked_for_by_name_is_an_error_that_says_what_to_do(config: Config) -> None:
    with pytest.raises(EncoderUnavailable) as caught:
        encoders.load(SPEC, device="cpu", config=config)
    message = str(caught.value)
    assert message.startswith(f"{SPEC} is not on this machine, and 127.0.0.1:9 cannot be reached")
    assert all(way in message for way in ("connect to the internet", "FEATCLASS_MODELS", "builtin"))


def test_a_mirror_that_is_no_address_is_named(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "mirror")
    with pytest.raises(EncoderUnavailable, match="HF_ENDPOINT is 'mirror'"):
        encoders.load(SPEC, config=config)


def test_auto_goes_on_with_the_built_in_encoder_and_says_why(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert spec_of_auto(config) == "builtin"
    assert caplog.records[-1].message.endswith("Using the built-in encoder meanwhile.")


@pytest.mark.parametrize("variable", ["", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_means_that_nothing_is_asked(
    hub: StandInHub, config: Config, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    if variable:
        monkeypatch.setenv(variable, "1")
    offline = replace(config, offline=not variable)
    for spec in (SPEC, "hf-hub:org/name", "timm:resnet18"):
        with pytest.raises(EncoderUnavailable, match="FEATCLASS_OFFLINE forbids"):
            encoders.load(spec, device="cpu", config=offline)
        with pytest.raises(EncoderUnavailable, match="FEATCLASS_OFFLINE forbids"):
            encoders.download(spec, config=offline)
    assert spec_of_auto(offline) == "builtin"
    assert hub.requests == []


def test_a_cancelled_download_is_not_replaced_by_another_encoder(
    hub: StandInHub, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.files["laion/CLIP-ViT-B-32-laion2B-s34B-b79K/open_clip_model.safetensors"] = b"x" * 10**6
    hub.silent_after = 10
    with pytest.raises(DownloadCancelled):
        encoders.download("auto", config=config, cancelled=lambda: True)


def test_nothing_is_downloaded_for_a_device_that_is_not_there(
    hub: StandInHub, config: Config
) -> None:
    with pytest.raises(EncoderUnavailable, match="There is no device 'tpu'"):
        encoders.load(SPEC, device="tpu", config=config)
    assert hub.requests == []


def test_every_spec_of_the_catalogue_knows_its_repository_without_its_library() -> None:
    assert set(loading._REPOSITORIES) == {
        entry.spec for entry in encoders.CATALOGUE if not entry.spec.startswith("builtin")
    }
