"""Read, add, change and delete one customer, always within the scope of the account that asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from fpcore import checks, privacy
from fpcore.access import audit, belongings, scope
from fpcore.access.audit import Action
from fpcore.access.scope import VISIBLE_OWNERS
from fpcore.checks import Problem
from fpcore.customers import consents
from fpcore.errors import EditedMeanwhile, InvalidInput, NotFound, certain
from fpcore.kept import customer_rows, insurers
from fpcore.models import Account, ConsentKind, Customer, CustomerChanges, NewCustomer
from fpcore.store import database
from fpcore.store.database import Cursor, Database

_FREE_TEXT = ("name", "email", "occupation", "notes")
_EDITABLE = tuple(CustomerChanges.model_fields)
_STORED = (*_EDITABLE, "phone_hash")


@dataclass(frozen=True)
class Removal:
    """What goes with a customer who is deleted or erased: the numbers of records."""

    name: str
    policies: int
    contacts: int
    consents: int


def get(db: Database, account: Account, customer_id: UUID | str, valued_on: date) -> Customer:
    """Read one customer, without the right to names what is not personal; the access log notes it,
    once a visit. Errors: NotFound, also for a customer out of scope; ConsentWithdrawn.
    """
    with db.reading() as cursor:
        row = scope.customer_in_scope(cursor, account, customer_id, masked_too=True)
        row |= _ages(cursor, row, valued_on)
    audit.write_view(db, account, row["id"])
    return Customer(**{field: row[field] for field in Customer.model_fields})


def identify(db: Database, account: Account, words: str) -> UUID:
    """Find the one customer in scope meant by an id, a customer number or a name; without the right
    to names, somebody else's by the id alone.

    Errors: NotFound where nobody or more than one fits.
    """
    found = db.read(
        f"""
        with owner as ({VISIBLE_OWNERS})
        select c.id from customer c join owner on owner.id = c.owner_id
        where c.id::varchar = lower($words)
            or owner.by_name and (c.source_key = $words or c.name = $words)
        limit 2
        """,
        {"asker": account.id, "words": words},
    )
    if len(found) != 1:
        raise NotFound("customer_ambiguous" if found else "customer_not_found")
    return found[0]["id"]


def create(
    db: Database, account: Account, new: NewCustomer, today: date, owner_id: UUID | None = None
) -> UUID:
    """Add a customer with the consents they gave, for `owner_id` or the account itself.

    Errors: InvalidInput with every field that cannot be; NotAllowed for an owner out of scope, or
    whose customers' names this account may not see.
    """
    typed = {field: getattr(new, field) for field in _EDITABLE}

    def work(cursor: Cursor) -> UUID:
        owner = scope.owner_in_scope(cursor, account, owner_id or account.id)
        values, problems = _understood(cursor, db, typed, {}, today)
        refused = [*problems, *consents.problems_of_new(new, today)]
        if refused:
            raise InvalidInput(refused)
        customer_id, now = database.new_id(cursor), database.utc_now()
        cursor.execute(_INSERT, {**values, "id": customer_id, "owner": owner, "now": now})
        given_on = new.consent_given_on or today
        for kind in ConsentKind:
            if kind in new.consent_kinds:
                consents.insert(
                    cursor, account, customer_id, kind, certain(new.consent_basis),
                    new.consent_channel,
                    given_on,
                )  # fmt: skip
        audit.write(cursor, account, Action.CREATED, customer_id, customer_id, 1)
        customer_rows.refresh(db, cursor, account, [customer_id], today)
        return customer_id

    return db.transaction(work)


def update(
    db: Database,
    account: Account,
    customer_id: UUID | str,
    changes: CustomerChanges,
    seen_ver: int,
    today: date,
) -> int:
    """Change the fields that were given, and only those; the customer's version afterwards.

    `seen_ver` is the version that the person saw. Errors: NotFound, NotAllowed, ConsentWithdrawn;
    InvalidInput for what the change makes wrong; EditedMeanwhile where there is a later version,
    and nothing is changed.
    """

    def work(cursor: Cursor) -> int:
        old = scope.customer_in_scope(cursor, account, customer_id)
        values, problems = _understood(cursor, db, changes.given(), old, today)
        if problems:
            raise InvalidInput(problems)
        made = audit.changed(old, values)
        if not made:
            return old["ver"]
        audit.refuse_unseen(cursor, old, seen_ver)
        said = {"id": old["id"], "ver": seen_ver, "now": database.utc_now()}
        cursor.execute(_UPDATE, {**{field: old[field] for field in _STORED}, **values, **said})
        audit.write(cursor, account, Action.UPDATED, old["id"], old["id"], seen_ver + 1, made)
        customer_rows.refresh(db, cursor, account, [old["id"]], today)
        return seen_ver + 1

    return db.transaction(work)


def removal(db: Database, account: Account, customer_id: UUID | str) -> Removal:
    """Say what would go with a customer, for the confirmation. Errors: NotFound, NotAllowed."""
    with db.reading() as cursor:
        return _removal(cursor, account, customer_id)


def delete(db: Database, account: Account, customer_id: UUID | str, confirmed: Removal) -> None:
    """Delete a customer with all that `removal` named.

    The log keeps that it was done, not what the data were. The bytes stay in the database file
    until it is rewritten: erasing somebody does that too.
    Errors: NotFound, NotAllowed; EditedMeanwhile where more or less would go than was confirmed.
    """
    db.transaction(lambda cursor: remove_all_of(cursor, account, customer_id, confirmed))


def remove_all_of(
    cursor: Cursor,
    account: Account,
    customer_id: UUID | str,
    confirmed: Removal,
    erased: bool = False,
) -> None:
    """Take a customer and all that belongs to them out of the tables; `erased`: out of the log
    too. Errors: as `delete`."""
    row = scope.customer_in_scope(cursor, account, customer_id, withdrawn_too=True)
    if _removal(cursor, account, row["id"]) != confirmed:
        raise EditedMeanwhile([], row["ver"])
    names = insurers.of_customer(cursor, row["id"]) if erased else []
    belongings.remove(cursor, row["id"])
    audit.forget(cursor, row["id"], whom_too=erased)
    insurers.forget(cursor, names)
    action = Action.ERASED if erased else Action.DELETED
    audit.write(cursor, account, action, None if erased else row["id"])


def _removal(cursor: Cursor, account: Account, customer_id: UUID | str) -> Removal:
    row = scope.customer_in_scope(cursor, account, customer_id, withdrawn_too=True)
    counts = database.rows(
        cursor,
        """
        select
            (select count(*) from policy where customer_id = $id) as policies,
            (select count(*) from contact where customer_id = $id) as contacts,
            (select count(*) from consent where customer_id = $id) as consents
        """,
        {"id": row["id"]},
    )[0]
    return Removal(name=row["name"], **counts)


_INSERT = f"""
insert into customer (id, owner_id, {", ".join(_STORED)}, created_at, updated_at)
values ($id, $owner, {", ".join(f"${field}" for field in _STORED)}, $now, $now)
"""

_UPDATE = f"""
update customer set {", ".join(f"{field} = ${field}" for field in _STORED)},
    updated_at = $now, ver = ver + 1
