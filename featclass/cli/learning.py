"""The commands that learn from labelled pictures, or tell how well that went."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from featclass.base import ProbeKind
from featclass.cli.inputs import (
    MEANINGLESS,
    ClassesAtOption,
    Device,
    DeviceOption,
    EncoderOption,
    Folder,
    JsonOption,
    Precision,
    PrecisionOption,
    ProbeOption,
    ReportOption,
    SeedOption,
    ZipNamesOption,
    encoder_of,
    labelled,
    open_engine,
    open_saved,
)
from featclass.cli.output import (
    bar,
    check_document,
    check_output,
    note,
    print_audit,
    print_learned,
    print_report,
    tell,
    write_document,
)

if TYPE_CHECKING:
    from featclass.base import Dataset, Report, TrainedClassifier
    from featclass.classifiers import Training
    from featclass.embedding import Engine

GIVEN = "given"
FOLDS_ONLY = ("split", "seed", "probe")
"""Options of `evaluate` that say how to learn; a saved classifier has learned already."""


def train(
    directory: Folder,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to save the classifier.")],
    report: ReportOption = None,
    classes_at: ClassesAtOption = None,
    zip_names: ZipNamesOption = None,
    encoder: EncoderOption = "auto",
    device: DeviceOption = Device.AUTO,
    precision: PrecisionOption = Precision.AUTO,
    seed: SeedOption = 0,
    probe: ProbeOption = ProbeKind.DISCRIMINANT,
    as_json: JsonOption = False,
) -> None:
    """Train a classifier, save it, and report how far to trust it."""
    from featclass.classifiers import artifact

    check_output(output)
    check_document(report)
    dataset = labelled(directory, classes_at, zip_names)
    training = _learned(dataset, encoder, device, precision, probe, seed)
    artifact.save(training.classifier, output)
    write_document(report, training, dataset)
    tell(f"Saved {output}")
    print_learned(training, as_json=as_json)


ModelAndFolder = Annotated[
    list[Path],
    typer.Argument(
        metavar="[MODEL] DIR",
        help="A folder, or a zip, with one subfolder per class; before it, a saved classifier"
        " to score on it.",
    ),
]
SplitOption = Annotated[
    str | None,
    typer.Option(
        "--split",
        metavar="SHARE|given",
        help="Instead of cross-validation, train once: on this share, such as 0.8, or on the"
        " train folder of a split that is given, to score its test folder.",
    ),
]


def evaluate(
    context: typer.Context,
    paths: ModelAndFolder,
    classes_at: ClassesAtOption = None,
    zip_names: ZipNamesOption = None,
    encoder: EncoderOption = "auto",
    split: SplitOption = None,
    report: ReportOption = None,
    device: DeviceOption = Device.AUTO,
    precision: PrecisionOption = Precision.AUTO,
    seed: SeedOption = 0,
    probe: ProbeOption = ProbeKind.DISCRIMINANT,
    as_json: JsonOption = False,
) -> None:
    """Report how well a classifier of these pictures would do, or how well a saved one does."""
    from featclass.classifiers import artifact

    model, directory = _divided(paths)
    check_document(report)
    if model is not None:
        for name in filter(partial(_is_given, context), FOLDS_ONLY):
            raise typer.BadParameter(MEANINGLESS, param_hint=f"--{name}")
        trained = artifact.load(model)
        spec = encoder_of(trained, encoder if _is_given(context, "encoder") else None)
        dataset = labelled(directory, classes_at, zip_names)
        scored = _scored(trained, dataset, open_saved(trained, spec, device, precision))
        write_document(report, scored, dataset)
        print_learned(scored, as_json=as_json)
        return
    share = None if split is None else _share(split)
    if share is not None and report is not None:
        raise typer.BadParameter("needs cross-validation: leave out --split", param_hint="--report")
    dataset = labelled(directory, classes_at, zip_names)
    if share is not None:
        report_of_split = _evaluated(dataset, share, encoder, device, precision, probe, seed)
        print_report(report_of_split, as_json=as_json)
        return
    training = _learned(dataset, encoder, device, precision, probe, seed)
    write_document(report, training, dataset)
    print_learned(training, as_json=as_json)


def audit(
    directory: Folder,
    classes_at: ClassesAtOption = None,
    zip_names: ZipNamesOption = None,
    encoder: EncoderOption = "auto",
    device: DeviceOption = Device.AUTO,
    precision: PrecisionOption = Precision.AUTO,
    seed: SeedOption = 0,
    probe: ProbeOption = ProbeKind.DISCRIMINANT,
    as_json: JsonOption = False,
) -> None:
    """Look for what is probably wrong with these pictures or their labels."""
    dataset = labelled(directory, classes_at, zip_names)
    training = _learned(dataset, encoder, device, precision, probe, seed)
    assert training.audit is not None
    for name in training.classifier.report.empty_classes:
        if name not in dataset.empty:  # told when the folder was read
            note(f"None of the pictures of {name!r} can be used.")
    print_audit(training.audit, as_json=as_json)


def _divided(paths: list[Path]) -> tuple[Path | None, Path]:
    """Tell `evaluate DIR` from `evaluate MODEL DIR`."""
    if len(paths) > 2:
        raise typer.BadParameter(
            f"takes one folder, or a saved classifier and one folder, and was given {len(paths)}",
            param_hint="[MODEL] DIR",
        )
    *models, directory = paths
    if directory.suffix == ".featclass" and directory.is_file():
        raise typer.BadParameter(
            f"{directory} is a saved classifier: name it first, and name the folder to score it on"
            " behind it",
            param_hint="[MODEL] DIR",
        )
    return (models[0] if models else None), directory


def _share(split: str) -> float | str:
    """Return the share that `--split` names, or the word."""
    if split == GIVEN:
        return split
    try:
        share = float(split)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise typer.BadParameter(
            f"should be a share between 0 and 1, or the word {GIVEN}, and is {split!r}",
            param_hint="--split",
        )
    return share


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _evaluated(
    dataset: Dataset,
    share: float | str,
    encoder: str,
    device: Device,
    precision: Precision,
    kind: ProbeKind,
    seed: int,
) -> Report:
    from featclass import classifiers

    if isinstance(share, str):
        classifiers.given_split(dataset.images)  # where there is none, no encoder need be loaded
    engine = open_engine(encoder, device, precision)
    with bar("Embedding") as progress:
        if isinstance(share, str):
            return classifiers.evaluate_given(
                engine, dataset, kind=kind, seed=seed, progress=progress
            )
        return classifiers.evaluate_split(
            engine, dataset, share=share, kind=kind, seed=seed, progress=progress
        )


def _scored(trained: TrainedClassifier, dataset: Dataset, engine: Engine) -> Training:
    from featclass import classifiers

    with bar("Embedding") as progress:
        return classifiers.evaluate_saved(engine, trained, dataset, progress=progress)


def _learned(
    dataset: Dataset,
    encoder: str,
    device: Device,
    precision: Precision,
    kind: ProbeKind,
    seed: int,
) -> Training:
    from featclass import classifiers

    engine = open_engine(encoder, device, precision)
    with bar("Embedding") as progress:
        embedded = classifiers.embed(engine, dataset, progress=progress)
    with bar("Learning", unit="steps") as progress:
        return classifiers.learn(embedded, engine, kind=kind, seed=seed, progress=progress)
