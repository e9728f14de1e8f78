"""Take a whole book of customers and policies: file -> preview -> one transaction.

Preview and import run the same steps; a preview undoes them. Every row of the file has exactly
one outcome, so that rows = taken + rejected always holds.
"""

import csv
import io
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from uuid import UUID

import pyarrow as pa

from fpcore import (
    accounts,
    book_columns,
    book_file,
    book_matching,
    book_values,
    customer_rows,
    database,
    privacy,
)
from fpcore.audit import Action
from fpcore.book_columns import Columns
from fpcore.book_file import BookFile
from fpcore.checks import LONGEST_QUOTE
from fpcore.database import Cursor, Database
from fpcore.errors import NotAllowed, UnreadableFile
from fpcore.models import WON, Account, PremiumCycle, Record

ROWS_AT_ONCE = 50_000


class ImportOptions(Record):
    """What the uploader says about the file.

    `encoding` None: found out. `consent_basis`: the statement, for the whole file, of how these
    customers agreed; needed where the file has no consent column. `owner_id`: whose customers
    they are; None goes by the file's owner column, or else the uploader. `currency` and
    `premium_cycle` hold for amounts that do not say. `take_twins`: rows alike in everything and
    without a policy number are contracts of their own.
    """

    encoding: str | None = None
    consent_basis: str | None = None
    owner_id: UUID | None = None
    currency: str = WON
    premium_cycle: PremiumCycle = PremiumCycle.MONTHLY
    take_twins: bool = False


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be taken: the field, a code and the text found there."""

    field: str
    code: str
    text: str | None


@dataclass(frozen=True)
class RejectedRow:
    """A row that was not taken: its line in the file, its cells, and every reason."""

    line: int
    cells: list[str]
    problems: list[Problem]


@dataclass(frozen=True)
class ImportReport:
    """What became, or would become, of a file.

    Rows: `rows` = `created` + `updated` + `unchanged` + `rejected`. `questions` counts those of
    the rejected rows that could be taken if somebody answered. `batch` is None for a preview.
    `file` is without its text; `examples` is one value a column, empty for what is not kept.
    `notes` are (code, count): what was understood without being said in the file, and what of it
    may not be kept.
    """

    batch: UUID | None
    file: BookFile
    columns: Columns
    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    questions: int
    customers_created: int
    policies_created: int
    notes: list[tuple[str, int]]
    examples: list[str]
    rejects: list[RejectedRow] = field(repr=False)

    @property
    def taken(self) -> int:
        """The rows that are, or would be, in the database afterwards."""
        return self.created + self.updated + self.unchanged


def open_book(name: str, content: bytes, encoding: str | None) -> tuple[BookFile, Columns]:
    """Read a file's header and tell what its columns mean. Errors: UnreadableFile."""
    file = book_file.read(name, content, encoding)
    return file, book_columns.recognize(file.header)


def preview(
    db: Database, account: Account, name: str, content: bytes, options: ImportOptions, today: date
) -> ImportReport:
    """Tell what an import of this file would do; nothing is stored.

    `today` is the day that two-digit years and future dates are judged by.
    Errors: UnreadableFile for a file that is no book, NotAllowed for an owner out of scope.
    """
    file, columns = _open(name, content, options)
    return db.dry_run(lambda cursor: _plan(cursor, db, account, file, columns, options, today))


def import_book(
    db: Database, account: Account, name: str, content: bytes, options: ImportOptions, today: date
) -> ImportReport:
    """Import a file in one transaction: all rows that can be taken, or nothing at all.

    Errors: as `preview`.
    """
    file, columns = _open(name, content, options)

    def work(cursor: Cursor) -> ImportReport:
        report = _plan(cursor, db, account, file, columns, options, today)
        batch = database.new_id(cursor)
        _store(cursor, account, batch, report, options, today)
        return ImportReport(**{**vars(report), "batch": batch})

    with db.one_import:
        return db.transaction(work)


def rejects_csv(report: ImportReport, reasons: list[str]) -> bytes:
    """Write the rejected rows as CSV (UTF-8 with BOM, for Excel): as they were, with the reasons.

    `reasons` is one text a rejected row; cells beyond the header follow it. Columns that may not
    be kept are left out, and forbidden numbers blotted out of the others; a cell that Excel would
    run as a formula is quoted. A phone stays in its own column, to be corrected.
    """
    kept = report.columns.kept
    out = io.StringIO()
    writer = csv.writer(out, delimiter=report.file.delimiter)
    headers = [privacy.scrubbed(column.header) for column in kept]
    writer.writerow(map(_no_formula, [*headers, "line", "reason"]))
    for row, reason in zip(report.rejects, reasons, strict=True):
        cells = [privacy.scrubbed(row.cells[column.position], column.field) for column in kept]
        surplus = map(privacy.scrubbed, row.cells[len(report.columns.all) :])
        writer.writerow(map(_no_formula, [*cells, str(row.line), reason, *surplus]))
    return out.getvalue().encode("utf-8-sig")


