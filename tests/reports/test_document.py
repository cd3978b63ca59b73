from __future__ import annotations

import html.parser
import math
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from featclass.base import sentences
from featclass.base.records import (
    NearDuplicates,
    Rejected,
)
from featclass.base.scores import LearningCurve, Point, Projection, Rate, Verdict
from featclass.base.sentences import percent
from featclass.classifiers import report
from featclass.classifiers.training import Training
from featclass.reports.contents import cleaned
from featclass.reports.curve import drawn
from featclass.reports.html import BYTES, PICTURES
from featclass.reports.markdown import report_markdown
from featclass.web.page import trust, wording
from tests.reports.written import digest_of, page, prose, training

HOSTILE = "<script>alert('1')</script>\"|*a*`b`[c](http://e)![d](//f)"


def with_report(
    made: Training,
    *,
    verdict: Verdict | None = None,
    curve: LearningCurve | None = None,
    copies: NearDuplicates | None = None,
    method: str = "by hand",
) -> Training:
    changed = replace(
        made.classifier.report,
        verdict=verdict,
        learning_curve=curve,
        near_duplicates=copies,
        procedure=method,
    )
    return replace(made, classifier=replace(made.classifier, report=changed))


class Reader(html.parser.HTMLParser):
    """What a browser would find: tags with their attributes, and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another"

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split()).replace("\u00a0", " ")

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_both_say_the_score_its_interval_and_guessing() -> None:
    made = training(wrong=[3])
    for text in (Reader(page(made)).text, prose(made)):
        assert "11 of 12 right" in text
        assert "true rate is somewhere between" in text
        assert "guessing would give 50 %" in text


def test_score_interval_and_guessing_stand_where_they_are_on_the_line() -> None:
    reader = Reader(page(training(wrong=[3])))
    [guess] = [line for line in reader.attributes("line") if line.get("class") == "guess"]
    [mark] = [bar for bar in reader.attributes("rect") if bar.get("class") == "mark"]
    assert (guess["x1"], guess["x2"], mark["x"]) == ("50.00", "50.00", "91.67")


def test_the_page_is_whole_and_every_tag_is_closed() -> None:
    reader = Reader(
        page(training(40, wrong=range(0, 30, 3)), findings=[("A", "b.", [digest_of(1)])])
    )
    assert reader.open == []


def test_the_page_fetches_nothing_and_runs_nothing() -> None:
    reader = Reader(page(training(wrong=[3])))
    tags = {tag for tag, _ in reader.tags}
    assert not tags & {"script", "link", "iframe", "object", "form", "a"}
    for _, attributes in reader.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("src") or "data:").startswith("data:image/jpeg;base64,") or (
            "src" not in attributes
        )
    style = page(training()).partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    policies = [a.get("content") for a in reader.attributes("meta") if "http-equiv" in a]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_hostile_names_stay_text_on_the_page() -> None:
    made = training(
        classes=[HOSTILE, "dog"],
        wrong=[1, 2],
        rejected=[Rejected(HOSTILE, HOSTILE)],
        folder=HOSTILE,
    )
    plain = training(classes=["cat", "dog"], wrong=[1, 2], rejected=[Rejected("a", "b")])
    curve = LearningCurve((), None, HOSTILE)
    verdict = Verdict(True, 0.0, HOSTILE, HOSTILE)
    made = with_report(made, verdict=verdict, curve=curve, method=HOSTILE)
    plain = with_report(
        plain,
        verdict=Verdict(True, 0.0, "a", "b"),
        curve=LearningCurve((), None, "c"),
    )
    found = [
        Reader(page(which, title=text, made=text, notes=[text], findings=[(text, text, [text])]))
        for which, text in ((made, HOSTILE), (plain, "x"))
    ]
    assert [tag for tag, _ in found[0].tags] == [tag for tag, _ in found[1].tags]
    assert [set(a) for _, a in found[0].tags] == [set(a) for _, a in found[1].tags]


def test_hostile_names_stay_text_in_markdown() -> None:
    made = training(classes=[HOSTILE, "dog"], wrong=[1, 2], rejected=[Rejected(HOSTILE, HOSTILE)])
    text = prose(
        made, title=HOSTILE, made=HOSTILE, notes=[HOSTILE], findings=[(HOSTILE, HOSTILE, [HOSTILE])]
    )
    assert "script" in text
    # What is not escaped is the document's own: bold, emphasis, tables, headings.
    for sign in ("<", "[", "`"):
        assert re.search(rf"(?<!\\){re.escape(sign)}", text) is None


@pytest.mark.parametrize("start", ["1. a", "- a", "+ a", "---", "===", "2) a", "www.example.org"])
def test_notes_make_no_list_rule_or_link_in_markdown(start: str) -> None:
    text = prose(training(), notes=[start])
    line = next(line for line in text.splitlines() if line.replace("\\", "") == f"- {start}")
    assert "\\" in line


def test_a_name_that_is_not_utf8_or_reorders_its_line_is_made_harmless() -> None:
    assert cleaned("a\udcffb\u202ec\x00\nd") == "a\ufffdb\ufffdc\ufffd d"
    made = training(folder="a\udcff\u202e", wrong=[1])
    page(made).encode()
    prose(made).encode()


def test_the_matrix_is_a_table_that_screen_readers_can_walk() -> None:
    reader = Reader(page(training(wrong=[3])))
    scopes = [head.get("scope") for head in reader.attributes("th")]
    assert scopes.count("row") == 4  # two classes in two tables
    assert None not in scopes
    cells = [cell.get("class") for cell in reader.attributes("td") if cell.get("class")]
    assert cells == ["right", "wrong", "right"]
    assert "6 ✓ right" in reader.text.replace("6✓", "6 ✓")
    assert "1 ✗ wrong" in reader.text.replace("1✗", "1 ✗")


def test_both_tell_where_the_recall_of_a_class_of_ten_pictures_lies() -> None:
    made = training(23, wrong=(0,))
    low, high = made.classifier.report.per_class["cat"].recall_interval or (1, 0)
    bounds = f"{math.floor(100 * low)} to {math.ceil(100 * high)} %"
    assert f'92 %<small class="bounds">{bounds}</small>' in page(made).replace("\u00a0", " ")
    assert f"| cat | 12 | 92 % | {bounds} |" in prose(made)


def test_neither_says_where_the_recall_of_few_pictures_lies() -> None:
    assert "bounds" not in page(training(18)).split("</style>")[1]
    assert "between |" not in prose(training(18))


def test_of_very_many_classes_the_confusions_are_listed_instead() -> None:
    classes = [f"class {place:02d}" for place in range(31)]
    text = Reader(page(training(62, classes, wrong=[0, 31]))).text
    assert "2 of 2 class 00 were taken for class 01" in text
    assert 'class="matrix' not in page(training(62, classes, wrong=[0, 31]))


def test_what_was_taken_wrong_comes_most_sure_first_with_what_it_is_like() -> None:
    made = training(wrong=[3, 7, 5])
    for text in (Reader(page(made)).text, prose(made)):
        text = text.replace("*", "").partition("Taken wrong")[2].partition("Taken right")[0]
        assert [text.index(f"{name}.jpg") for name in (7, 5, 3)] == sorted(
            text.index(f"{name}.jpg") for name in (7, 5, 3)
        )
        assert "taken for cat (57 %), is dog (30 %)" in text
        assert "0.jpg (cat, 0.87)" in text


def test_typical_examples_are_of_every_class() -> None:
    # The first class has the highest numbers, and so is the surest by far.
    made = training(40)
    sure = [replace(j, probability=0.99 if j.label == "cat" else 0.6) for j in made.out_of_fold]
    text = prose(replace(made, out_of_fold=tuple(sure)))
    shown = text.partition("Taken right")[2].partition("##")[0]
    assert shown.count("**cat** (99 %)") == shown.count("**dog** (60 %)") == 4


@pytest.mark.parametrize(("size", "most"), [(50, PICTURES), (BYTES // 10, 10), (BYTES + 1, 0)])
def test_pictures_are_few_and_small_enough_for_a_file_of_two_megabytes(
    size: int, most: int
) -> None:
    findings = [(f"finding {i}", "many.", [digest_of(j) for j in range(40)]) for i in range(30)]
    text = page(training(60, wrong=range(20)), thumbnail=lambda _: b"x" * size, findings=findings)
    assert text.count("<img") == most
    assert len(text) < 2_000_000
    assert "no picture" in text


def test_a_picture_that_cannot_be_had_leaves_its_place() -> None:
    text = page(training(wrong=[1]), thumbnail=lambda _: None)
    assert "<img" not in text
    assert "no picture" in text


def test_pictures_of_findings_are_named_and_the_rest_counted() -> None:
    findings = [("Too dark", "They are nearly black.", [digest_of(i) for i in range(9)])]
    text = Reader(page(training(), findings=findings)).text
    assert "Too dark They are nearly black." in text.replace("darkThey", "dark They")
    assert "and 3 more" in text
    listed = prose(training(), findings=findings).partition("Too dark")[2]
    assert all(f"- pets/{i}.jpg" in listed for i in range(9))


def test_verdict_learning_curve_and_notes_are_told_and_drawn() -> None:
    points = (Point(4, 0.6, 0.4, 0.8), Point(9, 0.8, 0.7, 0.9))
    curve = LearningCurve(points, Projection(8, None, 0.9, 0.95, 0.85, 0.99))
    verdict = Verdict(False, 0.3, "Not shown to be better.", "Add pictures.")
    made = with_report(training(), verdict=verdict, curve=curve)
    text = page(made, notes=["Two are copies."])
    for said in (Reader(text).text, prose(made, notes=["Two are copies."])):
        for sentence in (
            "Not shown to be better.",
            "Add pictures.",
            "About 8 more pictures, as many of each class, should take it from 90 to 95 % right",
            "Two are copies.",
        ):
            assert sentence in said
    drawing = re.search(r'<svg class="plot".*?</svg>', text)
    assert drawing is not None
    assert drawing[0].count("<circle") == 4
    assert 'class="band"' in drawing[0]
    places = [float(x) for x in re.findall(r'cx="([\d.]+)"', drawing[0])]
    assert all(0 <= place <= 640 for place in places)
    assert "4 pictures: 60 % right" in drawing[0].replace("\u00a0", " ")


def test_without_points_there_is_no_drawing() -> None:
    made = with_report(training(), curve=LearningCurve((), None, "Too few."))
    assert "Too few." in page(made)
    assert 'class="plot"' not in page(made)


def test_how_it_was_measured_is_told() -> None:
    copies = NearDuplicates(4, 2, 0.958)
    made = with_report(training(rejected=[Rejected("broken.jpg", "it is cut off")]), copies=copies)
    for text in (Reader(page(made)).text, prose(made)):
        for fact in (
            "by hand",
            "builtin",
            "square roots",
            "9.8.7",
            "broken.jpg: it is cut off",
            "4 pictures are 2 originals and their copies, kept together",
            "0.958",
        ):
            assert fact in text


def test_without_a_score_it_says_what_is_missing() -> None:
    empty = report.without_score(
        ["<cat>", "dog", "dog"], encoder="builtin", rejected=(), seconds={}
    )
    made = training()
    made = Training(replace(made.classifier, report=empty), ())
    for text in (page(made), prose(made)):
        assert "No score yet" in text
        assert "<cat>" not in text
        assert "Taken" not in text


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0 %"), (0.001, "1 %"), (0.5, "50 %"), (0.9999, "99 %"), (1, "100 %")]
)
def test_nothing_is_certain_that_is_not(share: float, text: str) -> None:
    assert percent(share) == text


def test_colours_of_the_page_are_taken_over() -> None:
    assert "background:#123456" in page(training(), colours={"cat": "#123456"})


def test_loading_it_loads_no_heavy_library() -> None:
    heavy = "{'sklearn', 'plotly', 'torch'}"
    code = f"import sys, featclass.reports; print(sorted({heavy} & {{*sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_share_is_all_or_none_only_where_it_is_so_wherever_it_is_shown() -> None:
    # 299 of 300 cats and 1 of 300 dogs are found.
    made = training(600, wrong=[0, *range(1, 598, 2)])
    made = with_report(
        made,
        verdict=Verdict(False, 0.3, Rate(299, 300, "cat", 1)),
        curve=LearningCurve(
            (Point(9, 299 / 300, 0.5, 0.999), Point(12, 1 / 300, 0.001, 0.5)),
            Projection(8, None, 1 / 300, 299 / 300, 0.5, 0.9),
        ),
    )
    curve = made.classifier.report.learning_curve
    assert curve is not None
    sure = {0: 299 / 300, 1: 1 / 300}
    out_of_fold = [
        replace(j, probability=sure.get(i % 2, 0.5), label_probability=1 / 300)
        for i, j in enumerate(made.out_of_fold)
    ]
    made = replace(made, out_of_fold=tuple(out_of_fold))
    figures = made.classifier.report.per_class
    assert [figures[name].recall for name in ("cat", "dog")] == [299 / 300, 1 / 300]
    report = replace(made.classifier.report, chance_accuracy=299 / 300, refused_share=1 / 300)
    made = replace(made, classifier=replace(made.classifier, report=report))
    shares = [row[name] for row in wording.class_rows(report) for name in ("Recall", "Precision")]
    assert shares == [99, 50, 1, 50]
    places = {
        "page": re.sub(r"<text.*?</text>|<[^>]*>", " ", page(made).partition("<body>")[2]),
        "prose": prose(made),
        "markdown": report_markdown(report),
        "score": sentences.score_sentence(report),
        "verdict": sentences.conclusions(report)[0],
        "trust": " ".join(trust.details(report)),
        "spoken curve": drawn(curve, report),
    }
    for place, text in places.items():
        text = text.replace("\u00a0", " ").replace("0 % to 50 %", "").replace("50 % to 100 %", "")
        text = re.sub(r"between \d+ % and \d+ %|>\d+ %</text>", "", text)  # bounds, and an axis
        for of_class in figures.values():
            text = text.replace(sentences.span(*(of_class.recall_interval or (0, 1))), "")
        text = text.replace("line from 0 to 100 %", "")
        assert re.search(r"(?<![\d.])(0|100) %", text) is None, place
        assert re.search(r"\b(99|1) %", text), place
    assert sentences.bounds(0.001, 0.999) == (0, 100)  # of an interval, an end is rounded outwards


@pytest.mark.parametrize("share", [0.02, 0.97, None])
def test_both_say_where_pictures_of_something_else_would_be_taken_for_a_class(
    share: float | None,
) -> None:
    made = training()
    report = replace(made.classifier.report, refuses=share)
    made = replace(made, classifier=replace(made.classifier, report=report))
    notes = made.cautions()
    for text in (Reader(page(made, notes=notes)).text, prose(made, notes=notes)):
        warns = "Only about 2 % of pictures that show something else" in text
        assert warns == (share == 0.02)
        assert ("Of simulated strangers taken for none" in text) == (share is not None)
