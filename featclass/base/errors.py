"""Everything featclass raises on purpose.

FeatclassError                  could not do it; the message is one sentence for a person
├── DatasetError                the pictures given cannot become a dataset
│   └── FoldersAmbiguous        their folders can be read in two ways; it holds the choices
├── Unjudgeable                 no picture can be held back to judge a classifier by
├── UploadRefused               an upload was too large, or not allowed here
├── EncoderUnavailable          an encoder asked for by name cannot be had on this machine
│   └── DownloadCancelled       somebody cancelled the download of its weights
├── ClassifierUnusable          a saved classifier is damaged, or from another format version
├── DiskFull                    nothing can be written: the disk has no room left
├── DataFolderUnusable          what is in the data folder cannot be worked with as it is
│   └── WorkspacesLost          its database is missing, damaged, or older than its pictures
├── WorkspaceMissing            no workspace has this link
│   └── WorkspaceRemoved        it had, and was removed; it can be brought back
└── Cancelled                   the work was cancelled by whoever asked for it

Each message says what happened, what was found, and what to do. Only the doors (page, command,
routes) translate these into what their user sees.
"""

from collections.abc import Mapping

from featclass.base.methods import Unscored


class FeatclassError(Exception):
    """Could not do it; the message is one sentence for a person."""


class DatasetError(FeatclassError):
    """The pictures given cannot become a dataset."""


class FoldersAmbiguous(DatasetError):
    """The folders can be read in two ways, and only their owner knows which is meant."""

    def __init__(self, message: str, choices: Mapping[int, tuple[str, ...]], reason: str) -> None:
        super().__init__(message)
        self.reason = reason
        """What was found, without how to answer: a clause, for a door that asks in its own way."""
        self.choices = choices
        """The classes at each depth that may be meant; 1: the folder's own subfolders."""


class Unjudgeable(FeatclassError):
    """No picture can be held back: all of a class are nearly the same, or copies are in several."""

    def __init__(self, why: Unscored) -> None:
        super().__init__(f"{why.sentence}.")
        self.why = why
        """What a report tells in place of a score."""


class UploadRefused(FeatclassError):
    """An upload was too large, or not allowed here."""


class EncoderUnavailable(FeatclassError):
    """An encoder asked for by name cannot be had on this machine."""


class DownloadCancelled(EncoderUnavailable):
    """Somebody cancelled the download of an encoder's weights."""


class ClassifierUnusable(FeatclassError):
    """A saved classifier is damaged, or from another format version."""


class DiskFull(FeatclassError):
    """Nothing can be written: the disk has no room left."""


class DataFolderUnusable(FeatclassError):
    """What is in the data folder cannot be worked with as it is; nothing was changed there."""


class WorkspacesLost(DataFolderUnusable):
    """The database is missing, damaged, or older than the pictures beside it.

    Those pictures can be made a workspace of: `featclass app --recover`.
    """


class WorkspaceMissing(FeatclassError):
    """No workspace has this link."""


class WorkspaceRemoved(WorkspaceMissing):
    """The workspace of this link was removed; it can be brought back."""


class Cancelled(FeatclassError):
    """The work was cancelled by whoever asked for it."""
