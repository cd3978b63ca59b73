"""How well a classifier does on pictures held back: a share, a part of a split, or a folder."""

from __future__ import annotations

import time
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from featclass import probe
from featclass.base import (
    Dataset,
    DatasetError,
    Method,
    OutOfFoldPrediction,
    Progress,
    Report,
    SavedClassifier,
    SeenInTraining,
    SingleSplit,
    TrainedClassifier,
    listed,
    no_progress,
)
from featclass.classifiers import report
from featclass.classifiers.copies import Groups, find_copies, kept_together
from featclass.classifiers.embedding import embed, empty_classes
from featclass.classifiers.given_split import Round, Rows, given_split, in_parts
from featclass.classifiers.naming import text_prior
from featclass.classifiers.out_of_fold import normalised
from featclass.classifiers.prediction import nearest_exemplars, refuses, resembles
from featclass.classifiers.training import Training, labels_of, require_two
from featclass.embedding import Embeddings, Engine
from featclass.probe import statistics

Probabilities = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Tested:
    """What was said of images held back, and all that says how far it counts."""

    dataset: Dataset
    embedded: Embeddings
    labels: Sequence[str]
    """Of all images embedded."""
    groups: Groups | None
    tested: Rows
    """The images said something of; one may be among them twice."""
    classes: Sequence[str]
    """Sorted."""
    probabilities: Probabilities
    """Shape (tested, classes)."""

    @property
    def asked(self) -> list[str]:
        """The labels of those tested."""
        return [self.labels[row] for row in self.tested]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each of those tested was taken for what it is."""
        said = np.array(self.classes, object)[self.probabilities.argmax(axis=1)]
        return np.asarray(said == np.array(self.asked, object))

    @property
    def owners(self) -> Rows:
        """The picture that each of those tested is, near-duplicates being one."""
        return self.tested if self.groups is None else self.groups[self.tested]

    @property
    def independent(self) -> int:
        """How many pictures those tested are, near-duplicates counted as one."""
        return int(np.unique(self.owners).size)

    def report(self, spec: str, method: Method, spent: _Spent, *, of_folds: bool = False) -> Report:
        """Count. One probe and images it never saw are independent; folds share what they learn."""
        bounds: report.Interval = statistics.accuracy_interval if of_folds else report.wilson
        made = report.score(
            self.asked,
            self.probabilities,
            self.classes,
            encoder=spec,
            rejected=self.embedded.rejected,
            method=method,
            seconds=spent.seconds(),
            images=len(self.labels),
            groups=self.owners,
            interval=bounds,
        )
        return replace(made, empty_classes=empty_classes(self.dataset, self.embedded))

    def told(self, made: Report, rounds: Sequence[Round]) -> Report:
        """Add what images seen in training did to a report; without any, its verdict."""
        seen = _seen(self.embedded, self.groups, rounds, self.right)
        if seen.images:
            # No bounds hold for what was learned from.
            per_class = {
                name: replace(figures, recall_interval=None)
                for name, figures in made.per_class.items()
            }
            return replace(made, per_class=per_class, seen_in_training=seen)
        return replace(self.evaluation(made), seen_in_training=seen)

    def evaluation(self, made: Report) -> Report:
        """Add the verdict on images that were never seen to a report."""
        right, sizes = int(self.right.sum()), Counter(self.asked)
        return replace(made, verdict=statistics.verdict(right, sizes, n_groups=self.independent))


class _Spent:
    """Measures how long embedding took, and all the rest."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._embedding = 0.0

    def embed(self, engine: Engine, dataset: Dataset, progress: Progress) -> Embeddings:
        """Embed a dataset."""
        embedded = embed(engine, dataset, progress=progress)
        self._embedding = time.perf_counter() - self._started
        return embedded

    def seconds(self) -> dict[str, float]:
        """Return what a report says of it."""
        rest = time.perf_counter() - self._started - self._embedding
        return {"embed": self._embedding, "fit": 0.0, "evaluate": rest}


