"""The imports there were: how each went, and how one is undone.

An import keeps what the rows that it changes were before, and marks the rows that it creates with
its id (`batch_id`). Undoing it takes out what it created and puts back what it changed, as far as
nobody has touched those records since; whatever is left is listed with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from fpcore.access import scope
from fpcore.access.audit import Action, RecordKind
from fpcore.access.scope import VISIBLE_OWNERS
from fpcore.errors import NotAllowed, NotFound, UndoNotPossible
from fpcore.kept import customer_rows
from fpcore.kept.gap_history import Because, Cause
from fpcore.models import Account, Record, Role
from fpcore.store import database
from fpcore.store.database import Cursor, Database

LONGEST_FILE_NAME = 200
MOST_LEFT = 1000
"""So many of the records that are left in place are listed; the others are counted."""

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


class WhyLeft(StrEnum):
    """Why the undoing of an import leaves a record as it is."""

    EDITED = "edited"
    IN_USE = "in_use"
    OUT_OF_SCOPE = "out_of_scope"
    GONE = "gone"


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


@dataclass(frozen=True)
class LeftRecord:
    """A record that an undoing leaves as it is; `by` and `at` (UTC) are of the last change.

    `what` is a policy's name or number. `name` is None of a customer who withdrew their consent;
    of a record out of scope nothing but its kind is told.
    """

    record: RecordKind
    customer_id: UUID | None
    name: str | None
    what: str | None
    why: WhyLeft
    by: str | None
    at: datetime | None


@dataclass(frozen=True)
class UndoReport:
    """What an undoing did, or would do: the numbers of records, and which it left.

    `left` holds the first MOST_LEFT of `left_count`.
    """

    batch: UUID
    customers_removed: int
    policies_removed: int
    customers_restored: int
    policies_restored: int
    left: list[LeftRecord]
    left_count: int


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
    said = {
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
    db.transaction(lambda cursor: cursor.execute(_BEGIN, said), quiet=True)


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
        return _batches(cursor, account, limit=limit)


def undo(
    db: Database, account: Account, batch_id: UUID | str, today: date, dry_run: bool = False
) -> UndoReport:
    """Take out what an import created and put back what it changed, where nobody has touched it
    since; `dry_run`: only tell what that would do.

    * A policy that it created goes; a customer too, with the consent of the import, unless a
      contact, a policy, another consent or a withdrawal hangs on them.
    * A record that it changed is again what it was, as a new version. A withdrawal since stays.
    * The log tells of each record that goes or is put back; what a customer who goes had been is
      taken out of it.

    Waits for a running import. Errors: NotFound, also for an import that this account may not
    undo; NotAllowed where that is for want of the right to names; UndoNotPossible for one that is
    not done.
    """
    batch = scope.as_uuid(batch_id, "import_not_found")
    hides_names = not scope.of_account(db, account).by_name

    def plan(cursor: Cursor) -> UndoReport:
        found = _batches(cursor, account, batch)
        if not found:
            raise NotFound("import_not_found")
        if found[0].state is not BatchState.DONE:
            raise UndoNotPossible(state=found[0].state)
        if not found[0].may_undo:
            raise NotAllowed("names_hidden") if hides_names else NotFound("import_not_found")
        return _plan(cursor, account, batch)

    def work(cursor: Cursor) -> UndoReport:
        report = plan(cursor)
        _carry_out(db, cursor, account, batch, today)
        return report

    if dry_run:
        return db.dry_run(plan)
    with db.one_import:
        return db.transaction(work)


def forget(cursor: Cursor, customer_id: UUID) -> None:
    """Take out what a customer and their policies were before imports."""
    said = {"id": customer_id}
    cursor.execute("delete from customer_before where id = $id", said)
    cursor.execute("delete from policy_before where customer_id = $id", said)


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


def _batches(
    cursor: Cursor, account: Account, batch_id: UUID | None = None, limit: int = 1
) -> list[ImportBatch]:
    """Read one import, or the newest, of those that an account may see."""
    said = {"asker": account.id, "batch": batch_id, "limit": limit}
    found = database.rows(cursor, _BATCHES, said)
    unsure = [row["id"] for row in found if row["state"] == "done" and not row["may_undo"]]
    if unsure:
        said = {"asker": account.id, "ids": unsure}
        others = {row["id"] for row in database.rows(cursor, _TOUCHES_OTHERS, said)}
        for row in found:
            row["may_undo"] |= row["id"] in unsure and row["id"] not in others
    return [ImportBatch(**row) for row in found]


def _plan(cursor: Cursor, account: Account, batch: UUID) -> UndoReport:
    """Make `undo_policy` and `undo_customer`: every record that the import touched, with the
    reason why it is left (`why`) or none."""
    said = {"asker": account.id, "batch": batch}
    cursor.execute(_UNDO_POLICY, said)
    cursor.execute(_UNDO_CUSTOMER, said)
    counts = database.rows(cursor, _UNDO_COUNTS)[0]
    left = database.rows(cursor, _LEFT, {"batch": batch, "most": MOST_LEFT})
    return UndoReport(batch=batch, left=[_left(**row) for row in left], **counts)


def _left(record: str, why: str, **told: object) -> LeftRecord:
    return LeftRecord(record=RecordKind(record), why=WhyLeft(why), **told)


def _touched(table: str, customer_id: str, others: str) -> str:
    """The SQL that lists what an import created and changed of a table, before any other reason
    to leave it. `others` are the columns that tell which record it is."""
    return f"""
