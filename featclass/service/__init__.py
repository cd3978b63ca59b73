"""The use-cases, once, for every door: embed, learn, evaluate, predict.

opening     the encoder that a spec or a saved classifier asks for
embedding   pictures as embeddings
learning    from labelled pictures to a classifier and its report
naming      what the names of classes say
judging     how far it can be trusted
auditing    what is probably wrong with the pictures
evaluation  how well it does on pictures held back, and a saved one on a labelled folder
given_split the split that the owner of the pictures made
judgements  what probes that never saw a picture say of it
renaming    the same classifier, its classes called otherwise
documents   the report to take to a meeting
explaining  why it says that
prediction  what a classifier says of pictures
asking      which unlabelled pictures are worth labelling first
"""

from featclass.service.asking import most_useful
from featclass.service.embedding import embed, embed_files, empty_classes
from featclass.service.evaluation import evaluate_given, evaluate_saved, evaluate_split
from featclass.service.explaining import explain
from featclass.service.given_split import given_split
from featclass.service.learning import learn, train
from featclass.service.naming import FEW, can_learn, is_word, reads_names
from featclass.service.opening import AUTO, BUILTIN, check_encoder, encoder_of, open_engine
from featclass.service.prediction import predict, predict_embedded, predict_files, predict_many
from featclass.service.renaming import renamed

__all__ = [
    "AUTO",
    "BUILTIN",
    "FEW",
    "can_learn",
    "check_encoder",
    "embed",
    "embed_files",
    "empty_classes",
    "encoder_of",
    "evaluate_given",
    "evaluate_saved",
    "evaluate_split",
    "explain",
    "given_split",
    "is_word",
    "learn",
    "most_useful",
    "open_engine",
    "predict",
    "predict_embedded",
    "predict_files",
    "predict_many",
    "reads_names",
    "renamed",
    "train",
]
