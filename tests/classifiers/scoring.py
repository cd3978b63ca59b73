"""A report on six images of three classes."""

from __future__ import annotations

import numpy as np

from featclass.base.records import Rejected, Report
from featclass.classifiers import report
from featclass.probe.statistics import accuracy_interval

REPORT_FIELDS = [
    "encoder",
    "classes",
    "images",
    "rejected",
    "accuracy",
    "accuracy_interval",
    "chance_accuracy",
    "confusion_matrix",
    "per_class",
    "method",
    "method_values",
    "seconds",
    "precision",
    "verdict",
    "learning_curve",
    "near_duplicates",
    "calibration_error",
    "refused_share",
    "refuses",
    "class_names",
    "empty_classes",
    "unknown_classes",
    "seen_in_training",
    "probe",
    "C",
]
"""Of the JSON, in the order of the design."""


def scored(images: int | None = None, interval: report.Interval = accuracy_interval) -> Report:
    """Six images of three classes, of which "c" is never named."""
    predicted = {"a": [0, 0, 1], "b": [1, 1], "c": [0]}
    labels = [label for label, codes in predicted.items() for _ in codes]
    probabilities = np.eye(3)[[code for codes in predicted.values() for code in codes]]
    return report.score(
        labels,
        probabilities,
        ["a", "b", "c"],
        encoder="builtin",
        rejected=(Rejected("x.txt", "not a picture"),),
        method="by hand",
        seconds={"embed": 1.5, "fit": 0.25, "evaluate": 0.5},
        images=images,
        interval=interval,
    )