where id = $id and ver = $ver
"""


def _understood(
    cursor: Cursor, db: Database, typed: dict, old: Mapping[str, Any], today: date
) -> tuple[dict[str, Any], list[Problem]]:
    """Turn what was typed into what is stored, and tell what `old` with it would have wrong that
    it had not before: the phone masked, forbidden numbers gone, the year of the birth date."""
    values = dict(typed)
    for field in _FREE_TEXT:
        if values.get(field):
            values[field] = privacy.scrubbed(values[field])
    unread = _read_phone(db, values, old)
    if values.get("birth_date") and values.get("birth_year") is None:
        values["birth_year"] = values["birth_date"].year
    known = {field: old.get(field) for field in _EDITABLE if field != "phone"}
    record = {**known, **{field: values[field] for field in known if field in values}}
    wrong = checks.problems(checks.CUSTOMER, record, today)
    wrong_before = checks.problems(checks.CUSTOMER, known, today) if wrong and old else []
    return values, [*unread, *(problem for problem in wrong if problem not in wrong_before)]


def _read_phone(db: Database, values: dict, old: Mapping[str, Any]) -> list[Problem]:
    """Put mask and hash in the place of a phone number; the mask that is stored stays as it is."""
    if "phone" not in values:
        return []
    written = values.pop("phone")
    if written is None:
        values |= {"phone": None, "phone_hash": None}
    elif written != old.get("phone"):
        digits = privacy.phone_digits(written)
        if not digits:
            return [("phone", "not_understood", {"text": written[:60]})]
        values["phone"] = privacy.masked_phone(digits)
        values["phone_hash"] = privacy.phone_hash(db.secret, digits)
    return []


def _ages(cursor: Cursor, row: dict, valued_on: date) -> dict[str, Any]:
    """Full years, and the insurance age (보험나이): half a year or more counts as a year."""
    return database.rows(
        cursor,
        """
        with month as (
            select date_sub('month', $birth_date::date, $valued_on) as full_months
        )
        select
            coalesce(full_months // 12, year($valued_on) - $birth_year)::int as age,
            ((full_months + 6) // 12)::int as insurance_age,
            ($birth_date::date + to_months(((full_months + 6) // 12 * 12 + 6)::int))::date
                as insurance_age_changes_on
        from month
        """,
        {
            "birth_date": row["birth_date"],
            "birth_year": row["birth_year"],
            "valued_on": valued_on,
        },
    )[0]
