"""Options that commands share, and the encoder that they open."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from featclass.base import config
from featclass.cli.output import bar, note

if TYPE_CHECKING:
    from featclass.base import TrainedClassifier
    from featclass.embedding import Engine


class Device(StrEnum):
    """What encoders run on."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="A folder, or a zip, with one subfolder per class.")
]
ClassesAtOption = Annotated[
    int | None,
    typer.Option(
        "--classes-at",
        metavar="DEPTH",
        min=1,
        help="Which folders are the classes: 1 for those directly in DIR, 2 for those in them.",
    ),
]
ZipNamesOption = Annotated[
    str | None,
    typer.Option(
        "--zip-names",
        metavar="CODE",
        help="Code page of the names in a zip, where they come out wrong: cp932, gbk, cp850 ...",
    ),
]
EncoderOption = Annotated[
    str, typer.Option("--encoder", help="Encoder spec; `featclass encoders` lists some.")
]
DeviceOption = Annotated[Device, typer.Option("--device", help="What the encoder runs on.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Of the folds.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
ReportOption = Annotated[
    Path | None,
    typer.Option("--report", help="Write a report to show: one .html or .md file."),
]


TRUST = "if you trust where it comes from, name that encoder with --encoder"


def open_engine(spec: str, device: Device) -> Engine:
    """Load an encoder, with a bar where its weights have to be fetched first."""
    from featclass.embedding import CACHE_FILE, Cache, Engines

    settings = config.load()
    engines = Engines(settings, Cache(settings.data / CACHE_FILE), device=device.value)
    with bar("Downloading", unit="bytes") as progress:
        return engines.choose(spec, tell=note, download=progress)


def encoder_of(trained: TrainedClassifier, named: str | None) -> str:
    """Return the encoder of a saved classifier, `named` on the command line where need be."""
    from featclass import classifiers, encoders
    from featclass.embedding import CACHE_FILE, Cache

    if named is not None and encoders.is_offered(trained.encoder):
        raise typer.BadParameter(
            "has no meaning for a saved classifier: leave it out", param_hint="--encoder"
        )
    with Cache(config.load().data / CACHE_FILE) as cache:
        return classifiers.encoder_of(trained, named, how=TRUST, is_chosen=cache.is_chosen)


def open_saved(trained: TrainedClassifier, spec: str, device: Device) -> Engine:
    """Load the encoder of a saved classifier, and note where it is not quite the same here."""
    from featclass import classifiers

    engine = open_engine(spec, device)
    for sentence in classifiers.check_encoder(trained, engine):
        note(sentence)
    return engine
