"""Read the rows of a file again: those that are held back, with the reasons, and some samples."""

import csv
import io
from collections.abc import Iterable

from fpcore import privacy
from fpcore.checks import LONGEST_QUOTE
from fpcore.importing import loading
from fpcore.importing.book_file import BookFile
from fpcore.importing.headers import Columns
from fpcore.importing.report import MOST_HELD_BACK, ImportReport, Problem, RejectedRow
from fpcore.sheets import no_formula
from fpcore.store.database import Cursor

SAMPLES = 5


def of_import(cursor: Cursor, file: BookFile, columns: Columns) -> list[RejectedRow]:
    """List the first rows that are held back, each with its cells and every reason."""
    held_back = cursor.execute(
        """
        select row_no, list(struct_pack(field := field, code := code)) as problems
        from book_problem group by row_no order by row_no limit $most
        """,
        {"most": MOST_HELD_BACK},
    ).fetchall()
    rows = _cells_of(cursor, file, [row_no for row_no, _ in held_back])
    return [
        RejectedRow(
            *rows[row_no],
            [
                Problem(**p, text=_quoted(p, rows[row_no][1], columns))
                for p in _in_order(problems, columns)
            ],
        )
        for row_no, problems in held_back
    ]


def samples(
    cursor: Cursor, file: BookFile, columns: Columns
) -> dict[str, list[tuple[int, list[str]]]]:
    """Give the first rows of each outcome, with the cells that are kept, scrubbed."""
    wanted = {
        outcome: [
            row_no
            for (row_no,) in cursor.execute(
                f"select distinct row_no from ({sql}) order by row_no limit {SAMPLES}"
            ).fetchall()
        ]
        for outcome, sql in _SAMPLED.items()
    }
    rows = _cells_of(cursor, file, [row_no for row_nos in wanted.values() for row_no in row_nos])
    return {
        outcome: [(rows[n][0], _kept_cells(columns, rows[n][1])) for n in row_nos]
        for outcome, row_nos in wanted.items()
    }


def rejects_csv(report: ImportReport, reasons: list[str]) -> bytes:
    """Write the rows held back as CSV (UTF-8 with BOM, for Excel): as they were, with the reasons.

    `reasons` is one text a row; cells beyond the header follow it. Columns that may not be kept
    are left out, and forbidden numbers blotted out of the others; a cell that Excel would run as a
    formula is quoted. A phone stays in its own column, to be corrected.
    """
    kept = report.columns.kept
    out = io.StringIO()
    writer = csv.writer(out, delimiter=report.file.delimiter or ",")
    headers = [privacy.scrubbed(column.header) for column in kept]
    writer.writerow(map(no_formula, [*headers, "line", "reason"]))
    for row, reason in zip(report.rejects, reasons, strict=True):
        surplus = map(privacy.scrubbed, row.cells[len(report.columns.all) :])
        cells = _kept_cells(report.columns, row.cells)
        writer.writerow(map(no_formula, [*cells, str(row.line), reason, *surplus]))
    return out.getvalue().encode("utf-8-sig")


def _cells_of(
    cursor: Cursor, file: BookFile, row_nos: Iterable[int]
) -> dict[int, tuple[int, list[str]]]:
    """Read rows of the file again: number -> (line, cells, those beyond the header last)."""
    wanted = sorted(set(row_nos))
    if not wanted:
        return {}
    cells = ", ".join(f"coalesce(c{i + 1}, '')" for i in range(len(file.header)))
    rows = cursor.execute(
        f"""
        select row_no, {loading.line_of(file)} as line, [{cells}], surplus
        from (select *, row_number() over () - 1 as row_no
            from (from {file.relation} limit {wanted[-1] + 1}))
        where row_no in (select unnest($wanted::bigint[])) order by row_no
        """,
        {"wanted": wanted},
    ).fetchall()
    return {
        row_no: (line, [*cells, surplus] if surplus else cells)
        for row_no, line, cells, surplus in rows
    }


def _in_order(problems: list[dict], columns: Columns) -> list[dict]:
    """Each problem once, as the columns stand in the file."""

    def place(problem: dict) -> tuple[int, str]:
        column = columns.of(problem["field"])
        return (column.position if column else -1, problem["code"])

    return sorted((p for i, p in enumerate(problems) if p not in problems[:i]), key=place)


_QUOTED = {
    "type_missing": ("policy_name",),
    "currency_unclear": ("currency", "coverage_amount", "premium_amount"),
    "birth_out_of_range": ("birth_date", "birth_year"),
    "consent_withdrawn": ("name",),
    "customer_number_unknown": ("source_key",),
}
"""Whose cells are quoted with a problem, where it is not the problem's own field."""


def _quoted(problem: dict, cells: list[str], columns: Columns) -> str | None:
    """What the row says there: scrubbed before it is shortened, lest half a number be left."""
    if problem["field"] == "row":
        return privacy.scrubbed(cells[-1])[:LONGEST_QUOTE]
    texts = [
        privacy.scrubbed(cells[column.position], name)
        for name in _QUOTED.get(problem["code"], (problem["field"],))
        if (column := columns.of(name)) and cells[column.position].strip()
    ]
    text = " ".join(texts) if problem["code"] == "currency_unclear" else next(iter(texts), "")
    return text[:LONGEST_QUOTE] or None


_SAMPLED = {
    "created": "select row_no from book_new_policy union all "
    "select row_no from book_person where is_new",
    "updated": "select row_no from book_policy where is_changed union all "
    "select row_no from book_person where is_changed",
    "unchanged": "select row_no from book_policy where not is_changed and row_no not in ("
    "select row_no from book_person where is_new or is_changed)",
}


def _kept_cells(columns: Columns, cells: list[str]) -> list[str]:
    return [privacy.scrubbed(cells[column.position], column.field) for column in columns.kept]
