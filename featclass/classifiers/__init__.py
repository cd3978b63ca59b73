"""The use-cases, once, for every door: embed, learn, evaluate, predict, explain.

`train` is `embed` and `learn`: it gives a `Training`, the classifier (`artifact` saves it), what
probes that never saw an image said of it (`out_of_fold`), the report (`report`, `report_json`) and
the audit. `evaluate_*` score images held back, `renamed` calls classes otherwise, `predict*` and
`explain` say what a classifier makes of new images, `naming` what the names of classes say.
"""

from featclass.classifiers.embedding import EmbeddedDataset, EmbeddedFiles, embed, embed_files
from featclass.classifiers.encoder_choice import check_encoder, encoder_of
from featclass.classifiers.evaluation import evaluate_given, evaluate_saved, evaluate_split
from featclass.classifiers.explanation import explain
from featclass.classifiers.naming import FEW, can_learn, is_word, reads_names
from featclass.classifiers.prediction import (
    most_useful,
    predict,
    predict_embedded,
    predict_files,
    predict_many,
)
from featclass.classifiers.renaming import renamed
from featclass.classifiers.report import to_json
from featclass.classifiers.splits import given_split
from featclass.classifiers.training import Training, learn, train
