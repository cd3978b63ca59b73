"""Specs: the names by which people ask for encoders; and those featclass recommends, and for whom.

None of it needs torch to be read.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from featclass.base import EncoderUnavailable

AUTO, BUILTIN, BUILTIN_SMALL = "auto", "builtin", "builtin:small"
"""The best encoder that this machine can have; what comes with featclass, and half of that."""


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """An encoder as a person chooses it."""

    spec: str
    title: str
    megabytes: int
    """Of the download: the whole checkpoint, text tower included, in float32; 0: none."""
    input_pixels: int
    """Width and height that the network sees."""
    licence: str
    """Of the weights."""
    advice: str
    """In one line, who should choose it."""
    repository: str | None = None
    """Where its weights are on the Hugging Face Hub; None where they come with featclass."""


CATALOGUE: tuple[CatalogueEntry, ...] = (
    CatalogueEntry(
        spec=BUILTIN,
        title="Built-in (EfficientNet)",
        megabytes=0,
        input_pixels=260,
        licence="Apache-2.0",
        advice="For a start at once, without internet: two networks, fast, good on photos.",
    ),
    CatalogueEntry(
        spec=BUILTIN_SMALL,
        title="Built-in, small (EfficientNet)",
        megabytes=0,
        input_pixels=224,
        licence="Apache-2.0",
        advice="For slow machines and live cameras: one network, half the work, less right.",
    ),
    CatalogueEntry(
        spec="ViT-B-32/laion2b_s34b_b79k",
        title="OpenCLIP ViT-B/32",
        megabytes=605,
        input_pixels=224,
        licence="MIT",
        advice="For most people without a GPU: knows drawings, logos and styles as well as photos.",
        repository="laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
    ),
    CatalogueEntry(
        spec="MobileCLIP2-S2/dfndr2b",
        title="MobileCLIP2-S2",
        megabytes=397,
        input_pixels=256,
        licence="Apple ML Research (apple-amlr)",
        advice="For research on a laptop: finer than ViT-B/32; no commercial use.",
        repository="timm/MobileCLIP2-S2-OpenCLIP",
    ),
    CatalogueEntry(
        spec="ViT-L-14/datacomp_xl_s13b_b90k",
        title="OpenCLIP ViT-L/14",
        megabytes=1710,
        input_pixels=224,
        licence="MIT",
        advice="For a machine with a GPU: finer distinctions, about 18 times the work of ViT-B/32.",
        repository="laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K",
    ),
    CatalogueEntry(
        spec="ViT-SO400M-16-SigLIP2-384/webli",
        title="SigLIP 2 SO400M",
        megabytes=4544,
        input_pixels=384,
        licence="Apache-2.0",
        advice="For fine detail on a machine with a GPU: a large download, very slow on a CPU.",
        repository="timm/ViT-SO400M-16-SigLIP2-384",
    ),
)

_ON_GPU = "ViT-L-14/datacomp_xl_s13b_b90k"
_ELSEWHERE = "ViT-B-32/laion2b_s34b_b79k"


def is_offered(spec: str) -> bool:
    """Say whether featclass recommends this encoder, so that a file may ask for it by name."""
    return any(entry.spec == spec for entry in CATALOGUE)


def preferred(device: str) -> str:
    """Return the spec that `auto` wishes for on `device` (`cpu`, `cuda` or `mps`)."""
    return _ON_GPU if device == "cuda" else _ELSEWHERE


FORMS = (
    "auto",
    "builtin",
    "builtin:small",
    "MODEL/PRETRAINED (an OpenCLIP pair such as ViT-B-32/laion2b_s34b_b79k)",
    "hf-hub:org/name",
    "local-dir:path",
    "timm:NAME",
)

# No part may begin with a dot, since it becomes part of a path.
_NAME = r"\w[\w.\-]*"
_HUB = re.compile(rf"(?P<repository>{_NAME}/{_NAME})(@(?P<revision>{_NAME}(/{_NAME})*))?")
_PAIR = re.compile(rf"(?P<model>{_NAME}(/{_NAME})?)/(?P<pretrained>{_NAME})")
_TIMM = re.compile(_NAME)


@dataclass(frozen=True, slots=True)
class OpenClipPair:
    """An architecture of OpenCLIP and the tag of one of its checkpoints."""

    model: str
    pretrained: str

    def __str__(self) -> str:
        return f"{self.model}/{self.pretrained}"


@dataclass(frozen=True, slots=True)
class HubRepository:
    """A repository on the Hugging Face Hub that holds an OpenCLIP model."""

    repository: str
    revision: str = "main"

    def __str__(self) -> str:
        at = "" if self.revision == "main" else f"@{self.revision}"
        return f"hf-hub:{self.repository}{at}"


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder of this machine that holds an OpenCLIP model."""

    path: Path

    def __str__(self) -> str:
        return f"local-dir:{self.path}"


@dataclass(frozen=True, slots=True)
class TimmModel:
    """An architecture of timm, perhaps with the tag of one of its checkpoints."""

    name: str

    def __str__(self) -> str:
        return f"timm:{self.name}"


OnHub = OpenClipPair | HubRepository | TimmModel
Spec = str | LocalFolder | OnHub
"""A word is `AUTO`, `BUILTIN` or `BUILTIN_SMALL`."""


def parse(text: str) -> Spec:
    """Read a spec; raises `EncoderUnavailable` where it has none of the accepted forms."""
    text = text.strip()
    scheme, _, rest = text.partition(":")
    if text in (AUTO, BUILTIN, BUILTIN_SMALL):
        return text
    if scheme == "hf-hub" and (match := _HUB.fullmatch(rest)):
        return HubRepository(match["repository"], match["revision"] or "main")
    if scheme == "local-dir" and rest:
        return LocalFolder(Path(rest).expanduser().absolute())
    if scheme == "timm" and _TIMM.fullmatch(rest):
        return TimmModel(rest)
    if match := _PAIR.fullmatch(text):
        # OpenAI's own spelling, ViT-B/32, has a slash where OpenCLIP's has a hyphen.
        return OpenClipPair(match["model"].replace("/", "-"), match["pretrained"])
    raise unknown(text, known=[entry.spec for entry in CATALOGUE] + [AUTO])


def unknown(text: str, *, known: Iterable[str]) -> EncoderUnavailable:
    """Return the error for a spec that names no encoder, with the nearest one that exists."""
    by_lower_case = {spec.lower(): spec for spec in known}
    near = difflib.get_close_matches(text.lower(), by_lower_case, n=1, cutoff=0.5) or [
        spec for spec in by_lower_case if text and spec.startswith(text.lower())
    ]
    hint = f" Did you mean {by_lower_case[near[0]]}?" if near else ""
    return EncoderUnavailable(
        f"There is no encoder {text!r}; a spec is {', '.join(FORMS[:-1])} or {FORMS[-1]}.{hint}"
    )
