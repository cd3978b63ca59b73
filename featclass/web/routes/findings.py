"""The route that lists what the audit found, with the pictures as they stand now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass.base import FeatclassError
from featclass.classifiers import Training
from featclass.server.studio import studio
from featclass.web.routes.labelled import Places, places_in

MOST_OF_A_KIND = 12
MOST_PICTURES = 12
"""Of one finding, such as a give-away that hundreds share."""
EXACT = "exact"
"""Copies equal pixel by pixel: that they are copies is certain."""


async def findings(request: Request) -> Response:
    """Answer with the findings by kind, the first of each; those said to be fine stand apart.

    A picture says where it stands now and whether it is left out; a set is named by its id.
    """
    try:
        kinds = await run_in_threadpool(_findings, request.path_params["token"])
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 404)
    return JSONResponse({"kinds": kinds})


def _findings(token: str) -> list[dict[str, Any]]:
    workspace = studio().workspaces.open(token)
    result = studio().trainer.follow(workspace).result
    if result is None or result.training is None or result.training.audit is None:
        return []
    ids = {name: set_id for set_id, name in result.names.items()}
    listed = _Listed(_digests(result.training), ids, places_in(workspace))
    kinds = []
    for kind, found in _kinds(result.training).items():
        fine = [each for each in found if each.key in workspace.accepted]
        open_ones = [each for each in found if each.key not in workspace.accepted]
        if found:
            kinds.append(
                {
                    "kind": kind,
                    "total": len(open_ones),
                    "items": [listed.item(kind, each) for each in open_ones[:MOST_OF_A_KIND]],
                    "fine": [listed.item(kind, each) for each in fine[:MOST_OF_A_KIND]],
                }
            )
    return kinds


def _kinds(training: Training) -> dict[str, Sequence[Any]]:
    found = training.audit
    assert found is not None
    return {
        "label": [each for each in found.label_errors if each.suspect],
        "duplicates": found.duplicates,
        "shortcut": found.shortcuts,
        "outlier": found.outliers,
        "quality": found.quality,
        "balance": [found.balance] if found.balance.is_unbalanced else [],
    }


def _digests(training: Training) -> dict[str, str]:
    """Return the digest of each image by its name; without a score only some are remembered."""
    kept = training.classifier.exemplars
    known = dict(zip(kept.names, kept.digests, strict=True))
    return known | {one.name: one.digest for one in training.out_of_fold}


@dataclass(frozen=True, slots=True)
class _Listed:
    """What a finding needs to become JSON."""

    digests: Mapping[str, str]
    ids: Mapping[str, int]
    places: Places

    def item(self, kind: str, found: Any) -> dict[str, Any]:
        paths, labels = _paths(found)
        pictures = [self._picture(path, label) for path, label in zip(paths, labels, strict=True)]
        return {
            "key": found.key,
            "sentence": found.sentence,
            "about": _about(kind, found, len(paths)),
            "pictures": [picture for picture in pictures if picture][:MOST_PICTURES],
            "number": len(paths),
            "suggested": self.ids.get(getattr(found, "suggested", "")),
            "strong": is_strong(found),
        }

    def _picture(self, path: str, label: str) -> dict[str, Any] | None:
        digest = self.digests.get(path)
        if digest is None:
            return None
        now, picture = self.places.get(digest, (None, None))
        return {
            "picture": picture.id if picture else None,
            "name": picture.name if picture else path.rpartition("/")[2],
            "digest": digest,
            "was": self.ids.get(label),
            "set": now,
            "left_out": picture is not None and picture.left_out is not None,
        }


def is_strong(found: Any) -> bool:
    """Say whether its mend may be proposed before all else; else it weighs as much as "fine"."""
    return getattr(found, "strong", False) or getattr(found, "kind", "") == EXACT


def _paths(found: Any) -> tuple[Sequence[str], Sequence[str]]:
    """Return the images of a finding, and the label of each."""
    if hasattr(found, "path"):
        return (found.path,), (found.label,)
    paths: Sequence[str] = getattr(found, "paths", ())
    return paths, getattr(found, "labels", None) or [getattr(found, "label", "")] * len(paths)


def _about(kind: str, found: Any, number: int) -> str:
    """Return what a finding is called in "Said that ... is fine"."""
    if kind == "duplicates":
        return f"a group of {number} copies"
    if kind == "shortcut":
        return f"what gives {found.label} away"
    if kind == "balance":
        return "the difference between the sizes of the sets"
    return str(found.path).rpartition("/")[2]
