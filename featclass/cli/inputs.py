"""What commands are given: options that several share, pictures, and the encoder to work with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from featclass.base import ProbeKind, config
from featclass.cli.output import bar, note

if TYPE_CHECKING:
    from featclass.base import Dataset, Image, Rejected, TrainedClassifier
    from featclass.embedding import Engine


class Device(StrEnum):
    """What encoders run on."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


class Precision(StrEnum):
    """How precisely encoders compute."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


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
PrecisionOption = Annotated[
    Precision,
    typer.Option(
        "--precision",
        envvar="FEATCLASS_PRECISION",
        show_envvar=False,
        help="How precisely it computes; auto: what is fastest there and, for a probe, as good.",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Of the folds.")]
ProbeOption = Annotated[
    ProbeKind,
    typer.Option(
        "--probe",
        help="What learns from the embeddings: featclass's own discriminant, or logistic regression"
        " with C by cross-validation, as papers have it.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
ReportOption = Annotated[
    Path | None,
    typer.Option("--report", help="Write a report to show: one .html or .md file."),
]

Input = Callable[[], "Image | Rejected"]
"""Reads one file through to its digest, when its turn comes."""


def list_inputs(
    paths: Iterable[Path], *, but: Sequence[Path] = (), zip_names: str | None = None
) -> list[Input]:
    """List what lies behind the paths, in order; `but` are the command's own outputs."""
    from featclass.datasets import code_page, image_of_file

    if zip_names is not None:
        code_page(zip_names)  # refused also where there is no zip
    inputs: list[Input] = []
    for path in paths:
        if path.suffix.lower() == ".zip" and path.is_file():
            inputs += _entries(path, zip_names)
        else:
            inputs += [partial(image_of_file, file) for file in below(path, but)]
    return inputs


def labelled(directory: Path, classes_at: int | None, zip_names: str | None) -> Dataset:
    """Read the labelled pictures, and say where they could be taken otherwise."""
    from featclass import datasets

    limit = config.load().max_upload_bytes
    dataset = datasets.read(
        directory, classes_at=classes_at, zip_names=zip_names, max_unpacked=limit
    )
    for sentence in dataset.notes:
        note(sentence)
    return dataset


def below(path: Path, but: Sequence[Path]) -> list[Path]:
    """List the files of a folder without what the command itself writes there."""
    from featclass.datasets import files_below

    files, own = files_below(path), [other.resolve() for other in but]
    if not own:
        return files
    # A link may lead to where the command writes, by another path.
    real = {folder: folder.resolve() for folder in {file.parent for file in files}}
    return [
        file
        for file in files
        if not any((real[file.parent] / file.name).is_relative_to(each) for each in own)
    ]


def _entries(path: Path, zip_names: str | None) -> list[Input]:
    from featclass.datasets import files_of_zip, image_of

    limit = config.load().max_upload_bytes
    listing = files_of_zip(path, names=zip_names, max_unpacked_bytes=limit)
    for sentence in listing.notes:
        note(sentence)
    return [
        *(partial(image_of, source, f"{path}/{name}") for name, source in listing.files),
        *(partial(replace, each, name=f"{path}/{each.name}") for each in listing.rejected),
    ]


MEANINGLESS = "has no meaning for a saved classifier: leave it out"
TRUST = "if you trust where it comes from, name that encoder with --encoder"


def open_engine(spec: str, device: Device, precision: Precision) -> Engine:
    """Load an encoder, with a bar where its weights have to be fetched first."""
    from featclass.embedding import CACHE_FILE, Cache, Engines

    settings = config.load()
    cache = Cache(settings.data / CACHE_FILE)
    engines = Engines(settings, cache, device=device.value, precision=precision.value)
    with bar("Downloading", unit="bytes") as progress:
        return engines.choose(spec, tell=note, download=progress)


def encoder_of(trained: TrainedClassifier, named: str | None) -> str:
    """Return the encoder of a saved classifier, `named` on the command line where need be."""
    from featclass import classifiers, encoders
    from featclass.embedding import CACHE_FILE, Cache

    if named is not None and encoders.is_offered(trained.encoder):
        raise typer.BadParameter(MEANINGLESS, param_hint="--encoder")
    with Cache(config.load().data / CACHE_FILE) as cache:
        return classifiers.encoder_of(trained, named, how=TRUST, is_chosen=cache.is_chosen)


def open_saved(
    trained: TrainedClassifier, spec: str, device: Device, precision: Precision
) -> Engine:
    """Load the encoder of a saved classifier, and note where it is not quite the same here."""
    from featclass import classifiers

    engine = open_engine(spec, device, precision)
    for sentence in classifiers.check_encoder(trained, engine):
        note(sentence)
    return engine
