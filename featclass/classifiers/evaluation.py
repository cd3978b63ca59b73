"""How well a classifier does on pictures held back: a share, a part of a split, or a folder."""

from __future__ import annotations

import time
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from featclass import probe
from featclass.base import (
    Dataset,
    DatasetError,
    Method,
    ProbeKind,
    Progress,
    Report,
    SavedClassifier,
    SeenInTraining,
    SingleSplit,
    TrainedClassifier,
    enumerated,
    no_progress,
)
from featclass.classifiers import report
from featclass.classifiers.embedding import EmbeddedDataset, embed
from featclass.classifiers.naming import text_prior
from featclass.classifiers.out_of_fold import labelled_predictions, normalised
from featclass.classifiers.prediction import nearest_exemplars, refuses, resembles
from featclass.classifiers.splits import (
    Groups,
    Round,
    Rows,
    find_copies,
    given_split,
    in_parts,
    kept_together,
)
from featclass.classifiers.training import Training, labels_of, require_two
from featclass.embedding import Embeddings, Engine
from featclass.encoders import Encoder
from featclass.probe import statistics

Probabilities = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Tested:
    """What was said of images held back, and all that says how far it counts."""

    encoder: Encoder
    dataset: EmbeddedDataset
    started: float
    """When there were embeddings, by `time.perf_counter`."""
    labels: Sequence[str]
    """Of all images embedded."""
    groups: Groups | None
    rows: Rows
    """The images said something of; one may be among them twice."""
    classes: Sequence[str]
    """Sorted."""
    probabilities: Probabilities
    """Shape (rows, classes)."""
    kind: ProbeKind
    """Of the probe that said it."""

    @property
    def asked(self) -> list[str]:
        """The labels of those tested."""
        return [self.labels[row] for row in self.rows]

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether each of those tested was taken for what it is."""
        taken_for = np.array(self.classes, object)[self.probabilities.argmax(axis=1)]
        return np.asarray(taken_for == np.array(self.asked, object))

    @property
    def owners(self) -> Rows:
        """The picture that each of those tested is, near-duplicates being one."""
        return self.rows if self.groups is None else self.groups[self.rows]

    def report(
        self,
        method: Method,
        *,
        rounds: Sequence[Round] = (),
        of_folds: bool = False,
    ) -> Report:
        """Count, with what images seen in training did, where there are `rounds` of it.

        One probe and images it never saw are independent; folds share what they learn.
        """
        right, verdict = self.is_right, None
        seen = _seen(self.dataset, self.groups, rounds, right) if rounds else None
        is_unseen = seen is None or not seen.images
        if is_unseen:
            independent, sizes = int(np.unique(self.owners).size), Counter(self.asked)
            verdict = statistics.verdict(int(right.sum()), sizes, n_groups=independent)
        spent = time.perf_counter() - self.started
        return report.score(
            self.asked,
            self.probabilities,
            self.classes,
            method=method,
            images=len(self.labels),
            groups=self.owners,
            interval=statistics.accuracy_interval if of_folds else report.wilson,
            bounds_recalls=is_unseen,
            encoder=self.encoder.spec,
            precision=self.encoder.precision,
            rejected=self.dataset.rejected,
            seconds={"embed": self.dataset.seconds, "fit": 0.0, "evaluate": spent},
            verdict=verdict,
            seen_in_training=seen,
            empty_classes=self.dataset.empty_classes,
            probe=self.kind,
        )


def evaluate_split(
    engine: Engine,
    dataset: Dataset,
    *,
    share: float,
    kind: ProbeKind = ProbeKind.DISCRIMINANT,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Report:
    """Report how well a classifier of a `share` of the images does on the others.

    Raises `DatasetError` where fewer than two classes have a usable image.
    """
    embedded = embed(engine, dataset, progress=progress)
    started = time.perf_counter()
    labels = labels_of(embedded)
    require_two(labels, embedded)
    groups = _groups(embedded, labels)
    rows, probabilities = probe.split(
        embedded.vectors,
        labels,
        train_share=share,
        groups=groups,
        prior=text_prior(engine, labels),
        seed=seed,
        kind=kind,
    )
    method = SingleSplit(trained=len(labels) - len(rows), tested=len(rows), share=share, seed=seed)
    classes, encoder = sorted(set(labels)), engine.encoder
    tested = _Tested(encoder, embedded, started, labels, groups, rows, classes, probabilities, kind)
    return tested.report(method)


def evaluate_given(
    engine: Engine,
    dataset: Dataset,
    *,
    kind: ProbeKind = ProbeKind.DISCRIMINANT,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Report:
    """Report how well classifiers of one part of the split that was given do on the other.

    Trained on train and val, and scored on test; on train, and scored on val, where there is no
    test; of folds, each is scored by a probe of the others. Raises `DatasetError` where there is
    no split, or fewer than two classes to train on.
    """
    given_split(dataset.images)  # where there is none, it is told before the work
    embedded = embed(engine, in_parts(dataset), progress=progress)
    started = time.perf_counter()
    labels, split = labels_of(embedded), given_split(embedded.images)
    classes, groups = sorted(set(labels)), _groups(embedded, labels)
    probabilities = np.concatenate(
        [_by_others(engine, embedded, part, classes, groups, kind, seed) for part in split.rounds]
    )
    rows = np.concatenate([part.tested for part in split.rounds])
    unknown = {label for part in split.rounds for label in _unlearned(labels, part)}
    encoder = engine.encoder
    tested = _Tested(encoder, embedded, started, labels, groups, rows, classes, probabilities, kind)
    counted = tested.report(split.method, rounds=split.rounds, of_folds=len(split.rounds) > 1)
    return replace(counted, unknown_classes=tuple(sorted(unknown)))


def evaluate_saved(
    engine: Engine,
    classifier: TrainedClassifier,
    dataset: Dataset,
    *,
    progress: Progress = no_progress,
) -> Training:
    """Score a saved classifier on labelled pictures: the same probe, with another report.

    Classes that it does not know count as wrong. Raises `DatasetError` where it knows none of
    them, or no picture could be used.
    """
    _require_known(classifier, dataset.classes)
    embedded = embed(engine, dataset, progress=progress)
    started = time.perf_counter()
    labels = labels_of(embedded)
    _require_known(classifier, labels)
    shares = probe.predict(classifier.probe, embedded.vectors)
    classes = sorted({*classifier.classes, *labels})
    probabilities = _among(classes, classifier.classes, shares)
    rows, groups = np.arange(len(labels)), _groups(embedded, labels)
    unknown = [*dict.fromkeys(label for label in labels if label not in classifier.classes)]
    remembered = set(classifier.exemplars.digests)
    learned_from = np.flatnonzero([image.digest in remembered for image in embedded.images])
    encoder, alike = engine.encoder, _alike(unknown, classifier.classes)
    kind = classifier.report.probe
    tested = _Tested(encoder, embedded, started, labels, groups, rows, classes, probabilities, kind)
    method = SavedClassifier(len(labels), classifier.report.images, alike)
    score = replace(
        tested.report(method, rounds=[Round(learned_from, rows)]),
        refused_share=float(1 - resembles(classifier, embedded.vectors, shares).mean()),
        refuses=refuses(classifier),
        unknown_classes=tuple(sorted(unknown)),
        C=classifier.report.C,
    )
    neighbours = nearest_exemplars(classifier.exemplars, embedded.vectors)
    predictions = labelled_predictions(embedded.images, labels, classes, probabilities, neighbours)
    return Training(replace(classifier, report=score), predictions)


def _by_others(
    engine: Engine,
    embedded: Embeddings,
    part: Round,
    classes: Sequence[str],
    groups: Groups | None,
    kind: ProbeKind,
    seed: int,
) -> Probabilities:
    """Return what a probe of the training images says of those tested, shape (tested, classes)."""
    labels = labels_of(embedded)
    known = [labels[row] for row in part.training]
    if len(set(known)) < 2:
        only = f"only of {known[0]!r}" if known else "of no class at all"
        raise DatasetError(
            "A classifier needs usable pictures in two classes or more, and those to train on are"
            f" {only}. Add pictures of a second class to that part of the split."
        )
    learned, probabilities = probe.by_one_probe(
        embedded.vectors,
        labels,
        training=part.training,
        tested=part.tested,
        groups=groups,
        prior=text_prior(engine, known),
        seed=seed,
        kind=kind,
    )
    return _among(classes, learned, probabilities)


def _among(
    classes: Sequence[str], known: Sequence[str], probabilities: Probabilities
) -> Probabilities:
    """Return probabilities (n, known) among more classes: what is not known has none."""
    places = {name: place for place, name in enumerate(classes)}
    spread = np.zeros((len(probabilities), len(classes)))
    spread[:, [places[name] for name in known]] = probabilities
    return spread


def _unlearned(labels: Sequence[str], part: Round) -> list[str]:
    """Return the label of each image tested whose class is not among those trained on."""
    known = {labels[row] for row in part.training}
    return [labels[row] for row in part.tested if labels[row] not in known]


def _groups(embedded: Embeddings, labels: Sequence[str]) -> Groups | None:
    return kept_together(embedded.images, labels, find_copies(embedded, normalised(embedded)))


def _seen(
    embedded: Embeddings,
    groups: Groups | None,
    rounds: Sequence[Round],
    right: NDArray[np.bool_],
) -> SeenInTraining:
    """Count the images tested that are among those trained on, or nearly the same as one."""
    digests = np.array([image.digest for image in embedded.images], object)
    same, near = [], []
    for part in rounds:
        same.append(np.isin(digests[part.tested], digests[part.training]))
        of_one = np.arange(digests.size) if groups is None else groups
        near.append(np.isin(of_one[part.tested], of_one[part.training]) & ~same[-1])
    others = right[~(np.concatenate(same) | np.concatenate(near))]
    return SeenInTraining(
        int(np.concatenate(same).sum()),
        int(np.concatenate(near).sum()),
        float(others.mean()) if others.size else None,
    )


def _require_known(classifier: TrainedClassifier, labels: Sequence[str]) -> None:
    """Raise `DatasetError` where the classifier knows none of these classes."""
    names = sorted(set(labels))
    if not names:
        raise DatasetError("Nothing to score: none of the labelled pictures could be used.")
    if set(names) & set(classifier.classes):
        return
    alike = _alike(names, classifier.classes)
    hint = "".join(f" Is {name!r} what it calls {like!r}?" for name, like in alike.items())
    known, others = enumerated(classifier.classes, quoted=True), enumerated(names, quoted=True)
    raise DatasetError(
        f"This classifier knows {known}, and the pictures are labelled {others}: none of them is a"
        f" class that it knows.{hint} Call the folders what the classifier calls its classes."
    )


def _alike(unknown: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Return the class that an unknown name is but for case, spaces or what nobody sees."""
    by_look = {_look(name): name for name in known}
    return {name: by_look[_look(name)] for name in unknown if _look(name) in by_look}


def _look(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in folded if unicodedata.category(sign)[0] not in "CZ")
