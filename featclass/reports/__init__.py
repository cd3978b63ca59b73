"""A report to take to a meeting: one HTML file for itself, and the same as Markdown."""

from featclass.reports.contents import Finding
from featclass.reports.html import html
from featclass.reports.markdown import markdown
from featclass.reports.prediction_csv import as_written
from featclass.reports.render import class_colour
from featclass.reports.sorting import UNUSABLE_FILE, Folders, own_name, sorted_zip, zip_of

__all__ = [
    "UNUSABLE_FILE",
    "Finding",
    "Folders",
    "as_written",
    "class_colour",
    "html",
    "markdown",
    "own_name",
    "sorted_zip",
    "zip_of",
]
