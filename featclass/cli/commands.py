"""The commands: each reads, has `service` do the work, and writes."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from featclass import config
from featclass.cli.explanations import make_folder, write_explanations
from featclass.cli.options import (
    Device,
    DeviceOption,
    EncoderOption,
    Folder,
    JsonOption,
    ReportOption,
    SeedOption,
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
    print_predictions,
    print_report,
    write_csv,
    write_document,
)
from featclass.errors import FeatclassError

if TYPE_CHECKING:
    from featclass.engine import Engine
    from featclass.learned import Learned
    from featclass.records import Dataset


def train(
    directory: Folder,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to save the classifier.")],
    report: ReportOption = None,
    encoder: EncoderOption = "auto",
    device: DeviceOption = Device.AUTO,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Train a classifier, save it, and report how far to trust it."""
    from featclass import artifact

    check_output(output)
    dataset, learned = _learned(directory, encoder, device, seed, report)
    artifact.save(learned.classifier, output)
    print_learned(learned, as_json=as_json)
    messages.print(f"Saved {output}", markup=False)
    write_document(report, learned, dataset)


def evaluate(
    directory: Folder,
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
    from featclass import datasets, service

    if split is None:
        dataset, learned = _learned(directory, encoder, device, seed, report)
        print_learned(learned, as_json=as_json)
        write_document(report, learned, dataset)
        return
    if not 0 < split < 1:
        raise typer.BadParameter(
            f"should lie between 0 and 1, and is {split}", param_hint="--split"
        )
    if report is not None:
        raise typer.BadParameter("needs cross-validation: leave out --split", param_hint="--report")
    dataset = datasets.read(directory, max_unpacked=config.load().max_upload_bytes)
    engine = _engine(encoder, device)
    with bar("Embedding") as progress:
        said = service.evaluate_split(engine, dataset, share=split, seed=seed, progress=progress)
    print_report(said, as_json=as_json)


def audit(
    directory: Folder,
    encoder: EncoderOption = "auto",
    device: DeviceOption = Device.AUTO,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Look for what is probably wrong with these pictures or their labels."""
    _, learned = _learned(directory, encoder, device, seed, None)
    assert learned.audit is not None
    print_audit(learned.audit, as_json=as_json)


def _learned(
    directory: Path, encoder: str, device: Device, seed: int, report: Path | None
) -> tuple[Dataset, Learned]:
    from featclass import datasets, service

    if report is not None:
        check_document(report)
    dataset = datasets.read(directory, max_unpacked=config.load().max_upload_bytes)
    engine = _engine(encoder, device)
    started = time.perf_counter()
    with bar("Embedding") as progress:
        embedded = service.embed(engine, dataset, progress=progress)
    seconds = time.perf_counter() - started
    with bar("Learning", unit="steps") as progress:
        learned = service.learn(
            embedded, engine, seed=seed, seconds_to_embed=seconds, progress=progress
        )
    return dataset, learned


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A saved classifier.")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Images or folders.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the predictions as CSV.")
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option("--explain", metavar="DIR", help="Write what spoke for it, drawn on each."),
    ] = None,
    device: DeviceOption = Device.AUTO,
    as_json: JsonOption = False,
) -> None:
    """Say of each picture which class it looks like."""
    from featclass import artifact, datasets, service

    if output is not None:
        check_output(output)
    if explain is not None:
        make_folder(explain)
    trained = artifact.load(model)
    files = [file for path in paths for file in datasets.files_below(path)]
    engine = _engine(trained.encoder, device)
    for sentence in service.check_encoder(trained, engine):
        note(sentence)
    with bar("Predicting") as progress:
        predictions = service.predict_files(engine, trained, files, progress=progress)
    if output is not None:
        write_csv(output, predictions, trained.classes)
    if explain is not None:
        write_explanations(explain, engine, trained, predictions)
    if as_json:
        for prediction in predictions:
            typer.echo(json.dumps(prediction.to_json()))
    elif output is None:
        print_predictions(predictions)
    if all(prediction.rejected is not None for prediction in predictions):
        raise FeatclassError("None of these files could be used.")


def embed(
    directory: Folder,
    output: Annotated[Path, typer.Option("--output", "-o", help="A .parquet file.")],
    encoder: EncoderOption = "auto",
    device: DeviceOption = Device.AUTO,
) -> None:
    """Write digest, path, class and embedding of every picture: a row an image."""
    import pyarrow
    from pyarrow import parquet

    from featclass import datasets, service

    check_output(output)
    dataset = datasets.read(directory, max_unpacked=config.load().max_upload_bytes)
    engine = _engine(encoder, device)
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


def _engine(spec: str, device: Device) -> Engine:
    from featclass import service
    from featclass.cache import CACHE_FILE, Cache
    from featclass.engines import Engines

    settings = config.load()
    engines = Engines(settings, Cache(settings.data / CACHE_FILE), device=device.value)
    with bar("Downloading", unit="bytes") as progress:
        return service.open_engine(engines, spec, tell=note, download=progress)
