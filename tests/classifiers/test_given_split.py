"""A split that the owner of the pictures made: trained on its one part, scored on the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import featclass
from featclass import classifiers, datasets, library
from featclass.base import sentences
from featclass.base.errors import DatasetError, FeatclassError
from featclass.base.records import Dataset, Image, Report
from featclass.classifiers import report
from featclass.cli import learning
from featclass.datasets import without_conflicts
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.probe.statistics import accuracy_interval
from tests.audit.drawings import tinted
from tests.commands import run
from tests.fakes import GridEncoder, drawn, image

Make = Callable[[Dataset], Report]


@pytest.fixture
def evaluated(tmp_path: Path) -> Iterator[Make]:
    with Cache(tmp_path / "cache.sqlite") as cache:
        engine = Engine(GridEncoder(), cache, max_pixels=10**7)
        yield lambda dataset: classifiers.evaluate_given(engine, dataset)
        engine.close()


def part(
    split: str | None, count: int, start: int, *, labels: tuple[str, ...] = ("red", "blue")
) -> list[Image]:
    """Return pictures of each class in one part: the seed of each is another."""
    return [
        replace(
            image(tinted(start + seed, label), f"{split}/{label}/{start + seed}.png", label),
            split=split,
        )
        for label in labels
        for seed in range(count)
    ]


def given(*parts: list[Image]) -> Dataset:
    return Dataset(tuple(one for some in parts for one in some))


def again(one: Image, split: str, name: str, label: str | None = None) -> Image:
    return replace(one, split=split, name=name, label=label or one.label)


def swapped(images: list[Image]) -> list[Image]:
    """Return pictures under the other's name: a probe of these is always wrong."""
    other = {"red": "blue", "blue": "red"}
    return [replace(one, label=other[str(one.label)]) for one in images]


def test_a_probe_of_train_and_val_is_scored_on_test(evaluated: Make) -> None:
    made = evaluated(given(part("train", 8, 0), part("val", 2, 100), part("test", 3, 200)))
    assert made.method == (
        "the split that was given: 20 pictures of 'train' and 'val' to train, 6 of 'test' to test"
    )
    assert made.confusion_matrix == ((3, 0), (0, 3))
    assert made.images == 26
    assert made.accuracy_interval == report.wilson(6, 6)
    assert made.verdict is not None
    assert made.seen_in_training is not None
    assert made.seen_in_training.images == 0
    assert "pictures held back" in sentences.score_sentence(made)


def test_the_recall_of_a_class_has_the_interval_that_the_accuracy_has(evaluated: Make) -> None:
    made = evaluated(given(part("train", 5, 0), part("test", 10, 200)))
    assert made.per_class["red"].recall_interval == report.wilson(10, 10)
    folds = [part(f"fold_{fold}", 4, 100 * fold) for fold in range(3)]
    made = evaluated(given(*folds))
    assert made.per_class["red"].recall_interval == accuracy_interval(12, 12)


def test_nothing_of_test_is_trained_on(evaluated: Make) -> None:
    # In test the names are swapped: whoever looked would be right.
    made = evaluated(given(part("train", 8, 0), swapped(part("test", 8, 200))))
    assert made.accuracy == 0


def test_val_is_trained_on_too(evaluated: Make) -> None:
    only_val = given(part("train", 4, 0), part("val", 4, 60, labels=("green",)),
                     part("test", 3, 200, labels=("red", "green")))  # fmt: skip
    made = evaluated(only_val)
    assert made.classes == ("blue", "green", "red")
    assert made.per_class["green"].recall == 1.0
    assert made.per_class["blue"].support == 0
    assert made.per_class["blue"].recall is None


def test_without_a_test_part_val_is_scored_and_that_is_said(evaluated: Make) -> None:
    made = evaluated(given(part("train", 6, 0), part("val", 4, 100)))
    assert made.method == (
        "the split that was given, which has no 'test': 12 pictures of 'train' to train,"
        " 8 of 'val' to test"
    )
    assert sum(map(sum, made.confusion_matrix or ())) == 8


def test_each_fold_is_scored_by_a_probe_of_the_others(evaluated: Make) -> None:
    folds = [part(f"fold_{fold}", 4, 100 * fold) for fold in range(3)]
    made = evaluated(given(*folds))
    assert made.method == (
        "the 3 folds that were given, 'fold_0' to 'fold_2': each of 24 pictures predicted by a"
        " probe of the other folds"
    )
    assert sum(map(sum, made.confusion_matrix or ())) == made.images == 24
    # Folds share what they train on: the interval is that of cross-validation.
    assert made.accuracy_interval == accuracy_interval(24, 24, n_groups=24)
    held = evaluated(given(*folds[:2], swapped(folds[2])))
    assert held.accuracy is not None
    assert held.accuracy < 0.7  # the third fold is all wrong, and spoils the training of others


