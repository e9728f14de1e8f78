"""Find, read and add customers, always within the scope of the account that asks."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

import pandas as pd

from fpcore import accounts, database, privacy
from fpcore.accounts import VISIBLE_OWNERS
from fpcore.coverage import ROW_SQL, UNKNOWN_ROW
from fpcore.database import Cursor, Database
from fpcore.errors import InvalidInput, NotFound
from fpcore.facts import AGE, CUSTOMER_FACT, fact_params
from fpcore.models import (
    EARLIEST_BIRTH_YEAR,
    Account,
    Customer,
    Gender,
    NewCustomer,
    PolicyType,
    Record,
    RowKind,
)

PAGE_SIZES = (20, 50, 100)


class Sort(StrEnum):
    """What a list of customers can be sorted by."""

    NAME = "name"
    AGE = "age"
    POLICIES = "policies"
    COVERAGE = "coverage"
    PREMIUM = "premium"
    LAST_CONTACT = "last_contact"


_SORT_SQL = {
    Sort.NAME: "name collate ko",
    Sort.AGE: "age",
    Sort.POLICIES: "total_policies",
    Sort.COVERAGE: "total_coverage",
    Sort.PREMIUM: "total_premium",
    Sort.LAST_CONTACT: "last_contact_on",
}


class CustomerFilter(Record):
    """Which customers to list; None everywhere lists all in scope.

    `search` looks in names and e-mail addresses. `row_kind` and `row` are those of a heatmap
    cell, so that a cell and its list always agree; `row` may be coverage.UNKNOWN_ROW.
    """

    search: str | None = None
    gender: Gender | Literal["unknown"] | None = None
    age_from: int | None = None
    age_to: int | None = None
    holding: PolicyType | None = None
    missing: PolicyType | None = None
    row_kind: RowKind | None = None
    row: str | None = None


@dataclass(frozen=True)
class CustomerPage:
    """One page of a list: the rows, how many match, and how many there are in scope at all.

    Columns of `rows`: id, name, gender, age, occupation, phone, email, owner, last_contact_on,
    policies, coverage (the known sum in won; NaN where none is known), unknown (policies without
    a known amount), premium (a month's; NaN likewise), premium_unknown.
    """

    rows: pd.DataFrame
    matching: int
    in_scope: int


def find(
    db: Database,
    account: Account,
    wanted: CustomerFilter,
    valued_on: date,
    sort: Sort = Sort.NAME,
    descending: bool = False,
    page: int = 1,
    page_size: int = PAGE_SIZES[0],
) -> CustomerPage:
    """List a page (counted from 1) of the customers in scope that fit; unknown values last."""
    where, params = _where(wanted)
    base = fact_params(account, valued_on)
    counts = db.read(
        f"""
        with {CUSTOMER_FACT}
        select count(*) filter ({where}) as matching, count(*) as in_scope from customer_fact
        """,
        {**base, **params},
    )[0]
    direction = "desc" if descending else "asc"
    rows = db.frame(
        f"""
        with {CUSTOMER_FACT}
        select id, name, gender, age, occupation, phone, email, owner, last_contact_on,
            total_policies as policies, total_coverage as coverage, total_unknown as unknown,
            total_premium / 12 as premium, total_premium_unknown as premium_unknown
        from customer_fact where {where}
        order by {_SORT_SQL[sort]} {direction} nulls last, name, id
        limit $limit offset $offset
        """,
        {**base, **params, "limit": page_size, "offset": (max(page, 1) - 1) * page_size},
    )
    return CustomerPage(rows=rows, **counts)


def get(db: Database, account: Account, customer_id: UUID | str, valued_on: date) -> Customer:
    """Read one customer. Errors: NotFound, also for a customer out of scope."""
    found = db.read(
        f"""
        with owner as ({VISIBLE_OWNERS})
        select c.* exclude (phone_hash, batch_id), {AGE} as age, owner.username as owner,
            consent.basis as consent_basis, consent.given_on as consent_given_on
        from customer c
        join owner on owner.id = c.owner_id
        left join consent on consent.customer_id = c.id and consent.kind = 'collection'
        where c.id = $customer
        order by consent.created_at desc limit 1
        """,
        {"asker": account.id, "customer": _uuid(customer_id), "valued_on": valued_on},
    )
    if not found:
        raise NotFound("customer_not_found")
    return Customer(**found[0])


def identify(db: Database, account: Account, words: str) -> UUID:
    """Find the one customer in scope meant by an id, a customer number or a name.

    Errors: NotFound where nobody or more than one fits.
    """
    found = db.read(
        f"""
        with owner as ({VISIBLE_OWNERS})
        select c.id from customer c join owner on owner.id = c.owner_id
        where c.id::varchar = lower($words) or c.source_key = $words or c.name = $words
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
    """Add a customer with the consent they gave, for `owner_id` or the account itself.

    Errors: InvalidInput for a birth date or phone number that cannot be, NotAllowed for an owner
    out of scope.
    """
    values = _stored(db, new, today)
    basis = privacy.without_forbidden_numbers(new.consent_basis)

    def work(cursor: Cursor) -> UUID:
        owner = accounts.owner_in_scope(cursor, account, owner_id or account.id)
        said = {"id": database.new_id(cursor), "now": database.utc_now()}
        cursor.execute(_NEW_CUSTOMER, {**said, **values, "owner": owner})
        cursor.execute(
            _NEW_CONSENT,
            {**said, "basis": basis, "today": today, "asker": account.id},
        )
        return said["id"]

    return db.transaction(work)


_NEW_CUSTOMER = """
insert into customer (id, owner_id, name, birth_year, birth_date, gender, phone, phone_hash, email,
    occupation, last_contact_on, notes, created_at, updated_at)
values ($id, $owner, $name, $birth_year, $birth_date, $gender, $phone, $phone_hash, $email,
    $occupation, $last_contact_on, $notes, $now, $now)
"""

_NEW_CONSENT = """
insert into consent (id, customer_id, kind, basis, given_on, channel, recorded_by, created_at)
values (uuidv7(), $id, 'collection', $basis, $today, 'form', $asker, $now)
"""


def _stored(db: Database, new: NewCustomer, today: date) -> dict[str, Any]:
    """Turn what was typed into what is stored: the phone masked, no forbidden numbers."""
    problems = []
    digits = privacy.phone_digits(new.phone) if new.phone else None
    if new.phone and not digits:
        problems.append(("phone", "not_understood", {"text": new.phone}))
    born = new.birth_date.year if new.birth_date else new.birth_year
    if (new.birth_date and new.birth_date > today) or not (
        EARLIEST_BIRTH_YEAR <= (born or today.year) <= today.year
    ):
        problems.append(("birth_date", "birth_out_of_range", {"text": ""}))
    if new.birth_date and new.birth_year not in (None, new.birth_date.year):
        problems.append(("birth_year", "birth_disagrees", {"text": new.birth_year}))
    if new.last_contact_on and new.last_contact_on > today:
        problems.append(("last_contact_on", "in_future", {"text": new.last_contact_on}))
    if problems:
        raise InvalidInput(problems)
    return {
        **{
            field: privacy.without_forbidden_numbers(value) if value else None
            for field, value in new.model_dump(
                include={"name", "email", "occupation", "notes"}
            ).items()
        },
        "birth_year": new.birth_date.year if new.birth_date else new.birth_year,
        "birth_date": new.birth_date,
        "gender": new.gender.value if new.gender else None,
        "last_contact_on": new.last_contact_on,
        "phone": privacy.masked_phone(digits) if digits else None,
        "phone_hash": privacy.phone_hash(db.secret, digits) if digits else None,
    }


def _where(wanted: CustomerFilter) -> tuple[str, dict[str, Any]]:
    """The SQL over customer_fact for a filter, and its parameters."""
    conditions: list[tuple[str, dict[str, Any]]] = [("true", {})]
    if search := _searchable(wanted.search):
        conditions.append(
            (
                "(contains(lower(name), $search) or contains(lower(coalesce(email, '')), $search))",
                {"search": search},
            )
        )
    if wanted.gender:
        conditions.append(
            (f"coalesce(gender, '{UNKNOWN_ROW}') = $gender", {"gender": str(wanted.gender)})
        )
    if wanted.age_from is not None:
        conditions.append(("age >= $age_from", {"age_from": wanted.age_from}))
    if wanted.age_to is not None:
        conditions.append(("age <= $age_to", {"age_to": wanted.age_to}))
    if wanted.holding:
        conditions.append((f"{wanted.holding.value}_policies > 0", {}))
    if wanted.missing:
        conditions.append((f"{wanted.missing.value}_policies = 0", {}))
    if wanted.row_kind and wanted.row is not None:
        row = f"coalesce({ROW_SQL[wanted.row_kind]}, '{UNKNOWN_ROW}') = $row"
        conditions.append((row, {"row": wanted.row}))
    params = {key: value for _, more in conditions for key, value in more.items()}
    return " and ".join(sql for sql, _ in conditions), params


def _searchable(text: str | None) -> str | None:
    """Reduce what was typed to what can be looked for: no lone surrogates, no NUL."""
    text = (text or "").encode("utf-8", "ignore").decode().replace("\0", "")
    return text.strip().lower() or None


def _uuid(customer_id: UUID | str) -> UUID:
    try:
        return customer_id if isinstance(customer_id, UUID) else UUID(customer_id)
    except ValueError:
        raise NotFound("customer_not_found") from None
