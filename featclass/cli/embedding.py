"""`featclass embed`: a table of embeddings, a row for each file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from featclass.base import FeatclassError, bounded, clean_path, config
from featclass.cli.inputs import (
    ClassesAtOption,
    Device,
    DeviceOption,
    EncoderOption,
    Precision,
    PrecisionOption,
    ZipNamesOption,
    open_engine,
)
from featclass.cli.output import bar, check_output, note, tell, whole_file

if TYPE_CHECKING:
    import pyarrow

    from featclass.classifiers import EmbeddedFiles
    from featclass.datasets import ListedFile
    from featclass.embedding import Engine


MOST_NOTES = 20


def embed(
    directory: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="A folder, or a zip, with folders of classes or none."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A .parquet file.")],
    classes_at: ClassesAtOption = None,
    zip_names: ZipNamesOption = None,
    encoder: EncoderOption = "auto",
    device: DeviceOption = Device.AUTO,
    precision: PrecisionOption = Precision.AUTO,
) -> None:
    """Write a table of embeddings: a row for each file, in their order.

    Columns: `path` (inside DIR), `digest` (SHA-256 of the file), `label` (its class, null outside
    the folders of classes), `embedding` (a list of float32), `rejected` (why the file could not be
    used, else null). A file that could not be used has no embedding.
    """
    check_output(output)
    files = _listed(directory, output, classes_at, zip_names)
    if not files:
        raise FeatclassError(f"{directory} holds no files: name a folder, or a zip, of pictures.")
    engine = open_engine(encoder, device, precision)
    used = 0
    with whole_file(output) as unfinished:
        for reasons in _written(unfinished, engine, files):
            used += sum(reason is None for reason in reasons)
    if not used:
        raise FeatclassError(
            f"None of these {len(files):,} files could be used; the column `rejected` of {output}"
            " says why."
        )
    lacking = len(files) - used
    counted = f"; {lacking:,} could not be used: see the column `rejected`" if lacking else ""
    tell(f"Saved {used:,} embeddings in {output}{counted}")


def _listed(
    directory: Path, output: Path, classes_at: int | None, zip_names: str | None
) -> list[ListedFile]:
    """List the files, but for the table that the command itself writes, perhaps once more."""
    from featclass import datasets

    limit = config.load().max_upload_bytes
    listing = datasets.list_files(
        directory, classes_at=classes_at, zip_names=zip_names, max_unpacked=limit
    )
    aside = [f"{rejected.name}: {rejected.reason}" for rejected in listing.aside]
    for sentence in (*listing.notes, *bounded(aside, MOST_NOTES)):
        note(sentence)
    root, table = directory.resolve(), output.resolve()
    if not table.is_relative_to(root):
        return [*listing.files]
    own = clean_path(table.relative_to(root).as_posix())
    return [row for row in listing.files if row.file.name != own]


def _written(
    path: Path, engine: Engine, files: Sequence[ListedFile]
) -> Iterator[tuple[str | None, ...]]:
    """Write the table, a slice of its rows at a time; yields what became of each slice."""
    import pyarrow
    from pyarrow import parquet

    from featclass import classifiers

    schema = pyarrow.schema(
        {
            "path": pyarrow.string(),
            "digest": pyarrow.string(),
            "label": pyarrow.string(),
            "embedding": pyarrow.list_(pyarrow.float32()),
            "rejected": pyarrow.string(),
        }
    )
    rest = iter(files)
    with (
        bar("Embedding") as progress,
        parquet.ParquetWriter(path, schema, use_dictionary=["label"]) as table,
    ):
        listed = (row.file for row in files)
        for part in classifiers.embed_files(engine, listed, total=len(files), progress=progress):
            rows = [next(rest) for _ in part.reasons]
            table.write_batch(pyarrow.record_batch(_columns(rows, part), schema=schema))
            yield part.reasons


def _columns(rows: Sequence[ListedFile], part: EmbeddedFiles) -> list[pyarrow.Array]:
    import pyarrow

    from featclass.base.records import Image

    lacking = np.array([reason is not None for reason in part.reasons])
    width = part.vectors.shape[1]
    ends = np.concatenate([[0], np.cumsum(np.where(lacking, 0, width))])
    embeddings = pyarrow.ListArray.from_arrays(
        pyarrow.array(ends, pyarrow.int32()),
        pyarrow.array(part.vectors.ravel(), pyarrow.float32()),
        mask=pyarrow.array(lacking),
    )
    files = [row.file for row in rows]
    return [
        pyarrow.array([_text(file.name) for file in files], pyarrow.string()),
        pyarrow.array(
            [file.digest if isinstance(file, Image) else None for file in files], pyarrow.string()
        ),
        pyarrow.array([row.label and _text(row.label) for row in rows], pyarrow.string()),
        embeddings,
        pyarrow.array([why and _text(why) for why in part.reasons], pyarrow.string()),
    ]


def _text(name: str) -> str:
    """Return a name as Parquet can hold it: some names of files are not UTF-8."""
    return name.encode("utf-8", "backslashreplace").decode()
