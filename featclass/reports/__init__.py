"""A report to take to a meeting: one HTML file for itself, and the same as Markdown."""

from featclass.reports.contents import Finding
from featclass.reports.html import html
from featclass.reports.markdown import markdown

__all__ = ["Finding", "html", "markdown"]
