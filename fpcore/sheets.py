"""Write tables for people who go on in a spreadsheet: as CSV and as XLSX."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import xlsxwriter

Cell = str | float | int | None

_LONGEST_NAME = 31  # of a sheet, by Excel
_PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}


@dataclass(frozen=True)
class Sheet:
    """A table with what stands above it.

    `notes` are (label, text) lines; `formats` is Excel's number format of each column.
    """

    title: str
    notes: Sequence[tuple[str, str]]
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    formats: Sequence[str]


def no_formula(text: str) -> str:
    """Quote what a spreadsheet would run as a formula."""
    is_number = text.lstrip("-+").replace(",", "").replace(".", "").isdigit()
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not is_number else text


def csv_bytes(sheet: Sheet) -> bytes:
    """Write header and rows (UTF-8 with BOM, for Excel), without title and notes."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in (sheet.header, *sheet.rows):
        writer.writerow([no_formula(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue().encode("utf-8-sig")


def xlsx_bytes(sheet: Sheet) -> bytes:
    """Write title, notes and table; the header stays in sight, and numbers are numbers."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, _PLAIN) as book:
        page = book.add_worksheet(_sheet_name(sheet.title))
        bold = book.add_format({"bold": True})
        formats = [book.add_format({"num_format": one}) for one in sheet.formats]
        page.write_string(0, 0, sheet.title, bold)
        for at, (label, text) in enumerate(sheet.notes, 1):
            page.write_string(at, 0, label)
            page.write_string(at, 1, text)
        top = len(sheet.notes) + 2
        page.write_row(top, 0, sheet.header, bold)
        page.freeze_panes(top + 1, 1)
        for at, row in enumerate(sheet.rows, top + 1):
            for column, cell in enumerate(row):
                write = page.write_string if isinstance(cell, str) else page.write
                write(at, column, cell, formats[column])
        page.set_column(0, 0, 24)
        page.set_column(1, max(len(sheet.header) - 1, 1), 14)
    return out.getvalue()


def _sheet_name(title: str) -> str:
    """Reduce a title to what Excel takes as the name of a sheet."""
    return "".join(" " if sign in "[]:*?/\\'" else sign for sign in title)[:_LONGEST_NAME].strip()
