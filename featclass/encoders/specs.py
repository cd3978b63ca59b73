"""Specs: the names by which people ask for encoders."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from featclass.encoders.catalogue import CATALOGUE
from featclass.errors import EncoderUnavailable

FORMS = (
    "auto",
    "builtin",
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
class Auto:
    """The best encoder this machine can have: a choice, not an encoder of its own."""

    def __str__(self) -> str:
        return "auto"


@dataclass(frozen=True, slots=True)
class Builtin:
    """The encoder that comes with featclass."""

    def __str__(self) -> str:
        return "builtin"


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
Spec = Auto | Builtin | LocalFolder | OnHub


def parse(text: str) -> Spec:
    """Read a spec; raises `EncoderUnavailable` where it has none of the accepted forms."""
    text = text.strip()
    scheme, _, rest = text.partition(":")
    if text == "auto":
        return Auto()
    if text == "builtin":
        return Builtin()
    if scheme == "hf-hub" and (match := _HUB.fullmatch(rest)):
        return HubRepository(match["repository"], match["revision"] or "main")
    if scheme == "local-dir" and rest:
        return LocalFolder(Path(rest).expanduser().absolute())
    if scheme == "timm" and _TIMM.fullmatch(rest):
        return TimmModel(rest)
    if match := _PAIR.fullmatch(text):
        # OpenAI's own spelling, ViT-B/32, has a slash where OpenCLIP's has a hyphen.
        return OpenClipPair(match["model"].replace("/", "-"), match["pretrained"])
    raise unknown(text, known=[entry.spec for entry in CATALOGUE] + ["auto"])


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
