"""The commands: each reads, has `service` do the work, and writes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from featclass import config
from featclass.cli.given import labelled
from featclass.cli.opening import open_engine
from featclass.cli.options import (
    ClassesAtOption,
    Device,
    DeviceOption,
    EncoderOption,
    Folder,
    JsonOption,
    ZipNamesOption,
)
from featclass.cli.output import bar, check_output, embeddings, note, say, tell


def embed(
    directory: Folder,
    output: Annotated[Path, typer.Option("--output", "-o", help="A .parquet file.")],
    classes_at: ClassesAtOption = None,
    zip_names: ZipNamesOption = None,
    encoder: EncoderOption = "auto",
    device: DeviceOption = Device.AUTO,
) -> None:
    """Write digest, path, class and embedding of every picture: a row an image."""
    import pyarrow
    from pyarrow import parquet

    from featclass import service

    check_output(output)
    dataset = labelled(directory, classes_at, zip_names)
    engine = open_engine(encoder, device)
    with bar("Embedding") as progress:
        embedded = service.embed(engine, dataset, progress=progress)
    table = pyarrow.table(
        {
            "digest": [image.digest for image in embedded.images],
            "path": [image.name for image in embedded.images],
            "class": [image.label for image in embedded.images],
            "embedding": list(embedded.vectors),
        }
    )
    parquet.write_table(table, output)
    for rejected in embedded.rejected:
        note(f"{rejected.name}: {rejected.reason}")
    tell(f"Saved {len(embedded.images):,} embeddings in {output}")


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Forget every embedding.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show where embeddings are kept, how many, and how large."""
    from featclass.cache import CACHE_FILE, Cache

    with Cache(config.load().data / CACHE_FILE) as kept:
        before = kept.size()
        if clear:
            kept.clear()
        size = kept.size()
    if clear:
        tell(f"Forgot {embeddings(before)}.")
    if as_json:
        say(json.dumps(asdict(size), indent=2))
    else:
        say(f"{embeddings(size)} in {size.path}")


def encoders(
    download: Annotated[
        str | None, typer.Option("--download", metavar="SPEC", help="Fetch the weights of one.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List encoders: what is on this machine, size, licence, what each is good for."""
    from featclass import encoders as known

    settings = config.load()
    if download is not None:
        with bar("Downloading", unit="bytes") as progress:
            known.download(download, config=settings, progress=progress)
        tell(f"{download} is on this machine.")
        return
    rows = [
        {
            "spec": entry.spec,
            "local": known.is_local(entry.spec, settings),
            "megabytes": entry.megabytes,
            "input_pixels": entry.input_pixels,
            "licence": entry.licence,
            "advice": entry.advice,
        }
        for entry in known.CATALOGUE
    ]
    if as_json:
        say(json.dumps(rows, indent=2))
        return
    for row in rows:
        here = "on this machine" if row["local"] else f"{row['megabytes']:,} MB to download"
        say(f"{row['spec']}\n    {row['input_pixels']} px, {row['licence']}, {here}")
        say(f"    {row['advice']}")
