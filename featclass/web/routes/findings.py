"""The route that lists what the audit found, with the pictures as they stand now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass.audit import Finding, FindingKind
from featclass.base import FeatclassError
from featclass.classifiers import Training
from featclass.server.studio import studio
from featclass.web.routes.labelled import Places, places_in

MOST_OF_A_KIND = 12
MOST_PICTURES = 12
"""Of one finding, such as a give-away that hundreds share."""


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
    for kind in FindingKind:
        found = result.training.audit.of_kind(kind)
        fine = [finding for finding in found if finding.key in workspace.accepted]
        open_ones = [finding for finding in found if finding.key not in workspace.accepted]
        if found:
            kinds.append(
                {
                    "kind": kind,
                    "total": len(open_ones),
                    "items": [listed.item(finding) for finding in open_ones[:MOST_OF_A_KIND]],
                    "fine": [listed.item(finding) for finding in fine[:MOST_OF_A_KIND]],
                }
            )
    return kinds


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

    def item(self, finding: Finding) -> dict[str, Any]:
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
