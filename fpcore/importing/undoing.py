"""Undo an import: take out what it created and put back what it changed.

An import keeps what the rows that it changes were before, and marks the rows that it creates with
its id (`batch_id`). Records that somebody has touched since are left, and listed with the reason.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from fpcore.access import audit, belongings, scope
from fpcore.access.audit import Action, RecordKind
from fpcore.access.belongings import BELONGINGS, Undoing
from fpcore.access.scope import VISIBLE_OWNERS
from fpcore.errors import NotAllowed, NotFound, UndoNotPossible
from fpcore.importing import history
from fpcore.importing.history import BatchState
from fpcore.kept import customer_rows
from fpcore.kept.gap_history import Because, Cause
from fpcore.models import Account
from fpcore.store import database
from fpcore.store.database import Cursor, Database

MOST_LEFT = 1000
"""So many of the records that are left in place are listed; the others are counted."""


class WhyLeft(StrEnum):
    """Why the undoing of an import leaves a record as it is."""

    EDITED = "edited"
    IN_USE = "in_use"
    OUT_OF_SCOPE = "out_of_scope"
    GONE = "gone"


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


def undo(
    db: Database, account: Account, batch_id: UUID | str, today: date, dry_run: bool = False
) -> UndoReport:
    """Undo an import, as far as nobody has touched its records since; `dry_run`: only tell.

    * A policy that it created goes. So does a customer, with the consent of the import, unless a
      contact, a policy, another consent or a withdrawal hangs on them.
    * A record that it changed is again what it was, as a new version. A withdrawal since stays.
    * The log tells of each record that goes or is put back. Of a customer who goes, it no longer
      says what they had been.

    Waits for a running import. Errors: NotFound, also for an import that this account may not
    undo; NotAllowed without the right to its customers' names; UndoNotPossible where it is not
    done.
    """
    batch = scope.as_uuid(batch_id, "import_not_found")
    hides_names = not scope.of_account(db, account).by_name

    def plan(cursor: Cursor) -> UndoReport:
        batches = history.visible(cursor, account, batch)
        if not batches:
            raise NotFound("import_not_found")
        if batches[0].state is not BatchState.DONE:
            raise UndoNotPossible(state=batches[0].state)
        if not batches[0].may_undo:
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


def _plan(cursor: Cursor, account: Account, batch: UUID) -> UndoReport:
    """Make `undo_policy` and `undo_customer`, and tell what they say.

    One row is one record that the import touched; `why` is the reason to leave it, or NULL.
    """
    params = {"asker": account.id, "batch": batch}
    cursor.execute(_UNDO_POLICY, params)
    cursor.execute(_UNDO_CUSTOMER, params)
    counts = database.rows(cursor, _UNDO_COUNTS)[0]
    left = database.rows(cursor, _LEFT, {"batch": batch, "most": MOST_LEFT})
    return UndoReport(batch=batch, left=[_left(**row) for row in left], **counts)


def _left(record: str, why: str, **told: Any) -> LeftRecord:
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

_NOT_IMPORTED = {
    "consent": "batch_id is distinct from $batch",
    "policy": "id not in (select id from undo_policy where is_new and why is null)",
}
"""The rows that did not come with the import, of tables in which some did."""

_KEEPING = "\n    union all\n    ".join(
    f"select {b.key} as id from {b.table}"
    + (f" where {_NOT_IMPORTED[b.table]}" if b.undoing is Undoing.KEEPS_UNLESS_IMPORTED else "")
    for b in BELONGINGS
    if b.undoing is not Undoing.GOES
)

_UNDO_CUSTOMER = f"""
create or replace temp table undo_customer as
with {_touched("customer", "id", "{0}.owner_id")},
in_use as (
    {_KEEPING}
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
with left_record as (
    select 'customer' as record, id, customer_id, null as what, why
    from undo_customer where why is not null
    union all
    select 'policy', id, customer_id, what, why from undo_policy where why is not null
),
named as (
    select r.*, if(c.withdrawn_on is null, c.name, null) as name
    from left_record r left join customer c on c.id = r.customer_id
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
    params = {"batch": batch, "asker": account.id, "now": database.utc_now()}
    for table, customer_id in (("customer", "id"), ("policy", "customer_id")):
        _put_back(cursor, table, customer_id, params)
    cursor.execute(_LOG_REMOVED, params)
    for step in _REMOVE:
        cursor.execute(step)
    for table in ("customer_before", "policy_before"):
        cursor.execute(f"delete from {table} where import_id = $batch", {"batch": batch})
    cursor.execute(_UNDONE, params)
    cursor.execute(_UNDONE_CUSTOMER)
    because = Because(Cause.UNDO, account.id, batch)
    customer_rows.refresh_all_of(db, cursor, "undone_customer", today, because)


_NOT_PUT_BACK = {
    "id", "owner_id", "customer_id", "batch_id", "withdrawn_on", "destroy_by", "ver",
    "created_at", "updated_at",
}  # fmt: skip
"""No import changes these; a withdrawal does, without making a new version."""


def _put_back(cursor: Cursor, table: str, customer_id: str, params: dict) -> None:
    """Log and make every record of a table what it was, and follow its new version."""
    described = cursor.execute(f"from {table} limit 0").description
    values = [name for name, *_ in described if name not in _NOT_PUT_BACK]
    restored = f"""
        from undo_{table} u
        join {table} old on old.id = u.id
        join {table}_before b on b.id = u.id and b.import_id = $batch
        where u.why is null and not u.is_new
    """
    batch = {"batch": params["batch"]}
    cursor.execute(
        f"""
        insert into audit (
            id, done_at, account_id, action, customer_id, record, record_id, ver, changes, batch_id)
        select uuidv7(), $now, $asker, '{Action.IMPORT_UNDONE}', old.{customer_id}, '{table}',
            old.id, old.ver + 1,
            to_json({audit.changed_in_sql(values, "old", "b")})::varchar, $batch {restored}
        """,
        params,
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
        {"now": params["now"]},
    )


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
    *belongings.removals(_REMOVED_CUSTOMERS),
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
