"""The encoders featclass recommends, and for whom; none of it needs torch to be read."""

from __future__ import annotations

from dataclasses import dataclass

BUILTIN = "builtin"


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
        title="Built-in (EfficientNet-Lite0)",
        megabytes=0,
        input_pixels=224,
        licence="Apache-2.0",
        advice="For a start at once, without internet: small, fast, good on everyday photos.",
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
