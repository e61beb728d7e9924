"""Lists as files: CSV that streams, and spreadsheets. Nothing somebody typed is ever read as a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter
from django.utils import timezone

Cells = Sequence[str]
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads names with accents as another alphabet
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
LONGEST_CELL = 32_767
WIDTHS = (12, 36, 18, 12, 20, 17, 17, 40, 8, 40, 14, 80, 14, 17, 40, 10, 10, 10)


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


def workbook(export: Export, *, made_at: datetime) -> bytes:
    """The same as a spreadsheet of two sheets; every cell is text, whatever it looks like."""
    file = BytesIO()
    never = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(file, never) as book:
        book.set_properties({"title": export.title, "created": timezone.make_naive(made_at)})
        bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet("Sittings")
        sheet.freeze_panes(1, 1)
        for column, (head, width) in enumerate(zip(export.heads, WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, head, bold)
        last = 0
        for last, row in enumerate(export.rows, start=1):
            for column, cell in enumerate(row):
                sheet.write_string(last, column, cell[:LONGEST_CELL], wrap)
        sheet.autofilter(0, 0, last, len(export.heads) - 1)
        about = book.add_worksheet("About this file")
        about.set_column(0, 1, 40)
        for line, (term, text) in enumerate(export.about):
            about.write_string(line, 0, term, bold)
            about.write_string(line, 1, text[:LONGEST_CELL])
    return file.getvalue()
