"""`featclass predict`: each picture is said, written and sorted as soon as it is known."""

from __future__ import annotations

import csv
import json
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from featclass.base import FeatclassError, Image, no_progress
from featclass.base.sentences import counted
from featclass.cli.inputs import (
    Device,
    DeviceOption,
    Input,
    JsonOption,
    Precision,
    PrecisionOption,
    ZipNamesOption,
    encoder_of,
    list_inputs,
    open_saved,
)
from featclass.cli.output import bar, check_output, note, prediction_line, say, tell
from featclass.cli.picture_files import Explanations, SortedCopies
from featclass.cli.watching import Watch
from featclass.reports import prediction_csv

if TYPE_CHECKING:
    from featclass.base import Prediction, Progress, Rejected, TrainedClassifier
    from featclass.embedding import Engine

Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH...", help="Images, folders, or zips of them.")
]
TableOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Write the predictions as CSV: path, label, probability, known, rejected, and for"
        " each class a column probability:CLASS.",
    ),
]
SortOption = Annotated[
    Path | None,
    typer.Option(
        "--sort-into",
        metavar="DIR",
        help="Copy the pictures into folders by class; doubtful and unknown ones apart.",
    ),
]
ExplainOption = Annotated[
    Path | None,
    typer.Option("--explain", metavar="DIR", help="Write what spoke for it, drawn on each."),
]
WatchOption = Annotated[
    bool, typer.Option("--watch", help="Keep predicting what arrives there, until Ctrl-C.")
]
SavedEncoderOption = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="SPEC",
        help="The encoder that MODEL was made with, where `featclass encoders` does not list"
        " it: a file does not choose what is loaded.",
    ),
]


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A saved classifier.")],
    paths: Paths,
    output: TableOption = None,
    sort_into: SortOption = None,
    explain: ExplainOption = None,
    watch: WatchOption = False,
    zip_names: ZipNamesOption = None,
    encoder: SavedEncoderOption = None,
    device: DeviceOption = Device.AUTO,
    precision: PrecisionOption = Precision.AUTO,
    as_json: JsonOption = False,
) -> None:
    """Say of each picture which class it looks like."""
    from featclass.classifiers import artifact

    own = [path for path in (output, sort_into, explain) if path is not None]
    for path in own:
        check_output(path, folder=path is not output)
    trained = artifact.load(model)
    spec = encoder_of(trained, encoder)
    known = _written_before(output, trained.classes) if watch and output is not None else set()
    arriving = Watch(paths, known=known, but=own) if watch else None
    there = [] if watch else list_inputs(paths, but=own, zip_names=zip_names)
    engine = open_saved(trained, spec, device, precision)
    copies = SortedCopies(sort_into, trained.classes) if sort_into is not None else None
    drawn = Explanations(explain, engine, trained) if explain is not None else None
    lines = "json" if as_json else "text" if watch or output is None else ""
    with _table(output, trained.classes, append=watch) as table:
        keepers = [keeper for keeper in (copies, drawn) if keeper is not None]
        writer = PredictionWriter(engine, trained, table, keepers, lines)
        if arriving is not None:
            _follow(arriving, writer)
            return
        with bar("Predicting", shown=not lines or not sys.stdout.isatty()) as progress:
            writer.all(there, progress=progress)
    if sort_into is not None:
        tell(f"Sorted {counted(writer.used, 'picture')} into {sort_into}")
    if drawn is not None:
        tell(f"Saved {counted(drawn.written, 'explanation')} in {explain}")
    if not writer.used:
        raise FeatclassError("None of these files could be used.")


class PredictionWriter:
    """Says each prediction where it is wanted: a line, a row, a sorted copy, a drawing."""

    def __init__(
        self,
        engine: Engine,
        trained: TrainedClassifier,
        table: IO[str] | None,
        keepers: Sequence[SortedCopies | Explanations],
        lines: str,
    ) -> None:
        self._engine, self._trained = engine, trained
        self._table, self._keepers = table, keepers
        self._lines = lines
        self.used = 0
        """Pictures that something could be said of."""

    def all(
        self,
        pictures: Sequence[Input],
        *,
        progress: Progress = no_progress,
        is_watching: bool = False,
    ) -> None:
        """Predict pictures and tell of each; a slice of them is in memory at a time."""
        from featclass import classifiers

        taken: deque[Image | Rejected] = deque()

        def one_by_one() -> Iterator[Image | Rejected]:
            for read in pictures:
                taken.append(read())
                yield taken[-1]

        for predictions in classifiers.predict_many(
            self._engine, self._trained, one_by_one(), total=len(pictures), progress=progress
        ):
            pairs = [(prediction, taken.popleft()) for prediction in predictions]
            if is_watching:  # what arrived and went is nothing to tell of
                pairs = [pair for pair in pairs if not _has_gone(pair[0])]
            for prediction, picture in pairs:
                self._keep(prediction, picture)
            if self._table is not None:
                self._table.flush()
            self._print([prediction for prediction, _ in pairs])

    def _print(self, predictions: Sequence[Prediction]) -> None:
        """Print a line each; where nobody reads on, go on only with what is being written."""
        try:
            for prediction in predictions:
                if self._lines == "json":
                    say(json.dumps(prediction.to_json(), allow_nan=False))
                elif self._lines:
                    say(prediction_line(prediction))
        except BrokenPipeError:
            if self._table is None and not self._keepers:
                raise
            self._lines = ""

    def _keep(self, prediction: Prediction, picture: Image | Rejected) -> None:
        if self._table is not None:
            self._table.write(prediction_csv.row(prediction, self._trained.classes))
        if prediction.rejected is not None or not isinstance(picture, Image):
            return
        self.used += 1
        for keeper in self._keepers:
            try:
                keeper.add(prediction, picture)
            except FileNotFoundError as error:
                note(f"{prediction.path} could not be read again: {error.strerror or error}.")


def _has_gone(prediction: Prediction) -> bool:
    return prediction.rejected is not None and not Path(prediction.path).exists()


def _follow(arriving: Watch, writer: PredictionWriter) -> None:
    """Predict what arrives until the person ends it."""
    from featclass.datasets import image_of_file

    tell("Watching. Ctrl-C ends it.")
    try:
        for files in arriving.arrivals():
            pictures = [partial(image_of_file, file) for file in files]
            writer.all(pictures, is_watching=True)
    except KeyboardInterrupt:
        tell(f"Stopped watching after {counted(writer.used, 'picture')}.")


@contextmanager
def _table(path: Path | None, classes: Sequence[str], *, append: bool) -> Iterator[IO[str] | None]:
    if path is None:
        yield None
        return
    is_new = not append or not path.exists() or not path.stat().st_size
    mode = "w" if is_new else "a"
    with path.open(mode, newline="", encoding="utf-8") as file:
        if is_new:
            file.write(prediction_csv.header(classes))
        yield file


def _written_before(path: Path, classes: Sequence[str]) -> set[str]:
    """Return the paths that a table holds already; raises where it is of another classifier."""
    if not path.exists() or not path.stat().st_size:
        return set()
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        header = prediction_csv.header(classes)
        if file.read(len(header)) != header:
            raise FeatclassError(
                f"{path} holds something else than predictions of this classifier, in the columns"
                " that featclass writes today. Name another file to append to."
            )
        return {prediction_csv.path_of(row[0]) for row in csv.reader(file) if row}
