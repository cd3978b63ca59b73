"""The commands: each reads, has `service` do the work, and writes."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from featclass import config
from featclass.cli.opening import open_engine
from featclass.cli.options import (
    ClassesAtOption,
    Device,
    DeviceOption,
    EncoderOption,
    Folder,
    JsonOption,
    ReportOption,
    SeedOption,
    ZipNamesOption,
)
from featclass.cli.output import (
    bar,
    check_document,
    check_output,
    embeddings,
    messages,
    note,
    print_audit,
    print_learned,
    print_report,
    write_document,
)

if TYPE_CHECKING:
    from featclass.learned import Learned
    from featclass.records import Dataset


def train(
    directory: Folder,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to save the classifier.")],
    report: ReportOption = None,
    classes_at: ClassesAtOption = None,
    zip_names: ZipNamesOption = None,
    encoder: EncoderOption = "auto",
    device: DeviceOption = Device.AUTO,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Train a classifier, save it, and report how far to trust it."""
    from featclass import artifact

    check_output(output)
    if report is not None:
        check_document(report)
    dataset = _read(directory, classes_at, zip_names)
    learned = _learned(dataset, encoder, device, seed)
    artifact.save(learned.classifier, output)
    print_learned(learned, as_json=as_json)
    messages.print(f"Saved {output}", markup=False)
    write_document(report, learned, dataset)


def evaluate(
    directory: Folder,
    classes_at: ClassesAtOption = None,
    zip_names: ZipNamesOption = None,
    encoder: EncoderOption = "auto",
    split: Annotated[
        float | None,
        typer.Option("--split", help="Train on this share once, instead of cross-validation."),
    ] = None,
    report: ReportOption = None,
    device: DeviceOption = Device.AUTO,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Report how well a classifier of these pictures would do."""
    from featclass import service

    if report is not None:
        check_document(report)
    if split is None:
        dataset = _read(directory, classes_at, zip_names)
        learned = _learned(dataset, encoder, device, seed)
        print_learned(learned, as_json=as_json)
        write_document(report, learned, dataset)
        return
    if not 0 < split < 1:
        raise typer.BadParameter(
            f"should lie between 0 and 1, and is {split}", param_hint="--split"
        )
    if report is not None:
        raise typer.BadParameter("needs cross-validation: leave out --split", param_hint="--report")
    dataset = _read(directory, classes_at, zip_names)
    engine = open_engine(encoder, device)
    with bar("Embedding") as progress:
        said = service.evaluate_split(engine, dataset, share=split, seed=seed, progress=progress)
    print_report(said, as_json=as_json)


def audit(
    directory: Folder,
    classes_at: ClassesAtOption = None,
    zip_names: ZipNamesOption = None,
    encoder: EncoderOption = "auto",
    device: DeviceOption = Device.AUTO,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Look for what is probably wrong with these pictures or their labels."""
    learned = _learned(_read(directory, classes_at, zip_names), encoder, device, seed)
    assert learned.audit is not None
    print_audit(learned.audit, as_json=as_json)


def _read(directory: Path, classes_at: int | None, zip_names: str | None) -> Dataset:
    """Read the labelled pictures, and say where they could be taken otherwise."""
    from featclass import datasets

    limit = config.load().max_upload_bytes
    dataset = datasets.read(
        directory, classes_at=classes_at, zip_names=zip_names, max_unpacked=limit
    )
    for sentence in dataset.notes:
        note(sentence)
    return dataset


def _learned(dataset: Dataset, encoder: str, device: Device, seed: int) -> Learned:
    from featclass import service

    engine = open_engine(encoder, device)
    started = time.perf_counter()
    with bar("Embedding") as progress:
        embedded = service.embed(engine, dataset, progress=progress)
    seconds = time.perf_counter() - started
    with bar("Learning", unit="steps") as progress:
        learned = service.learn(
            embedded,
            engine,
            without_images=dataset.empty,
            seed=seed,
            seconds_to_embed=seconds,
            progress=progress,
        )
    return learned


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
    dataset = _read(directory, classes_at, zip_names)
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
    messages.print(f"Saved {len(embedded.images):,} embeddings in {output}", markup=False)


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
        messages.print(f"Forgot {embeddings(before)}.", markup=False)
    if as_json:
        typer.echo(json.dumps(asdict(size), indent=2))
    else:
        typer.echo(f"{embeddings(size)} in {size.path}")


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
        messages.print(f"{download} is on this machine.", markup=False)
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
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        here = "on this machine" if row["local"] else f"{row['megabytes']:,} MB to download"
        typer.echo(f"{row['spec']}\n    {row['input_pixels']} px, {row['licence']}, {here}")
        typer.echo(f"    {row['advice']}")
