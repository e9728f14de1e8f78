"""What is held about one person: all of it for them to see, and none of it once it must go.

Sources: Personal Information Protection Act §35 and its decree §41 (access: the data, the purpose,
how long they are kept, the consents), §20 (where they came from), §21 and §36 (erasure).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fpcore import wording as words
from fpcore.access import audit, scope
from fpcore.access.audit import Action
from fpcore.access.scope import VISIBLE_OWNERS
from fpcore.customers import consents, profiles
from fpcore.customers.profiles import Removal
from fpcore.errors import ErasureUnfinished, FpError
from fpcore.facts.policies import WHY_NOT_IN_FORCE
from fpcore.models import CUSTOMER_AMOUNTS, POLICY_AMOUNTS, WHOLE_LIFE, WON, Account
from fpcore.paths import DATA
from fpcore.store import database
from fpcore.store.database import Cursor, Database

KOREA = timezone(timedelta(hours=9))
EMPTY = "–"


@dataclass(frozen=True)
class Part:
    """A part of what is held, as people read it: each record is a list of (label, text).

    `is_table`: the records are short and have the same labels.
    """

    title: str
    records: list[list[tuple[str, str]]]
    is_table: bool = False


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
        said = {"id": row["id"]}
        return {
            "valued_on": valued_on,
            "exported_at": database.utc_now(),
            "exported_by": account.name,
            "customer": _facts(row),
            "owner": database.rows(cursor, _OWNER, {"owner": row["owner_id"]})[0],
            "sources": _sources(cursor, row),
            "consents": [_with_text(one) for one in database.rows(cursor, _CONSENTS, said)],
            "policies": database.rows(cursor, _POLICIES, {**said, "valued_on": valued_on}),
            "contacts": database.rows(cursor, _CONTACTS, said),
            "targets": database.rows(cursor, _TARGETS, said),
            "gap_history": database.rows(cursor, _GAP_HISTORY, said),
            "before_import": database.rows(cursor, _BEFORE_IMPORT, said),
            "log": [_entry(one) for one in audit.of_customer(cursor, row["id"])],
        }

    return _plain(db.transaction(work, quiet=True))


def parts(document: dict, language: str) -> list[Part]:
    """Put what `export` gave into words, without ids and versions of records."""
    reader = _Reader(language)
    person = {**document["customer"], "owner": document["owner"]["name"]}
    person["team"] = document["owner"]["team"]
    agreed = [
        {**consent, **((consent["text"] or {}).get(language) or {})}
        for consent in document["consents"]
    ]
    log = [
        {**entry, "changes": reader.changes(entry["changes"]) or EMPTY} for entry in document["log"]
    ]
    return [
        reader.part("facts", [person]),
        reader.part("sources", document["sources"], is_table=True),
        reader.part("consents", agreed, channel="consent_channel"),
        reader.part("policies", document["policies"]),
        reader.part("contacts", document["contacts"], is_table=True, channel="contact_channel"),
        reader.part("targets", document["targets"], is_table=True),
        reader.part("gap_history", document["gap_history"], is_table=True),
        reader.part("before_import", document["before_import"], is_table=True),
        reader.part("log", log, is_table=True),
    ]


def page(document: dict, language: str) -> str:
    """Write what `export` gave as an HTML page to read, keep or print; it loads nothing."""
    reader = _Reader(language)
    return _template().render(
        language=language,
        title=reader.say("title"),
        intro=reader.say(
            "intro",
            name=document["customer"]["name"],
            at=reader.text("exported_at", document["exported_at"]),
            by=document["exported_by"],
            valued_on=document["valued_on"],
        ),
        nothing=reader.say("nothing"),
        parts=parts(document, language),
    )


def erase(db: Database, account: Account, customer_id: UUID | str, confirmed: Removal) -> None:
    """Delete a customer with all that `confirmed` names, and rewrite the database file so that
    their bytes are gone. The log keeps that somebody was erased, by whom and when, but not who.

    What cannot be told to be theirs stays: a file's name and statement of consent in the list of
    uploads, and what people wrote about them into another customer's notes or the name of a
    saved filter. Copies elsewhere (a backup, an exported page) are for their keepers to destroy.

    Errors: NotFound, NotAllowed; EditedMeanwhile where more or less would go than was confirmed;
    ErasureUnfinished where the person is deleted but the file could not be rewritten.
    """

    def work(cursor: Cursor) -> None:
        profiles.remove_all_of(cursor, account, customer_id, confirmed, erased=True)
        db.rewrite_due()

    db.transaction(work)
    _rewrite(db)


def erase_due(db: Database, account: Account, today: date) -> int:
    """Erase everybody in scope whose day of destruction has come; how many that were.

    Errors: NotAllowed where this account may not see the name of one of them, EditedMeanwhile where
    somebody changes one at that moment: nobody is erased; ErasureUnfinished as `erase`.
    """

    def work(cursor: Cursor) -> int:
        due = database.rows(cursor, _DUE, {"asker": account.id, "today": today})
        for row in due:
            # Reads later than this transaction: who consents anew in between is not as confirmed.
            confirmed = profiles.removal(db, account, row["id"])
            profiles.remove_all_of(cursor, account, row["id"], confirmed, erased=True)
        if due:
            db.rewrite_due()
        return len(due)

    erased = db.transaction(work)
    if erased:
        _rewrite(db)
    return erased


def _rewrite(db: Database) -> None:
    try:
        db.rewrite()
    except (OSError, RuntimeError, database.SqlError, FpError) as error:
        raise ErasureUnfinished() from error


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

_DUE = f"""
select id from customer
where owner_id in (select id from ({VISIBLE_OWNERS})) and destroy_by <= $today
order by destroy_by, id
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


