"""The linear probe: trained on embeddings, judged on those it never saw, asked about new ones.

fit, predict                       shrinkage discriminant analysis, calibrated
out_of_fold, split, by_one_probe,  predictions by probes that never saw the image
learner
nearest, Familiarity,              the training images that a picture resembles, and whether
exemplar_indices                   it resembles any
simulated_strangers                embeddings of something else, to be refused
distances_left_out                 how far each image is from the classes without it
TextPrior, Blend, untried_blend    what the names of classes say, and how much it counts
most_useful                        which unlabelled images to ask a person about next
"""

from featclass.probe.active_learning import MOST, MOST_LABELLED, most_useful, spaced
from featclass.probe.covariance import distances_left_out
from featclass.probe.evaluation import OutOfFold, by_one_probe, learner, out_of_fold, split
from featclass.probe.fitting import fit, predict, untried_blend
from featclass.probe.layout import Layout
from featclass.probe.neighbours import nearest_others
from featclass.probe.normalisation import Codes, Floats, normalise, points
from featclass.probe.novelty import NoveltyDetector, exemplar_indices, nearest, simulated_strangers
from featclass.probe.statistics import accuracy_interval
from featclass.probe.text_prior import Blend, TextPrior

__all__ = [
    "MOST",
    "MOST_LABELLED",
    "Blend",
    "Codes",
    "Floats",
    "Layout",
    "NoveltyDetector",
    "OutOfFold",
    "TextPrior",
    "accuracy_interval",
    "by_one_probe",
    "distances_left_out",
    "exemplar_indices",
    "fit",
    "learner",
    "most_useful",
    "nearest",
    "nearest_others",
    "normalise",
    "out_of_fold",
    "points",
    "predict",
    "simulated_strangers",
    "spaced",
    "split",
    "untried_blend",
]
