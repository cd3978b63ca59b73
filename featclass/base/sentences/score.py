"""How good a classifier is, and which classes no picture could be used of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featclass.base.sentences.numbers import between, percent

if TYPE_CHECKING:
    from featclass.base.records import Report, SeenInTraining

FEW_PICTURES = 200


def headline(report: Report) -> str:
    """Return how many were right in four words, "41 of 43 right"; empty without a score."""
    if report.confusion_matrix is None:
        return ""
    right, judged = _counts(report.confusion_matrix)
    return f"{right:,} of {judged:,} right"


def score_sentence(report: Report) -> str:
    """Say how good the classifier is and how far that can be trusted, in plain text."""
    return f"{headline(report) or 'No score yet:'} {how_far(report)}"


def how_far(report: Report) -> str:
    """Go on from the headline with how far it can be trusted, or with what a score lacks."""
    matrix, interval = report.confusion_matrix, report.accuracy_interval
    if matrix is None or interval is None:
        return f"{report.method}."
    judged = _counts(matrix)[1]
    seen = report.seen_in_training
    if seen is not None and seen.images:
        return _too_good(seen, judged)
    how = "when each picture is judged by a classifier that never saw it"
    if seen is not None or judged < report.images:
        how = "of the pictures held back, judged by a classifier that never saw them"
    many = "so few pictures" if judged < FEW_PICTURES else "this many pictures"
    return (
        f"{how}; with {many} the true rate is somewhere"
        f" {between(*interval)}; guessing would give {percent(report.chance_accuracy)}."
    )


def _counts(matrix: tuple[tuple[int, ...], ...]) -> tuple[int, int]:
    """Return how many are right, and how many there are."""
    return sum(row[place] for place, row in enumerate(matrix)), sum(map(sum, matrix))


def _too_good(seen: SeenInTraining, judged: int) -> str:
    """Say what a score is worth of pictures that were learned from: no bounds hold for it."""
    those = "them" if seen.images == judged else f"{seen.images:,} of them"
    nearly = ", or from nearly the same" if seen.near_duplicates else ""
    others = judged - seen.images
    rest = "how it does on others is not known"
    if seen.accuracy_without is not None:
        rest = f"of the others {round(seen.accuracy_without * others):,} of {others:,} are right"
    return (
        f"when judged by a classifier that learned from {those}{nearly}, so that this is too good;"
        f" {rest}."
    )


def empty_sentences(report: Report) -> list[str]:
    """Return a sentence for each class that no picture could be used of, names as they are."""
    by_name = report.class_names.without_images if report.class_names else ()
    return [
        f"{name!r} has no picture that could be used: it is known by its name alone."
        if name in by_name
        else f"{name!r} has no picture that could be used: add some, or remove it."
        for name in report.empty_classes
    ]
