"""What spoke for each prediction, drawn on its picture: a PNG each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from featclass.cli.output import bar, messages
from featclass.errors import FeatclassError

if TYPE_CHECKING:
    from featclass.engine import Engine
    from featclass.records import Prediction, TrainedClassifier

LONGEST = 80
LONGEST_SIDE = 1200


def make_folder(folder: Path) -> None:
    """Make the folder before the work is done, not after."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FeatclassError(f"{folder} cannot be made: {error.strerror}.") from error


def write_explanations(
    folder: Path, engine: Engine, trained: TrainedClassifier, predictions: Sequence[Prediction]
) -> None:
    """Write `NUMBER-NAME.png` for each picture that could be used, numbered in their order."""
    from featclass import datasets, images, service
    from featclass.explain.overlay import overlay
    from featclass.records import Image

    written = 0
    with bar("Explaining") as progress:
        for number, prediction in enumerate(predictions, 1):
            image = datasets.image_of_file(Path(prediction.path))
            if prediction.rejected is None and isinstance(image, Image):
                heat = service.explain(engine, trained, image, prediction.label)
                with images.decoded(image.read(), max_pixels=engine.max_pixels) as picture:
                    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
                    overlay(heat, picture).save(folder / file_name(number, prediction.path))
                written += 1
            progress(number, len(predictions))
    noun = "explanation" if written == 1 else "explanations"
    messages.print(f"Saved {written:,} {noun} in {folder}", markup=False)


def file_name(number: int, path: str) -> str:
    """Return a name that is one on every system, and no other number's."""
    stem = re.sub(r"[^\w.-]+", "-", Path(path).stem).strip("-.")[:LONGEST] or "picture"
    return f"{number:04d}-{stem}.png"
