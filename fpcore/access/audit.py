"""Who did what to whose data: written in the transaction that does it.

`changes` holds what a record was before and after, as text and with the phone masked. It goes
when the customer goes; an erasure also takes away whose data an entry was about.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from fpcore.errors import EditedMeanwhile
from fpcore.models import Account
from fpcore.store import database
from fpcore.store.database import Cursor, Database

ONE_VISIT = timedelta(minutes=10)
"""A person who looks at a customer again within this time is logged once."""


class Action(StrEnum):
    """What was done. `import_undone`: a record is again what it was before an import changed it;
    `import_removed`: one that an import had added is gone, as the import was undone."""

    VIEWED = "viewed"
    CREATED = "created"
    UPDATED = "updated"
    REMOVED = "removed"
    DELETED = "deleted"
    ERASED = "erased"
    EXPORTED = "exported"
    CONSENT_GIVEN = "consent_given"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    IMPORT_UNDONE = "import_undone"
    IMPORT_REMOVED = "import_removed"


class RecordKind(StrEnum):
    """What kind of record an entry is about."""

    CUSTOMER = "customer"
    POLICY = "policy"
    CONTACT = "contact"
    CONSENT = "consent"


@dataclass(frozen=True)
class MadeChange:
    """One field of a record as it was and as it is, and who changed it when (UTC)."""

    field: str
    old: str | None
    new: str | None
    by: str
    at: datetime


def write(
    cursor: Cursor,
    account: Account,
    action: Action,
    customer_id: UUID | None,
    record_id: UUID | None = None,
    ver: int | None = None,
    changes: list[dict] | None = None,
    record: RecordKind = RecordKind.CUSTOMER,
) -> None:
    """Add an entry about a record of a customer, by default the customer's own.

    `ver` is the record's version after it, `changes` what `changed` gives.
    """
    cursor.execute(
        """
        insert into audit (
            id, done_at, account_id, action, customer_id, record, record_id, ver, changes)
        values (uuidv7(), $now, $asker, $action, $customer, $record, $record_id, $ver, $changes)
        """,
        {
            "now": database.utc_now(),
            "asker": account.id,
            "action": action.value,
            "customer": customer_id,
            "record": record.value,
            "record_id": record_id,
            "ver": ver,
            "changes": json.dumps(changes, ensure_ascii=False) if changes else None,
        },
    )


def write_view(db: Database, account: Account, customer_id: UUID) -> None:
    """Note that somebody looked at a customer, once a visit."""
    said = {
        "asker": account.id,
        "customer": customer_id,
        "since": database.utc_now() - ONE_VISIT,
    }
    seen = db.read(
        """
        select 1 from audit where done_at > $since and action = 'viewed'
            and account_id = $asker and customer_id = $customer limit 1
        """,
        said,
    )
    if not seen:
        db.transaction(
            lambda cursor: write(cursor, account, Action.VIEWED, customer_id), quiet=True
        )


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict]:
    """List the fields of `new` that differ from `old`: [{field, old, new}], as text."""
    differing = fields(column for column, value in new.items() if old.get(column) != value)
    return [
        {"field": field, "old": _text(old.get(field)), "new": _text(new[field])}
        for field in differing
    ]


def changed_in_sql(
    columns: Iterable[str],
    old: str,
    new: str,
    given_only: bool = False,
    as_text: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The SQL of what `changed` lists, from the relation `old` to the relation `new`.

    `given_only`: what is NULL in `new` changes nothing. `as_text` is the SQL of a new value as
    text, by field, where a plain cast would write it otherwise.
    """
    columns = list(columns)
    each = ",\n    ".join(
        f"if({differs(field, columns, old, new, given_only)}, struct_pack(field := '{field}',"
        f" old := {old}.{field}::varchar,"
        f" new := {as_text.get(field, f'{new}.{field}::varchar')}), null)"
        for field in fields(columns)
    )
    return f"list_filter([\n    {each}], lambda change: change is not null)"


def differs(
    field: str, columns: Iterable[str], old: str, new: str, given_only: bool = False
) -> str:
    """The SQL that is true where a field of `new` is not that of `old`; `columns` are all that
    both have."""
    compared = [column for column in columns if field_of(column) == field]
    given = f" and {new}.{{0}} is not null" if given_only else ""
    each = f"{new}.{{0}} is distinct from {old}.{{0}}{given}"
    return " or ".join(each.format(column) for column in compared)


def field_of(column: str) -> str:
    """Name the field that people see where a column changed."""
    return _TOLD_AS.get(column, column)


def fields(columns: Iterable[str]) -> list[str]:
    """Name the fields that people see of these columns, each once."""
    return list(dict.fromkeys(map(field_of, columns)))


_TOLD_AS = {"phone_hash": "phone"}
"""Two phone numbers may look alike once they are masked: their hash tells them apart."""


def changes_since(cursor: Cursor, record_id: UUID, ver: int) -> list[MadeChange]:
    """Give what happened to a record after this version: one entry a field, as it was then, as it
    is now, and who changed it last."""
    found = database.rows(
        cursor,
        """
        select a.changes, a.done_at, account.name as by
        from audit a join account on account.id = a.account_id
        where a.record_id = $record and a.ver > $ver and a.changes is not null
        order by a.ver
        """,
        {"record": record_id, "ver": ver},
    )
    merged: dict[str, MadeChange] = {}
    for entry in found:
        for change in json.loads(entry["changes"]):
            earlier = merged.get(change["field"])
            old = earlier.old if earlier else change["old"]
            merged[change["field"]] = MadeChange(
                change["field"], old, change["new"], entry["by"], entry["done_at"]
            )
    return [change for change in merged.values() if change.old != change.new]


def refuse_unseen(cursor: Cursor, record: Mapping[str, Any], seen_ver: int) -> None:
    """Raise EditedMeanwhile where a record has a later version than the one that was seen."""
    if record["ver"] != seen_ver:
        raise EditedMeanwhile(changes_since(cursor, record["id"], seen_ver), record["ver"])


def of_customer(cursor: Cursor, customer_id: UUID) -> list[dict]:
    """List all entries about a customer, oldest first: done_at (UTC), by, action, record,
    changes, batch_id (the import that did it; None: a person by hand)."""
    return [
        {**entry, "changes": json.loads(entry["changes"] or "[]")}
        for entry in database.rows(
            cursor,
            """
            select a.done_at, account.name as by, a.action, a.record, a.changes, a.batch_id
            from audit a join account on account.id = a.account_id
            where a.customer_id = $customer order by a.done_at, a.id
            """,
            {"customer": customer_id},
        )
    ]


def forget(cursor: Cursor, customer_id: UUID, whom_too: bool) -> None:
    """Take out of the log what a customer's data were; `whom_too`: also whose they were."""
    whom = ", customer_id = null, record_id = null" if whom_too else ""
    cursor.execute(
        f"update audit set changes = null{whom} where customer_id = $customer",
        {"customer": customer_id},
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
