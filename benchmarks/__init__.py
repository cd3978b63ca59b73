"""Figures of the page on this machine; `python -m benchmarks` prints them as Markdown."""