visible as ({VISIBLE_OWNERS}),
touched as (
    select t.id, t.{customer_id} as customer_id, {others.format("t")}, true as is_new,
        if(t.ver <> coalesce(b.after_ver, 1), 'edited', null) as why, null::integer as ver_before
    from {table} t left join {table}_before b on b.import_id = $batch and b.id = t.id
    where t.batch_id = $batch
    union all
    select b.id, b.{customer_id}, {others.format("b")}, false,
        case when t.id is null then 'gone' when t.ver <> b.after_ver then 'edited' end, b.ver
    from {table}_before b left join {table} t on t.id = b.id
    where b.import_id = $batch and b.ver is not null
)"""


_UNDO_POLICY = f"""
create or replace temp table undo_policy as
with {_touched("policy", "customer_id", "coalesce({0}.policy_name, {0}.policy_number) as what")}
select t.* replace (if(c.owner_id in (select id from visible), t.why, 'out_of_scope') as why)
from touched t left join customer c on c.id = t.customer_id
"""

_UNDO_CUSTOMER = f"""
create or replace temp table undo_customer as
with {_touched("customer", "id", "{0}.owner_id")},
in_use as (
    select customer_id as id from contact
    union all
    select customer_id from customer_target
    union all
    select customer_id from consent where batch_id is distinct from $batch
    union all
    select customer_id from policy where id not in (
        select id from undo_policy where is_new and why is null)
    union all
    select id from customer where withdrawn_on is not null
)
select t.* replace (
    case
        when coalesce(c.owner_id, t.owner_id) not in (select id from visible) then 'out_of_scope'
        when t.why is not null then t.why
        when t.is_new and t.id in (select id from in_use) then 'in_use'
    end as why)
from touched t left join customer c on c.id = t.id
"""

_UNDO_COUNTS = """
select
    (select count(*) from undo_customer where is_new and why is null) as customers_removed,
    (select count(*) from undo_policy where is_new and why is null) as policies_removed,
    (select count(*) from undo_customer where not is_new and why is null) as customers_restored,
    (select count(*) from undo_policy where not is_new and why is null) as policies_restored,
    (select count(*) from undo_customer where why is not null)
        + (select count(*) from undo_policy where why is not null) as left_count
"""

_LEFT = """
with one as (
    select 'customer' as record, id, customer_id, null as what, why
    from undo_customer where why is not null
    union all
    select 'policy', id, customer_id, what, why from undo_policy where why is not null
),
named as (
    select one.*, if(c.withdrawn_on is null, c.name, null) as name
    from one left join customer c on c.id = one.customer_id
    order by why = 'out_of_scope', name nulls last, customer_id, record, id limit $most
),
doing as (
    select n.id, a.account_id, a.done_at from named n join audit a
        on a.customer_id = n.customer_id and a.action not in ('viewed', 'exported')
        and (n.why = 'in_use' or a.record_id = n.id)
    union all
    select n.id, b.imported_by, p.created_at
    from named n join policy p on n.why = 'in_use' and p.customer_id = n.id
    join import_batch b on b.id = p.batch_id and b.id <> $batch
),
last_doing as (
    select id, arg_max(account_id, done_at) as account_id, max(done_at) as done_at
    from doing group by id
)
select n.record, n.why,
    if(is_seen, n.customer_id, null) as customer_id, if(is_seen, n.name, null) as name,
    if(is_seen, n.what, null) as what, if(is_seen, account.name, null) as "by",
    if(is_seen, last_doing.done_at, null) as "at"
