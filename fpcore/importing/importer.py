"""Take a whole book of customers and policies: file -> preview -> one transaction.

Preview and import run the same steps; a preview undoes them. Every row of the file has exactly
one outcome, so that rows = created + updated + unchanged + rejected + questions always holds.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

from pydantic import Field

from fpcore import privacy
from fpcore.access import accounts, scope
from fpcore.access.audit import Action
from fpcore.errors import ImportCancelled, NotAllowed, UnreadableFile
from fpcore.importing import (
    book_file,
    changes,
    circumstances,
    customers,
    headers,
    history,
    loading,
    making,
    matching,
    policies,
)
from fpcore.importing.book_file import BookFile, Reading
from fpcore.importing.cells import Assumptions
from fpcore.importing.headers import Columns
from fpcore.importing.history import BatchState
from fpcore.importing.loading import Book
from fpcore.importing.progress import Progress
from fpcore.importing.report import ImportReport
from fpcore.importing.reporting import report
from fpcore.importing.stored import POLICY_VALUES, customer_values
from fpcore.importing.terms import SixDigits
from fpcore.kept import customer_rows
from fpcore.kept.gap_history import Because, Cause
from fpcore.models import WON, Account, PremiumCycle, Record
from fpcore.store import database
from fpcore.store.database import Cursor, Database


class ImportOptions(Record):
    """What the uploader says about the file.

    `reading`: how to read it, where that is not to be found out. `fields`: what each column is
    taken as, None for those not used; None for all: guessed. `consent_basis`: the statement, for
    the whole file, of how these customers agreed; needed where the file has no consent column.
    `owner_id`: whose customers they are; None goes by the file's owner column, or else the
    uploader. `currency` and `premium_cycle` hold for amounts that do not say. `units`: what a
    plain number in an amount column stands for. `six_digits`: how a column of dates writes six
    digits, as year and month or as year, month and day. `words`: the value for a text that no
    table knows, by field; of `owner`, a username. `take_twins`: rows alike in everything and
    without a policy number are contracts of their own.
    """

    reading: Reading = Reading()
    fields: tuple[str | None, ...] | None = None
    consent_basis: str | None = None
    owner_id: UUID | None = None
    currency: str = WON
    premium_cycle: PremiumCycle = PremiumCycle.MONTHLY
    units: Mapping[str, int] = Field(default_factory=dict)
    six_digits: Mapping[str, SixDigits] = Field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    take_twins: bool = False


def open_book(
    db: Database, name: str, source: bytes | Path, options: ImportOptions
) -> tuple[BookFile, Columns]:
    """Read a file's header and first rows and tell what its columns mean.

    Errors: UnreadableFile.
    """
    with book_file.opened(db, name, source, options.reading) as file:
        return file, headers.recognize(file, options.fields)


def preview(
    db: Database,
    account: Account,
    name: str,
    source: bytes | Path,
    options: ImportOptions,
    today: date,
    progress: Progress | None = None,
) -> ImportReport:
    """Tell what an import of this file would do; nothing is stored.

    `today` is the day that two-digit years and future dates are judged by.
    Errors: UnreadableFile for a file that is no book; NotAllowed for an owner out of scope, or
    whose customers' names this account may not see: the report would tell them;
    ImportCancelled where `progress` was cancelled.
    """
    progress = progress or Progress()
    progress.begin(_STEPS_OF_PLAN, _FOLLOWED)
    with progress.cancellable(), book_file.opened(db, name, source, options.reading) as file:
        columns = _recognized(file, options)

        def work(cursor: Cursor) -> ImportReport:
            progress.watch(cursor)
            _plan(cursor, db, account, file, columns, options, today, progress)
            return report(cursor, file, columns, is_preview=True)

        return db.dry_run(work)


def import_book(
    db: Database,
    account: Account,
    name: str,
    source: bytes | Path,
    options: ImportOptions,
    today: date,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a file in one transaction: all rows that can be taken, or nothing at all.

    What became of it is noted beside it (history), also where it fails.
    Errors: as `preview`.
    """
    progress = progress or Progress()
    progress.begin({**_STEPS_OF_PLAN, **_STEPS_OF_STORE}, _FOLLOWED)
    with progress.cancellable(), book_file.opened(db, name, source, options.reading) as file:
        columns = _recognized(file, options)
        with db.reading() as cursor:
            batch = database.new_id(cursor)
            owner = _owner(cursor, account, columns, options)

        def work(cursor: Cursor) -> ImportReport:
            progress.watch(cursor)
            _plan(cursor, db, account, file, columns, options, today, progress)
            planned = report(cursor, file, columns, is_preview=False)
            _store(db, cursor, account, batch, planned, today, progress)
            progress.last_step("committing")
            return replace(planned, batch=batch)

        with db.one_import:
            history.begin(
                db, account, batch, file.name, file.sha256, file.encoding, file.delimiter,
                owner, _statement(options),
            )  # fmt: skip
            try:
                return db.transaction(work)
            except BaseException as error:
                cancelled = isinstance(error, ImportCancelled) or progress.is_cancelled
                state = BatchState.CANCELLED if cancelled else BatchState.FAILED
                history.give_up(db, batch, state)
                raise


