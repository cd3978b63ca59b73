"""The linear probe: trained on embeddings, judged on those it never saw, asked about new ones.

fit, predict                       multinomial logistic regression with L2 penalty
out_of_fold, split                 predictions by probes that never saw the image
nearest, familiarity,              the training images that a picture resembles, and whether
known_threshold, exemplar_indices  it resembles any
"""

from featclass.probe.evaluation import OutOfFold, out_of_fold, split
from featclass.probe.familiarity import (
    exemplar_indices,
    familiarity,
    known_threshold,
    nearest,
)
from featclass.probe.penalty import DEFAULT_C, GRID
from featclass.probe.regression import fit, normalise, predict

__all__ = [
    "DEFAULT_C",
    "GRID",
    "OutOfFold",
    "exemplar_indices",
    "familiarity",
    "fit",
    "known_threshold",
    "nearest",
    "normalise",
    "out_of_fold",
    "predict",
    "split",
]