from (select *, why <> 'out_of_scope' as is_seen from named) n
left join last_doing on last_doing.id = n.id
left join account on account.id = last_doing.account_id
order by not is_seen, n.name nulls last, n.customer_id, n.record, n.id
"""


def _carry_out(db: Database, cursor: Cursor, account: Account, batch: UUID, today: date) -> None:
    """Do what `_plan` decided."""
    said = {"batch": batch, "asker": account.id, "now": database.utc_now()}
    for table, customer_id in (("customer", "id"), ("policy", "customer_id")):
        _put_back(cursor, table, customer_id, said)
    cursor.execute(_LOG_REMOVED, said)
    for step in _REMOVE:
        cursor.execute(step)
    for table in ("customer_before", "policy_before"):
        cursor.execute(f"delete from {table} where import_id = $batch", {"batch": batch})
    cursor.execute(_UNDONE, said)
    cursor.execute(_UNDONE_CUSTOMER)
    because = Because(Cause.UNDO, account.id, batch)
    customer_rows.refresh_all_of(db, cursor, "undone_customer", today, because)


_NOT_PUT_BACK = {
    "id", "owner_id", "customer_id", "batch_id", "withdrawn_on", "destroy_by", "ver",
    "created_at", "updated_at",
}  # fmt: skip
"""No import changes these; a withdrawal does, without making a new version."""


def _put_back(cursor: Cursor, table: str, customer_id: str, said: dict) -> None:
    """Log and make every record of a table what it was, and follow its new version."""
    described = cursor.execute(f"from {table} limit 0").description
    values = [name for name, *_ in described if name not in _NOT_PUT_BACK]
    restored = f"""
        from undo_{table} u
        join {table} old on old.id = u.id
        join {table}_before b on b.id = u.id and b.import_id = $batch
        where u.why is null and not u.is_new
    """
    batch = {"batch": said["batch"]}
    cursor.execute(
        f"""
        insert into audit (
            id, done_at, account_id, action, customer_id, record, record_id, ver, changes, batch_id)
        select uuidv7(), $now, $asker, '{Action.IMPORT_UNDONE}', old.{customer_id}, '{table}',
            old.id, old.ver + 1, {_changes(values)}, $batch {restored}
        """,
        said,
    )
    cursor.execute(
        f"create or replace temp table put_back as select b.*, old.ver + 1 as new_ver {restored}",
        batch,
    )
    cursor.execute(
        f"""
        update {table}_before earlier set after_ver = p.new_ver from put_back p
        where earlier.id = p.id and earlier.import_id <> $batch and earlier.after_ver = p.ver
        """,
        batch,
    )
    cursor.execute(
        f"""
        insert into {table}_before by name
        select p.batch_id as import_id, p.new_ver as after_ver, p.id
            {"" if customer_id == "id" else f", p.{customer_id}"}
        from put_back p join import_batch creator on creator.id = p.batch_id
        where p.ver = 1 and creator.state = 'done'
        """
    )
    cursor.execute(
        f"""
        update {table} set {", ".join(f"{v} = p.{v}" for v in values)},
            ver = p.new_ver, updated_at = $now
        from put_back p where p.id = {table}.id
        """,
        {"now": said["now"]},
    )


def _changes(values: list[str]) -> str:
    """The SQL for the changes from `old` to `b`, as audit.changed gives them."""
    changed = ", ".join(
        f"if({_differs(v)}, struct_pack(field := '{v}', old := old.{v}::varchar,"
        f" new := b.{v}::varchar), null)"
        for v in values
        if v != "phone_hash"
    )
    return f"to_json(list_filter([{changed}], lambda change: change is not null))::varchar"


def _differs(value: str) -> str:
    """Two phone numbers may look alike once they are masked: their hash tells them apart."""
    differs = f"old.{value} is distinct from b.{value}"
    if value == "phone":
        differs += " or old.phone_hash is distinct from b.phone_hash"
    return differs


_REMOVED_CUSTOMERS = "(select id from undo_customer where is_new and why is null)"
_REMOVED_POLICIES = "(select id from undo_policy where is_new and why is null)"

_LOG_REMOVED = f"""
insert into audit (id, done_at, account_id, action, customer_id, record, record_id, batch_id)
select uuidv7(), $now, $asker, '{Action.IMPORT_REMOVED}', customer_id, record, record_id, $batch
from (
    select id as customer_id, 'customer' as record, null as record_id
    from undo_customer where id in {_REMOVED_CUSTOMERS}
    union all
    select customer_id, 'policy', id from undo_policy
    where id in {_REMOVED_POLICIES} and customer_id not in {_REMOVED_CUSTOMERS}
)
"""
"""As customers.delete does, the log says of a customer who goes nothing of each policy."""

_REMOVE = (
    f"update audit set changes = null where customer_id in {_REMOVED_CUSTOMERS}",
    f"delete from policy where id in {_REMOVED_POLICIES}",
    f"delete from policy_before where customer_id in {_REMOVED_CUSTOMERS}",
    f"delete from customer_before where id in {_REMOVED_CUSTOMERS}",
    f"delete from gap_change where customer_id in {_REMOVED_CUSTOMERS}",
    f"delete from consent where customer_id in {_REMOVED_CUSTOMERS}",
    f"delete from customer where id in {_REMOVED_CUSTOMERS}",
)

_UNDONE = """
update import_batch set state = 'undone', undone_by = $asker, undone_at = $now where id = $batch
"""

_UNDONE_CUSTOMER = """
create or replace temp table undone_customer as
select id from undo_customer where why is null
union
select customer_id from undo_policy where why is null
"""