def test_a_class_that_training_lacks_is_listed_and_counted_as_wrong(evaluated: Make) -> None:
    made = evaluated(given(part("train", 6, 0), part("test", 4, 100, labels=("red", "green"))))
    assert made.unknown_classes == ("green",)
    assert made.classes == ("blue", "green", "red")
    assert made.per_class["green"].recall == 0.0
    assert made.accuracy == pytest.approx(0.5)
    assert made.method.endswith("; not learned, and so counted as wrong: 'green' (4 pictures)")
    assert report.from_json(json.loads(json.dumps(report.to_json(made)))) == made


def test_an_exact_copy_in_train_and_test_is_said_whichever_of_them_was_kept(
    evaluated: Make,
) -> None:
    train, test = part("train", 6, 0), part("test", 4, 100)
    copy = again(train[0], "test", "test/red/copy.png")
    for first, second in ((train[0], copy), (copy, train[0])):
        kept, rejected = without_conflicts([first, second, *train[1:], *test])
        assert len(kept) == 20
        assert [one.name for one in rejected] == [second.name]
        made = evaluated(Dataset(tuple(kept), tuple(rejected)))
        # As the owner divided them: it is trained on, and scored.
        assert "12 pictures of 'train' to train, 9 of 'test' to test" in made.method
        assert "this score is too good: 1 of the 9 are pictures that were learned from" in (
            made.method
        )
        assert "of the others 8 of 8 are right" in made.method
        seen = report.to_json(made)["seen_in_training"]
        assert seen == {"same": 1, "near_duplicates": 0, "accuracy_without": 1.0}
        assert made.verdict is None
        assert sentences.score_sentence(made) == (
            "9 of 9 right when judged by a classifier that learned from 1 of them, so that this is"
            " too good; of the others 8 of 8 are right."
        )
        assert report.from_json(json.loads(json.dumps(report.to_json(made)))) == made


def test_a_copy_built_by_hand_into_both_parts_is_said_too(evaluated: Make) -> None:
    train = part("train", 6, 0)
    both = [again(one, "test", f"test/{one.label}/{i}.png") for i, one in enumerate(train[:2])]
    seen = evaluated(given(train, both, part("test", 3, 100))).seen_in_training
    assert seen is not None
    assert seen.same == 2


def test_near_duplicates_of_training_pictures_are_counted_and_said(evaluated: Make) -> None:
    train, test = part("train", 12, 0), part("test", 6, 100)
    resaved = [
        replace(image(tinted(seed, "red", "BMP"), f"test/red/{seed}.bmp", "red"), split="test")
        for seed in range(2)
    ]
    made = evaluated(given(train, test, resaved))
    seen = made.seen_in_training
    assert seen is not None
    assert (seen.same, seen.near_duplicates) == (0, 2)
    assert "2 of the 14 are nearly the same as such a one" in made.method


def test_copies_among_the_pictures_scored_do_not_count_as_independent(evaluated: Make) -> None:
    train, test = part("train", 12, 0), part("test", 6, 100)
    resaved = [
        replace(image(tinted(100, "red", form), f"test/red/{form}", "red"), split="test")
        for form in ("BMP", "TIFF", "GIF")
    ]
    made = evaluated(given(train, test, resaved))
    assert sum(map(sum, made.confusion_matrix or ())) == 15
    assert made.accuracy == 1.0
    assert made.accuracy_interval == report.wilson(12, 12)
    assert made.seen_in_training is not None
    assert made.seen_in_training.images == 0


def test_a_single_split_counts_copies_once_as_well(tmp_path: Path) -> None:
    library._engines.cache_clear()
    images = [*part(None, 6, 0), *part(None, 6, 100)]
    copies = [image(tinted(0, "red", form), f"{form}", "red") for form in ("BMP", "TIFF", "GIF")]
    with Cache(tmp_path / "cache.sqlite") as cache:
        engine = Engine(GridEncoder(), cache, max_pixels=10**7)
        intervals = set()
        for seed in range(8):
            made = classifiers.evaluate_split(engine, given(images, copies), share=0.5, seed=seed)
            matrix = made.confusion_matrix or ()
            count, right = sum(map(sum, matrix)), sum(row[i] for i, row in enumerate(matrix))
            by_files = report.wilson(right, count)
            once = report.wilson(right, count, n_groups=count - 3)
            assert made.accuracy_interval in (by_files, once)
            intervals.add(made.accuracy_interval == once)
        engine.close()
    assert intervals == {True, False}  # the copies stood in test, or in training


