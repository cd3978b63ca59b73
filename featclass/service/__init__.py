"""The use-cases, once, for every door: embed, learn, evaluate, predict.

opening     the encoder that a spec or a saved classifier asks for
learning    from labelled pictures to a classifier and its report
judging     how far it can be trusted
auditing    what is probably wrong with the pictures
judgements  what probes that never saw a picture say of it
renaming    the same classifier, its classes called otherwise
documents   the report to take to a meeting
explaining  why it says that
prediction  what a classifier says of pictures
"""

from featclass.service.explaining import explain
from featclass.service.learning import embed, evaluate_split, learn, train
from featclass.service.opening import AUTO, BUILTIN, check_encoder, open_engine
from featclass.service.prediction import predict, predict_embedded, predict_files
from featclass.service.renaming import renamed

__all__ = [
    "AUTO",
    "BUILTIN",
    "check_encoder",
    "embed",
    "evaluate_split",
    "explain",
    "learn",
    "open_engine",
    "predict",
    "predict_embedded",
    "predict_files",
    "renamed",
    "train",
]
