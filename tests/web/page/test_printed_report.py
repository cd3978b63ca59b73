"""The report to take to a meeting, as a browser prints it."""

from __future__ import annotations

from dataclasses import replace

from playwright.sync_api import Browser

from featclass.base.scores import LearningCurve, Point
from tests.reports.written import digest_of, page, training

TORN = """() => {
  const kept = (element) => element && (
    getComputedStyle(element).breakInside === "avoid" || kept(element.parentElement));
  const follows = (heading) => getComputedStyle(heading).breakAfter === "avoid";
  const headings = [...document.querySelectorAll("h2, h3")];
  const others = [...document.querySelectorAll("tr, figure, .finding, .matrix, .range, dd")];
  return [...headings.filter((heading) => !kept(heading) && !follows(heading)),
    ...others.filter((element) => !kept(element))].map((element) => element.outerHTML);
}"""
"""What a page may end behind though it belongs to what follows, or be cut within."""


def test_no_page_ends_behind_a_heading_or_within_a_finding_a_picture_or_the_matrix(
    browser: Browser,
) -> None:
    made = training(40, wrong=[3, 7])
    curve = LearningCurve((Point(4, 0.6, 0.4, 0.8), Point(9, 0.8, 0.7, 0.9)), None, "Too few.")
    report = replace(made.classifier.report, learning_curve=curve)
    made = replace(made, classifier=replace(made.classifier, report=report))
    findings = [("Too dark", "Nearly black.", [digest_of(1)]), ("Blurred", "No edge.", [])]
    sheet = browser.new_page()
    sheet.set_content(page(made, findings=findings))
    sheet.emulate_media(media="print")
    assert sheet.locator(".finding").count() == len(findings)
    assert sheet.evaluate(TORN) == []
    beside = sheet.locator(".finding").first
    [sentence, pictures] = [beside.locator(part).bounding_box() for part in ("p", ".strip")]
    assert sentence is not None
    assert pictures is not None
    assert sentence["x"] + sentence["width"] <= pictures["x"]
    sheet.close()
