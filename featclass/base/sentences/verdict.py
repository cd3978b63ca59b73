"""Whether a score is more than luck, what to do about it, and whether strangers are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featclass.base.sentences.numbers import counted, percent

if TYPE_CHECKING:
    from featclass.base.records import Report
    from featclass.base.scores import Rate

FEW_PICTURES = 100
"""Up to here counts say more than percentages do."""
LEAST_REFUSED = 0.5
"""Of simulated strangers: below this, "none of these" cannot be relied on."""
HARDLY_ANY = 0.01

NOTHING_FOUND = (
    "Nothing that tells the classes apart was found: see whether each picture is in the"
    " right class, and whether you could tell them apart yourself; then add pictures."
)


def verdict(rate: Rate, *, is_better: bool) -> str:
    """Say whether so many right are more than always saying the largest class would give."""
    images = rate.images
    few = images <= FEW_PICTURES
    right = f"{rate.right} of {images}" if few else f"{percent(rate.right / images)} of {images:,}"
    guess = str(rate.most) if few else percent(rate.most / images)
    same = "the same class" if rate.largest is None else rate.largest
    start = "Better than guessing" if is_better else "Not shown to be better than guessing yet"
    return f"{start}: {right} right, where always saying {same} gives {guess}."


def too_few_for_luck(images: int) -> str:
    """Say that even all of so few images right could be luck."""
    few = counted(images, "picture")
    return f"With only {few} even all of them right could be luck: add pictures."


def more_would_tell(more: int) -> str:
    """Say how many more images would tell luck from skill."""
    pictures = counted(_rounded(more), "more picture")
    return (
        f"About {pictures} would tell luck from skill, if it goes on getting as many of them right."
    )


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


def _rounded(count: int) -> int:
    """Keep two digits: more would claim more than is known."""
    return round(count, min(0, 2 - len(str(count))))
