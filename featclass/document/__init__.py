"""A report to take to a meeting: one HTML file for itself, and the same as Markdown."""

from featclass.document.contents import Finding
from featclass.document.page import html
from featclass.document.prose import markdown

__all__ = ["Finding", "html", "markdown"]