def test_pictures_in_no_part_are_left_out_by_name(evaluated: Make) -> None:
    made = evaluated(given(part("train", 4, 0), part("test", 3, 100), part(None, 1, 200)))
    assert made.images == 14
    assert {one.name for one in made.rejected} == {"None/red/200.png", "None/blue/200.png"}


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ((None,), "found 8 usable pictures, and no folders for train and test"),
        (("train",), r"only in 'train' \(8\)"),
        (("test",), r"only in 'test' \(8\)"),
        (("val", "test"), r"only in 'test' \(8\), 'val' \(8\)"),
        (("fold_0",), r"only in 'fold_0' \(8\)"),
    ],
)
def test_without_a_split_the_sentence_says_what_was_found_and_what_one_looks_like(
    evaluated: Make, parts: tuple[str | None, ...], found: str
) -> None:
    pictures = given(*(part(name, 4, 100 * place) for place, name in enumerate(parts)))
    with pytest.raises(DatasetError, match=rf"{found}.*train/cats/1\.jpg and test/cats/2\.jpg"):
        evaluated(pictures)


def test_a_training_part_of_one_class_is_told(evaluated: Make) -> None:
    pictures = given(part("train", 4, 0, labels=("red",)), part("test", 4, 100))
    with pytest.raises(DatasetError, match="those to train on are only of 'red'"):
        evaluated(pictures)


# The doors


@pytest.fixture
def in_folder(tmp_path: Path) -> Path:
    """train/ and test/ with the classes in them, and one picture of train in test too."""
    folder = tmp_path / "pictures"
    for one in (*part("train", 8, 0), *part("test", 3, 100)):
        (folder / one.name).parent.mkdir(parents=True, exist_ok=True)
        (folder / one.name).write_bytes(one.read())
    (folder / "test/red/leaked.png").write_bytes((folder / "train/red/1.png").read_bytes())
    library._engines.cache_clear()
    return folder


@pytest.mark.usefixtures("fake_encoder")
def test_the_command_and_python_give_the_same_report(in_folder: Path) -> None:
    shell = run("evaluate", in_folder, "--split", "given", "--encoder", "builtin", "--json")
    said = json.loads(shell.stdout)
    python = featclass.evaluate(datasets.read(in_folder), encoder="builtin", split="given")
    assert {**said, "seconds": {}} == {**report.to_json(python), "seconds": {}}
    assert said["method"].startswith("the split that was given: 16 pictures of 'train' to train, 7")
    assert said["classes"] == ["blue", "red"]
    assert said["seen_in_training"]["same"] == 1


@pytest.mark.usefixtures("fake_encoder")
def test_no_encoder_is_loaded_where_there_is_no_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("red", "blue"):
        (tmp_path / "p" / name).mkdir(parents=True)
        for seed in range(2):
            (tmp_path / "p" / name / f"{seed}.png").write_bytes(drawn(seed, name))

    def never(*_: object) -> None:
        raise AssertionError("an encoder was loaded")

    monkeypatch.setattr(learning, "open_engine", never)
    monkeypatch.setattr(library, "_open", never)
    with pytest.raises(DatasetError, match="There is no split"):
        run("evaluate", tmp_path / "p", "--split", "given")
    with pytest.raises(DatasetError, match="There is no split"):
        featclass.evaluate(featclass.read_folder(tmp_path / "p"), split="given")


@pytest.mark.parametrize("split", ["Given", "give", "", "0,8", "nan", "1e9"])
def test_another_word_than_given_is_wrong_usage(in_folder: Path, split: str) -> None:
    result = run("evaluate", in_folder, "--split", split)
    assert result.exit_code == 2
    assert "or the word given" in " ".join(result.stderr.replace("│", " ").split())


def test_python_names_what_a_split_is(in_folder: Path) -> None:
    with pytest.raises(FeatclassError, match=r"a share, such as 0\.8, or 'given'"):
        featclass.evaluate(datasets.read(in_folder), split="train")  # type: ignore[arg-type]


def test_a_report_to_show_needs_cross_validation(in_folder: Path) -> None:
    result = run("evaluate", in_folder, "--split", "given", "--report", in_folder / "r.html")
    assert result.exit_code == 2
