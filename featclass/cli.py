"""The command line: what the page does, from a shell."""

from __future__ import annotations

import csv
import json
import os
import runpy
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from featclass import config
from featclass.errors import FeatclassError

if TYPE_CHECKING:
    from featclass.engine import Engine
    from featclass.records import Prediction, Report

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train an image classifier from a handful of labelled pictures.",
)
messages = Console(stderr=True, highlight=False, soft_wrap=True)


class Device(StrEnum):
    """What encoders run on."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="A folder, or a zip, with one subfolder per class.")
]
EncoderOption = Annotated[
    str, typer.Option("--encoder", help="Encoder spec; `featclass encoders` lists some.")
]
DeviceOption = Annotated[Device, typer.Option("--device", help="What the encoder runs on.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Of the folds.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


def main() -> None:
    """Run the command; a `FeatclassError` becomes one sentence and exit code 1."""
    try:
        app()
    except FeatclassError as error:
        messages.print(str(error), style="red", markup=False)
        sys.exit(1)
    except OSError as error:
        where = f" {error.filename}:" if error.filename else ""
        messages.print(f"Could not do it:{where} {error.strerror or error}.", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


@app.command()
def train(
    directory: Folder,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to save the classifier.")],
    encoder: EncoderOption = "auto",
    device: DeviceOption = Device.AUTO,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Train a classifier, save it, and report how far to trust it."""
    from featclass import artifact, datasets, service

    _check_output(output)
    dataset = datasets.read(directory, max_unpacked=config.load().max_upload_bytes)
    engine = _engine(encoder, device)
    with _bar("Embedding") as progress:
        trained = service.train(engine, dataset, seed=seed, progress=progress)
    artifact.save(trained, output)
    _print_report(trained.report, as_json=as_json)
    messages.print(f"Saved {output}", markup=False)


@app.command()
def evaluate(
    directory: Folder,
    encoder: EncoderOption = "auto",
    split: Annotated[
        float | None,
        typer.Option("--split", help="Train on this share once, instead of cross-validation."),
    ] = None,
    device: DeviceOption = Device.AUTO,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Report how well a classifier of these pictures would do."""
    from featclass import datasets, service

    if split is not None and not 0 < split < 1:
        raise typer.BadParameter(
            f"should lie between 0 and 1, and is {split}", param_hint="--split"
        )
    dataset = datasets.read(directory, max_unpacked=config.load().max_upload_bytes)
    engine = _engine(encoder, device)
    with _bar("Embedding") as progress:
        report = service.evaluate(engine, dataset, split=split, seed=seed, progress=progress)
    _print_report(report, as_json=as_json)


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A saved classifier.")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Images or folders.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the predictions as CSV.")
    ] = None,
    device: DeviceOption = Device.AUTO,
    as_json: JsonOption = False,
) -> None:
    """Say of each picture which class it looks like."""
    from featclass import artifact, datasets, service

    if output is not None:
        _check_output(output)
    trained = artifact.load(model)
    files = [file for path in paths for file in datasets.files_below(path)]
    engine = _engine(trained.encoder, device)
    for note in service.check_encoder(trained, engine):
        _note(note)
    with _bar("Predicting") as progress:
        predictions = service.predict_files(engine, trained, files, progress=progress)
    if output is not None:
        _write_csv(output, predictions, trained.classes)
    if as_json:
        for prediction in predictions:
            typer.echo(json.dumps(prediction.to_json()))
    elif output is None:
        _print_predictions(predictions)
    if all(prediction.rejected is not None for prediction in predictions):
        raise FeatclassError("None of these files could be used.")


@app.command()
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

    _check_output(output)
    dataset = datasets.read(directory, max_unpacked=config.load().max_upload_bytes)
    with _bar("Embedding") as progress:
        embedded = service.embed(_engine(encoder, device), dataset, progress=progress)
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
        _note(f"{rejected.name}: {rejected.reason}")
    messages.print(f"Saved {len(embedded.images)} embeddings in {output}", markup=False)


@app.command()
def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Forget every embedding.")] = False,
) -> None:
    """Show where embeddings are kept, how many, and how large."""
    from featclass.cache import CACHE_FILE, Cache

    with Cache(config.load().data / CACHE_FILE) as kept:
        if clear:
            kept.clear()
        size = kept.size()
    typer.echo(f"{size.embeddings:,} embeddings, {size.bytes / 1e6:,.1f} MB in {size.path}")


@app.command()
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
        with _bar("Downloading", unit="bytes") as progress:
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


@app.command(name="app")
def serve(
    host: Annotated[
        str, typer.Option("--host", help="0.0.0.0: everybody who can reach this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port")] = 8501,
    allowed_hosts: Annotated[
        list[str] | None,
        typer.Option("--allowed-host", help="A name this server is reached by; may be repeated."),
    ] = None,
    device: Annotated[
        Device, typer.Option(envvar="FEATCLASS_DEVICE", help="What encoders run on.")
    ] = Device.AUTO,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="TLS certificate (PEM), for https.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", help="Its private key (PEM).")] = None,
) -> None:
    """Open the page in a browser, from any working directory."""
    import socket

    if (certificate is None) != (key is None):
        raise typer.BadParameter("--certificate and --key belong together")
    local = host in ("127.0.0.1", "localhost", "::1")
    names = [*(allowed_hosts or []), *os.environ.get("FEATCLASS_HOSTS", "").split()]
    if not local:
        names += [socket.gethostname(), socket.getfqdn()]
    scheme = "http" if certificate is None else "https"
    shown = (
        "localhost"
        if local
        else next(
            (name for name in (socket.getfqdn(), socket.gethostname()) if name != "localhost"), host
        )
    )
    messages.print(f"featclass is at {scheme}://{shown}:{port}", style="bold", markup=False)
    if local:
        messages.print("Only this machine can reach it.")
    else:
        messages.print(
            "Everybody who can reach this machine over the network can use it. There is no"
            " sign-in: whoever has the link of a workspace can see and change it."
        )
    options = {
        "server.address": host,
        "server.port": str(port),
        "browser.serverAddress": shown,
    }
    if not local:
        options["server.headless"] = "true"
    if certificate is not None and key is not None:
        options |= {"server.sslCertFile": str(certificate), "server.sslKeyFile": str(key)}
    os.environ["FEATCLASS_HOSTS"] = " ".join(names)
    os.environ["FEATCLASS_DEVICE"] = device.value
    if not local:
        os.environ["FEATCLASS_SHARED"] = "1"
    # In this very process, so that whoever ends it ends the server.
    arguments = [f"--{name}={value}" for name, value in options.items()]
    sys.argv = ["streamlit", "run", str(_page()), *arguments]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def _check_output(path: Path) -> None:
    """Refuse what cannot be written before the work is done, not after."""
    if path.is_dir():
        raise FeatclassError(f"{path} is a folder: name a file to write.")
    if not path.absolute().parent.is_dir():
        raise FeatclassError(
            f"{path} cannot be written: the folder {path.parent} does not exist. Make it first."
        )


def _page() -> Path:
    """Return the path of app.py: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).parent
    for candidate in (package.parent / "app.py", package / "_app" / "app.py"):
        if candidate.is_file():
            return candidate
    raise FeatclassError("This installation lacks app.py: install featclass again.")


