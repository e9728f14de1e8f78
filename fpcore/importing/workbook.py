"""Write one sheet of an Excel or ODS workbook as CSV, in a process of its own.

A sheet is held in memory as a whole, from its first cell to its last: one stray cell in the
farthest corner takes the process that reads it down. So that process is not the server.
"""

import csv
import json
import os
import subprocess
import sys
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from fpcore.config.paths import ROOT
from fpcore.errors import UnreadableFile

SECONDS = 300
MEMORY = 4 * 1024**3


def write_csv(path: Path, sheet: str | None, target: Path) -> tuple[tuple[str, ...], str]:
    """Write a sheet as CSV (UTF-8, commas, one record a row from row 1 on).

    `sheet` is a visible one; None takes the first with two rows and columns, or else the first.
    Gives the names of the visible sheets, and that of the one written. Errors: UnreadableFile
    with file_workbook_broken (also: password, takes more than MEMORY or SECONDS), file_empty
    (nothing visible) or file_no_such_sheet.
    """
    command = [sys.executable, "-m", "fpcore.importing.workbook", path.resolve(), target.resolve()]
    try:
        done = subprocess.run(
            command if sheet is None else [*command, sheet],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except (subprocess.TimeoutExpired, ValueError):  # ValueError: a NUL in the sheet's name
        raise UnreadableFile("file_workbook_broken") from None
    if done.returncode:
        raise UnreadableFile("file_workbook_broken")
    sheets, written = json.loads(done.stdout)
    if not sheets:
        raise UnreadableFile("file_empty")
    if written is None:
        raise UnreadableFile("file_no_such_sheet", sheet=sheet)
    return tuple(sheets), written


def _write(path: str, target: str, wanted: str | None = None) -> tuple[list[str], str | None]:
    """Do it in this process: (visible sheets, the one written)."""
    book = CalamineWorkbook.from_path(path)
    sheets = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]
    for name in sheets if wanted is None else {wanted} & set(sheets):
        sheet = book.get_sheet_by_name(name)
        if wanted is not None or (sheet.height >= 2 and sheet.width >= 2):
            break
    else:
        if wanted is not None or not sheets:
            return sheets, None
        sheet = book.get_sheet_by_name(sheets[0])
    with open(target, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerows(map(_text, row) for row in sheet.iter_rows())
    return sheets, sheet.name


def _text(cell: object) -> str:
    match cell:
        case bool():
            return "Y" if cell else "N"
        case float() if cell.is_integer():
            return str(int(cell))
        case float():
            return _decimal(cell)
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime():
            return cell.isoformat(" ", "seconds")
        case date():
            return cell.isoformat()
    return str(cell).replace("\0", "")


def _decimal(number: float) -> str:
    """Write a number as Excel shows it: with its 15 digits, and never as 1E-05."""
    return format(Decimal(f"{number:.15g}"), "f")


def _limit() -> None:
    """Keep this process small, and what it holds out of files that others read; not on Windows."""
    os.umask(0o077)
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _limit()
    print(json.dumps(_write(*sys.argv[1:])))
