"""The use-cases, once, for every door: embed, learn, evaluate, predict.

opening     the encoder that a spec or a saved classifier asks for
embedding   pictures as embeddings
learning    from labelled pictures to a classifier and its report
naming      what the names of classes say
judging     how far it can be trusted
auditing    what is probably wrong with the pictures
evaluation  how well it does on pictures held back, and a saved one on a labelled folder
given_split the split that the owner of the pictures made
out_of_fold  what probes that never saw a picture say of it
renaming    the same classifier, its classes called otherwise
documents   the report to take to a meeting
explaining  why it says that
prediction  what a classifier says of pictures
asking      which unlabelled pictures are worth labelling first
"""

from featclass.classifiers.embedding import EmbeddedDataset, EmbeddedFiles, embed, embed_files
from featclass.classifiers.evaluation import evaluate_given, evaluate_saved, evaluate_split
from featclass.classifiers.explanation import explain
from featclass.classifiers.given_split import given_split
from featclass.classifiers.naming import FEW, can_learn, is_word, reads_names
from featclass.classifiers.opening import check_encoder, encoder_of
from featclass.classifiers.prediction import (
    most_useful,
    predict,
    predict_embedded,
    predict_files,
    predict_many,
)
from featclass.classifiers.renaming import renamed
from featclass.classifiers.report import to_json
from featclass.classifiers.training import Training, learn, train

__all__ = [
    "FEW",
    "EmbeddedDataset",
    "EmbeddedFiles",
    "Training",
    "can_learn",
    "check_encoder",
    "embed",
    "embed_files",
    "encoder_of",
    "evaluate_given",
    "evaluate_saved",
    "evaluate_split",
    "explain",
    "given_split",
    "is_word",
    "learn",
    "most_useful",
    "predict",
    "predict_embedded",
    "predict_files",
    "predict_many",
    "reads_names",
    "renamed",
    "to_json",
    "train",
]
