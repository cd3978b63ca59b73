"""A classifier together with what came to light about the pictures it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from featclass.audit import Audit
from featclass.records import Judgement, TrainedClassifier
from featclass.report_json import to_json


@dataclass(frozen=True, slots=True)
class Learned:
    """What training gives: the classifier is kept and shared, the rest stays where it was made."""

    classifier: TrainedClassifier
    judgements: tuple[Judgement, ...] = ()
    """One an image, in the order of their digests; none where there is no score."""
    audit: Audit | None = None
    """None until it is worked out, and for a saved classifier."""

    def to_json(self) -> dict[str, Any]:
        """Return the report's JSON object, with what was said of each image."""
        said = [judgement.to_json() for judgement in self.judgements]
        return {**to_json(self.classifier.report), "predictions": said}
