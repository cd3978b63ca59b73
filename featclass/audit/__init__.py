"""What is probably wrong with the pictures or their labels, from embeddings and appearances.

`audit` makes all checks of an `AuditInput` and gives an `Audit`: findings of one shape, with their
kind, images and sentence. `find_copies` says which pictures show the same, which also keeps
cross-validation honest: by thumbnail and embedding (`duplicates`), through chains of relatives
(`families`), and by pixels laid over each other (`registration`).
"""

from featclass.audit.checks import AuditInput, audit
from featclass.audit.duplicates import Copies, connected, find_copies
from featclass.audit.findings import (
    Audit,
    DuplicateGroup,
    Finding,
    FindingKind,
    GiveAway,
    LabelError,
    Outlier,
    QualityFault,
)
from featclass.audit.labels import label_errors
