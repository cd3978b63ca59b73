"""The route that lists what the audit found, with the pictures as they stand now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from starlette.requests import Request

from featclass.audit import Finding, FindingKind
from featclass.classifiers import Training
from featclass.web.routes.labelled import Places, places_in
from featclass.web.routes.requests import followed

MOST_OF_A_KIND = 12
MOST_PICTURES = 12
"""Of one finding, such as a give-away that hundreds share."""


class FoundPicture(TypedDict):
    """A picture of a finding; sets are named by their ids."""

    picture: int | None
    """None where it stands nowhere by now."""
    name: str
    digest: str
    was: int | None
    """The set that it was learned from."""
    set: int | None
    """Where it stands now."""
    left_out: bool


class Item(TypedDict):
    """A finding, and what can be done about it."""

    key: str
    sentence: str
    about: str
    """What it is called in "Said that ... is fine"."""
    pictures: list[FoundPicture]
    number: int
    """Of its pictures, shown or not."""
    suggested: int | None
    """The set that its picture may belong to."""
    strong: bool
    """Whether its mend may be proposed before all else; else it weighs as much as "fine"."""


class KindOfFindings(TypedDict):
    """The findings of one kind, the first of each."""

    kind: FindingKind
    total: int
    """Of those that nobody said are fine."""
    items: list[Item]
    fine: list[Item]


class Kinds(TypedDict):
    """Each kind of which there is something."""

    kinds: list[KindOfFindings]


def findings(request: Request) -> Kinds:
    """Answer with what the audit found."""
    workspace, state = followed(request.path_params["token"])
    result = state.result
    if result is None or result.training is None or result.training.audit is None:
        return {"kinds": []}
    ids = {name: set_id for set_id, name in result.names.items()}
    listing = _Listing(_digests(result.training), ids, places_in(workspace), workspace.accepted)
    found = {kind: result.training.audit.of_kind(kind) for kind in FindingKind}
    return {"kinds": [listing.kind(kind, some) for kind, some in found.items() if some]}


def _digests(training: Training) -> dict[str, str]:
    """Return the digest of each image by its name; without a score only some are remembered."""
    exemplars = training.classifier.exemplars
    known = dict(zip(exemplars.names, exemplars.digests, strict=True))
    return known | {prediction.name: prediction.digest for prediction in training.out_of_fold}


@dataclass(frozen=True, slots=True)
class _Listing:
    """What findings need to become JSON."""

    digests: Mapping[str, str]
    ids: Mapping[str, int]
    places: Places
    accepted: Collection[str]

    def kind(self, kind: FindingKind, found: Sequence[Finding]) -> KindOfFindings:
        fine = [finding for finding in found if finding.key in self.accepted]
        unsettled = [finding for finding in found if finding.key not in self.accepted]
        return {
            "kind": kind,
            "total": len(unsettled),
            "items": [self._item(finding) for finding in unsettled[:MOST_OF_A_KIND]],
            "fine": [self._item(finding) for finding in fine[:MOST_OF_A_KIND]],
        }

    def _item(self, finding: Finding) -> Item:
        pictures = map(self._picture, finding.images, finding.labels)
        return {
            "key": finding.key,
            "sentence": finding.sentence,
            "about": finding.about,
            "pictures": [picture for picture in pictures if picture][:MOST_PICTURES],
            "number": len(finding.images),
            "suggested": self.ids.get(finding.proposed_label or ""),
            "strong": finding.is_certain,
        }

    def _picture(self, path: str, label: str) -> FoundPicture | None:
        digest = self.digests.get(path)
        if digest is None:
            return None
        set_now, picture = self.places.get(digest, (None, None))
        return {
            "picture": picture.id if picture else None,
            "name": picture.name if picture else path.rpartition("/")[2],
            "digest": digest,
            "was": self.ids.get(label),
            "set": set_now,
            "left_out": picture is not None and picture.left_out is not None,
        }