class _Reader:
    """Puts the codes, amounts and times of a document into the words of one language."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._words = words.catalogue(language)

    def say(self, key: str, **particulars: object) -> str:
        return words.say(self._language, f"person.{key}", **particulars)

    def part(
        self, title: str, records: Iterable[Mapping], is_table: bool = False, channel: str = ""
    ) -> Part:
        """Put a list of records into words; `channel` is the section with the words of theirs."""
        read = [
            [
                (self.label(key), self.text(key, value, record.get("currency"), channel))
                for key, value in sorted(record.items(), key=lambda item: item[0] in _LAST)
                if key not in _NOT_SHOWN
            ]
            for record in records
        ]
        return Part(self.say(title), read, is_table)

    def changes(self, changes: Iterable[Mapping[str, str | None]]) -> str:
        """Put the changes of a log entry into one line each."""
        return "\n".join(
            f"{self.label(change['field'])}: {self.text(change['field'], change['old'])}"
            f" → {self.text(change['field'], change['new'])}"
            for change in changes
        )

    def label(self, key: str) -> str:
        for section in ("field", "person", "consent_kind"):  # consents are logged by their kind
            if f"{section}.{key}" in self._words:
                return self._words[f"{section}.{key}"]
        raise KeyError(key)

    def text(self, key: str, value: Any, currency: str | None = None, channel: str = "") -> str:
        if value is None:
            return EMPTY
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        if key in (*CUSTOMER_AMOUNTS, "amount", "target_amount"):
            return self._amount(Decimal(str(value)), WON)
        if key in POLICY_AMOUNTS:
            return self._amount(Decimal(str(value)), currency)
        if key == "at" or key.endswith("_at"):
            return f"{datetime.fromisoformat(value).astimezone(KOREA):%Y-%m-%d %H:%M}"
        if key == "end_date" and value == WHOLE_LIFE.isoformat():
            return self._words["amount.whole_life"]
        section = channel if key == "channel" else _CODES.get(key)
        return self._words.get(f"{section}.{value}", value) if section else str(value)

    def _amount(self, amount: Decimal, currency: str | None) -> str:
        digits = f"{amount:,.2f}".removesuffix(".00")
        if currency == WON:
            return self.say("won", amount=digits)
        return f"{digits} {currency or ''}".rstrip()


_CODES = {
    "gender": "gender",
    "income_basis": "income_basis",
    "housing": "housing",
    "driving": "driving",
    "occupation_class": "occupation_class",
    "type": "type",
    "status": "status",
    "why_not": "status",
    "premium_cycle": "premium_cycle",
    "kind": "consent_kind",
    "withdrawn_channel": "consent_channel",
    "outcome": "contact_outcome",
    "action": "action",
    "record": "record",
    "how": "person",
    "code": "rule",
    "before": "state",
    "after": "state",
    "cause": "cause",
}
"""The section of the words in which the codes of a field stand."""

_NOT_SHOWN = ("id", "ver", "text")
_LAST = ("created_at", "updated_at")


@cache
def _template():
    folder = FileSystemLoader(DATA)
    return Environment(
        loader=folder,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("person.html")
