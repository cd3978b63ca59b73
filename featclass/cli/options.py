"""The options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


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
