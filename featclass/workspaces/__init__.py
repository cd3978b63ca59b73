"""A person's durable cases: labelled sets, pictures to try, choice of encoder, found by a link.

tables      what is kept, and how a database of an older featclass is brought up to date
database    the SQLite file: who may read and write it at once
blobs       the bytes of the pictures, by their digest
records     what a workspace looks like from outside: plain values
names       hostile text made fit to be a name
sets, pictures, standing, removals, accepted       what can be done
acts, undoing       what was done with what it changed, and undoing it in any order
reversible       how what older formats kept of acts becomes that
snapshot, purge     reading, and deleting for good
opening     what must hold of a data folder before anybody works with it
undoable, store       all of it as one object, `Workspaces`
recovery    a workspace of the pictures that none knows
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
