"""What the command line writes: results on standard output, all else on standard error."""

from __future__ import annotations

import io
import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from rich import filesize
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
)
from rich.text import Text

from featclass.base import (
    Clock,
    FeatclassError,
    Pace,
    decimal,
    in_words,
    is_full,
    orderly,
    time_left,
)
from featclass.base.sentences import counted

if TYPE_CHECKING:
    from featclass.audit import Audit
    from featclass.base import Dataset, Prediction, Report
    from featclass.classifiers import Training
    from featclass.embedding import CacheSize


class _Messages(Console):
    """Standard error; that nobody reads it any more is no reason to leave work undone."""

    def on_broken_pipe(self) -> None:
        """Write to nobody from here on."""
        _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    """Send the rest nowhere: it would be written again, in vain and loudly, when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


messages = _Messages(stderr=True, highlight=False, soft_wrap=True)

DOCUMENTS = (".html", ".md")
BAR_WIDTH = 20  # with what stands beside it, a line of 80 characters


def check_output(path: Path, *, folder: bool = False) -> None:
    """Refuse what cannot be written, or a `folder` filled, before the work is done, not after."""
    if path.exists() and path.is_dir() != folder:
        is_now, wanted = ("file", "folder") if folder else ("folder", "file to write")
        raise FeatclassError(f"{path} is a {is_now}: name a {wanted}.")
    if not path.absolute().parent.is_dir():
        raise FeatclassError(
            f"{path} cannot be {'made' if folder else 'written'}: the folder {path.parent} does not"
            " exist. Make it first."
        )


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a place to write a file that takes `path` once it is whole, and never by half."""
    unfinished = path.parent / f".{secrets.token_hex(8)}{path.suffix}"
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def check_document(path: Path | None) -> None:
    """Refuse a report, where one is asked for, of another kind than HTML or Markdown."""
    if path is None:
        return
    check_output(path)
    if path.suffix.lower() not in DOCUMENTS:
        raise FeatclassError(f"{path.name} should end in .html or in .md: both can be written.")


def note(text: str) -> None:
    """Say what the person should know, in a sentence."""
    tell(text, style="yellow")


def tell(text: str, *, style: str | None = None) -> None:
    """Write a message on standard error; names in it are hostile text.

    Where that is a file on a full disk, the work goes on without.
    """
    try:
        messages.print(orderly(text), style=style, markup=False)
    except OSError as error:
        if not is_full(error):
            raise


def say(text: str) -> None:
    """Write lines of a result on standard output; raises `BrokenPipeError` once nobody reads it."""
    try:
        sys.stdout.write(orderly(text) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
        raise


def replace_what_cannot_be_shown() -> None:
    """Let a question mark stand for each character that a terminal or a file has no code for."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


class _ImagesPace(ProgressColumn):
    """How many images, how many a second, how long still."""

    def render(self, task: Task) -> Text:
        return Text(in_words(task.fields["pace"]))


class _BytesPace(ProgressColumn):
    """How many bytes a second, and how long still."""

    def render(self, task: Task) -> Text:
        pace: Pace = task.fields["pace"]
        speed = [f"{filesize.decimal(round(pace.per_second))}/s"] if pace.per_second else []
        return Text(" · ".join([*speed, *time_left(pace)]))


@contextmanager
def bar(what: str, *, unit: str = "images", shown: bool = True) -> Iterator[Any]:
    """Show a bar on standard error while a `progress(done, total)` is being called.

    Not where it is not to be `shown`: lines on the same screen say more.
    """
    kinds: dict[str, list[ProgressColumn]] = {
        "bytes": [DownloadColumn(), _BytesPace()],
        "images": [_ImagesPace()],
        "steps": [],
    }
    pace_columns = kinds[unit]
    columns = (TextColumn("{task.description}"), BarColumn(BAR_WIDTH), *pace_columns)
    is_hidden = not (shown and messages.is_terminal)
    bars = Progress(*columns, console=messages, transient=True, disable=is_hidden)
    clock = Clock()
    task = bars.add_task(what, total=None, pace=Pace())

    def progress(done: int, total: int) -> None:
        bars.update(task, completed=done, total=total or None, pace=clock(done, total))
        bars.start()  # at the first call: what takes no time shows no bar

    try:
        yield progress
    finally:
        if bars.live.is_started:
            bars.stop()


def print_report(report: Report, *, as_json: bool) -> None:
    """Print a report, as JSON or as text."""
    if as_json:
        from featclass.classifiers.report import to_json

        say(json.dumps(to_json(report), indent=2, allow_nan=False))
        return
    from featclass.reports.markdown import report_markdown

    say(report_markdown(report))


def print_learned(training: Training, *, as_json: bool) -> None:
    """Print the report of a classifier; as JSON with what was said of each image.

    As text, what could make the score worthless follows the score.
    """
    if as_json:
        say(json.dumps(training.to_json(), indent=2, allow_nan=False))
        return
    from featclass.reports.markdown import report_markdown

    say(report_markdown(training.classifier.report, training.cautions()))


def print_audit(audit: Audit, *, as_json: bool) -> None:
    """Print what is probably wrong, a line a finding."""
    if as_json:
        say(json.dumps(audit.to_json(), indent=2, allow_nan=False))
        return
    from featclass.audit import FindingKind as Kind

    of_images = (Kind.LABEL, Kind.OUTLIER, Kind.QUALITY, Kind.DUPLICATES)
    lines = [
        f"{', '.join(finding.images)}: {finding.sentence}"
        for kind in of_images
        for finding in audit.of_kind(kind)
    ]
    for kind in (Kind.SHORTCUT, Kind.BALANCE):
        lines += [finding.sentence for finding in audit.of_kind(kind)]
    for line in lines or ["Nothing found that looks wrong."]:
        say(_one_line(line))


def write_document(path: Path | None, training: Training, dataset: Dataset) -> None:
    """Write the report to show, where one was asked for."""
    if path is None:
        return
    from featclass import images
    from featclass.base import config
    from featclass.reports.contents import Contents

    sources = {image.digest: image for image in dataset.images}

    def thumbnail(digest: str) -> bytes | None:
        try:
            data = sources[digest].read()
            return images.thumbnail(data, size=160, max_pixels=config.load().max_pixels)
        except (KeyError, OSError, images.Unreadable):
            return None

    contents = Contents.of(training, title=path.stem)
    if path.suffix.lower() == ".md":
        from featclass.reports.markdown import as_markdown

        text = as_markdown(contents)
    else:
        from featclass.reports.html import as_html

        text = as_html(contents, thumbnail=thumbnail)
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
    tell(f"Saved {path}")


def embeddings(size: CacheSize) -> str:
    """Return "1 embedding, 8.2 kB" or "2,000 embeddings, 10.2 MB"."""
    return f"{counted(size.embeddings, 'embedding')}, {filesize.decimal(size.bytes)}"


def prediction_line(prediction: Prediction) -> str:
    """Return a line about one picture, whatever is in its name and in that of its class."""
    path, label = prediction.path, prediction.label
    if prediction.rejected is not None:
        return _one_line(f"{path}: could not be used: {prediction.rejected}")
    if not prediction.known:  # the probability of the nearest says nothing here
        return _one_line(f"{path}: unlike all classes, nearest {label}")
    return _one_line(f"{path}: {label} {decimal(prediction.probability or 0, 2)}")


def _one_line(text: str) -> str:
    """Return what nobody takes for two results, though a name in it holds the end of a line."""
    return text.replace("\n", "\ufffd")
