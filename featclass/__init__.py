"""Train an image classifier from a handful of labelled pictures, and know how far to trust it.

import featclass

dataset = featclass.read_folder("pictures")
classifier = featclass.train(dataset)
classifier.report.accuracy_interval
classifier.predict(["new.jpg"])[0].label
classifier.save("cartoons.featclass")
featclass.load("cartoons.featclass")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from featclass.base import FeatclassError as FeatclassError
    from featclass.base import FoldersAmbiguous as FoldersAmbiguous
    from featclass.datasets import read_folder as read_folder
    from featclass.datasets import read_zip as read_zip
    from featclass.library import Classifier as Classifier
    from featclass.library import evaluate as evaluate
    from featclass.library import load as load
    from featclass.library import read_image as read_image
    from featclass.library import train as train

__version__ = "0.1.0"

# Loaded when first used: importing featclass must not wait for torch.
_HOMES = {
    "Classifier": "featclass.library",
    "FeatclassError": "featclass.base.errors",
    "FoldersAmbiguous": "featclass.base.errors",
    "evaluate": "featclass.library",
    "load": "featclass.library",
    "read_folder": "featclass.datasets",
    "read_image": "featclass.library",
    "read_zip": "featclass.datasets",
    "train": "featclass.library",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'featclass' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
