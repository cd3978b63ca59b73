"""What is probably wrong with the pictures or their labels, from embeddings and appearances.

pictures    what is looked at
duplicates  copies, crops, frames of a burst: also what keeps cross-validation honest
labels      labels that are probably wrong
outliers    pictures unlike all others
quality     too dark, too bright, blurred, empty, lost on white, too small, too long
shortcuts   what would tell the classes apart without looking at what the pictures show
balance     how many pictures each class has
findings    what was found, as values and as JSON
report      all of it together
"""

from featclass.audit.checks import audit
from featclass.audit.duplicates import Copies, connected, find_copies, near_duplicate_groups
from featclass.audit.findings import (
    Audit,
    DuplicateGroup,
    GiveAway,
    LabelError,
    Outlier,
    QualityFault,
)
from featclass.audit.labels import Doubts, label_errors
from featclass.audit.pictures import AuditInput

__all__ = [
    "Audit",
    "AuditInput",
    "Copies",
    "Doubts",
    "DuplicateGroup",
    "GiveAway",
    "LabelError",
    "Outlier",
    "QualityFault",
    "audit",
    "connected",
    "find_copies",
    "label_errors",
    "near_duplicate_groups",
]