_STEPS_OF_PLAN = {
    "opening": 36,
    "reading:texts": 18,
    "reading:rows": 40,
    "reading:customers": 24,
    "customers": 29,
    "policies": 34,
    "matching": 40,
    "report": 10,
}
_STEPS_OF_STORE = {"storing:customers": 15, "storing:policies": 48, "summing": 84, "committing": 36}
_FOLLOWED = ("reading:texts", "reading:rows", "reading:customers")
"""The steps of an import and how long they take of a million customers, in tenths of a second."""


def _recognized(file: BookFile, options: ImportOptions) -> Columns:
    """Tell what the columns mean, and refuse a file that cannot be taken whatever its rows say."""
    columns = headers.recognize(file, options.fields)
    if columns.of("name") is None and columns.of("source_key") is None:
        accepted = file.words.columns["name"]
        raise UnreadableFile(
            "file_no_name_column",
            found=privacy.scrubbed(", ".join(c.header for c in columns.kept if c.header))[:200],
            accepted=", ".join([*accepted[:4], *accepted[-3:]]),
        )
    if columns.of("consent") is None and not _statement(options):
        raise UnreadableFile("file_without_consent")
    return columns


def _plan(
    cursor: Cursor,
    db: Database,
    account: Account,
    file: BookFile,
    columns: Columns,
    options: ImportOptions,
    today: date,
    progress: Progress,
) -> None:
    """Make the temporary tables that say what becomes of each row."""
    owner = _owner(cursor, account, columns, options)
    book = Book(columns, file.words, is_small=file.record_count <= making.FEW_ROWS)
    loading.load(cursor, file, book, progress.step)
    progress.step("customers")
    assumptions = _assumptions(db, columns, options)
    making.prepare(cursor, book, assumptions.answered)
    customers.read_customers(cursor, book, today, assumptions)
    circumstances.read_circumstances(cursor, book, assumptions)
    progress.step("policies")
    policies.read_policies(cursor, book, today, assumptions)
    progress.step("matching")
    called = options.words.get("owner", {})
    matching.match(cursor, account, columns, owner, called, options.take_twins)
    progress.step("report")


def _assumptions(db: Database, columns: Columns, options: ImportOptions) -> Assumptions:
    consent = columns.of("consent")
    in_headers = {c.field: c.unit for c in columns.all if c.field and c.unit is not None}
    return Assumptions(
        currency=options.currency,
        premium_cycle=None if columns.of("premium_cycle") else options.premium_cycle.value,
        header_cycle=columns.premium_cycle,
        consent_basis=_statement(options),
        consent_header=consent.header if consent else None,
        units={**in_headers, **options.units},
        six_digits=options.six_digits,
        answered=options.words,
        secret=db.secret,
    )


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
    return scope.owner_in_scope(cursor, account, options.owner_id or account.id)