def evaluate_split(
    engine: Engine,
    dataset: Dataset,
    *,
    share: float,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Report:
    """Report how well a classifier of a `share` of the images does on the others.

    Raises `DatasetError` where fewer than two classes have a usable image.
    """
    spent = _Spent()
    embedded = spent.embed(engine, dataset, progress)
    labels = labels_of(embedded)
    require_two(labels, embedded)
    groups = _groups(embedded, labels)
    tested, probabilities = probe.split(
        embedded.vectors,
        labels,
        train_share=share,
        groups=groups,
        prior=text_prior(engine, labels),
        seed=seed,
    )
    method = SingleSplit(
        trained=len(labels) - len(tested), tested=len(tested), share=share, seed=seed
    )
    classes = sorted(set(labels))
    held_back = _Tested(dataset, embedded, labels, groups, tested, classes, probabilities)
    return held_back.evaluation(held_back.report(engine.encoder.spec, method, spent))


def evaluate_given(
    engine: Engine, dataset: Dataset, *, seed: int = 0, progress: Progress = no_progress
) -> Report:
    """Report how well classifiers of one part of the split that was given do on the other.

    Trained on train and val, and scored on test; on train, and scored on val, where there is no
    test; of folds, each is scored by a probe of the others. Raises `DatasetError` where there is
    no split, or fewer than two classes to train on.
    """
    given_split(dataset.images)  # where there is none, it is told before the work
    spent, dataset = _Spent(), in_parts(dataset)
    embedded = spent.embed(engine, dataset, progress)
    labels, split = labels_of(embedded), given_split(embedded.images)
    classes, groups = sorted(set(labels)), _groups(embedded, labels)
    probabilities = np.concatenate(
        [_by_others(engine, embedded, part, classes, groups, seed) for part in split.rounds]
    )
    tested = np.concatenate([part.tested for part in split.rounds])
    unknown = Counter(label for part in split.rounds for label in _unlearned(labels, part))
    held_back = _Tested(dataset, embedded, labels, groups, tested, classes, probabilities)
    of_folds = len(split.rounds) > 1
    made = held_back.report(engine.encoder.spec, split.method, spent, of_folds=of_folds)
    return replace(held_back.told(made, split.rounds), unknown_classes=tuple(sorted(unknown)))


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
    spent = _Spent()
    embedded = spent.embed(engine, dataset, progress)
    labels = labels_of(embedded)
    _require_known(classifier, labels)
    shares = probe.predict(classifier.probe, embedded.vectors)
    classes = sorted({*classifier.classes, *labels})
    probabilities = _among(classes, classifier.classes, shares)
    everything, groups = np.arange(len(labels)), _groups(embedded, labels)
    tested = _Tested(dataset, embedded, labels, groups, everything, classes, probabilities)
    unknown = Counter(label for label in labels if label not in classifier.classes)
    alike = _alike(unknown, classifier.classes)
    method = SavedClassifier(len(labels), classifier.report.images, alike)
    remembered = set(classifier.exemplars.digests)
    learned_from = np.flatnonzero([image.digest in remembered for image in embedded.images])
    made = tested.told(
        tested.report(engine.encoder.spec, method, spent), [Round(learned_from, everything)]
    )
    known = resembles(classifier, embedded.vectors, shares)
    made = replace(
        made,
        refused_share=float(1 - known.mean()),
        refuses=refuses(classifier),
        unknown_classes=tuple(sorted(unknown)),
    )
    scored = replace(classifier, report=made)
    return Training(scored, _judgements(scored, embedded, labels, probabilities))


def _by_others(
    engine: Engine,
    embedded: Embeddings,
    part: Round,
    classes: Sequence[str],
    groups: Groups | None,
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
    found, probabilities = probe.by_one_probe(
        embedded.vectors,
        labels,
        training=part.training,
        tested=part.tested,
        groups=groups,
        prior=text_prior(engine, known),
        seed=seed,
    )
    return _among(classes, found, probabilities)


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


def _judgements(
    classifier: TrainedClassifier,
    embedded: Embeddings,
    labels: Sequence[str],
    probabilities: Probabilities,
) -> tuple[OutOfFoldPrediction, ...]:
    classes = classifier.report.classes
    places = {name: place for place, name in enumerate(classes)}
    beside = nearest_exemplars(classifier.exemplars, embedded.vectors)
    return tuple(
        OutOfFoldPrediction(
            name=image.name,
            digest=image.digest,
            label=label,
            said=classes[int(chances.argmax())],
            probability=float(chances.max()),
            label_probability=float(chances[places[label]]),
            neighbours=neighbours,
        )
        for image, label, chances, neighbours in zip(
            embedded.images, labels, probabilities, beside, strict=True
        )
    )


def _require_known(classifier: TrainedClassifier, found: Sequence[str]) -> None:
    """Raise `DatasetError` where the classifier knows none of these classes."""
    names = sorted(set(found))
    if not names:
        raise DatasetError("Nothing to score: none of the labelled pictures could be used.")
    if set(names) & set(classifier.classes):
        return
    alike = _alike(names, classifier.classes)
    hint = "".join(f" Is {name!r} what it calls {known!r}?" for name, known in alike.items())
    raise DatasetError(
        f"This classifier knows {listed(classifier.classes)}, and the pictures are labelled"
        f" {listed(names)}: none of them is a class that it knows.{hint} Call the folders"
        " what the classifier calls its classes."
    )


def _alike(unknown: Sequence[str] | Mapping[str, int], known: Sequence[str]) -> dict[str, str]:
    """Return the class that an unknown name is but for case, spaces or what nobody sees."""
    by_look = {_look(name): name for name in known}
    return {name: by_look[_look(name)] for name in unknown if _look(name) in by_look}


def _look(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in folded if unicodedata.category(sign)[0] not in "CZ")
