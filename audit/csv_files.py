"""Lists as CSV files that stream. Nothing somebody typed is ever read as a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Cells = Sequence[str]
CSV_TYPE = "text/csv; charset=utf-8"
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads names with accents as another alphabet
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Export:
    """A table with what it says of itself: who took it, when, narrowed by what, how many rows."""

    title: str
    about: Sequence[tuple[str, str]]
    heads: Cells
    rows: Iterable[Cells]


def guarded(cell: str) -> str:
    """The cell with an apostrophe in front when a spreadsheet would run it."""
    return f"'{cell}" if cell.startswith(STARTS_FORMULA) else cell


class _Line:
    """What csv writes to: gives the line back."""

    def write(self, line: str) -> str:
        return line


def csv_lines(export: Export) -> Iterator[str]:
    """The file line by line: what it is, a blank line, the heads, the rows."""
    write: Any = csv.writer(_Line()).writerow
    yield BYTE_ORDER_MARK + write([export.title])
    for fact in export.about:
        yield write([guarded(cell) for cell in fact])
    yield write([])
    yield write(export.heads)
    for row in export.rows:
        yield write([guarded(cell) for cell in row])
