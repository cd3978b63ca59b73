"""What all rooms share: the words of the domain as values, errors, names, settings, sentences.

records, fields   images, predictions, reports, and the bounds of what they hold
methods, scores   how figures were obtained and what follows from them, with their sentences
sentences         what a report says, and numbers inside any sentence
errors            everything featclass raises on purpose
names             hostile names made fit to show, to store and to write
config            settings, all from the environment
progress, disk    how far work is and how fast it goes; the room on the disk
fair_pool         threads that serve one person after the other
heap              what becomes of memory that is free again
"""

from featclass.base.config import PRECISIONS, Config
from featclass.base.disk import Reserve, is_full
from featclass.base.errors import (
    Cancelled,
    ClassifierUnusable,
    DataFolderUnusable,
    DatasetError,
    DiskFull,
    DownloadCancelled,
    EncoderUnavailable,
    FeatclassError,
    FoldersAmbiguous,
    Unjudgeable,
    UploadRefused,
    WorkspaceMissing,
    WorkspaceRemoved,
    WorkspacesLost,
)
from featclass.base.fair_pool import FairPool
from featclass.base.fields import ORDERLY, AnyText, Share
from featclass.base.heap import give_back_freed_memory, reuse_freed_memory
from featclass.base.methods import (
    CrossValidation,
    GivenFolds,
    GivenParts,
    Lacking,
    Method,
    ProbeKind,
    SavedClassifier,
    SingleSplit,
    Unscored,
)
from featclass.base.names import (
    DISORDERLY,
    ClassNames,
    Distinct,
    as_text,
    clean,
    clean_path,
    display_name,
    enumerated,
    file_stem,
    is_default,
    orderly,
    safe,
    safe_file_name,
)
from featclass.base.progress import Clock, Pace, Progress, in_words, no_progress, time_left
from featclass.base.records import (
    DOUBTFUL_BELOW,
    ClassFigures,
    Dataset,
    Exemplars,
    FloatArray,
    Image,
    NearDuplicates,
    Neighbour,
    OutOfFoldPrediction,
    Prediction,
    Probe,
    Rejected,
    Report,
    SeenInTraining,
    Source,
    TextPriorUse,
    TrainedClassifier,
    digest_of,
)
from featclass.base.scores import (
    Advice,
    ErrorsLeft,
    LearningCurve,
    Point,
    Projection,
    Rate,
    Remedy,
    TooFewErrors,
    TooFewOfAClass,
    Unforeseen,
    Verdict,
)
from featclass.base.sentences import (
    between,
    bounded,
    bounds,
    decimal,
    empty_sentences,
    percent,
    refusing,
    score_sentence,
    span,
    whole,
)
