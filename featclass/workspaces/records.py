"""What a workspace looks like from outside: plain values, safe to keep and to share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from featclass.base import Rejected


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A file to be added, its bytes already found to be a picture."""

    name: str
    data: bytes = field(repr=False)
    burst: str | None = None
    """Key of the recording it is a frame of."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one `NewPicture`."""

    name: str
    """As it was kept, cleaned."""
    picture_id: int | None
    """Of the picture in the set; of the one already there where this is a duplicate."""
    digest: str
    duplicate: bool
    is_opposed: bool = False
    """Whether a person had said the opposite, mostly that it is none of these; it stays so."""
    brought_back: str = ""
    """Name of the set that had been removed, and is there again for this picture."""
    restored: bool = False
    """Whether the file of the one already there was damaged, and is whole again."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a labelled set, one tried for a prediction, or one that is none of these."""

    id: int
    name: str
    digest: str
    added: datetime
    """When it was first added to the workspace."""
    left_out: str | None = None
    """Why it does not count though it stays in its set; None where it counts."""
    burst: str | None = None
    """Equal for the frames of one recording."""


@dataclass(frozen=True)
class LabelledSet:
    """The pictures of one class."""

    id: int
    name: str
    colour: int
    """Index into the palette: no other set shown has it, and it stays while the set is there."""
    pictures: tuple[Picture, ...]
    """Those left out first, else in the order in which they came to the set."""
    rejected: tuple[Rejected, ...]
    """Files dropped here that could not be used, until dismissed."""

    @cached_property
    def counted(self) -> tuple[Picture, ...]:
        """The pictures that are learned from: all that are not left out."""
        return tuple(picture for picture in self.pictures if picture.left_out is None)


@dataclass(frozen=True)
class Workspace:
    """Everything a workspace held at one moment."""

    token: str
    name: str
    encoder: str
    version: int
    """Grows with every change, never otherwise."""
    classifier: str | None
    """Digest of a saved classifier used in place of one made from the sets."""
    sets: tuple[LabelledSet, ...]
    tried: tuple[Picture, ...]
    """Pictures given for predictions, newest first."""
    tried_rejected: tuple[Rejected, ...]
    strangers_id: int | None = None
    """Where what is none of the sets is kept, to be moved to and from like a set; it is no class.

    None until a picture was first said to be none of these.
    """
    strangers: tuple[Picture, ...] = ()
    """Pictures that the person said are none of these, in the order in which that was said."""
    strangers_rejected: tuple[Rejected, ...] = ()
    accepted: frozenset[str] = frozenset()
    """Keys of the findings of which the person said that they are fine."""

    @property
    def size(self) -> int:
        """The number of pictures, of all kinds."""
        in_sets = sum(len(labelled.pictures) for labelled in self.sets)
        return in_sets + len(self.tried) + len(self.strangers)

    @cached_property
    def contents(self) -> bytes:
        """Which pictures count together, and which are none of these: equal where these are.

        Whatever the sets are called, and without what is left out.
        """
        lines = []
        for labelled in sorted(self.sets, key=lambda labelled: labelled.id):
            for digest, burst in sorted((p.digest, p.burst or "") for p in labelled.counted):
                lines.append(f"{labelled.id} {digest} {burst}\n")
        lines += [f"none {digest}\n" for digest in sorted(p.digest for p in self.strangers)]
        return "".join(lines).encode()

    @cached_property
    def unlabelled(self) -> tuple[Picture, ...]:
        """Those tried of which the person said nothing yet, newest first."""
        labelled = {picture.digest for one_set in self.sets for picture in one_set.pictures}
        labelled |= {picture.digest for picture in self.strangers}
        return tuple(picture for picture in self.tried if picture.digest not in labelled)


@dataclass(frozen=True, slots=True)
class WorkspaceSummary:
    """A line in the menu of workspaces."""

    token: str
    name: str
    pictures: int
    """In its sets; those tried are not counted."""
    sets: int
    changed: datetime


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did that can be undone until it is purged."""

    id: int
    what: str
    """In words: "Removed set Simpsons with 13 pictures", "Left out bart.jpg"."""
    at: datetime
    author: str | None = None
    """Who did it: the same for all that one visitor did; None where that is not known."""


def is_id(value: object) -> bool:
    """Whether this can be the number of a row; True, which counts as 1, is none."""
    return isinstance(value, int) and not isinstance(value, bool)