def _no_formula(text: str) -> str:
    is_number = text.lstrip("-+").replace(",", "").replace(".", "").isdigit()
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") and not is_number else text


def _open(name: str, content: bytes, options: ImportOptions) -> tuple[BookFile, Columns]:
    file, columns = open_book(name, content, options.encoding)
    if columns.of("consent") is None and not _statement(options):
        raise UnreadableFile("file_without_consent")
    return file, columns


def _plan(
    cursor: Cursor,
    db: Database,
    account: Account,
    file: BookFile,
    columns: Columns,
    options: ImportOptions,
    today: date,
) -> ImportReport:
    _load_rows(cursor, file)
    said_of_all = {
        "currency": options.currency,
        "premium_cycle": None if columns.of("premium_cycle") else options.premium_cycle.value,
        "consent_basis": _statement(options),
        **privacy.phone_hash_pads(db.secret),
    }
    book_values.type_rows(cursor, columns, today, said_of_all)
    book_matching.match(
        cursor, account, _owner(cursor, account, columns, options), options.take_twins
    )
    return _report(cursor, file, columns)


def _statement(options: ImportOptions) -> str | None:
    return privacy.scrubbed(options.consent_basis or "").strip() or None


def _owner(
    cursor: Cursor, account: Account, columns: Columns, options: ImportOptions
) -> UUID | None:
    """Whose customers all rows are; None where the owner column says it row by row."""
    if options.owner_id is None and columns.of("owner") is not None:
        return None
    if options.owner_id is None and account.id == accounts.OPERATOR.id:
        raise NotAllowed("owner_missing")
    return accounts.owner_in_scope(cursor, account, options.owner_id or account.id)


def _load_rows(cursor: Cursor, file: BookFile) -> None:
    cursor.execute("create or replace temp table book_row (line bigint, cells varchar[])")
    width = len(file.header)
    records = file.records()
    while chunk := list(islice(records, ROWS_AT_ONCE)):
        lines = pa.array([line for line, _ in chunk], pa.int64())
        cells = pa.array(
            [cells + [""] * (width - len(cells)) for _, cells in chunk], pa.list_(pa.string())
        )
        cursor.register("book_chunk", pa.table({"line": lines, "cells": cells}))
        cursor.execute("insert into book_row select line, cells from book_chunk")
        cursor.unregister("book_chunk")


_COUNTS = """
select
    count(*) as rows,
    count(*) filter (outcome = 'created') as created,
    count(*) filter (outcome = 'updated') as updated,
    count(*) filter (outcome = 'unchanged') as unchanged,
    count(*) filter (outcome = 'rejected') as rejected,
    count(*) filter (outcome = 'rejected'
        and list_bool_and(list_transform(problems, lambda p: p.code in $questions))) as questions,
    (select count(*) from book_person where is_new) as customers_created,
    (select count(*) from book_policy where is_new) as policies_created
from book_result
"""

_NOTES = """
select
    count(*) filter (v.type_from_name) as type_from_name,
    count(*) filter (v.cycle_assumed) as monthly_assumed,
    count(*) filter (v.has_policy and v.coverage_amount is null) as coverage_unknown,
    count(*) filter (v.has_policy and v.premium_amount is null) as premium_unknown,
    count(*) filter (v.has_policy and v.currency <> 'KRW') as other_currency,
    (select count(*) from book_person where rows_disagree) as rows_disagree,
    count(*) filter (v.from_resident_number) as resident_numbers,
    (select count(*) from book_scrubbed where forbidden) as forbidden_numbers,
    (select $dropped_columns) as dropped_columns
from book_value v join book_result r using (line)
where r.outcome <> 'rejected'
"""
"""What a person should know of the rows that are taken, each with its count; and of the whole
file, what of it is not kept."""


def _report(cursor: Cursor, file: BookFile, columns: Columns) -> ImportReport:
    counts = database.rows(cursor, _COUNTS, {"questions": sorted(book_matching.QUESTIONS)})[0]
    dropped = sum(column.dropped for column in columns.all)
    notes = database.rows(cursor, _NOTES, {"dropped_columns": dropped})[0]
    rejects = database.rows(
        cursor,
        "select line, cells, problems from book_result where outcome = 'rejected' order by line",
    )
    return ImportReport(
        batch=None,
        file=replace(file, text=""),
        columns=columns,
        notes=[(code, count) for code, count in notes.items() if count],
        examples=_examples(cursor, columns),
        rejects=[
            RejectedRow(row["line"], row["cells"], [_problem(**p) for p in row["problems"]])
            for row in rejects
        ],
        **counts,
    )


def _examples(cursor: Cursor, columns: Columns) -> list[str]:
    """Give of each column that is kept the first value that says something."""
    picks = ", ".join(
        f"any_value(cells[{column.position + 1}]) filter (trim(cells[{column.position + 1}]) <> '')"
        if not column.dropped
        else "null"
        for column in columns.all
    )
    found = cursor.execute(f"select {picks} from (from book_row order by line)").fetchone()
    return [
        privacy.scrubbed(value or "", column.field)
        for value, column in zip(found, columns.all, strict=True)
    ]