def _store(
    db: Database,
    cursor: Cursor,
    account: Account,
    batch: UUID,
    planned: ImportReport,
    today: date,
    progress: Progress,
) -> None:
    now = database.utc_now()
    said = {"batch": batch, "now": now}
    logged = {**said, "asker": account.id}
    values = customer_values(planned.columns)
    progress.step("storing:customers")
    if planned.customers_created:
        cursor.execute(_insert("customer", _NEW_CUSTOMERS, values, "owner_id", "id"), said)
        cursor.execute(_NEW_CONSENTS, {**logged, "today": today})
    progress.step("storing:policies")
    if planned.policies_created:
        # those of one customer lie together in the table, so that a page reads little of it
        order = "" if loading.is_grouped(cursor) else _AS_CUSTOMERS
        cursor.execute(_NEW_POLICIES + order, said)
    if database.value(cursor, _IS_ANY_CHANGED):
        cursor.execute(_logged("customer", "book_person", values, "id"), logged)
        cursor.execute(_LOGGED_POLICIES, logged)
        history.keep_before(cursor, batch)
        cursor.execute(_update("customer", "book_person", values), {"now": now})
        cursor.execute(_CHANGED_POLICIES, {"now": now})
    progress.step("summing")
    cursor.execute(_TOUCHED_CUSTOMERS)
    because = Because(Cause.IMPORT, account.id, batch)
    customer_rows.refresh_all_of(db, cursor, "touched_customer", today, because, progress.done)
    counts = {
        "row_count": planned.rows,
        "created_count": planned.created,
        "updated_count": planned.updated,
        "unchanged_count": planned.unchanged,
        "rejected_count": planned.rejected,
        "question_count": planned.questions,
        "customers_created": planned.customers_created,
        "policies_created": planned.policies_created,
    }
    history.finish(cursor, batch, counts)


def _insert(table: str, source: str, values: tuple[str, ...], parent: str, new_id: str) -> str:
    """The SQL that adds the new records of an import."""
    names = ", ".join(values)
    return f"""
insert into {table} (id, {parent}, {names}, batch_id, created_at, updated_at)
select {new_id}, {parent}, {names}, $batch, $now, $now from {source}
"""


def _update(table: str, source: str, values: tuple[str, ...]) -> str:
    """The SQL that writes what a file says anew; what it leaves open stays."""
    said = ",\n    ".join(f"{v} = coalesce(said.{v}, {table}.{v})" for v in values)
    return f"""
update {table} set
    {said},
    updated_at = $now, ver = {table}.ver + 1
from {source} said
where said.id = {table}.id and said.is_changed
"""


def _logged(table: str, source: str, values: tuple[str, ...], customer: str) -> str:
    """The SQL that logs what `_update` is going to change, as audit.changed would."""
    return f"""
insert into audit (
    id, done_at, account_id, action, customer_id, record, record_id, ver, changes, batch_id)
select uuidv7(), $now, $asker, '{Action.UPDATED}', old.{customer}, '{table}', old.id, old.ver + 1,
    to_json({changes.changed_fields(values)})::varchar, $batch
from {source} said join {table} old on old.id = said.id where said.is_changed
"""


_LOGGED_POLICIES = _logged("policy", "book_policy", POLICY_VALUES, "customer_id")
_NEW_CUSTOMERS = "(from book_person where is_new order by owner_id, row_no)"
_NEW_POLICIES = _insert("policy", "book_new_policy", POLICY_VALUES, "customer_id", "uuidv7()")
_AS_CUSTOMERS = "order by customer_id, row_no"
_CHANGED_POLICIES = _update("policy", "book_policy", POLICY_VALUES)

_IS_ANY_CHANGED = """
select exists (from book_person where is_changed) or exists (from book_policy where is_changed)
"""

_TOUCHED_CUSTOMERS = """
create or replace temp table touched_customer as
select id from book_person where is_new or is_changed
union
select customer_id from book_new_policy
union
select customer_id from book_policy where is_changed
"""

_NEW_CONSENTS = """
insert into consent (
    id, customer_id, kind, basis, given_on, channel, recorded_by, batch_id, created_at)
select uuidv7(), id, 'collection', consent_basis, $today, 'import', $asker, $batch, $now
from book_person where is_new
"""
