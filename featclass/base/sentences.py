"""What a report says in words, and shares, bounds and names inside a sentence: one rule for each.

Other values say themselves: each has its sentence as a property beside its fields. Names of classes
are as their owner wrote them, not escaped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featclass.base.records import Report, SeenInTraining

FEW_PICTURES = 200
LEAST_REFUSED = 0.5
"""Of simulated strangers: below this, "none of these" cannot be relied on."""
HARDLY_ANY = 0.01


def whole(share: float) -> int:
    """Return a share as whole percent: 100 of exactly all alone, 0 of exactly none alone."""
    percent = round(100 * share)
    if share < 1:
        percent = min(percent, 99)
    return max(percent, 1) if share > 0 else percent


def percent(share: float) -> str:
    """Return a share in whole percent: "100 %" of all alone, "0 %" of none alone."""
    return f"{whole(share)} %"


def decimal(share: float, digits: int) -> str:
    """Return a share with so many digits behind the point: 1 of all alone, 0 of none alone."""
    least = 10.0**-digits
    if 0 < share < 1:
        share = min(max(share, least), 1 - least)
    return f"{share:.{digits}f}"


def bounds(low: float, high: float) -> tuple[int, int]:
    """Return the ends of an interval in whole percent, rounded outwards.

    Words then never promise more than the numbers do. A bound is no share of anything that was
    counted: it may be 0 or 100 though the end is only near.
    """
    # 1e-9 undoes what floating point adds to a whole percent.
    return math.floor(100 * low + 1e-9), math.ceil(100 * high - 1e-9)


def between(low: float, high: float) -> str:
    """Return an interval of shares in words, its ends as `bounds` rounds them."""
    ends = bounds(low, high)
    return f"between {ends[0]} % and {ends[1]} %"


def span(low: float, high: float) -> str:
    """Return an interval of shares for a table, its ends as `bounds` rounds them."""
    ends = bounds(low, high)
    return f"{ends[0]} to {ends[1]} %"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return "1 picture" or "2,000 pictures"; `many` is what `one` is with an s if not given."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def bounded(sentences: Sequence[str], most: int, noun: str = "") -> list[str]:
    """Return all of a few sentences, else the first `most` and how many more `noun` there are."""
    if len(sentences) <= most + 1:
        return list(sentences)
    return [
        *sentences[:most],
        f"So it is with {len(sentences) - most:,} more{noun and f' {noun}'}.",
    ]


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


def refusing(report: Report) -> str:
    """Return that pictures of something else would be taken for a class; nothing where not."""
    if report.refuses is None or report.refuses >= LEAST_REFUSED:
        return ""
    some = "Hardly any pictures"
    if report.refuses >= HARDLY_ANY:
        some = f"Only about {percent(report.refuses)} of pictures"
    return (
        f"{some} that show something else would be taken for none of the classes: pictures in a"
        " class that do not belong there may be why."
    )


def conclusions(report: Report) -> list[str]:
    """Return what to make of a score, a sentence each: luck or not, and what more would bring."""
    judged, curve = report.verdict, report.learning_curve
    luck = (judged.sentence, judged.advice) if judged else ()
    return [*filter(None, (*luck, curve.reason if curve else ""))]
