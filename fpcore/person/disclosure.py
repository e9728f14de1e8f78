"""All that is held about one person, for them to see.

Sources: Personal Information Protection Act §35 and its decree §41 (access: the data, the purpose,
how long they are kept, the consents), §20 (where they came from).
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from fpcore import wording as words
from fpcore.access import audit, belongings, scope
from fpcore.access.audit import Action
from fpcore.customers import consents
from fpcore.facts.policies import WHY_NOT_IN_FORCE
from fpcore.models import Account
from fpcore.store import database
from fpcore.store.database import Cursor, Database


def export(db: Database, account: Account, customer_id: UUID | str, valued_on: date) -> dict:
    """Give all that is held about one person, and log that it was given. Errors: NotFound,
    NotAllowed.

    It works for a customer who withdrew their consent, too. The values are those of JSON: dates
    as YYYY-MM-DD, times in UTC with a Z, amounts as numbers, what is not known as null.

    * valued_on, exported_at, exported_by (a name, as every `…_by`)
    * customer: the columns of the table; phone is masked as it is stored, and phone_hash says
      only whether a keyed hash of the number is kept
    * owner: account, name, team: whose customer it is
    * sources: the first one first; how ("typed" by hand or "uploaded"), file, by, at
    * consents: the columns of the table, file, and text: {language: {purpose, items, period,
      refusal}}, null where the wording of that version is not kept by this program
    * policies: the columns, in_force and why_not on the day `valued_on`, and file, the upload
      that created it
    * contacts: the columns
    * targets: code (of the gap rule), amount, note, by, at: set by hand for this customer
    * gap_history: on, code, before, after, cause, by, file: how the states of gaps changed
    * before_import: record, file, by, at: of which records a copy from before an upload is kept,
      to undo it; what the upload changed is in the log
    * log: at, by, action, record, changes: [{field, old, new}], this export among them

    The table customer_row is left out: it repeats these facts in a form made for searching.
    """

    def work(cursor: Cursor) -> dict:
        row = scope.customer_in_scope(cursor, account, customer_id, withdrawn_too=True)
        audit.write(cursor, account, Action.EXPORTED, row["id"])
        parts = {part: _READ[part](cursor, row, valued_on) for part in belongings.EXPORTED}
        return {
            "valued_on": valued_on,
            "exported_at": database.utc_now(),
            "exported_by": account.name,
            "customer": parts.pop("customer"),
            "owner": database.rows(cursor, _OWNER, {"owner": row["owner_id"]})[0],
            "sources": _sources(cursor, row),
            **parts,
        }

    return _plain(db.transaction(work, quiet=True))


_OWNER = """
select a.username as account, a.name, t.name as team
from account a left join team t on t.id = a.team_id where a.id = $owner
"""

_CONSENTS = """
select s.* exclude (customer_id, batch_id) replace (
        recorder.name as recorded_by, withdrawer.name as withdrawn_by),
    b.file_name as file
from consent s
left join account recorder on recorder.id = s.recorded_by
left join account withdrawer on withdrawer.id = s.withdrawn_by
left join import_batch b on b.id = s.batch_id
where s.customer_id = $id order by s.given_on desc, s.created_at desc, s.id desc
"""

_POLICIES = f"""
select p.* exclude (customer_id, batch_id), b.file_name as file,
    {WHY_NOT_IN_FORCE} as why_not, why_not is null as in_force
from policy p left join import_batch b on b.id = p.batch_id
where p.customer_id = $id order by not in_force, p.start_date desc nulls last, p.id
"""

_CONTACTS = """
select x.* exclude (customer_id) replace (recorder.name as recorded_by)
from contact x left join account recorder on recorder.id = x.recorded_by
where x.customer_id = $id order by x.contacted_on desc, x.created_at desc, x.id desc
"""

_TARGETS = """
select t.code, t.amount, t.note, a.name as "by", t.updated_at as "at"
from customer_target t join account a on a.id = t.set_by where t.customer_id = $id order by t.code
"""

_GAP_HISTORY = """
select g.on_day as "on", g.code, g.state_before as "before", g.state as "after", g.cause,
    coalesce(a.name, publisher.name) as "by", b.file_name as file
