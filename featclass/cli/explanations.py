"""What spoke for each prediction, drawn on its picture: a PNG each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from featclass.base import FeatclassError

if TYPE_CHECKING:
    from featclass.base import Image, Prediction, TrainedClassifier
    from featclass.embedding import Engine

LONGEST = 80
LONGEST_SIDE = 1200


class Explanations:
    """A folder with `NUMBER-NAME.png` for each picture that could be used, in their order."""

    def __init__(self, folder: Path, engine: Engine, trained: TrainedClassifier) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FeatclassError(f"{folder} cannot be made: {error.strerror}.") from error
        self._folder = folder
        self._engine = engine
        self._trained = trained
        self.written = 0

    def add(self, said: Prediction, picture: Image) -> None:
        """Draw what spoke for a prediction on its picture; raises `OSError` where that has gone."""
        from featclass import classifiers, images
        from featclass.explain.maps import overlay

        heat = classifiers.explain(self._engine, self._trained, picture, said.label)
        with images.decoded(picture.read(), max_pixels=self._engine.max_pixels) as pixels:
            pixels.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            name = file_name(self.written + 1, said.path)
            overlay(heat, pixels).save(self._folder / name)
        self.written += 1


def file_name(number: int, path: str) -> str:
    """Return a name that is one on every system, and no other number's."""
    stem = re.sub(r"[^\w.-]+", "-", Path(path).stem).strip("-.")[:LONGEST] or "picture"
    return f"{number:04d}-{stem}.png"
