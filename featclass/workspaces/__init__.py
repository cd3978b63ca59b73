"""A person's durable cases: labelled sets, pictures to try, choice of encoder, found by a link.

records     what a workspace looks like from outside: plain values
store       all of it as one object, `Workspaces`
changes     what a person does, act by act, on `sets` and `pictures`, within `limits`
acts, undoing       what acts changed, kept, so that they can be undone in any order
snapshot, purge     reading, and deleting for good
tables, upgrades    the SQLite file's tables, and those of an older featclass brought up to date
database, blobs     who may read and write at once; the pictures' bytes, by their digest
data_folder         what must hold of the folder with all this before anybody works with it
recovery            a workspace of the pictures that none knows
dataset     its sets, and what is none of these, as something to learn from
"""

from featclass.workspaces.database import acting
from featclass.workspaces.dataset import conflicts, dataset, image_name, strangers, without_own
from featclass.workspaces.records import (
    Act,
    Added,
    LabelledSet,
    NewPicture,
    Picture,
    Workspace,
    WorkspaceSummary,
)
from featclass.workspaces.recovery import Recovered, recover
from featclass.workspaces.store import Workspaces

__all__ = [
    "Act",
    "Added",
    "LabelledSet",
    "NewPicture",
    "Picture",
    "Recovered",
    "Workspace",
    "WorkspaceSummary",
    "Workspaces",
    "acting",
    "conflicts",
    "dataset",
    "image_name",
    "recover",
    "strangers",
    "without_own",
]
