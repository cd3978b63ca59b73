"""The same picture twice in a class, or in two classes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from featclass.records import Image, Rejected


def without_conflicts(labelled: Iterable[Image]) -> tuple[list[Image], list[Rejected]]:
    """Keep each picture once, and none that is in two classes; say so of all the others."""
    labelled = list(labelled)
    copies: defaultdict[str, list[Image]] = defaultdict(list)
    for image in labelled:
        copies[image.digest].append(image)
    kept: list[Image] = []
    rejected: list[Rejected] = []
    for image in labelled:
        first, *_ = same = copies[image.digest]
        others = sorted({str(copy.label) for copy in same if copy.label != image.label})
        if others:
            where = f"also in class {' and '.join(others)}"
            reason = f"{where}: the same picture cannot be two classes"
            rejected.append(Rejected(image.name, reason))
        elif image is not first:
            reason = f"the same picture as {first.name}"
            if image.split != first.split:
                reason += ", which is in another part of the split"
            rejected.append(Rejected(image.name, reason))
        else:
            kept.append(_with_splits(image, same))
    return kept, rejected


def _with_splits(image: Image, copies: Iterable[Image]) -> Image:
    """Return an image that tells of its copies in other parts of a split, though they are gone."""
    others = {copy.split for copy in copies if copy.split is not None} - {image.split}
    return replace(image, other_splits=tuple(sorted(others))) if others else image
