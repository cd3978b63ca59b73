from __future__ import annotations

from pathlib import Path

import pytest

from featclass.base.errors import EncoderUnavailable
from featclass.encoders import specs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("auto", specs.AUTO),
        ("builtin", specs.BUILTIN),
        ("ViT-B-32/laion2b_s34b_b79k", specs.OpenClipPair("ViT-B-32", "laion2b_s34b_b79k")),
        ("ViT-B/32/openai", specs.OpenClipPair("ViT-B-32", "openai")),
        ("hf-hub:org/name", specs.HubRepository("org/name")),
        ("hf-hub:org/name@v1.0", specs.HubRepository("org/name", "v1.0")),
        ("local-dir:/some/where", specs.LocalFolder(Path("/some/where"))),
        ("timm:resnet50.a1_in1k", specs.TimmModel("resnet50.a1_in1k")),
    ],
)
def test_every_form_of_spec_is_read(text: str, expected: specs.Spec) -> None:
    assert specs.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["auto", "builtin", "ViT-L-14/openai", "hf-hub:a/b", "hf-hub:a/b@c", "timm:resnet18"]
)
def test_a_spec_is_written_as_it_is_read(text: str) -> None:
    assert str(specs.parse(text)) == text


def test_a_local_folder_does_not_depend_on_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(specs.parse("local-dir:model")) == f"local-dir:{tmp_path / 'model'}"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ViT-B-32", "ViT-B-32/laion2b_s34b_b79k"),
        ("built-in", "builtin"),
        ("Auto", "auto"),
        ("MobileCLIP2", "MobileCLIP2-S2/dfndr2b"),
    ],
)
def test_an_unknown_spec_names_the_forms_and_what_may_have_been_meant(
    text: str, meant: str
) -> None:
    with pytest.raises(EncoderUnavailable) as caught:
        specs.parse(text)
    message = str(caught.value)
    assert message.endswith(f"Did you mean {meant}?")
    assert all(form in message for form in ("builtin", "hf-hub:", "local-dir:", "timm:"))


@pytest.mark.parametrize("text", ["", "hf-hub:", "hf-hub:name", "hf-hub:../x", "timm:", "a/../b"])
def test_what_is_no_spec_is_refused(text: str) -> None:
    with pytest.raises(EncoderUnavailable, match="There is no encoder"):
        specs.parse(text)