def _engine(spec: str, device: Device) -> Engine:
    from featclass import service
    from featclass.cache import CACHE_FILE, Cache
    from featclass.engines import Engines

    settings = config.load()
    engines = Engines(settings, Cache(settings.data / CACHE_FILE), device=device.value)
    with _bar("Downloading", unit="bytes") as progress:
        return service.open_engine(engines, spec, tell=_note, download=progress)


def _note(text: str) -> None:
    messages.print(text, style="yellow", markup=False)


@contextmanager
def _bar(what: str, *, unit: str = "images") -> Iterator[Any]:
    """Show a bar on standard error while a `progress(done, total)` is being called."""
    count = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), count, TimeRemainingColumn())
    bars = Progress(*columns, console=messages, transient=True, disable=not messages.is_terminal)
    task = bars.add_task(what, total=None)

    def progress(done: int, total: int) -> None:
        bars.start()  # at the first call: what takes no time shows no bar
        bars.update(task, completed=done, total=total or None)

    try:
        yield progress
    finally:
        if bars.live.is_started:
            bars.stop()


def _print_report(report: Report, *, as_json: bool) -> None:
    if as_json:
        from featclass.report import to_json

        typer.echo(json.dumps(to_json(report), indent=2))
        return
    from featclass.render import markdown

    typer.echo(markdown(report))


def _print_predictions(predictions: Sequence[Prediction]) -> None:
    for prediction in predictions:
        if prediction.rejected is not None:
            typer.echo(f"{prediction.path}: could not be used: {prediction.rejected}")
            continue
        unknown = "" if prediction.known else " (unlike all classes)"
        typer.echo(f"{prediction.path}: {prediction.label} {prediction.probability:.2f}{unknown}")


def _write_csv(path: Path, predictions: Sequence[Prediction], classes: Sequence[str]) -> None:
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "probability", "known", "rejected", *classes])
        for said in predictions:
            shares = [said.probabilities.get(name, "") for name in classes]
            known = "" if said.rejected is not None else said.known
            writer.writerow(
                [said.path, said.label, said.probability, known, said.rejected, *shares]
            )
