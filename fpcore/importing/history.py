"""The imports there were, and how each went."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from fpcore.access.scope import VISIBLE_OWNERS
from fpcore.models import Account, Record, Role
from fpcore.store import database
from fpcore.store.database import Cursor, Database

LONGEST_FILE_NAME = 200
COUNTS = (
    "row_count", "created_count", "updated_count", "unchanged_count", "rejected_count",
    "question_count", "customers_created", "policies_created",
)  # fmt: skip


class BatchState(StrEnum):
    """How an import stands. `interrupted`: the process ended while it ran."""

    RUNNING = "running"
    DONE = "done"
    UNDONE = "undone"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class ImportBatch(Record):
    """An import. `imported_by` and `undone_by` are names; times are UTC.

    Of one that is done, `row_count` = `created_count` + `updated_count` + `unchanged_count` +
    `rejected_count` + `question_count`. A count that nobody knows is None: all of one that is not
    done, and those that were not kept of imports of long ago. `may_undo`: by whoever asked.
    Without the right to names `file_name` is masked (*.xlsx) of what somebody else imported.
    """

    id: UUID
    file_name: str
    imported_by: str
    state: BatchState
    row_count: int | None
    created_count: int | None
    updated_count: int | None
    unchanged_count: int | None
    rejected_count: int | None
    question_count: int | None
    customers_created: int | None
    policies_created: int | None
    created_at: datetime
    finished_at: datetime | None
    undone_by: str | None
    undone_at: datetime | None
    may_undo: bool


def begin(
    db: Database,
    account: Account,
    batch_id: UUID,
    file_name: str,
    file_sha256: str,
    encoding: str | None,
    delimiter: str | None,
    owner_id: UUID | None,
    consent_basis: str | None,
) -> None:
    """Note that an import runs, in a transaction of its own: it stays if the import fails.

    `owner_id` is whose customers all rows are; None where the file says it row by row.
    `encoding` and `delimiter` are None for a file that has none.
    """
    params = {
        "id": batch_id,
        "asker": account.id,
        "owner": owner_id,
        "file_name": file_name[:LONGEST_FILE_NAME],
        "sha256": file_sha256,
        "encoding": encoding,
        "delimiter": delimiter,
        "consent_basis": consent_basis,
        "now": database.utc_now(),
    }
    db.transaction(lambda cursor: cursor.execute(_BEGIN, params), quiet=True)


def keep_before(cursor: Cursor, batch_id: UUID) -> None:
    """Keep what the rows are that this import is about to change: those of `book_person` and
    `book_policy` with `is_changed`."""
    for table, source in (("customer", "book_person"), ("policy", "book_policy")):
        cursor.execute(
            f"""
            insert into {table}_before by name
            select $batch as import_id, ver + 1 as after_ver, *
            from {table} where id in (select id from {source} where is_changed)
            """,
            {"batch": batch_id},
        )


def finish(cursor: Cursor, batch_id: UUID, counts: Mapping[str, int]) -> None:
    """Note in the import's own transaction that it is done; `counts` has all of COUNTS."""
    cursor.execute(
        f"""
        update import_batch set state = 'done', finished_at = $now,
            {", ".join(f"{name} = ${name}" for name in COUNTS)}
        where id = $id
        """,
        {"id": batch_id, "now": database.utc_now(), **{name: counts[name] for name in COUNTS}},
    )


def give_up(db: Database, batch_id: UUID, state: BatchState) -> None:
    """Note that a running import stored nothing: it was cancelled, or failed."""
    db.transaction(lambda cursor: _end(cursor, batch_id, state), quiet=True)


def close_interrupted(db: Database) -> None:
    """Note at the start of the process that no import can be running any more."""
    db.transaction(lambda cursor: _end(cursor, None, BatchState.INTERRUPTED), quiet=True)


def of_account(db: Database, account: Account, limit: int = 20) -> list[ImportBatch]:
    """List the imports by or for whomever this account may see, the newest first."""
    with db.reading() as cursor:
        return visible(cursor, account, limit=limit)


def visible(
    cursor: Cursor, account: Account, batch_id: UUID | None = None, limit: int = 1
) -> list[ImportBatch]:
    """Read one import, or the newest, of those that an account may see."""
    params = {"asker": account.id, "batch": batch_id, "limit": limit}
    rows = database.rows(cursor, _BATCHES, params)
    unsure = [row["id"] for row in rows if row["state"] == "done" and not row["may_undo"]]
    if unsure:
        params = {"asker": account.id, "ids": unsure}
        others = {row["id"] for row in database.rows(cursor, _TOUCHES_OTHERS, params)}
        for row in rows:
            row["may_undo"] |= row["id"] in unsure and row["id"] not in others
    return [ImportBatch(**row) for row in rows]


_BEGIN = """
insert into import_batch (
    id, imported_by, owner_id, file_name, file_sha256, encoding, delimiter, consent_basis,
    state, created_at)
values ($id, $asker, $owner, $file_name, $sha256, $encoding, $delimiter, $consent_basis,
    'running', $now)
"""


def _end(cursor: Cursor, batch_id: UUID | None, state: BatchState) -> None:
    """End a running import, or, without an id, all that are said to run."""
    cursor.execute(
        """
        update import_batch set state = $state, finished_at = $now
        where state = 'running' and id = coalesce($id, id)
        """,
        {"id": batch_id, "state": state.value, "now": database.utc_now()},
    )


_BATCHES = f"""
with visible as ({VISIBLE_OWNERS})
select b.id,
    if(b.imported_by = $asker or (select bool_and(by_name) from visible), b.file_name,
        '*' || regexp_extract(b.file_name, '(?i)[.](csv|tsv|txt|ods|xls[xmb]?)$')) as file_name,
    importer.name as imported_by, b.state,
    {", ".join(f"b.{name}" for name in COUNTS)},
    b.created_at, b.finished_at, undoer.name as undone_by, b.undone_at,
    b.state = 'done' and (select bool_and(by_name) from visible) and (b.imported_by = $asker
        or (select role from visible where id = $asker) = '{Role.ADMIN}') as may_undo
from import_batch b
join account importer on importer.id = b.imported_by
left join account undoer on undoer.id = b.undone_by
where (b.imported_by in (select id from visible) or b.owner_id in (select id from visible))
    and b.id = coalesce($batch, b.id)
order by b.created_at desc, b.id desc limit $limit
"""


_TOUCHES_OTHERS = f"""
with touched as (
    select batch_id as id, owner_id from customer
    union all
    select p.batch_id, c.owner_id from policy p join customer c on c.id = p.customer_id
    union all
    select b.import_id, c.owner_id from customer_before b join customer c on c.id = b.id
    union all
    select b.import_id, c.owner_id from policy_before b join customer c on c.id = b.customer_id
)
select distinct id from touched
where id in (select unnest($ids))
    and owner_id not in (select id from ({VISIBLE_OWNERS}) where by_name)
"""
"""Those of the imports that touched a customer whom the asker may not see, or not by name."""
