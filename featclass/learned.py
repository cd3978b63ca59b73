"""A classifier together with what came to light about the pictures it was made from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from featclass import sentences
from featclass.audit import Audit
from featclass.audit.findings import GiveAway
from featclass.records import Judgement, TrainedClassifier
from featclass.report_json import to_json

NEARLY_ALL = 0.9
"""Of the pictures: a cue that names the class of so many explains any score."""
NEARLY_AS_GOOD = 0.05
"""By so much less than the classifier, a cue still explains what the classifier does."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What training gives: the classifier is kept and shared, the rest stays where it was made."""

    classifier: TrainedClassifier
    judgements: tuple[Judgement, ...] = ()
    """One an image, in the order of their digests; none where there is no score."""
    audit: Audit | None = None
    """None until it is worked out, and for a saved classifier."""

    def give_away(self, accepted: Collection[str] = ()) -> GiveAway | None:
        """Return the cue that alone may be the whole score, the strongest of several.

        `accepted` are keys of findings of which a person said that they are fine.
        """
        accuracy = self.classifier.report.accuracy
        if self.audit is None or accuracy is None:
            return None
        least = min(NEARLY_ALL, accuracy - NEARLY_AS_GOOD)
        cues = [cue for cue in self.audit.shortcuts if cue.key not in accepted]
        strongest = max(cues, key=lambda cue: cue.accuracy, default=None)
        return strongest if strongest is not None and strongest.accuracy >= least else None

    def cautions(self, accepted: Collection[str] = ()) -> list[str]:
        """Return what could make the score worthless, a sentence each, to stand beside it."""
        told = [sentences.refusing(self.classifier.report)]
        if cue := self.give_away(accepted):
            alone = sentences.findings.whole_score(
                cue.cue, accuracy=cue.accuracy, chance=cue.chance_accuracy
            )
            told.insert(0, alone)
        return [sentence for sentence in told if sentence]

    def to_json(self) -> dict[str, Any]:
        """Return the report's JSON object, with its cautions and what was said of each image."""
        predictions = [judgement.to_json() for judgement in self.judgements]
        report = to_json(self.classifier.report)
        return {**report, "cautions": self.cautions(), "predictions": predictions}
