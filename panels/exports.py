"""Lists as spreadsheets. Nothing somebody typed is ever read as a formula."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

import xlsxwriter
from django.utils import timezone

from audit.csv_files import Export

LONGEST_CELL = 32_767
WIDTHS = (12, 36, 18, 12, 20, 17, 17, 40, 8, 40, 14, 80, 14, 17, 40, 10, 10, 10)


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
