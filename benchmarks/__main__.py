"""Measure and print the table that stands in benchmarks/README.md."""

import sys

from benchmarks import page

print(page.table(page.rows(lambda what: print(f"… {what}", file=sys.stderr))))