from gap_change g
left join account a on a.id = g.account_id
left join gap_rule r on g.cause = 'rule' and r.code = g.code and r.version = g.version
left join account publisher on publisher.id = r.published_by
left join import_batch b on b.id = g.batch_id
where g.customer_id = $id order by g.on_day, g.created_at, g.code
"""

_TYPED = """
select 'typed' as how, null as file, a.name as "by", c.created_at as at
from consent s join customer c on c.id = s.customer_id join account a on a.id = s.recorded_by
where c.id = $id and s.batch_id is null
    and s.id = (select arg_min(id, created_at) from consent where customer_id = $id)
"""
"""Whoever is added, by hand or from a file, is added with a consent: the first one tells which."""

_UPLOADED = """
select 'uploaded' as how, b.file_name as file, a.name as "by", b.created_at as at
from import_batch b join account a on a.id = b.imported_by
where b.id = $batch
    or b.id in (select batch_id from consent where customer_id = $id)
    or b.id in (select batch_id from policy where customer_id = $id)
    or b.id in (select batch_id from audit where customer_id = $id)
order by b.created_at, b.id
"""
"""A record names the upload that created it; the log has those that changed it."""

_BEFORE_IMPORT = """
select kept.record, b.file_name as file, a.name as "by", b.created_at as at
from (
    select 'customer' as record, import_id from customer_before where id = $id and ver is not null
    union all
    select 'policy', import_id from policy_before where customer_id = $id and ver is not null
) kept
join import_batch b on b.id = kept.import_id join account a on a.id = b.imported_by
order by b.created_at, b.id, kept.record
"""

_NOT_FACTS = ("owner_id", "owner", "batch_id", "is_masked")


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
    facts = {column: value for column, value in row.items() if column not in _NOT_FACTS}
    return {**facts, "phone_hash": row["phone_hash"] is not None}


def _sources(cursor: Cursor, row: Mapping[str, Any]) -> list[dict]:
    said = {"id": row["id"]}
    uploaded = database.rows(cursor, _UPLOADED, {**said, "batch": row["batch_id"]})
    return database.rows(cursor, _TYPED, said) + uploaded


def _with_text(consent: dict) -> dict:
    told = consent["text_version"] and consents.texts(consent["text_version"])
    wording = told and {language: told[language][consent["kind"]] for language in words.LANGUAGES}
    return {**consent, "text": wording or None}


def _entry(logged: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "at": logged["done_at"],
        "by": logged["by"],
        "action": logged["action"],
        "record": logged["record"],
        "changes": logged["changes"],
    }


def _rows(sql: str) -> Callable[[Cursor, Mapping, date], list[dict]]:
    """Make a reader of the rows that a query gives of the customer `$id`."""
    return lambda cursor, row, valued_on: database.rows(cursor, sql, {"id": row["id"]})


def _consents(cursor: Cursor, row: Mapping[str, Any], valued_on: date) -> list[dict]:
    return [_with_text(consent) for consent in _rows(_CONSENTS)(cursor, row, valued_on)]


def _policies(cursor: Cursor, row: Mapping[str, Any], valued_on: date) -> list[dict]:
    return database.rows(cursor, _POLICIES, {"id": row["id"], "valued_on": valued_on})


def _log(cursor: Cursor, row: Mapping[str, Any], valued_on: date) -> list[dict]:
    return [_entry(logged) for logged in audit.of_customer(cursor, row["id"])]


_READ: dict[str, Callable[[Cursor, Mapping, date], Any]] = {
    "customer": lambda cursor, row, valued_on: _facts(row),
    "consents": _consents,
    "policies": _policies,
    "contacts": _rows(_CONTACTS),
    "targets": _rows(_TARGETS),
    "gap_history": _rows(_GAP_HISTORY),
    "before_import": _rows(_BEFORE_IMPORT),
    "log": _log,
}
"""How each part that hangs on a customer is read (belongings.EXPORTED)."""


def _plain(value: Any) -> Any:
    """Turn values into those of JSON, all the way down."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)