def _problem(field: str, code: str, text: str | None) -> Problem:
    """Shorten the text that is quoted; first scrub it, lest half a number be left."""
    return Problem(field, code, privacy.scrubbed(text, field)[:LONGEST_QUOTE] if text else text)


def _store(
    cursor: Cursor,
    account: Account,
    batch: UUID,
    report: ImportReport,
    options: ImportOptions,
    today: date,
) -> None:
    now = database.utc_now()
    said = {"batch": batch, "now": now}
    cursor.execute(
        _NEW_BATCH,
        {
            **said,
            "asker": account.id,
            "owner": options.owner_id,
            "file_name": report.file.name[:200],
            "sha256": report.file.sha256,
            "encoding": report.file.encoding,
            "delimiter": report.file.delimiter,
            "consent_basis": _statement(options),
            "rows": report.rows,
            "taken": report.taken,
            "rejected": report.rejected,
        },
    )
    cursor.execute(_NEW_CUSTOMERS, said)
    cursor.execute(_NEW_CONSENTS, {**said, "asker": account.id, "today": today})
    cursor.execute(_NEW_POLICIES, said)
    cursor.execute(_LOGGED_CUSTOMERS, {"now": now, "asker": account.id})
    cursor.execute(_LOGGED_POLICIES, {"now": now, "asker": account.id})
    cursor.execute(_CHANGED_CUSTOMERS, said)
    cursor.execute(_CHANGED_POLICIES, said)
    cursor.execute(_TOUCHED_CUSTOMERS)
    customer_rows.refresh_all_of(cursor, "touched_customer", today)


_NEW_BATCH = """
insert into import_batch (
    id, imported_by, owner_id, file_name, file_sha256, encoding, delimiter, consent_basis,
    row_count, taken_count, rejected_count, created_at)
values ($batch, $asker, $owner, $file_name, $sha256, $encoding, $delimiter, $consent_basis,
    $rows, $taken, $rejected, $now)
"""


def _insert(table: str, source: str, values: tuple[str, ...], parent: str) -> str:
    """The SQL that adds the new records of an import, those of one owner lying together."""
    names = ", ".join(values)
    return f"""
insert into {table} (id, {parent}, {names}, batch_id, created_at, updated_at)
select id, {parent}, {names}, $batch, $now, $now
from {source} where is_new order by {parent}, line
"""


def _update(table: str, source: str, values: tuple[str, ...]) -> str:
    """The SQL that writes what a file says anew; what it leaves open stays."""
    said = ",\n    ".join(f"{v} = coalesce(said.{v}, {table}.{v})" for v in values)
    return f"""
update {table} set
    {said},
    updated_at = $now, ver = {table}.ver + 1, batch_id = $batch
from {source} said
where said.id = {table}.id and said.is_changed
"""


def _logged(table: str, source: str, values: tuple[str, ...], customer: str) -> str:
    """The SQL that logs what `_update` is going to change, as audit.changed would."""

    def written(value: str) -> str:
        exact = "::decimal(18, 2)" if value.endswith("_amount") else ""
        return f"said.{value}{exact}::varchar"

    changed = ",\n    ".join(
        f"if(said.{v} is not null and said.{v} is distinct from old.{v}, "
        f"struct_pack(field := '{v}', old := old.{v}::varchar, new := {written(v)}), null)"
        for v in values
        if v != "phone_hash"
    )
    return f"""
insert into audit (
    id, done_at, account_id, action, customer_id, record, record_id, ver, changes)
select uuidv7(), $now, $asker, '{Action.UPDATED}', old.{customer}, '{table}', old.id, old.ver + 1,
    to_json(list_filter([
    {changed}], lambda change: change is not null))::varchar
from {source} said join {table} old on old.id = said.id where said.is_changed
"""


_LOGGED_CUSTOMERS = _logged("customer", "book_person", book_matching.CUSTOMER_VALUES, "id")
_LOGGED_POLICIES = _logged("policy", "book_policy", book_matching.POLICY_VALUES, "customer_id")
_NEW_CUSTOMERS = _insert("customer", "book_person", book_matching.CUSTOMER_VALUES, "owner_id")
_NEW_POLICIES = _insert("policy", "book_policy", book_matching.POLICY_VALUES, "customer_id")
_CHANGED_CUSTOMERS = _update("customer", "book_person", book_matching.CUSTOMER_VALUES)
_CHANGED_POLICIES = _update("policy", "book_policy", book_matching.POLICY_VALUES)

_TOUCHED_CUSTOMERS = """
create or replace temp table touched_customer as
select id from book_person where is_new or is_changed
union
select customer_id from book_policy where is_new or is_changed
"""

_NEW_CONSENTS = """
insert into consent (
    id, customer_id, kind, basis, given_on, channel, recorded_by, batch_id, created_at)
select uuidv7(), id, 'collection', consent_basis, $today, 'import', $asker, $batch, $now
from book_person where is_new
"""
